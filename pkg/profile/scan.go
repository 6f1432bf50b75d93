package profile

import (
	"context"
	"errors"
	"fmt"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// Collect reads one shard of a data set, in one pass and on several cores, and returns what is
// known of it. The result does not depend on the number of workers. If the shard has no rows, the
// error is a dataset.ErrNoRows and the result is there all the same: others may have some.
func Collect(ctx context.Context, source dataset.Source, o dataset.Options, shard int) (*Partial, dataset.Extent, error) {
	c := &collector{shard: shard}
	extent, err := source.Scan(ctx, o, c)
	if err != nil && (!errors.Is(err, dataset.ErrNoRows) || c.total == nil) {
		return nil, dataset.Extent{}, err
	}
	return c.total, extent, err
}

// Scan profiles a data set: Collect and Finish.
func Scan(ctx context.Context, source dataset.Source, reading dataset.Options, o Options) (*Profile, dataset.Extent, error) {
	p, extent, err := Collect(ctx, source, reading, 0)
	if err != nil {
		return nil, dataset.Extent{}, err
	}
	profile, err := p.Finish(ctx, o)
	return profile, extent, err
}

// New profiles a table.
func New(ctx context.Context, t *dataset.Table, o Options) (*Profile, error) {
	p := NewPartial(fieldsOf(t), 0)
	for start := 0; start < t.Rows(); start += tableRows {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := p.Add(batchOf(t, start, min(start+tableRows, t.Rows()))); err != nil {
			return nil, err
		}
	}
	return p.Finish(ctx, o)
}

func fieldsOf(t *dataset.Table) []dataset.Field {
	fields := make([]dataset.Field, len(t.Columns))
	for i, c := range t.Columns {
		fields[i] = dataset.Field{Name: c.Name, Type: c.Type}
	}
	return fields
}

// tableRows is how many rows of a table are looked at together.
const tableRows = 1 << 14

// batchOf is some rows of a table.
func batchOf(t *dataset.Table, start, end int) *dataset.Batch {
	b := &dataset.Batch{Rows: end - start, Start: int64(start), End: int64(end), Columns: make([]dataset.BatchColumn, len(t.Columns))}
	for i, c := range t.Columns {
		if !c.Type.Coded() {
			b.Columns[i] = dataset.BatchColumn{Type: c.Type, Values: c.Values[start:end]}
			continue
		}
		codes := make([]int32, end-start)
		recode := make([]int32, len(c.Levels)) // new code + 1
		var levels [][]byte
		for row, code := range c.Codes[start:end] {
			if code >= 0 && recode[code] == 0 {
				levels = append(levels, []byte(c.Levels[code]))
				recode[code] = int32(len(levels))
			}
			codes[row] = -1
			if code >= 0 {
				codes[row] = recode[code] - 1
			}
		}
		b.Columns[i] = dataset.BatchColumn{Type: c.Type, Codes: codes, Levels: levels}
	}
	return b
}

// collector is the consumer that makes a Partial of each block, and merges them in order.
type collector struct {
	shard  int
	fields []dataset.Field
	blocks int
	total  *Partial
	wanted *ceilings
}

// maxColumns is how many columns are described at once. Each takes about 25 kB while it is read, so
// that they fit into 512 MB; beyond, a short file of tens of thousands of them would not.
const maxColumns = 20_000

func (c *collector) Begin(columns []dataset.Field) error {
	if n := len(columns); n > maxColumns {
		return &dataset.ColumnError{Column: columns[maxColumns].Name, Err: fmt.Errorf("is one of %d, and no more than %d are described at once; name those to read", n, maxColumns)}
	}
	c.fields, c.wanted = columns, newCeilings(columns)
	c.total = newPartial(columns, c.shard, c.wanted)
	return nil
}

func (c *collector) Block() dataset.Sink {
	p := newPartial(c.fields, c.shard, c.wanted)
	p.block = c.blocks
	c.blocks++
	p.hashes.Limit = c.wanted.hashes.Load()
	return p
}

func (c *collector) End(s dataset.Sink) error {
	p := s.(*Partial)
	p.Close()
	c.total.follow(p)
	c.wanted.hashes.lower(c.total.hashes.Limit)
	return nil
}
