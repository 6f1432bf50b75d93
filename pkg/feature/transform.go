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
		column := &e.Columns[i]
		if at = position(t, column.Name, at); at < 0 {
			return nil, fmt.Errorf("column %q is missing", column.Name)
		}
		c := &t.Columns[at]
		if column.Since != "" {
			earlier := t.Column(column.Since)
			if earlier == nil || earlier.Type != dataset.Timestamp || c.Type != dataset.Timestamp {
				return nil, fmt.Errorf("column %q or %q is missing or no timestamp", column.Name, column.Since)
			}
			c = interval(c, earlier)
		}
		if !l.encodings[i].takes(c.Type) {
			return nil, fmt.Errorf("column %q is %s, another kind than in training", c.Name, c.Type)
		}
		l.encodings[i].encode(m.Columns[done:done+l.widths[i]], c)
		done += l.widths[i]
	}
	return m, nil
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
