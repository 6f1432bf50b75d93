package parquet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// group is a row group of a file.
type group struct {
	file    *openedFile
	part    int
	index   int   // in the file
	start   int64 // its first row in the file
	before  int64 // rows of the row groups before it, of all files
	rows    int64
	columns []column
	options *scanOptions
	spans   [][]*span // of each column, that are to be read
	cursors []*cursor // of its columns that are being read
	sums    [][]byte  // SHA-256 of the pages of each column
	held    atomic.Int64
}

// block is a run of rows of a row group, and who takes them.
type block struct {
	group   *group
	before  *block // of the same row group; nil for its first
	start   int64  // its first row in the row group
	rows    int
	last    bool // of its row group
	columns []output

	sink     dataset.Sink
	first    int    // the first column that has not been given out to be decoded
	given    []bool // columns that have been
	decoded  []bool // and that are decoded
	left     int    // columns that are not decoded yet
	taken    bool   // its rows are being handed on, or were
	finished bool
	err      error
}

// A block has so many values, which bounds the memory that it takes, and so many rows.
const (
	blockValues = 1 << 20
	blockRows   = 8 * batchRows
	batchRows   = 16 << 10 // rows that are handed on at a time
)

// blocksOf cuts a row group: where depends on it and the chosen columns alone.
func blocksOf(g *group) (blocks []*block) {
	rows := int64(max(min(blockValues/len(g.columns), blockRows), 16))
	if rows > batchRows {
		rows -= rows % batchRows
	}
	var before *block
	for start := int64(0); start < g.rows; start += rows {
		b := &block{group: g, before: before, start: start, rows: int(min(rows, g.rows-start)), last: start+rows >= g.rows}
		blocks = append(blocks, b)
		before = b
	}
	return blocks
}

// decode reads the values of a column.
func (b *block) decode(ctx context.Context, i int) {
	out := &b.columns[i]
	out.reset()
	defer func() {
		if r := recover(); r != nil { // a fault of ours, but no reason to take the process down
			out.row, out.err = -1, fmt.Errorf("the values are malformed: %v", r)
		}
	}()
	c, err := b.cursor(ctx, i)
	if err != nil {
		out.row, out.err = -1, err
		return
	}
	c.read(out, b.rows)
	if b.last {
		c.in.close()
		b.group.sums[i] = c.hash.Sum(nil)
		b.group.cursors[i] = nil
		b.group.options.spares.put(i, c)
	}
}

// cursor is the column's, opened at the first block.
func (b *block) cursor(ctx context.Context, i int) (*cursor, error) {
	g := b.group
	if b.start > 0 {
		return g.cursors[i], nil
	}
	column := &g.columns[i]
	c := g.options.spares.take(i)
	g.cursors[i] = c
	c.column, c.group, c.total, c.missing = column, g, g.rows, g.options.missing
	c.chunk = &g.file.footer.groups[g.index].chunks[column.index]
	c.in.ctx, c.in.at, c.in.left = ctx, c.chunk.start(), c.chunk.compressed
	if err := g.file.begin(ctx); err != nil {
		return nil, &readError{err}
	}
	switch {
	case g.file.near:
		c.in.file, c.in.near = g.file, g.file.body.(io.ReaderAt)
	case !g.file.streamed:
		c.in.spans = g.spans[i]
	default:
		if c.in.at+c.in.left > int64(len(g.file.data)) {
			return nil, errors.New("the file was changed while it was read")
		}
		c.in.data, c.in.left = g.file.data[c.in.at:c.in.at+c.in.left], 0
	}
	return c, nil
}

// open begins to read the row group.
func (g *group) open(ctx context.Context) {
	g.cursors, g.sums = make([]*cursor, len(g.columns)), make([][]byte, len(g.columns))
	if g.file.streamed || g.file.near {
		return
	}
	chunks := make([]*chunk, len(g.columns))
	for i := range g.columns {
		chunks[i] = &g.file.footer.groups[g.index].chunks[g.columns[i].index]
	}
	g.spans = planSpans(g.file, chunks)
	for _, spans := range g.spans {
		if len(spans) > 0 {
			spans[0].fetch(ctx)
		}
	}
}

// fault is the first fault of the block, by row.
func (b *block) fault(ctx context.Context) error {
	first := -1
	for i := range b.columns {
		o := &b.columns[i]
		if o.err == nil {
			continue
		}
		if o.row < 0 {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if e, ok := errors.AsType[*readError](o.err); ok {
				return e.error
			}
			return &dataset.ParseError{Part: b.group.file.part.Name, Column: b.group.columns[i].field.Name, Err: fmt.Errorf("row group %d: %w", b.group.index, o.err)}
		}
		if first < 0 || o.row < b.columns[first].row {
			first = i
		}
	}
	if first < 0 {
		return nil
	}
	o := &b.columns[first]
	return &dataset.ParseError{Part: b.group.file.part.Name, Row: int(b.group.start+b.start) + o.row + 1, Column: b.group.columns[first].field.Name, Err: o.err}
}

// hand hands the rows to the sink.
func (b *block) hand(ctx context.Context) error {
	if err := b.fault(ctx); err != nil {
		return err
	}
	batch := dataset.Batch{Part: b.group.part, Numbers: b.group.options.numbers, Columns: make([]dataset.BatchColumn, len(b.columns))}
	for at, k := 0, 0; at < b.rows; at, k = at+batchRows, k+1 {
		if err := ctx.Err(); err != nil {
			return err
		}
		end := min(at+batchRows, b.rows)
		batch.Rows = end - at
		batch.Start = b.group.start + b.start + int64(at)
		batch.End = batch.Start + int64(batch.Rows)
		for i := range b.columns {
			o, column := &b.columns[i], &b.group.columns[i]
			to := &batch.Columns[i]
			*to = dataset.BatchColumn{Type: column.field.Type}
			if !column.texts() {
				to.Values, to.Placed = o.values[at:end], o.placed
				continue
			}
			if to.Type == "" {
				to.Type = dataset.Text
			}
			from := 0
			if k > 0 {
				from = o.batches[k-1]
			}
			to.Codes, to.Levels, to.Hashes = o.codes[at:end], o.texts[from:o.batches[k]], o.hashes[from:o.batches[k]]
		}
		if b.group.options.sampled {
			batch.Keys = batch.Keys[:0]
			for row := batch.Start; row < batch.End; row++ {
				batch.Keys = append(batch.Keys, dataset.Key(b.group.part, row))
			}
		}
		if err := b.sink.Add(&batch); err != nil {
			return err
		}
	}
	return dataset.CloseSink(b.sink)
}
