package registry

import (
	"context"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

func dataPrefix(d DatasetName) string { return "data/" + string(d) + "/" }

// DataParts returns the objects of a data set in bytewise order of their keys, the order in
// which package source returns the same files of a directory. As there, hidden ones are left
// out, and so are the empty objects by which consoles draw folders and Spark says that it is
// done. An object that dataset.FormatOf does not know is a *DatasetError rather than passed
// over: a table with a part missing would look fine and be wrong. A data set without objects
// is a *NotFoundError.
//
// A part names its object below the data set, and holds its bytes as they lie there, also if
// they are compressed: source.FromParts makes a table of them. Opening it fails with
// ErrConflict if the object is no longer the one that was listed.
func (r *Registry) DataParts(ctx context.Context, name DatasetName) ([]dataset.Part, error) {
	if err := name.Validate(); err != nil {
		return nil, err
	}
	var parts []dataset.Part
	for part, err := range Parts(ctx, r.Store, dataPrefix(name)) {
		if err != nil {
			return nil, err
		}
		key := part.Name
		part.Name = strings.TrimPrefix(key, dataPrefix(name))
		if part.Size == 0 && (strings.HasSuffix(key, "/") || path.Base(key) == "_SUCCESS") || hidden(part.Name) {
			continue
		}
		if err := ValidateKey(key); err != nil {
			return nil, &DatasetError{name, part.Name, "its " + err.Error()}
		}
		if _, _, ok := dataset.FormatOf(part.Name); !ok {
			return nil, &DatasetError{name, part.Name, "only .csv, .tsv, .jsonl, .ndjson and .parquet files can be read, also with .gz or .zst after it; delete it or move it elsewhere"}
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return nil, &NotFoundError{Kind: KindDataset, Name: string(name)}
	}
	return parts, nil
}

// DataPart is a part that DataParts listed before, by its name below the data set, its size
// and its ETag, without listing again.
func (r *Registry) DataPart(name DatasetName, listed Info) (dataset.Part, error) {
	if err := name.Validate(); err != nil {
		return dataset.Part{}, err
	}
	part := listed
	part.Key = dataPrefix(name) + listed.Key
	if err := ValidateKey(part.Key); err != nil {
		return dataset.Part{}, err
	}
	p := objectPart(r.Store, part)
	p.Name = listed.Key
	return p, nil
}

// Parts yields the objects of a store whose keys start with prefix, in bytewise order of the
// keys, as parts named by them. A part can be read in ranges if the store can (RangeOpener).
// Opening it fails with ErrConflict if the object is no longer the one that was listed. The
// first error ends it.
func Parts(ctx context.Context, s Store, prefix string) iter.Seq2[dataset.Part, error] {
	return func(yield func(dataset.Part, error) bool) {
		for info, err := range s.List(ctx, prefix) {
			if err != nil {
				yield(dataset.Part{}, err)
				return
			}
			if !yield(objectPart(s, info), nil) {
				return
			}
		}
	}
}

func objectPart(s Store, listed Info) dataset.Part {
	part := dataset.Part{
		Name: listed.Key, ETag: listed.ETag, Size: listed.Size, Modified: listed.Modified,
		Open: func(ctx context.Context) (io.ReadCloser, error) { return openUnchanged(ctx, s, listed) },
	}
	if ranged, ok := s.(RangeOpener); ok {
		part.OpenAt = func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
			return ranged.OpenRange(ctx, listed.Key, listed.ETag, offset, length)
		}
	}
	return part
}

func openUnchanged(ctx context.Context, s Store, listed Info) (io.ReadCloser, error) {
	body, info, err := s.Open(ctx, listed.Key)
	if err != nil {
		return nil, err
	}
	if info.ETag != listed.ETag {
		body.Close()
		return nil, fmt.Errorf("open %s: %w", listed.Key, ErrConflict)
	}
	return body, nil
}

// hidden reports whether an element of a path starts with a dot.
func hidden(name string) bool {
	return strings.HasPrefix(name, ".") || strings.Contains(name, "/.")
}
