package feature

import (
	"math"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// Sum is a weighted sum of the columns that an encoder makes.
type Sum struct {
	Start   float64
	Weights []float64 // one per encoded column
}

// Sums are weighted sums of the columns that an encoder makes, worked out from those of a table:
// no encoded column is made (but for free text), each column of the table is read once for all
// sums, and nothing is allocated for a row. A sum is what its start gives with each column's value
// times its weight added to it, in the order of the columns, to the bit.
//
// Of the values of which nearly all are 0, the zeros are not added: those of categories that a row
// does not have, and those that say that a value is not missing. Zero times a weight is 0 or −0,
// and adding either changes no sum but −0. A sum is −0 only if all that was added, and its start, is
// −0; so one that does not start there never is.
type Sums struct {
	starts []float64
	parts  []summand
}

// sumBlock is how many rows are added up at a time: their sums stay in the nearest cache.
const sumBlock = 128

// Sums compiles sums, all of as many weights as there are Names. It reports false if one of them
// starts at −0 or at no finite number, or has a weight that is none: then zeros count. Categories
// are looked up faster in tables that share the levels of columns with the schema.
func (e *Encoder) Sums(of []Sum, schema dataset.Schema) (*Sums, bool) {
	l := e.layout
	if l.encodings == nil {
		l = newLayout(e.Columns)
	}
	s := &Sums{}
	for _, sum := range of {
		if !finite(sum.Start) || !finite(sum.Weights...) || sum.Start == 0 && math.Signbit(sum.Start) {
			return nil, false
		}
		s.starts = append(s.starts, sum.Start)
	}
	done := 0
	for i := range e.Columns {
		p := summand{of: &e.Columns[i], by: l.encodings[i], columns: l.widths[i], sums: len(of)}
		for _, sum := range of {
			p.weights = append(p.weights, sum.Weights[done:done+p.columns]...)
		}
		p.compile(schema)
		s.parts = append(s.parts, p)
		done += p.columns
	}
	return s, true
}

// Count is the number of sums.
func (s *Sums) Count() int { return len(s.starts) }

// Write writes the sums of each row of a table behind each other, to the end of as many places of
// dst as there are for a row: stride, which is no less than the number of sums. Other places stay as
// they are. The table is as for Transform, and so are errors. Where numbers overflow sums are infinite
// or NaN.
func (s *Sums) Write(dst []float64, stride int, t *dataset.Table) error {
	var few [24]addend // of most tables: nothing to allocate
	all, at := few[:0], 0
	for i := range s.parts {
		p := &s.parts[i]
		in, where, err := p.of.input(t, p.by, at)
		if err != nil {
			return err
		}
		at = where
		all = append(all, p.addend(in))
	}
	n := len(s.starts)
	var scratch [2 * sumBlock]float64
	for begin := 0; begin < t.Rows(); begin += sumBlock {
		end := min(begin+sumBlock, t.Rows())
		to := dst[begin*stride : end*stride]
		for i := stride - n; i < len(to); i += stride {
			copy(to[i:i+n], s.starts)
		}
		for i := range s.parts {
			s.parts[i].add(to, stride, &all[i], begin, end, &scratch)
		}
	}
	return nil
}

// summand is what one Column adds to the sums.
type summand struct {
	of            *Column
	by            encoding
	columns, sums int
	weights       []float64 // by sum, then encoded column

	table  []float64 // see compile
	levels []string  // of the schema
	rows   []int32   // of the table, by code of these levels, from −1 on
}

// compile makes a table of what is added, or of what weights are multiplied by: of one-hot columns,
// by category, the weights of each sum; of means, by category, and of parts of time, by their numbers,
// the columns' values. The first row of those by category is that of none.
func (p *summand) compile(schema dataset.Schema) {
	switch c := p.of; {
	case c.Moment != nil:
		p.table = c.Moment.values()
		return
	case c.Categories != nil:
		p.table = make([]float64, (p.columns+1)*p.sums)
		for k := range p.sums {
			for j := range p.columns {
				p.table[(j+1)*p.sums+k] = p.weights[k*p.columns+j]
			}
		}
	case c.Means != nil:
		for place := -1; place < len(c.Means.Levels); place++ {
			for k := range c.Means.Means {
				p.table = append(p.table, c.Means.value(k, place))
			}
		}
	default:
		return
	}
	if field := schema.Field(p.of.Name); field != nil {
		p.levels, p.rows = field.Levels, p.rowsOf(field.Levels)
	}
}

// addend is a summand of the rows of a table.
type addend struct {
	input
	rows    []int32     // of the summand's table, by code, from −1 on; nil: levels are looked up row by row
	encoded [][]float64 // of encodings that have no other way
}

func (p *summand) addend(in input) addend {
	a := addend{input: in}
	switch c := in.column; {
	case p.of.Text != nil || p.of.Codes != nil:
		a.encoded = zeros(p.columns, c.Len())
		p.by.encode(a.encoded, c)
	case !c.Type.Coded():
	case len(c.Levels) > 0 && len(c.Levels) == len(p.levels) && &c.Levels[0] == &p.levels[0]:
		a.rows = p.rows
	case len(c.Levels) <= len(c.Codes): // else a few rows must not pay for every level that there could be
		a.rows = p.rowsOf(c.Levels)
	}
	return a
}

// add adds what rows begin to end of a table have to their sums.
func (p *summand) add(to []float64, stride int, a *addend, begin, end int, scratch *[2 * sumBlock]float64) {
	switch {
	case a.encoded != nil:
		for j, column := range a.encoded {
			p.addColumn(to, stride, column[begin:end], j)
		}
	case p.of.Categories != nil:
		p.addWeights(to, stride, a, begin, end)
	case p.of.Means != nil:
		p.addMeans(to, stride, a, begin, end)
	case a.since != nil:
		between := scratch[sumBlock:][:end-begin]
		days(between, a.column.Values[begin:end], a.since.Values[begin:end])
		p.addNumbers(to, stride, between, scratch[:end-begin])
	default:
		p.addNumbers(to, stride, a.column.Values[begin:end], scratch[:end-begin])
	}
}

// addColumn adds the values of encoded column j of the summand.
func (p *summand) addColumn(to []float64, stride int, values []float64, j int) {
	for k := range p.sums {
		weight, at := p.weights[k*p.columns+j], stride-p.sums+k
		for _, v := range values {
			to[at] += float64(v * weight)
			at += stride
		}
	}
}
