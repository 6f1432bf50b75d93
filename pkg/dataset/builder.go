package dataset

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Unseen is a text that was given for a categorical column but is not among its levels,
// and so became missing: a new country, or a typo. It is a warning. Text columns give none:
// a free text is kept, whatever it is.
type Unseen struct {
	Row    int // index of the row in the table, from 0
	Column string
	Value  string
}

// Builder makes a table of a schema row by row, from values of any type: what serving uses
// to turn JSON into the table that the same values in a CSV file would give. A value that
// is not set is missing. Setting a value twice keeps the last. A Builder is not for
// concurrent use.
//
//	b := schema.Builder()
//	b.AddRow()
//	err := b.Number(schema.Index("age"), 39)
//	…
//	table := b.Table()
type Builder struct {
	schema  Schema
	columns []Column
	rows    int
	unseen  []Unseen
	texts   []map[string]int32 // codes of a text column's texts so far; nil for other types
}

// Builder starts a table with the schema's columns and no rows. The schema's Levels are
// shared, and must be sorted as Column.Levels are (Schema.Validate); those of text columns are
// not looked at: a text column has the texts that are set.
func (s Schema) Builder() *Builder {
	b := &Builder{schema: s, columns: make([]Column, len(s)), texts: make([]map[string]int32, len(s))}
	for i := range s {
		f, c := &s[i], &b.columns[i]
		c.Name, c.Type, c.Levels = f.Name, f.Type, f.Levels
		if f.Type == Text {
			c.Levels, b.texts[i] = nil, map[string]int32{}
		}
	}
	return b
}

// AddRow adds a row with every value missing. The setters change the row added last and
// panic if there is none.
func (b *Builder) AddRow() {
	if b.rows++; b.rows == 1 {
		b.first()
		return
	}
	for i := range b.columns {
		if c := &b.columns[i]; c.Type.Coded() {
			c.Codes = append(c.Codes, -1)
		} else {
			c.Values = append(c.Values, missingValue)
		}
	}
}

// first is the first row, which mostly is the only one: its values lie side by side.
func (b *Builder) first() {
	values, codes := make([]float64, len(b.columns)), make([]int32, len(b.columns))
	for i := range b.columns {
		if c := &b.columns[i]; c.Type.Coded() {
			codes[i] = -1
			c.Codes = codes[i : i+1 : i+1]
		} else {
			values[i] = missingValue
			c.Values = values[i : i+1 : i+1]
		}
	}
}

// Number sets a number, as JSON has it. NaN is missing. A categorical or text column takes
// it by its canonical text (Column.Text), so that the category 3 may be sent as 3 or "3";
// a boolean column takes 0 and 1. A timestamp column refuses it with a *ColumnError: it
// could be seconds, milliseconds or days.
func (b *Builder) Number(field int, v float64) error {
	c := &b.columns[field]
	switch {
	case math.IsNaN(v):
		b.setMissing(c)
	case c.Type.Coded():
		b.setLevel(field, numberText(v))
	case c.Type == Timestamp:
		return c.mismatch("a timestamp such as \"2026-11-22T10:00:00Z\"", "the number "+numberText(v))
	case c.Type == Boolean && v != 0 && v != 1:
		return c.mismatch("true or false", "the number "+numberText(v))
	default:
		c.Values[b.rows-1] = v
	}
	return nil
}

// Bool sets true or false. A categorical or text column takes it by its text, "true" or
// "false"; a numeric or timestamp column refuses it with a *ColumnError.
func (b *Builder) Bool(field int, v bool) error {
	c := &b.columns[field]
	number := 0.0
	if v {
		number = 1
	}
	text := valueText(Boolean, number)
	switch {
	case c.Type.Coded():
		b.setLevel(field, text)
	case c.Type == Boolean:
		c.Values[b.rows-1] = number
	case c.Type == Timestamp:
		return c.mismatch("a timestamp", text)
	default:
		return c.mismatch("a number", text)
	}
	return nil
}

// Text sets a text the way ReadCSV would read it: white space around it does not count,
// and a text of DefaultMissing that is no level is missing. In a categorical column one that
// is no level becomes missing and is remembered (Unseen); types other than categorical and
// text parse it (ParseValue) or refuse it with a *ColumnError.
func (b *Builder) Text(field int, s string) error {
	c := &b.columns[field]
	s = strings.TrimSpace(s)
	if c.Type.Coded() {
		b.setLevel(field, s)
		return nil
	}
	if slices.Contains(DefaultMissing, s) {
		b.setMissing(c)
		return nil
	}
	v, err := ParseValue(c.Type, s)
	if err != nil {
		return &ColumnError{c.Name, err}
	}
	c.Values[b.rows-1] = v
	return nil
}

// Table is the table of the rows so far. The builder is not to be used after it.
func (b *Builder) Table() *Table {
	for i, codes := range b.texts {
		if c := &b.columns[i]; codes != nil && len(c.Levels) > 1 {
			// Nothing can end it early: it fails only with its context.
			c.Levels, _ = sortLevels(context.Background(), c.Codes, dictionaryOf(c.Levels), 1)
		}
	}
	return &Table{Columns: b.columns, rows: b.rows}
}

// Unseen returns the categories that were not among the levels, in the order of rows and,
// within a row, in the order they were set.
func (b *Builder) Unseen() []Unseen { return b.unseen }

func (b *Builder) setMissing(c *Column) {
	b.forget(c)
	if c.Type.Coded() {
		c.Codes[b.rows-1] = -1
	} else {
		c.Values[b.rows-1] = missingValue
	}
}

func (b *Builder) setLevel(field int, s string) {
	c := &b.columns[field]
	if codes := b.texts[field]; codes != nil {
		c.Codes[b.rows-1] = c.addText(codes, s)
		return
	}
	b.forget(c)
	code := LevelOf(c.Levels, s)
	c.Codes[b.rows-1] = code
	if code < 0 && !slices.Contains(DefaultMissing, s) {
		b.unseen = append(b.unseen, Unseen{b.rows - 1, c.Name, s})
	}
}

// addText returns the code of a text in the order of first appearance, −1 if it is missing.
func (c *Column) addText(codes map[string]int32, s string) int32 {
	if slices.Contains(DefaultMissing, s) {
		return -1
	}
	code, known := codes[s]
	if !known {
		code = int32(len(c.Levels))
		codes[s] = code
		c.Levels = append(c.Levels, s)
	}
	return code
}

// forget takes back the warning of an earlier value for the same cell.
func (b *Builder) forget(c *Column) {
	for i := len(b.unseen) - 1; i >= 0 && b.unseen[i].Row == b.rows-1; i-- {
		if b.unseen[i].Column == c.Name {
			b.unseen = slices.Delete(b.unseen, i, i+1)
			return
		}
	}
}

func (c *Column) mismatch(want, got string) error {
	return &ColumnError{c.Name, fmt.Errorf("want %s, got %s", want, got)}
}

// LevelOf is the code of a text, -1 if it is no level. A number is the level of the same number, if
// none is written as it is: 3.0, as files have it whose writer kept a column with gaps as floats, is
// the level 3. It is not if zeros lead it, as in codes, or if its digits are more than a float64 holds.
func LevelOf(levels []string, s string) int32 {
	if at, found := slices.BinarySearch(levels, s); found {
		return int32(at)
	}
	if v, ok := parseNumberBytes([]byte(s), false); ok && math.Abs(v) < 1<<53 {
		if at, found := slices.BinarySearch(levels, numberText(v)); found {
			return int32(at)
		}
	}
	return -1
}

// Index returns the position of the field of that name, or -1.
func (s Schema) Index(name string) int {
	return slices.IndexFunc(s, func(f Field) bool { return f.Name == name })
}

// Types are the types by name, for Options.Types: a file read with them has the types of
// the schema.
func (s Schema) Types() map[string]Type {
	types := make(map[string]Type, len(s))
	for _, f := range s {
		types[f.Name] = f.Type
	}
	return types
}

// Validate reports all faults of a schema from outside, joined: names that are empty or
// repeat, unknown types, levels that are not sorted, repeat, or belong to no coded type.
func (s Schema) Validate() error {
	var faults []error
	seen := make(map[string]bool, len(s))
	for _, f := range s {
		add := func(err error) { faults = append(faults, &ColumnError{f.Name, err}) }
		if f.Name == "" {
			add(errors.New("has no name"))
		}
		if seen[f.Name] {
			add(errors.New("appears twice"))
		}
		seen[f.Name] = true
		if err := f.Type.Validate(); err != nil {
			add(err)
		} else if !f.Type.Coded() && len(f.Levels) > 0 {
			add(fmt.Errorf("has levels, but is %s", f.Type))
		}
		for i := 1; i < len(f.Levels); i++ {
			if f.Levels[i-1] >= f.Levels[i] {
				add(fmt.Errorf("levels are not sorted and distinct at %s", quote(f.Levels[i])))
				break
			}
		}
	}
	return errors.Join(faults...)
}
