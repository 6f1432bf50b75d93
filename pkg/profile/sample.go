package profile

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/par"
)

// sample is rows of a data set, column by column, for what cannot be told from one column
// alone: how columns go with each other and with the target.
type sample struct {
	rows    int // in the sample
	of      int // in the data set; more than rows if these are a random sample
	columns []sampleColumn
}

// sampleColumn is the values of one column in one of two forms.
type sampleColumn struct {
	name   string
	values []float64 // numbers and moments; NaN is missing, infinities occur
	codes  []int32   // of all other types: from 0 to levels-1, -1 is missing
	levels int
}

// sampled are the sampled rows as the types of the columns have them.
func (p *Partial) sampled(ctx context.Context, columns []Column) (*sample, error) {
	p.sample.shrink(true)
	s := &sample{rows: len(p.sample.Keys), of: p.rows, columns: make([]sampleColumn, len(columns))}
	err := par.For(ctx, len(columns), 0, func(i int) error {
		s.columns[i] = p.sample.Columns[i].column(columns[i].Name, columns[i].Type)
		return nil
	})
	return s, err
}

// column is the cells as a column of a type: what it cannot hold is missing.
func (c *cells) column(name string, t dataset.Type) sampleColumn {
	r := sampleColumn{name: name}
	kind := numberCell
	switch t {
	case dataset.Timestamp:
		kind = momentCell
		fallthrough
	case dataset.Numeric:
		r.values = make([]float64, len(c.Bits))
		for i, bits := range c.Bits {
			r.values[i] = math.NaN()
			if c.Kinds[i] == kind {
				r.values[i] = math.Float64frombits(bits)
			}
		}
		return r
	}
	r.codes, r.levels = c.codes()
	return r
}

// codeRoom is what the cells of a column are coded in, one column after another.
type codeRoom struct {
	known    [256]map[uint64]int32 // of each kind
	order    []codedCell
	position []int32
}

type codedCell struct {
	bits uint64
	kind byte
	code int32 // in order of appearance
}

var codeRooms = sync.Pool{New: func() any { return new(codeRoom) }}

// codes are the cells by the order of their values, which does not depend on that of the rows, and
// how many different ones there are. Missing ones are -1.
func (c *cells) codes() (codes []int32, levels int) {
	room := codeRooms.Get().(*codeRoom)
	defer codeRooms.Put(room)
	for _, known := range room.known {
		clear(known)
	}
	codes = make([]int32, len(c.Bits))
	order := room.order[:0]
	for i, bits := range c.Bits {
		kind := c.Kinds[i]
		if kind == missingCell {
			codes[i] = -1
			continue
		}
		code, ok := room.known[kind][bits]
		if !ok {
			if room.known[kind] == nil {
				room.known[kind] = map[uint64]int32{}
			}
			code = int32(len(order))
			room.known[kind][bits] = code
			order = append(order, codedCell{bits, kind, code})
		}
		codes[i] = code
	}
	slices.SortFunc(order, func(a, b codedCell) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.bits, b.bits))
	})
	position := slices.Grow(room.position[:0], len(order))[:len(order)]
	for i, one := range order {
		position[one.code] = int32(i)
	}
	for i, code := range codes {
		if code >= 0 {
			codes[i] = position[code]
		}
	}
	room.order, room.position = order, position
	return codes, len(order)
}
