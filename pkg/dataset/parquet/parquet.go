// Package parquet reads Parquet files as a dataset.Source.
//
// Its opinion: a table has the same meaning whether it was saved as CSV or as Parquet. Numbers,
// booleans, dates and timestamps have the type that the file declares; the type of strings is
// inferred from all of them by dataset.InferType, as it is for CSV, and what means "no value"
// is applied to strings alone. NaN is missing. A date is a timestamp at midnight UTC, a time
// of day and a UUID are text. An integer column whose statistics reach beyond 2^53 holds
// identifiers, and is text with all of its digits.
//
// Columns are flat: nested and repeated ones have to be left out by Options.Columns. Only the
// chosen columns are read, in ranges, each byte once; and so the digest is theirs.
//
// A file can claim to hold more than any memory does, and libraries believe it. So there is
// none here below the compression: the footer is checked against the size of the file before
// anything is allocated for what it claims (check.go), a run of one value is never written
// out, and a page is decompressed once, into as many bytes as it has to have.
//
// A row group is read in blocks of rows, by several workers: some decode columns of a block,
// while others hand the block before to the consumer (schedule.go).
package parquet

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// Files are Parquet files with the same columns, in order. Positions (dataset.Batch.Start) are
// rows. The digest is that of the footers and the pages of the chosen columns: of what is read.
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
	if err := cmp.Or(o.Validate(), o.RefuseCSV()); err != nil {
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
	files, groups, err := f.plan(ctx, o)
	if err != nil {
		return dataset.Extent{}, err
	}
	defer func() {
		for _, f := range files { // those that were not read to their end
			f.close()
		}
	}()
	var blocks []*block
	rows := int64(0)
	for _, g := range groups {
		g.before = rows
		blocks = append(blocks, blocksOf(g)...)
		rows += g.rows
	}
	if rows == 0 {
		return dataset.Extent{}, &dataset.ParseError{Part: f.Files[0].Name, Err: errors.New("the file has no rows")}
	}
	extent := dataset.Extent{Rows: int(rows)}
	var sampler dataset.Sampler
	if o.Sample > 0 {
		sampler = dataset.NewSampler(to, o.Sample)
		to = sampler
	}
	if err := to.Begin(fieldsOf(groups[0].columns)); err != nil {
		return dataset.Extent{}, err
	}
	if to, ok := to.(dataset.Expecter); ok {
		to.Expect(int(rows))
	}
	s := schedule{ctx: ctx, to: to, blocks: blocks}
	if placer, ok := to.(dataset.Placer); ok && plausible(files, rows, len(groups[0].columns)) {
		s.placer = placer
	}
	if err := s.run(o.Workers); err != nil {
		return dataset.Extent{}, err
	}
	if extent.Digest, err = digestOf(files, groups); err == nil && o.Sample > 0 {
		extent.Rows, err = sampler.Finish()
	}
	return extent, err
}

// valuesPerByte is how many values a byte of a file may claim to be, if room for all of them is to
// be made before the first is read. Runs of one value are more, and take their room bit by bit.
const valuesPerByte = 8

// plausible says whether files are so large that they may well have so many values.
func plausible(files []*openedFile, rows int64, columns int) bool {
	size := int64(0)
	for _, f := range files {
		size += f.size
	}
	return rows <= valuesPerByte*size/int64(columns)
}

// digestOf is the digest of what was read. That of a file is made, as that of several pieces
// is, from the SHA-256 of its footer and of the pages of each column in each row group.
func digestOf(files []*openedFile, groups []*group) (dataset.Digest, error) {
	pieces := make([][][]byte, len(files))
	for i, f := range files {
		pieces[i] = [][]byte{f.sum}
	}
	for _, g := range groups {
		pieces[g.part] = append(pieces[g.part], g.sums...)
	}
	sums := make([][]byte, len(files))
	for i := range files {
		var err error
		if sums[i], err = hex.DecodeString(string(dataset.DigestOf(pieces[i]))); err != nil {
			return "", err
		}
	}
	return dataset.DigestOf(sums), nil
}

// plan opens every file and lists its row groups.
func (f Files) plan(ctx context.Context, o dataset.Options) (files []*openedFile, groups []*group, err error) {
	var first []column
	options := &scanOptions{missing: o.MissingTexts(), numbers: o.NumberForm(), sampled: o.Sample > 0}
	for i, p := range f.Files {
		file, err := openFile(ctx, p)
		if err != nil {
			return nil, nil, err
		}
		files = append(files, file)
		columns, err := file.choose(o)
		if err != nil {
			return nil, nil, err
		}
		if first == nil {
			first = columns
		}
		if err := sameColumns(first, columns, f.Files[0].Name); err != nil {
			return nil, nil, file.fault(err)
		}
		for c := range first {
			first[c].wide = first[c].wide || columns[c].wide
		}
		start := int64(0)
		for g := range file.footer.groups {
			rows := file.footer.groups[g].rows
			if rows > 0 {
				groups = append(groups, &group{file: file, part: i, index: g, start: start, rows: rows, columns: columns, options: options})
				file.groups.Add(1)
			}
			start += rows
		}
	}
	// A column that holds identifiers in one file does so in all.
	for _, g := range groups {
		for c := range first {
			if first[c].wide {
				g.columns[c].setWide()
			}
		}
	}
	return files, groups, nil
}
