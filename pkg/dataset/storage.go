package dataset

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/foretell-ml/foretell/pkg/safetensors"
)

// The layout of a stored table: one tensor per column, and in the metadata the format, the
// number of rows and the schema as JSON. The prefix keeps a column named __metadata__ from
// being taken for the format's own entry.
const (
	storageFormat = "foretell-table-1"
	columnPrefix  = "column/"
)

// Safetensors returns the table as typed columns: a tensor "column/<name>" of F64 values or
// I32 codes per column, and the metadata keys "format", "rows" and "schema" (a Schema in
// JSON).
func (t *Table) Safetensors() *safetensors.File {
	schema, err := json.Marshal(t.Schema())
	if err != nil {
		panic("dataset: a schema is strings only: " + err.Error())
	}
	f := &safetensors.File{
		Metadata: map[string]string{
			"format": storageFormat,
			"rows":   strconv.Itoa(t.rows),
			"schema": string(schema),
		},
		Tensors: make(map[string]safetensors.Tensor, len(t.Columns)),
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Type.Coded() {
			f.Tensors[columnPrefix+c.Name] = safetensors.FromI32(c.Codes, t.rows)
		} else {
			f.Tensors[columnPrefix+c.Name] = safetensors.FromF64(c.Values, t.rows)
		}
	}
	return f
}

// FromSafetensors is the table that Safetensors stored. It trusts nothing: a code outside
// the levels, a boolean of 2, a missing, misshapen or unknown tensor is an error.
func FromSafetensors(f *safetensors.File) (*Table, error) {
	t, err := fromSafetensors(f)
	if err != nil {
		return nil, fmt.Errorf("stored table: %w", err)
	}
	return t, nil
}

func fromSafetensors(f *safetensors.File) (*Table, error) {
	if got := f.Metadata["format"]; got != storageFormat {
		return nil, fmt.Errorf("format is %s, want %q", quote(got), storageFormat)
	}
	rows, err := strconv.Atoi(f.Metadata["rows"])
	if err != nil || rows < 0 {
		return nil, fmt.Errorf("rows is %s, want a number", quote(f.Metadata["rows"]))
	}
	var schema Schema
	if err := json.Unmarshal([]byte(f.Metadata["schema"]), &schema); err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	if err := schema.Validate(); err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	if len(schema) == 0 && rows > 0 {
		return nil, errors.New("rows but no columns")
	}
	if len(f.Tensors) > len(schema) {
		return nil, fmt.Errorf("%d tensors for %d columns", len(f.Tensors), len(schema))
	}
	t := &Table{Columns: make([]Column, len(schema)), rows: rows}
	for i, field := range schema {
		tensor, ok := f.Tensors[columnPrefix+field.Name]
		if !ok {
			return nil, &ColumnError{field.Name, errors.New("has no tensor")}
		}
		if err := t.Columns[i].load(field, tensor, rows); err != nil {
			return nil, &ColumnError{field.Name, err}
		}
	}
	return t, nil
}

func (c *Column) load(f Field, tensor safetensors.Tensor, rows int) (err error) {
	if len(tensor.Shape) != 1 || tensor.Shape[0] != rows {
		return fmt.Errorf("tensor has shape %v, want [%d]", tensor.Shape, rows)
	}
	*c = Column{Name: f.Name, Type: f.Type, Levels: f.Levels}
	if c.Type.Coded() {
		c.Codes, err = tensor.I32()
	} else {
		c.Values, err = tensor.F64()
	}
	if err != nil {
		return err
	}
	if c.Len() != rows {
		return fmt.Errorf("tensor has %d elements, want %d", c.Len(), rows)
	}
	return c.check()
}

// check refuses values that no column of the type can hold.
func (c *Column) check() error {
	for i, code := range c.Codes {
		if code < -1 || int(code) >= len(c.Levels) {
			return fmt.Errorf("row %d: code %d is outside the %d levels", i+1, code, len(c.Levels))
		}
	}
	for i, v := range c.Values {
		ok := true
		switch {
		case math.IsNaN(v):
		case c.Type == Boolean:
			ok = v == 0 || v == 1
		case c.Type == Timestamp:
			ok = firstTimestamp <= v && v <= lastTimestamp && v == math.Trunc(v)
		}
		if !ok {
			return fmt.Errorf("row %d: %v is no %s value", i+1, v, c.Type)
		}
	}
	return nil
}
