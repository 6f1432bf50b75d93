package dataset

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Conform returns the table in the shape of the schema: its columns in its order, other
// columns left out, and categories coded by its levels. Those that are no level become
// missing and are returned, in the order of rows, then of the schema. A text column keeps its
// texts: the schema's levels of it are not looked at.
//
// A column that is missing, or of another type, is a *ColumnError; all of them are joined.
// Read the file with Options.Types = schema.Types() and types agree. Categorical and text
// columns pass for each other, and a column without any value passes for every type.
func (t *Table) Conform(s Schema) (*Table, []Unseen, error) {
	var faults []error
	var unseen []Unseen
	shaped := &Table{Columns: make([]Column, len(s)), rows: t.rows}
	columns := make(map[string]*Column, len(t.Columns)) // a search each is slow for wide tables
	for i := range t.Columns {
		columns[t.Columns[i].Name] = &t.Columns[i]
	}
	for i, f := range s {
		from := columns[f.Name]
		to := &shaped.Columns[i]
		*to = Column{Name: f.Name, Type: f.Type, Levels: f.Levels}
		switch {
		case from == nil:
			faults = append(faults, &ColumnError{f.Name, errors.New("is missing from the data")})
		case from.Type.Coded() && f.Type == Text:
			to.Codes, to.Levels = from.Codes, from.Levels
		case from.Type.Coded() && f.Type == Categorical:
			unseen = append(unseen, to.recode(from)...)
		case from.Type == f.Type:
			to.Values = from.Values
		case from.empty():
			to.fillMissing(t.rows)
		default:
			faults = append(faults, &ColumnError{f.Name, fmt.Errorf("is %s in the data, want %s", from.Type, f.Type)})
		}
	}
	if len(faults) > 0 {
		return nil, nil, errors.Join(faults...)
	}
	slices.SortStableFunc(unseen, func(a, b Unseen) int { return cmp.Compare(a.Row, b.Row) })
	return shaped, unseen, nil
}

// recode fills c with the values of another coded column, by c's levels.
func (c *Column) recode(from *Column) []Unseen {
	code := make([]int32, len(from.Levels))
	for i, level := range from.Levels {
		code[i] = LevelOf(c.Levels, level)
	}
	var unseen []Unseen
	c.Codes = make([]int32, len(from.Codes))
	for i, old := range from.Codes {
		c.Codes[i] = -1
		if old < 0 {
			continue
		}
		c.Codes[i] = code[old]
		if code[old] < 0 {
			unseen = append(unseen, Unseen{i, c.Name, from.Levels[old]})
		}
	}
	return unseen
}

// empty reports whether the column has no value at all.
func (c *Column) empty() bool {
	for i := range c.Len() {
		if !c.Missing(i) {
			return false
		}
	}
	return true
}

func (c *Column) fillMissing(rows int) {
	if c.Type == Text {
		c.Levels = nil
	}
	if c.Type.Coded() {
		c.Codes = slices.Repeat([]int32{-1}, rows)
	} else {
		c.Values = slices.Repeat([]float64{missingValue}, rows)
	}
}
