package feature

import (
	"fmt"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// layout is what Transform needs to know of the columns it makes, once for all rows.
type layout struct {
	names      []string
	categories []int      // dataset.Matrix.Categories
	encodings  []encoding // of each Column; nil for one that has none
	widths     []int      // of each Column
}

func newLayout(columns []Column) layout {
	l := layout{encodings: make([]encoding, len(columns)), widths: make([]int, len(columns))}
	coded := false
	for i := range columns {
		c := &columns[i]
		set := c.encodings()
		if len(set) == 0 {
			continue
		}
		names := set[0].names(c.label())
		l.encodings[i], l.widths[i] = set[0], len(names)
		l.names = append(l.names, names...)
		n := make([]int, len(names))
		if c.Codes != nil {
			n[0], coded = c.Codes.categories(), true
		}
		l.categories = append(l.categories, n...)
	}
	if !coded {
		l.categories = nil
	}
	return l
}

// Names are the names of the encoded columns, in order. They are not to be changed.
func (e *Encoder) Names() []string {
	if e.layout.encodings == nil { // neither from Fit nor from JSON
		return newLayout(e.Columns).names
	}
	return e.layout.names
}

// Transform encodes rows that the encoder was not fitted on (those of training have their
// matrix from Fit). The table must have every column that was fitted, of the same kind; its
// levels may differ. It is an error otherwise.
func (e *Encoder) Transform(t *dataset.Table) (*dataset.Matrix, error) {
	l := e.layout
	if l.encodings == nil {
		l = newLayout(e.Columns)
	}
	m := &dataset.Matrix{Rows: t.Rows(), Names: l.names, Categories: l.categories, Columns: zeros(len(l.names), t.Rows())}
	at, done := 0, 0
	for i := range e.Columns {
		var in input
		var err error
		if in, at, err = e.Columns[i].input(t, l.encodings[i], at); err != nil {
			return nil, err
		}
		c := in.column
		if in.since != nil {
			c = interval(c, in.since)
		}
		l.encodings[i].encode(m.Columns[done:done+l.widths[i]], c)
		done += l.widths[i]
	}
	return m, nil
}

// input is what a Column encodes of a table: a column, or the days to it since another.
type input struct{ column, since *dataset.Column }

// input finds it, looking for the column from start on, and says where it was.
func (c *Column) input(t *dataset.Table, by encoding, start int) (in input, at int, err error) {
	if at = position(t, c.Name, start); at < 0 {
		return in, at, fmt.Errorf("column %q is missing", c.Name)
	}
	in.column = &t.Columns[at]
	kind := in.column.Type
	if c.Since != "" {
		in.since = t.Column(c.Since)
		if in.since == nil || in.since.Type != dataset.Timestamp || kind != dataset.Timestamp {
			return in, at, fmt.Errorf("column %q or %q is missing or no timestamp", c.Name, c.Since)
		}
		kind = dataset.Numeric
	}
	if !by.takes(kind) {
		return in, at, fmt.Errorf("column %q is %s, another kind than in training", c.Name, kind)
	}
	return in, at, nil
}

// position is where a table has a column, looked for from start on and then from the front:
// columns come in the encoder's order, and from the front each time is slow for wide tables.
// It is -1 if there is none.
func position(t *dataset.Table, name string, start int) int {
	n := len(t.Columns)
	for k := range n {
		if i := (start + k) % n; t.Columns[i].Name == name {
			return i
		}
	}
	return -1
}

// Sources are the names of the input columns that the encoded columns are made of, in the order of
// Names. The days between two timestamps count as made of the one that they are counted to.
func (e *Encoder) Sources() []string {
	l := e.layout
	if l.encodings == nil {
		l = newLayout(e.Columns)
	}
	var sources []string
	for i := range e.Columns {
		for range l.widths[i] {
			sources = append(sources, e.Columns[i].Name)
		}
	}
	return sources
}
