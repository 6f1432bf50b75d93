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

// codeMaps are empty ones, used before for another column.
var codeMaps = sync.Pool{New: func() any { return map[uint64]int32{} }}

// codes are the cells by the order of their values, which does not depend on that of the rows, and
// how many different ones there are. Missing ones are -1.
func (c *cells) codes() (codes []int32, levels int) {
	codes = make([]int32, len(c.Bits))
	type cell struct {
		bits uint64
		kind byte
		code int32 // in order of appearance
	}
	var known [256]map[uint64]int32 // of each kind
	var order []cell
	for i, bits := range c.Bits {
		kind := c.Kinds[i]
		if kind == missingCell {
			codes[i] = -1
			continue
		}
		code, ok := known[kind][bits]
		if !ok {
			if known[kind] == nil {
				known[kind] = codeMaps.Get().(map[uint64]int32)
				defer func() {
					clear(known[kind])
					codeMaps.Put(known[kind])
				}()
			}
			code = int32(len(order))
			known[kind][bits] = code
			order = append(order, cell{bits, kind, code})
		}
		codes[i] = code
	}
	slices.SortFunc(order, func(a, b cell) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.bits, b.bits))
	})
	position := make([]int32, len(order))
	for i, one := range order {
		position[one.code] = int32(i)
	}
	for i, code := range codes {
		if code >= 0 {
			codes[i] = position[code]
		}
	}
	return codes, len(order)
}
