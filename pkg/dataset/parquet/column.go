package parquet

import (
	"errors"
	"fmt"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// column is a column to read.
type column struct {
	index    int // among the file's leaves
	field    dataset.Field
	form     dataset.Type // of the file's values: Numeric, Boolean, Timestamp or Text
	typ      string       // logical type: "", decimal, date, time, timestamp, uint, uuid, float16, null
	physical physicalType
	width    int           // bytes of a value, 0 if that differs
	optional bool          // values may be missing
	unit     time.Duration // of a time or timestamp
	scale    int           // of a decimal
	wide     bool          // integers beyond 2^53 are among them
	given    bool          // the type is declared
	problem  string
}

// texts reports whether the column is handed on as codes and levels.
func (c *column) texts() bool { return c.field.Type == "" || c.field.Type.Coded() }

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

// columns are those of the file, nested ones with a problem.
func (f *footer) columns() ([]column, error) {
	if len(f.schema) == 0 || f.schema[0].physical != noType {
		return nil, errors.New("the schema has no root")
	}
	var columns []column
	leaf, at := 0, 1
	for at < len(f.schema) {
		e := &f.schema[at]
		c := column{form: dataset.Numeric, index: leaf, problem: "is nested"}
		if e.physical != noType {
			c = describe(e)
			c.index = leaf
		}
		c.field.Name = e.name
		columns = append(columns, c)
		for open := int64(1); open > 0; at++ { // nodes of this column still to come
			if at == len(f.schema) || f.schema[at].children < 0 || f.schema[at].children > int64(len(f.schema)) {
				return nil, errors.New("the schema is malformed")
			}
			if f.schema[at].physical != noType {
				leaf++
			} else {
				open += f.schema[at].children
			}
			open--
		}
	}
	if int64(len(columns)) != f.schema[0].children {
		return nil, errors.New("the schema is malformed")
	}
	return columns, nil
}

// choose returns the columns that the options ask for.
func (f *openedFile) choose(o dataset.Options) ([]column, error) {
	all, err := f.footer.columns()
	if err != nil {
		return nil, f.fault(err)
	}
	names := make([]string, len(all))
	has := make(map[string]bool, len(all))
	for i, c := range all {
		names[i] = c.field.Name
		switch {
		case names[i] == "":
			return nil, f.fault(fmt.Errorf("column %d has no name", i+1))
		case has[names[i]]:
			return nil, f.fault(fmt.Errorf("two columns are named %q", names[i]))
		}
		has[names[i]] = true
	}
	fields, index, err := o.Choose(names)
	if err != nil {
		return nil, err
	}
	var faults []error
	columns := make([]column, len(fields))
	for i, field := range fields {
		c := all[index[i]]
		c.field, c.given = field, field.Type != ""
		if !c.given && c.form != dataset.Text {
			c.field.Type = c.form
		}
		t := c.field.Type
		switch {
		case c.problem != "":
			faults = append(faults, &dataset.ColumnError{Column: field.Name, Err: errors.New(c.problem + "; flatten it, or leave it out by naming the columns to read")})
			continue
		case c.form != dataset.Text && !t.Coded() && t != c.form && (c.form != dataset.Numeric || t != dataset.Boolean) && (c.form != dataset.Boolean || t != dataset.Numeric):
			faults = append(faults, &dataset.ColumnError{Column: field.Name, Err: fmt.Errorf("is declared %s, but %s in the file", t, c.form)})
		}
		for g := range f.footer.groups {
			if group := &f.footer.groups[g]; group.rows > 0 && group.chunks[c.index].physical != c.physical {
				return nil, f.fault(fmt.Errorf("row group %d, column %q: the values are of other than the schema's type", g, field.Name))
			}
		}
		if f.beyond(&c) {
			c.setWide()
		}
		columns[i] = c
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	if len(columns) == 0 {
		return nil, f.fault(errors.New("the file has no columns"))
	}
	return columns, nil
}

// Older forms of logical types.
const (
	convertedDecimal   = 5
	convertedDate      = 6
	convertedTime      = 7  // milliseconds; 8: microseconds
	convertedTimestamp = 9  // milliseconds; 10: microseconds
	convertedUint      = 11 // 8 bits; up to 14: 64 bits
	convertedInterval  = 21
)

// describe says how the values of a leaf are to be read.
func describe(e *element) column {
	c := column{form: dataset.Numeric, physical: e.physical, width: e.width(), optional: e.repetition == 1}
	if e.repetition < 0 || e.repetition > 1 {
		c.problem = "is repeated"
		return c
	}
	switch e.physical {
	case boolean:
		c.form = dataset.Boolean
	case byteArrays, fixedArrays:
		c.form = dataset.Text
	case int96s:
		c.form, c.typ = dataset.Timestamp, "timestamp"
	}
	if e.physical == fixedArrays && e.length == 0 {
		c.problem = "has values of no length"
		return c
	}
	l := e.logical
	if l.id == 0 {
		l = fromConverted(e)
	}
	integer := e.physical == int32s || e.physical == int64s
	fits := true // the logical type the physical one
	switch l.id {
	case logicalInteger:
		if fits = integer; !l.signed {
			c.typ = "uint"
		}
	case logicalDecimal:
		fits = integer || e.physical == byteArrays || e.physical == fixedArrays
		c.form, c.typ, c.scale = dataset.Numeric, "decimal", l.scale
		if c.scale < 0 || c.scale > 400 {
			c.problem = fmt.Sprintf("is a decimal of scale %d", c.scale)
		}
	case logicalDate:
		fits = e.physical == int32s
		c.form, c.typ = dataset.Timestamp, "date"
	case logicalTime, logicalTimestamp:
		fits = integer
		c.form, c.typ, c.unit = dataset.Timestamp, "timestamp", l.unit
		if l.id == logicalTime {
			c.form, c.typ = dataset.Text, "time"
		}
		if l.unit == 0 {
			c.problem = "has no unit of time"
		}
	case logicalUUID:
		fits = e.physical == fixedArrays && e.length == 16
		c.typ = "uuid"
	case logicalFloat16:
		fits = e.physical == fixedArrays && e.length == 2
		c.form, c.typ = dataset.Numeric, "float16"
	case logicalNull:
		c.typ = "null"
	}
	switch {
	case !fits:
		c.problem = "has a logical type that is not one of its values"
	case l.id == 0 && e.converted == convertedInterval:
		c.problem = "is an interval"
	}
	return c
}

func fromConverted(e *element) logicalType {
	switch c := e.converted; c {
	case convertedDecimal:
		return logicalType{id: logicalDecimal, scale: e.scale}
	case convertedDate:
		return logicalType{id: logicalDate}
	case convertedTime:
		return logicalType{id: logicalTime, unit: time.Millisecond}
	case convertedTime + 1:
		return logicalType{id: logicalTime, unit: time.Microsecond}
	case convertedTimestamp:
		return logicalType{id: logicalTimestamp, unit: time.Millisecond}
	case convertedTimestamp + 1:
		return logicalType{id: logicalTimestamp, unit: time.Microsecond}
	case convertedUint, convertedUint + 1, convertedUint + 2, convertedUint + 3:
		return logicalType{id: logicalInteger}
	}
	return logicalType{}
}

// beyond reports whether the statistics say that integers are beyond 2^53.
func (f *openedFile) beyond(c *column) bool {
	if c.physical != int64s || c.form != dataset.Numeric || c.typ == "decimal" {
		return false
	}
	for i := range f.footer.groups {
		if f.footer.groups[i].rows == 0 {
			continue
		}
		for _, bound := range f.footer.groups[i].chunks[c.index].bounds {
			if !c.exact(bound) {
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
