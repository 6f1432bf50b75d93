package serving

import (
	"fmt"
	"strconv"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/internal/jsontext"
)

// fromSplit reads what pandas writes as to_dict(orient="split"): an object of columns, data and
// index, the latter not looked at. The text must be JSON.
func fromSplit(object, pointer string) fill {
	return func(d *rows) error {
		var columns []string
		var data string
		fault := func(member, detail string) error {
			return gateway.InvalidInstances.New(fmt.Sprintf("%s: %s", pointer+member, detail), gateway.FieldError{Pointer: pointer + member, Detail: detail})
		}
		r := jsontext.NewReader(object)
		if r.Kind() != jsontext.Object {
			return fault("", "want an object of columns and data, got "+r.Kind().String())
		}
		err := r.Object(func(member string) (err error) {
			switch kind := r.Kind(); {
			case member == "index":
				return r.Skip()
			case member == "columns" && kind == jsontext.Array:
				columns, err = texts(r)
				if err != nil {
					return fault("/columns", "want an array of names")
				}
				return nil
			case member == "data" && kind == jsontext.Array:
				data, err = r.Raw()
				return err
			case member == "columns" || member == "data":
				return fault("/"+member, "want an array, got "+kind.String())
			}
			if d.redact {
				return fault("", "has a member that is not known; want columns, data and, if need be, index")
			}
			return fault("/"+escapePointer(member), "is not known; want columns, data and, if need be, index")
		})
		switch {
		case err != nil:
			return err
		case columns == nil:
			return fault("/columns", "is missing; want an array of names")
		case data == "":
			return fault("/data", "is missing; want an array of rows, each an array of values")
		}
		return d.split(columns, data, pointer)
	}
}

// split reads the data of named columns.
func (d *rows) split(columns []string, data, pointer string) error {
	d.place = byIndex(pointer+"/data", columns)
	fields := d.header(columns, func(i int) place { return place{pointer: pointer + "/columns/" + strconv.Itoa(i)} })
	if len(d.faults) > 0 {
		return nil
	}
	r := jsontext.NewReader(data)
	return r.Array(func() error {
		if err := d.add(); err != nil {
			return err
		}
		if r.Kind() != jsontext.Array {
			d.fault("", "want an array of the row's values, got "+r.Kind().String())
			return r.Skip()
		}
		return d.array(r, fields)
	})
}

// texts reads an array of strings.
func texts(r *jsontext.Reader) ([]string, error) {
	all := []string{}
	err := r.Array(func() error {
		text, err := r.Text()
		all = append(all, text)
		return err
	})
	return all, err
}

// column is the values of one column, for as many rows, before they are rows.
type column struct {
	name    string
	pointer string // of the array of its values
	at      place  // of its name
	values  []value
}

// fromColumns reads an object of arrays, one for each column. The text must be JSON.
func fromColumns(object, pointer string) fill {
	return func(d *rows) error {
		var columns []column
		r := jsontext.NewReader(object)
		err := r.Object(func(name string) error {
			at := d.member(pointer, name)
			c := column{name: name, pointer: at, at: place{pointer: at}}
			if r.Kind() != jsontext.Array {
				d.faultAt(c.at, 0, name, "want an array of the column's values, got "+r.Kind().String())
				return r.Skip()
			}
			var err error
			c.values, err = columnValues(r)
			columns = append(columns, c)
			return err
		})
		if err != nil {
			return err
		}
		return d.columns(columns)
	}
}

// columnValues reads the values of a column: an array of values, or of arrays of one each, which
// is what a matrix of one column is. One row more than is allowed is enough to refuse them.
func columnValues(r *jsontext.Reader) (values []value, err error) {
	err = r.Array(func() error {
		if len(values) > MaxInstances {
			return r.Skip()
		}
		if r.Kind() != jsontext.Array {
			v, err := readValue(r)
			values = append(values, v)
			return err
		}
		var inner []value
		err := r.Array(func() error {
			v, err := readValue(r)
			if len(inner) < 2 {
				inner = append(inner, v)
			}
			return err
		})
		if len(inner) == 1 {
			values = append(values, inner[0])
		} else {
			values = append(values, value{kind: jsontext.Array})
		}
		return err
	})
	return values, err
}

// columns makes rows of columns, which all have to be as long as the first.
func (d *rows) columns(columns []column) error {
	pointers, list := map[string]string{}, make([]string, len(columns))
	for i, c := range columns {
		list[i], pointers[c.name] = c.name, c.pointer
	}
	d.place = func(row int, column string) place {
		if column == "" {
			return place{}
		}
		return place{pointer: pointers[column] + "/" + strconv.Itoa(row)}
	}
	fields := d.header(list, func(i int) place { return columns[i].at })
	for _, c := range columns {
		if n, first := len(c.values), len(columns[0].values); n != first {
			d.faultAt(c.at, 0, c.name, fmt.Sprintf("has %d values, and %s has %d", n, d.shown(columns[0].name), first))
		}
	}
	if len(d.faults) > 0 {
		return nil
	}
	for row := range columns[0].values {
		if err := d.add(); err != nil {
			return err
		}
		for i, c := range columns {
			d.set(fields[i], c.values[row])
		}
	}
	return nil
}
