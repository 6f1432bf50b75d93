package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/nearest"
)

// column is a column to read.
type column struct {
	index   int // among the file's leaves
	field   dataset.Field
	form    dataset.Type // of the file's values: Numeric, Boolean, Timestamp or Text
	typ     string       // logical type: "", decimal, date, time, timestamp, uint, uuid, float16, null
	kind    parquet.Kind
	unit    time.Duration // of a time or timestamp
	scale   int           // of a decimal
	wide    bool          // integers beyond 2^53 are among them
	given   bool          // the type is declared
	problem string
}

// setWide makes texts of a column of integers, unless another type is declared.
func (c *column) setWide() {
	c.wide = true
	if !c.given {
		c.field.Type = dataset.Text
	}
}

func fieldsOf(columns []column) []dataset.Field {
	fields := make([]dataset.Field, len(columns))
	for i, c := range columns {
		fields[i] = c.field
	}
	return fields
}

func sameColumns(want, got []column, first string) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d columns, but %s has %d", len(got), first, len(want))
	}
	for i := range want {
		if got[i].field.Name != want[i].field.Name {
			return fmt.Errorf("column %d is %q, but in %s it is %q", i+1, got[i].field.Name, first, want[i].field.Name)
		}
		if got[i].form != want[i].form {
			return fmt.Errorf("column %q is %s, but in %s it is %s", got[i].field.Name, got[i].form, first, want[i].form)
		}
	}
	return nil
}

// choose returns the columns that the options ask for.
func (f *openedFile) choose(o dataset.Options) ([]column, error) {
	var names []string
	has := map[string]bool{}
	for _, c := range f.file.Root().Columns() {
		names = append(names, c.Name())
		if has[c.Name()] {
			return nil, &dataset.ParseError{Part: f.name, Err: fmt.Errorf("two columns are named %q", c.Name())}
		}
		has[c.Name()] = true
	}
	var faults []error
	wanted := map[string]bool{}
	need := func(name, fault string) {
		if !has[name] {
			faults = append(faults, &dataset.ColumnError{Column: name, Err: errors.New(fault + nearest.Hint(name, names))})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.Types)) {
		need(name, "has a declared type but is not in the data")
	}
	for _, field := range o.Schema {
		need(field.Name, "is in the schema but not in the data")
		wanted[field.Name] = true
	}
	for _, name := range o.Columns {
		need(name, "is to be read but not in the data")
		wanted[name] = true
	}
	var columns []column
	for _, leaf := range f.file.Root().Columns() {
		name := leaf.Name()
		if len(wanted) > 0 && !wanted[name] {
			continue
		}
		c := describe(leaf, f.logical(leaf))
		if c.problem != "" {
			faults = append(faults, &dataset.ColumnError{Column: name, Err: errors.New(c.problem + "; flatten it, or leave it out by naming the columns to read")})
			continue
		}
		c.field = dataset.Field{Name: name, Type: o.Types[name]}
		if declared := o.Schema.Field(name); declared != nil {
			c.field.Levels = declared.Levels
			if c.field.Type == "" {
				c.field.Type = declared.Type
			}
		}
		c.given = c.field.Type != ""
		if !c.given && c.form != dataset.Text {
			c.field.Type = c.form
		}
		if t := c.field.Type; c.form != dataset.Text && !t.Coded() && t != c.form && (c.form != dataset.Numeric || t != dataset.Boolean) && (c.form != dataset.Boolean || t != dataset.Numeric) {
			faults = append(faults, &dataset.ColumnError{Column: name, Err: fmt.Errorf("is declared %s, but %s in the file", t, c.form)})
		}
		if f.beyond(&c) {
			c.setWide()
		}
		columns = append(columns, c)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	if len(columns) == 0 {
		return nil, &dataset.ParseError{Part: f.name, Err: errors.New("the file has no columns")}
	}
	return columns, nil
}

// logical is the logical type of a leaf. The library's own types leave out some that are in
// the file, and derive some from the older converted types.
func (f *openedFile) logical(leaf *parquet.Column) *format.LogicalType {
	if !leaf.Leaf() {
		return nil
	}
	at := -1
	for i := range f.file.Metadata().Schema {
		e := &f.file.Metadata().Schema[i]
		if !e.Type.Valid {
			continue
		}
		if at++; at == leaf.Index() && e.LogicalType.Value != nil {
			return &e.LogicalType
		}
	}
	return leaf.Type().LogicalType()
}

// describe says how the values of a column are to be read.
func describe(leaf *parquet.Column, logical *format.LogicalType) column {
	c := column{form: dataset.Numeric}
	if !leaf.Leaf() {
		c.problem = "is nested"
		return c
	}
	c.index = leaf.Index()
	if leaf.Repeated() || leaf.MaxRepetitionLevel() > 0 {
		c.problem = "is repeated"
		return c
	}
	c.kind = leaf.Type().Kind()
	switch c.kind {
	case parquet.Boolean:
		c.form = dataset.Boolean
	case parquet.ByteArray, parquet.FixedLenByteArray:
		c.form = dataset.Text
	case parquet.Int96:
		c.form, c.typ = dataset.Timestamp, "timestamp"
	}
	if logical != nil {
		switch t := logical.Value.(type) {
		case *format.IntType:
			if !t.IsSigned {
				c.typ = "uint"
			}
		case *format.DecimalType:
			c.form, c.typ, c.scale = dataset.Numeric, "decimal", int(t.Scale)
			if t.Scale < 0 || t.Scale > 400 {
				c.problem = fmt.Sprintf("is a decimal of scale %d", t.Scale)
			}
		case *format.DateType:
			c.form, c.typ = dataset.Timestamp, "date"
		case *format.TimeType:
			c.form, c.typ = dataset.Text, "time"
			if t.Unit.Value == nil {
				c.problem = "has no unit of time"
				return c
			}
			c.unit = t.Unit.Value.Duration()
		case *format.TimestampType:
			c.form, c.typ = dataset.Timestamp, "timestamp"
			if t.Unit.Value == nil {
				c.problem = "has no unit of time"
				return c
			}
			c.unit = t.Unit.Value.Duration()
		case *format.UUIDType:
			c.typ = "uuid"
		case *format.Float16Type:
			c.form, c.typ = dataset.Numeric, "float16"
		case *format.NullType:
			c.typ = "null"
		}
		return c
	}
	if converted := leaf.Type().ConvertedType(); converted != nil {
		switch *converted {
		case deprecated.Interval:
			c.problem = "is an interval"
		}
	}
	return c
}

// beyond reports whether the statistics say that integers are beyond 2^53.
func (f *openedFile) beyond(c *column) bool {
	if c.kind != parquet.Int64 || c.form != dataset.Numeric || c.typ == "decimal" {
		return false
	}
	for _, group := range f.file.Metadata().RowGroups {
		s := &group.Columns[c.index].MetaData.Statistics
		for _, bound := range [][]byte{s.MinValue, s.MaxValue, s.Min, s.Max} {
			if len(bound) == 8 && !c.exact(int64(binary.LittleEndian.Uint64(bound))) {
				return true
			}
		}
	}
	return false
}

const largestExact = 1 << 53

// exact reports whether a float64 holds the integer and both its neighbours.
func (c *column) exact(v int64) bool {
	if c.typ == "uint" {
		return uint64(v) <= largestExact
	}
	return -largestExact <= v && v <= largestExact
}

// missingTexts are the texts that mean "no value".
func missingTexts(o dataset.Options) map[string]bool {
	set := map[string]bool{"": true}
	tokens := o.Missing
	if tokens == nil {
		tokens = dataset.DefaultMissing
	}
	for _, token := range tokens {
		set[strings.TrimSpace(token)] = true
	}
	return set
}
