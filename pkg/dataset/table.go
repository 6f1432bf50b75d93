package dataset

import (
	"fmt"
	"math"
)

// Type is what a column holds.
type Type string

// The column types. How a CSV column gets one is described at InferType.
const (
	Numeric     Type = "numeric"     // float64; integers are exact to 2^53
	Boolean     Type = "boolean"     // true or false
	Categorical Type = "categorical" // few distinct texts, each meaning something by itself
	Timestamp   Type = "timestamp"   // a moment, in UTC, to the microsecond
	Text        Type = "text"        // free text: too many distinct values to be categories
)

// missingValue is the missing value of columns that store Values.
var missingValue = math.NaN()

// Column is one named column of a table. Numeric, boolean and timestamp columns store
// Values; categorical and text columns store Codes into Levels. The other is nil.
type Column struct {
	Name string
	Type Type
	// Values holds numbers, booleans as 0 and 1, timestamps as whole microseconds since
	// 1970-01-01 UTC. NaN is missing.
	Values []float64
	// Codes index Levels; -1 is missing.
	Codes []int32
	// Levels are the distinct texts, sorted bytewise and without repeats, so that codes do
	// not depend on the order of rows.
	Levels []string
}

// Len is the number of rows.
func (c *Column) Len() int {
	if c.Type.Coded() {
		return len(c.Codes)
	}
	return len(c.Values)
}

// Missing reports whether row i has no value.
func (c *Column) Missing(i int) bool {
	if c.Type.Coded() {
		return c.Codes[i] < 0
	}
	return math.IsNaN(c.Values[i])
}

// Validate reports a type that is none of the five.
func (t Type) Validate() error {
	switch t {
	case Numeric, Boolean, Categorical, Timestamp, Text:
		return nil
	}
	return fmt.Errorf("unknown type %q: want numeric, boolean, categorical, timestamp or text", string(t))
}

// Coded reports whether columns of the type store Codes and Levels rather than Values.
func (t Type) Coded() bool { return t == Categorical || t == Text }

// Table is a set of columns of equal length with distinct names. Tables are not changed
// after they are made; Select and Without share memory where they can.
type Table struct {
	Columns []Column
	rows    int
}

// NewTable makes a table of the columns. Lengths that differ, or a repeated name, are errors.
func NewTable(columns ...Column) (*Table, error) {
	t := &Table{Columns: columns}
	seen := make(map[string]bool, len(columns))
	for i := range columns {
		c := &columns[i]
		if seen[c.Name] {
			return nil, fmt.Errorf("column %q appears twice", c.Name)
		}
		seen[c.Name] = true
		if i == 0 {
			t.rows = c.Len()
		} else if c.Len() != t.rows {
			return nil, fmt.Errorf("column %q has %d rows, %q has %d", c.Name, c.Len(), columns[0].Name, t.rows)
		}
	}
	return t, nil
}

// Rows is the number of rows.
func (t *Table) Rows() int { return t.rows }

// Column returns the column of that name, or nil.
func (t *Table) Column(name string) *Column {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return &t.Columns[i]
		}
	}
	return nil
}

// Select returns the rows of the given indices, in that order. Levels are shared.
func (t *Table) Select(rows []int) *Table {
	columns := make([]Column, len(t.Columns))
	for j := range t.Columns {
		from := &t.Columns[j]
		to := Column{Name: from.Name, Type: from.Type, Levels: from.Levels}
		if from.Type.Coded() {
			to.Codes = make([]int32, len(rows))
			for i, r := range rows {
				to.Codes[i] = from.Codes[r]
			}
		} else {
			to.Values = make([]float64, len(rows))
			for i, r := range rows {
				to.Values[i] = from.Values[r]
			}
		}
		columns[j] = to
	}
	return &Table{Columns: columns, rows: len(rows)}
}

// Without returns the table less the named columns; names it does not have are ignored.
func (t *Table) Without(names ...string) *Table {
	drop := make(map[string]bool, len(names))
	for _, n := range names {
		drop[n] = true
	}
	kept := &Table{rows: t.rows}
	for _, c := range t.Columns {
		if !drop[c.Name] {
			kept.Columns = append(kept.Columns, c)
		}
	}
	return kept
}

// Schema describes the table's columns.
func (t *Table) Schema() Schema {
	s := make(Schema, len(t.Columns))
	for i := range t.Columns {
		s[i] = Field{Name: t.Columns[i].Name, Type: t.Columns[i].Type, Levels: t.Columns[i].Levels}
	}
	return s
}

// Field describes one column.
type Field struct {
	Name string `json:"name"`
	Type Type   `json:"type"`
	// Levels are the texts a coded column holds, sorted; nil for other types.
	Levels []string `json:"levels,omitempty"`
}

// Schema describes the columns of a table, in order.
type Schema []Field

// Field returns the field of that name, or nil.
func (s Schema) Field(name string) *Field {
	for i := range s {
		if s[i].Name == name {
			return &s[i]
		}
	}
	return nil
}
