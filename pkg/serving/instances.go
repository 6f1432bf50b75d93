package serving

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/internal/nearest"
)

// instances turns the JSON array of a request into a table of the model's inputs. A column
// that is absent or null is missing, as an empty field of a CSV file is; a row with none of
// the model's columns is a fault, for it is not meant for this model. Numbers are taken as
// they are written, to the nearest float64.
//
// The array must be valid JSON. All faults are returned together, as one Problem.
func instances(array json.RawMessage, schema dataset.Schema, target string) (*dataset.Table, []Warning, error) {
	d := &decoder{
		json: json.NewDecoder(bytes.NewReader(array)), schema: schema, target: target,
		build: schema.Builder(), fields: make(map[string]int, len(schema)), seen: make([]bool, len(schema)),
	}
	d.json.UseNumber()
	for i, f := range schema {
		d.fields[f.Name] = i
	}
	if err := d.array(); err != nil {
		return nil, nil, err
	}
	if len(d.faults) > 0 {
		return nil, nil, gateway.InvalidInstances.New(d.summary(), d.faults...)
	}
	return d.build.Table(), warnings(d.build.Unseen()), nil
}

type decoder struct {
	json   *json.Decoder
	schema dataset.Schema
	target string
	build  *dataset.Builder
	fields map[string]int // index in the schema, by name
	seen   []bool         // of the fields of the current row

	row    int // of the current instance, from 0
	faults []gateway.FieldError
}

func (d *decoder) array() error {
	open, err := d.json.Token()
	if err != nil {
		return fmt.Errorf("instances: %w", err)
	}
	if open != json.Delim('[') {
		return gateway.InvalidInstances.New("the instances are not an array",
			gateway.FieldError{Pointer: "/instances", Detail: "want an array of objects, one per row"})
	}
	for ; d.json.More(); d.row++ {
		if d.row == MaxInstances {
			return gateway.InvalidInstances.New(fmt.Sprintf("more than %d instances; send fewer at a time", MaxInstances))
		}
		if err := d.instance(); err != nil {
			return fmt.Errorf("instances: %w", err)
		}
		if len(d.faults) >= MaxFaults {
			return nil
		}
	}
	if d.row == 0 {
		return gateway.InvalidInstances.New("there are no instances",
			gateway.FieldError{Pointer: "/instances", Detail: "is empty; want at least one row"})
	}
	return nil
}

// instance reads one row.
func (d *decoder) instance() error {
	d.build.AddRow()
	clear(d.seen)
	open, err := d.json.Token()
	if err != nil {
		return err
	}
	if open != json.Delim('{') {
		d.fault("", "want an object with the row's columns, got "+kind(open))
		return d.skip(open)
	}
	known, faulty := 0, len(d.faults)
	for d.json.More() {
		name, err := d.json.Token()
		if err != nil {
			return err
		}
		value, err := d.json.Token()
		if err != nil {
			return err
		}
		if d.value(name.(string), value) {
			known++
		}
		if err := d.skip(value); err != nil {
			return err
		}
	}
	if known == 0 && len(d.faults) == faulty {
		d.fault("", "has none of the model's columns: "+nearest.List(names(d.schema)))
	}
	_, err = d.json.Token() // the closing brace
	return err
}

// value sets one value of the row, and reports whether the model has the column.
func (d *decoder) value(name string, value json.Token) bool {
	field, ok := d.fields[name]
	switch {
	case !ok && name == d.target:
		d.fault(name, "is what the model predicts; leave it out")
		return false
	case !ok:
		d.fault(name, "is not a column of the model"+nearest.Hint(name, names(d.schema)))
		return false
	case d.seen[field]:
		d.fault(name, "appears twice in the row")
		return true
	}
	d.seen[field] = true
	if err := d.set(field, value); err != nil {
		d.fault(name, err.Error())
	}
	return true
}

func (d *decoder) set(field int, value json.Token) error {
	var err error
	switch v := value.(type) {
	case nil: // missing, as every value is to begin with
	case bool:
		err = d.build.Bool(field, v)
	case string:
		err = d.build.Text(field, v)
	case json.Number:
		err = d.number(field, v)
	default:
		return errors.New("want a single value, got " + kind(value))
	}
	var column *dataset.ColumnError // its column is in the fault already
	if errors.As(err, &column) {
		return column.Err
	}
	return err
}

// number sets a number. Where the column holds categories and one of them is written as the
// number is ("3.0", a long id), that one is meant; a text is the number as it is written.
func (d *decoder) number(field int, n json.Number) error {
	if f := d.schema[field]; f.Type == dataset.Text {
		return d.build.Text(field, n.String())
	} else if f.Type.Coded() {
		if _, found := slices.BinarySearch(f.Levels, n.String()); found {
			return d.build.Text(field, n.String())
		}
	}
	v, err := n.Float64()
	if err != nil {
		return fmt.Errorf("the number %s is out of range", cut(n.String()))
	}
	return d.build.Number(field, v)
}

// skip reads to the end of a value whose first token is given; a scalar has ended already.
func (d *decoder) skip(first json.Token) error {
	depth := 0
	for token := first; ; {
		switch token {
		case json.Delim('['), json.Delim('{'):
			depth++
		case json.Delim(']'), json.Delim('}'):
			depth--
		}
		if depth == 0 {
			return nil
		}
		var err error
		if token, err = d.json.Token(); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
	}
}

// fault notes what is wrong with a column of the current row, or with the row ("").
func (d *decoder) fault(column, detail string) {
	if len(d.faults) < MaxFaults {
		d.faults = append(d.faults, gateway.FieldError{
			Pointer: pointer(d.row, column), Row: d.row + 1, Column: column, Detail: detail,
		})
	}
}

func (d *decoder) summary() string {
	first := d.faults[0]
	at := fmt.Sprintf("row %d", first.Row)
	if first.Column != "" {
		at += fmt.Sprintf(", column %q", cut(first.Column))
	}
	switch n := len(d.faults); n {
	case 1:
		return at + ": " + first.Detail
	case MaxFaults:
		return fmt.Sprintf("%s: %s; the first %d faults are listed", at, first.Detail, n)
	default:
		return fmt.Sprintf("%s: %s; %d faults in all", at, first.Detail, n)
	}
}

// pointer is the RFC 6901 pointer to a column of a row, from 0, or to the row ("").
func pointer(row int, column string) string {
	p := "/instances/" + strconv.Itoa(row)
	if column != "" {
		p += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(column)
	}
	return p
}

// kind names what a JSON value is by its first token.
func kind(token json.Token) string {
	switch token := token.(type) {
	case nil:
		return "null"
	case json.Delim:
		if token == '{' {
			return "an object"
		}
		return "an array"
	case string:
		return "a string"
	case bool:
		return "true or false"
	}
	return "a number"
}

// names are the names of a schema's columns.
func names(schema dataset.Schema) []string {
	all := make([]string, len(schema))
	for i, f := range schema {
		all[i] = f.Name
	}
	return all
}
