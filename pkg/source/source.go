// Package source makes a dataset.Source of what a user names: a file, a folder or a glob of
// the local disk, s3://bucket/key or s3://bucket/folder/, or a table or query of PostgreSQL.
//
// Order of use: Open for a name, FromParts for parts that are already found (those of a data
// set of the registry). Flags declares the options of reading on a command line and makes
// dataset.Options of them.
//
// Its opinion: the name says what the format is, by its extension, and content that is
// something else is an error rather than a guess. A data set has one format. Compression is
// around a file or none of our business, and what comes out of it is bounded. A database is
// read as the CSV that COPY makes of a query, in a read-only transaction. What is named but
// not there, or was changed between two reads, is an error.
//
// It connects to no bucket by itself: whoever opens s3:// says how (Options.Objects).
package source

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// Options says how to reach what is named.
type Options struct {
	// Objects yields the objects of a bucket whose keys start with prefix, in bytewise order
	// of the keys and named by them: registry.Parts of the bucket's store. nil: names that
	// start with s3:// are errors.
	Objects func(ctx context.Context, bucket, prefix string) iter.Seq2[dataset.Part, error]
	// Progress, if not nil, is told how many bytes of the files have been read, of how many;
	// total is -1 if that is unknown. Calls come from several goroutines at once.
	Progress func(read, total int64)
}

// Open finds what name stands for. It looks at what is there and reads nothing but that: a
// fault of the content shows when the source is read.
//
//	adult.csv                 a file; one of unknown extension is CSV
//	data/adult                a folder: every file of a known format in it and below
//	data/part-*.jsonl.gz      a glob as in path/filepath
//	s3://bucket/key           an object
//	s3://bucket/folder/       all objects of a known format below
//	s3://bucket/part-*.csv    a glob, where * does not cross a slash
//	postgres://host/db?table=schema.name
//	postgres://host/db?query=SELECT …
//
// Hidden files are left out of folders: they are editors' and notebooks' copies, which would
// enter the data a second time.
func Open(ctx context.Context, name string, o Options) (dataset.Source, error) {
	switch {
	case name == "":
		return nil, errors.New("no data set is named")
	case name == "-":
		return nil, errors.New("standard input cannot be read in several places at once; write it to a file first")
	case isDatabase(name):
		return openDatabase(name)
	}
	parts, err := find(ctx, name, o)
	if err != nil {
		return nil, err
	}
	return FromParts(watched(parts, o.Progress))
}

func find(ctx context.Context, name string, o Options) ([]dataset.Part, error) {
	if rest, ok := strings.CutPrefix(name, "s3://"); ok {
		return findObjects(ctx, rest, o)
	}
	if scheme, _, ok := strings.Cut(name, "://"); ok && !strings.ContainsAny(scheme, `/\.*?[`) {
		return nil, fmt.Errorf("%s:// is no data source: want a path, s3:// or postgres://", scheme)
	}
	parts, err := findFiles(name)
	if err != nil {
		return nil, fmt.Errorf("data files %q: %w", name, err)
	}
	return parts, nil
}

// findObjects finds what bucket/key stands for.
func findObjects(ctx context.Context, place string, o Options) ([]dataset.Part, error) {
	bucket, key, _ := strings.Cut(place, "/")
	switch {
	case bucket == "":
		return nil, errors.New("no bucket is named; want s3://bucket or s3://bucket/prefix")
	case o.Objects == nil:
		return nil, fmt.Errorf("s3://%s: buckets cannot be read here", place)
	}
	key = strings.TrimRight(key, "/")
	pattern := strings.IndexAny(key, `*?[\`)
	prefix := key
	if pattern >= 0 {
		prefix = key[:pattern]
		if _, err := path.Match(key, ""); err != nil || strings.Contains(key, "**") {
			return nil, fmt.Errorf("s3://%s: %w", place, globFault(err))
		}
	}
	var inside, matching []dataset.Part
	for part, err := range o.Objects(ctx, bucket, prefix) {
		if err != nil {
			return nil, fmt.Errorf("s3://%s: %w", place, err)
		}
		if part.Name == key && key != "" {
			return []dataset.Part{part}, nil
		}
		if below, ok := within(key, part.Name); ok && known(below) {
			inside = append(inside, part)
		}
		if ok, _ := path.Match(key, part.Name); pattern >= 0 && ok && !hidden(part.Name[strings.LastIndexByte(prefix, '/')+1:]) {
			matching = append(matching, part)
		}
	}
	parts := inside
	if len(parts) == 0 {
		parts = matching
	}
	if len(parts) == 0 {
		return nil, fmt.Errorf("no object of a known format below s3://%s; %s", place, formats)
	}
	return parts, nil
}

// within returns the name of an object below a folder; "" is the whole bucket. data/wine is
// not the start of data/wine-2/a.csv.
func within(folder, key string) (string, bool) {
	if folder == "" {
		return key, true
	}
	below, ok := strings.CutPrefix(key, folder+"/")
	return below, ok && below != ""
}

// known reports whether a file of a folder belongs to the data set.
func known(name string) bool {
	_, _, ok := dataset.FormatOf(name)
	return ok && !hidden(name)
}

// hidden reports whether an element of a path starts with a dot.
func hidden(name string) bool {
	return slices.ContainsFunc(strings.Split(name, "/"), func(element string) bool { return strings.HasPrefix(element, ".") })
}

const formats = "known are .csv, .tsv, .jsonl, .ndjson and .parquet, also with .gz or .zst after it"

// globFault says what is wrong with a pattern.
func globFault(err error) error {
	if err != nil {
		return err
	}
	return errors.New("** is not supported; name the folder, of which all files are read, also those below")
}
