package profile

import (
	"cmp"
	"context"
	"math"
	"slices"

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
	type cell struct {
		kind byte
		bits uint64
	}
	known := map[cell]int32{}
	var order []cell
	for i, bits := range c.Bits {
		one := cell{c.Kinds[i], bits}
		if _, ok := known[one]; !ok && one.kind != missingCell {
			known[one] = 0
			order = append(order, one)
		}
	}
	// In an order that does not depend on that of the rows.
	slices.SortFunc(order, func(a, b cell) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.bits, b.bits))
	})
	for i, one := range order {
		known[one] = int32(i)
	}
	r.levels = len(order)
	r.codes = make([]int32, len(c.Bits))
	for i, bits := range c.Bits {
		r.codes[i] = -1
		if c.Kinds[i] != missingCell {
			r.codes[i] = known[cell{c.Kinds[i], bits}]
		}
	}
	return r
}
