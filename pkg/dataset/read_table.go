package dataset

import (
	"context"
	"slices"
	"sync"

	"github.com/foretell-ml/foretell/pkg/internal/par"
)

// tableReader is the consumer that makes a table. The batches of a block are kept until it is
// the block's turn, and then put where they belong: behind the rows of the blocks before, in
// columns that are as long as the whole data set is expected to be. So each value is written
// to fresh memory once, which costs more than to parse it, and what batches are kept in is
// used again for later blocks.
type tableReader struct {
	workers  int
	inferred bool // declared types are not to be kept
	numbers  NumberForm
	fields   []Field
	columns  []tableColumn
	rows     int
	expected int // rows of the data set, 0 if nobody says

	mutex sync.Mutex
	free  []*tableBlock
}

// tableBlock is the rows of one block.
type tableBlock struct{ batches []keptBatch }

// keptBatch is a copy of a batch.
type keptBatch struct {
	rows    int
	columns []keptColumn
}

// keptColumn is a column of it.
type keptColumn struct {
	form   Type // Numeric, Boolean, Timestamp or Text; "" if no row has a value
	placed bool // the values are in the table's column
	values []float64
	codes  []int32
	bytes  []byte // the levels, one behind the other
	ends   []int  // of each in bytes
	hashes []uint64
}

func (t *tableReader) Begin(columns []Field) error {
	t.fields, t.columns = columns, make([]tableColumn, len(columns))
	return nil
}

// Expect makes room.
func (t *tableReader) Expect(rows int) { t.expected = rows }

// Place makes the column at once: its rows are known.
func (t *tableReader) Place(column, start, rows int) []float64 {
	c := &t.columns[column]
	t.mutex.Lock()
	if c.values == nil {
		c.values = make([]float64, t.expected)
	}
	t.mutex.Unlock()
	places := c.values[start : start+rows : start+rows]
	touch(places)
	return places
}

func (t *tableReader) Block() Sink {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if n := len(t.free); n > 0 {
		b := t.free[n-1]
		t.free = t.free[:n-1]
		return b
	}
	return &tableBlock{}
}

// End adds a block to the columns, several of them side by side.
func (t *tableReader) End(s Sink) error {
	b := s.(*tableBlock)
	rows := t.rows
	for i := range b.batches {
		rows += b.batches[i].rows
	}
	room := max(rows, min(t.expected+t.expected/16, mostAhead*rows)) // a little more costs nothing until it is used
	err := par.For(context.Background(), len(t.columns), t.workers, func(i int) error {
		for j := range b.batches {
			t.columns[i].add(&b.batches[j].columns[i], b.batches[j].rows, room)
		}
		return nil
	})
	t.rows = rows
	t.mutex.Lock()
	defer t.mutex.Unlock()
	b.batches = b.batches[:0]
	t.free = append(t.free, b)
	return err
}

// mostAhead is for how many times the rows that there are room is made at most: what is
// expected may be wrong by any factor. With fewer times, the room of a few million rows would be
// made twice, and what is there copied to memory that nobody has touched before.
const mostAhead = 256

// table is the columns, several of them made side by side.
func (t *tableReader) table(ctx context.Context) ([]Column, error) {
	columns := make([]Column, len(t.fields))
	err := par.For(ctx, len(columns), t.workers, func(i int) (err error) {
		columns[i], err = t.finish(ctx, i)
		return err
	})
	return columns, err
}

// givenUp names the columns that have to be read again as texts.
func (t *tableReader) givenUp() (names []string) {
	for i := range t.columns {
		if t.columns[i].mixed {
			names = append(names, t.fields[i].Name)
		}
	}
	return names
}

// Add keeps the rows of a batch.
func (b *tableBlock) Add(batch *Batch) error {
	if len(b.batches) < cap(b.batches) {
		b.batches = b.batches[:len(b.batches)+1]
	} else {
		b.batches = append(b.batches, keptBatch{})
	}
	kept := &b.batches[len(b.batches)-1]
	kept.rows = batch.Rows
	if kept.columns == nil {
		kept.columns = make([]keptColumn, len(batch.Columns))
	}
	for i := range batch.Columns {
		kept.columns[i].keep(&batch.Columns[i])
	}
	return nil
}

func (c *keptColumn) keep(b *BatchColumn) {
	c.placed = b.Placed
	switch {
	case b.Placed:
		c.form = b.Type
	case b.empty():
		c.form = ""
	case b.Type.Coded():
		c.form = Text
		c.codes = append(c.codes[:0], b.Codes...)
		c.keepLevels(b)
	default:
		c.form = b.Type
		c.values = append(c.values[:0], b.Values...)
	}
}

// keepLevels keeps the levels. Room for all is made at once.
func (c *keptColumn) keepLevels(b *BatchColumn) {
	size := 0
	for _, level := range b.Levels {
		size += len(level)
	}
	n := len(b.Levels)
	c.bytes, c.ends, c.hashes = slices.Grow(c.bytes[:0], size), slices.Grow(c.ends[:0], n)[:n], slices.Grow(c.hashes[:0], n)[:n]
	for i, level := range b.Levels {
		c.bytes = append(c.bytes, level...)
		c.ends[i], c.hashes[i] = len(c.bytes), b.Hash(i)
	}
}
