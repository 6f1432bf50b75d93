// Package parquet reads Parquet files as a dataset.Source.
//
// Its opinion: a table has the same meaning whether it was saved as CSV or as Parquet. Numbers,
// booleans, dates and timestamps have the type that the file declares; the type of strings is
// inferred from all of them by dataset.InferType, as it is for CSV, and what means "no value"
// is applied to strings alone. NaN is missing. A date is a timestamp at midnight UTC, a time
// of day and a UUID are text. An integer column whose statistics reach beyond 2^53 holds
// identifiers, and is text with all of its digits.
//
// Columns are flat: nested and repeated ones have to be left out by Options.Columns. A file is
// checked before it is decoded, because it can claim to hold more than any memory does: sizes
// and places of all that is read, and what each page decompresses to.
//
// What is not done yet, and why package source does not open Parquet: a tiny page may still
// repeat one value millions of times, so that a hostile file is bounded by the context alone;
// and pages are decompressed twice.
//
// A block is a row group; row groups are read side by side. It is a package of its own so that
// programs that read no Parquet do not link the library.
package parquet

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/cespare/xxhash/v2"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// batchRows is how many rows are handed on at a time.
const batchRows = 16 << 10

// Files are Parquet files with the same columns, in order. Positions (dataset.Batch.Start) are
// rows. The digest is that of the bytes of the files.
type Files struct {
	Files []dataset.Part
}

var _ dataset.Source = Files{}

// Parts are the files.
func (f Files) Parts() []dataset.Part { return f.Files }

// Header reads the footer of the first file.
func (f Files) Header(ctx context.Context, o dataset.Options) ([]dataset.Field, error) {
	if err := f.validate(o); err != nil {
		return nil, err
	}
	part, err := openFile(ctx, f.Files[0])
	if err != nil {
		return nil, err
	}
	columns, err := part.choose(o)
	return fieldsOf(columns), err
}

func (f Files) validate(o dataset.Options) error {
	if err := o.Validate(); err != nil {
		return fmt.Errorf("read Parquet: %w", err)
	}
	if len(f.Files) == 0 {
		return errors.New("read Parquet: no parts given")
	}
	return nil
}

// Scan reads the files in their order.
func (f Files) Scan(ctx context.Context, o dataset.Options, to dataset.Consumer) (dataset.Extent, error) {
	if err := f.validate(o); err != nil {
		return dataset.Extent{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var digest dataset.Digest
	var hashing sync.WaitGroup
	var hashed error
	hashing.Go(func() { digest, hashed = hashParts(ctx, f.Files) })
	defer hashing.Wait()
	defer cancel()

	blocks, rows, err := f.plan(ctx, o)
	if err != nil {
		return dataset.Extent{}, err
	}
	if rows == 0 {
		return dataset.Extent{}, &dataset.ParseError{Part: f.Files[0].Name, Err: errors.New("the file has no rows")}
	}
	if o.Sample > 0 {
		limit := sampleLimit(blocks, rows, o.Sample)
		for i := range blocks {
			blocks[i].limit = limit
		}
	}
	if err := to.Begin(fieldsOf(blocks[0].columns)); err != nil {
		return dataset.Extent{}, err
	}
	read, err := scan(ctx, blocks, o.Workers, to)
	if err != nil {
		return dataset.Extent{}, err
	}
	hashing.Wait()
	return dataset.Extent{Rows: read, Digest: digest}, hashed
}

// plan opens every file and lists its row groups.
func (f Files) plan(ctx context.Context, o dataset.Options) (blocks []*block, rows int64, err error) {
	var first []column
	for i, p := range f.Files {
		part, err := openFile(ctx, p)
		if err != nil {
			return nil, 0, err
		}
		columns, err := part.choose(o)
		if err != nil {
			return nil, 0, err
		}
		if first == nil {
			first = columns
		}
		if err := sameColumns(first, columns, f.Files[0].Name); err != nil {
			return nil, 0, &dataset.ParseError{Part: p.Name, Err: err}
		}
		start := int64(0)
		for g, group := range part.file.Metadata().RowGroups {
			if group.NumRows > 0 {
				blocks = append(blocks, &block{file: part, part: i, group: g, start: start, rows: group.NumRows, columns: columns, missing: missingTexts(o)})
			}
			start += group.NumRows
		}
		rows += start
	}
	// A column that holds identifiers in one file does so in all.
	for c := range first {
		for _, b := range blocks {
			if b.columns[c].wide {
				first[c].wide = true
			}
		}
	}
	for _, b := range blocks {
		for c := range first {
			if first[c].wide {
				b.columns[c].setWide()
			}
		}
	}
	return blocks, rows, nil
}

// scan reads blocks side by side, at most as many as there are workers, and ends them in order.
func scan(ctx context.Context, blocks []*block, workers int, to dataset.Consumer) (rows int, err error) {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()
	begun := 0
	for i, b := range blocks {
		for ; begun < len(blocks) && begun < i+workers; begun++ {
			next := blocks[begun]
			next.sink, next.done = to.Block(), make(chan error, 1)
			group.Go(func() { next.done <- next.read(ctx) })
		}
		if err := <-b.done; err != nil {
			return 0, err
		}
		rows += b.handed
		if err := to.End(b.sink); err != nil {
			return 0, err
		}
		b.sink = nil
	}
	return rows, nil
}

func hashParts(ctx context.Context, parts []dataset.Part) (dataset.Digest, error) {
	var sums [][]byte
	for _, p := range parts {
		digest, err := hashPart(ctx, p)
		if err != nil {
			return "", err
		}
		sum, err := hex.DecodeString(string(digest))
		if err != nil {
			return "", err
		}
		sums = append(sums, sum)
	}
	return dataset.DigestOf(sums), nil
}

// key is what a sample is drawn by.
func key(part int, row int64) uint64 {
	var where [16]byte
	binary.LittleEndian.PutUint64(where[:], uint64(part))
	binary.LittleEndian.PutUint64(where[8:], uint64(row))
	return xxhash.Sum64(where[:])
}

// sampleLimit is the largest key of the rows to read. How many rows there are is known before
// any is read, so a number of rows is the limit of that many smallest keys.
func sampleLimit(blocks []*block, rows int64, sample float64) uint64 {
	switch {
	case sample == 1 || sample >= float64(rows):
		return ^uint64(0)
	case sample < 1:
		return uint64(sample * (1 << 63) * 2)
	}
	var keys []uint64
	n := int(sample)
	limit := ^uint64(0)
	for _, b := range blocks {
		for row := range b.rows {
			if k := key(b.part, b.start+row); k <= limit {
				keys = append(keys, k)
			}
			if len(keys) > 2*n+10_000 {
				slices.Sort(keys)
				keys = keys[:n]
				limit = keys[n-1]
			}
		}
	}
	slices.Sort(keys)
	return keys[n-1]
}
