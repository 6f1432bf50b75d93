package serving

import (
	"fmt"
	"strconv"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/internal/jsontext"
	"github.com/foretell-ml/foretell/pkg/internal/nearest"
)

// fromRecords reads a JSON array of rows that stands in the body at a pointer: objects of column
// names and values, or arrays of values in the order of the schema. The text must be JSON.
func fromRecords(array, pointer string) fill {
	return func(d *rows) error {
		d.place = d.byMember(pointer)
		r := jsontext.NewReader(array)
		if r.Kind() != jsontext.Array {
			return notRows(r.Kind(), pointer)
		}
		return r.Array(func() error {
			if err := d.add(); err != nil {
				return err
			}
			return d.record(r)
		})
	}
}

// notRows is the problem of a value that should be an array of rows.
func notRows(got jsontext.Kind, pointer string) error {
	return gateway.InvalidInstances.New(fmt.Sprintf("the %s are not an array of rows", pointer[1:]),
		gateway.FieldError{Pointer: pointer, Detail: "want an array of rows, got " + got.String()})
}

// record reads the current row.
func (d *rows) record(r *jsontext.Reader) error {
	kind := r.Kind()
	if (kind == jsontext.Array) != (len(d.arrays)%2 == 1) {
		d.arrays = append(d.arrays, d.row)
	}
	switch kind {
	case jsontext.Object:
		return d.object(r)
	case jsontext.Array:
		return d.array(r, nil)
	default:
		d.fault("", "want an object with the row's columns, or an array of its values, got "+kind.String())
		return r.Skip()
	}
}

// object reads the current row from an object. A row with none of the model's columns is a
// fault, for it is not meant for this model.
func (d *rows) object(r *jsontext.Reader) error {
	known, faulty := 0, len(d.faults)
	err := r.Object(func(name string) error {
		v, err := readValue(r)
		if err == nil && d.named(name, v) {
			known++
		}
		return err
	})
	if err == nil && known == 0 && len(d.faults) == faulty {
		d.fault("", d.unknown())
	}
	return err
}

// array reads the current row from an array with a value for each of fields; nil are all of the
// schema.
func (d *rows) array(r *jsontext.Reader, fields []int) error {
	want, n := len(fields), 0
	if fields == nil {
		want = len(d.schema)
	}
	err := r.Array(func() error {
		v, err := readValue(r)
		if n < want && err == nil {
			field := n
			if fields != nil {
				field = fields[n]
			}
			d.set(field, v)
		}
		n++
		return err
	})
	if err == nil && n != want {
		of := ""
		if fields == nil {
			of = ": " + nearest.List(names(d.schema))
		}
		d.fault("", fmt.Sprintf("has %d values, want %d%s", n, want, of))
	}
	return err
}

// readValue reads a value of any kind. An array or object is skipped.
func readValue(r *jsontext.Reader) (v value, err error) {
	v.kind = r.Kind()
	switch v.kind {
	case jsontext.String:
		v.text, err = r.Text()
	case jsontext.Number, jsontext.Bool:
		v.text, err = r.Raw()
	default:
		err = r.Skip()
	}
	return v, err
}

// byIndex places values in an array of arrays at a pointer, whose values have the given columns.
func byIndex(array string, columns []string) placer {
	index := make(map[string]int, len(columns))
	for i, name := range columns {
		index[name] = i
	}
	return func(row int, column string) place {
		p := array + "/" + strconv.Itoa(row)
		if i, ok := index[column]; ok {
			p += "/" + strconv.Itoa(i)
		}
		return place{pointer: p}
	}
}
