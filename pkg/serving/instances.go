package serving

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/internal/jsontext"
	"github.com/foretell-ml/foretell/pkg/internal/nearest"
)

// instances turns the JSON array of a request into a table of the model's inputs. A column
// that is absent or null is missing, as an empty field of a CSV file is; a row with none of
// the model's columns is a fault, for it is not meant for this model. Numbers are taken as
// they are written, to the nearest float64.
//
// The array must be valid JSON. All faults are returned together, as one Problem.
func instances(array string, schema dataset.Schema, target string) (*dataset.Table, []Warning, error) {
	d := &decoder{
		json: jsontext.NewReader(array), schema: schema, target: target,
		build: schema.Builder(), fields: make(map[string]int, len(schema)), seen: make([]bool, len(schema)),
	}
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
	json   *jsontext.Reader
	schema dataset.Schema
	target string
	build  *dataset.Builder
	fields map[string]int // index in the schema, by name
	seen   []bool         // of the fields of the current row

	row    int // of the current instance, from 0
	known  int // columns of the model in it
	faults []gateway.FieldError
}

// errEnough ends the reading of rows: there are as many faults as an answer lists.
var errEnough = errors.New("enough faults")

func (d *decoder) array() error {
	if d.json.Kind() != jsontext.Array {
		return gateway.InvalidInstances.New("the instances are not an array",
			gateway.FieldError{Pointer: "/instances", Detail: "want an array of objects, one per row"})
	}
	err := d.json.Array(d.instance)
	switch {
	case errors.Is(err, errEnough):
		return nil
	case err != nil:
		return err
	case d.row == 0:
		return gateway.InvalidInstances.New("there are no instances",
			gateway.FieldError{Pointer: "/instances", Detail: "is empty; want at least one row"})
	}
	return nil
}

// instance reads one row.
func (d *decoder) instance() error {
	if d.row == MaxInstances {
		return gateway.InvalidInstances.New(fmt.Sprintf("more than %d instances; send fewer at a time", MaxInstances))
	}
	d.build.AddRow()
	clear(d.seen)
	d.known = 0
	faulty := len(d.faults)
	if kind := d.json.Kind(); kind != jsontext.Object {
		d.fault("", "want an object with the row's columns, got "+kind.String())
		if err := d.json.Skip(); err != nil {
			return err
		}
	} else if err := d.json.Object(d.member); err != nil {
		return err
	}
	if d.known == 0 && len(d.faults) == faulty {
		d.fault("", "has none of the model's columns: "+nearest.List(names(d.schema)))
	}
	d.row++
	if len(d.faults) >= MaxFaults {
		return errEnough
	}
	return nil
}

// member reads one value of the row.
func (d *decoder) member(name string) error {
	field, ok := d.fields[name]
	switch {
	case !ok && name == d.target:
		d.fault(name, "is what the model predicts; leave it out")
	case !ok:
		d.fault(name, "is not a column of the model"+nearest.Hint(name, names(d.schema)))
	case d.seen[field]:
		d.known++
		d.fault(name, "appears twice in the row")
	default:
		d.known++
		d.seen[field] = true
		return d.value(field)
	}
	return d.json.Skip()
}

// value sets a field to the value that comes next. Its error is one of syntax; others are faults.
func (d *decoder) value(field int) error {
	var wrong error
	switch kind := d.json.Kind(); kind {
	case jsontext.Bool:
		v, err := d.json.Bool()
		if err != nil {
			return err
		}
		wrong = d.build.Bool(field, v)
	case jsontext.String:
		text, err := d.json.Text()
		if err != nil {
			return err
		}
		wrong = d.build.Text(field, text)
	case jsontext.Number:
		number, err := d.json.Number()
		if err != nil {
			return err
		}
		wrong = d.number(field, number)
	default:
		if kind != jsontext.Null { // missing, as every value is to begin with
			wrong = errors.New("want a single value, got " + kind.String())
		}
		if err := d.json.Skip(); err != nil {
			return err
		}
	}
	if wrong == nil {
		return nil
	}
	var column *dataset.ColumnError // its column is in the fault already
	if errors.As(wrong, &column) {
		wrong = column.Err
	}
	d.fault(d.schema[field].Name, wrong.Error())
	return nil
}

// number sets a number. Where the column holds categories and one of them is written as the
// number is ("3.0", a long id), that one is meant; a text is the number as it is written.
func (d *decoder) number(field int, number string) error {
	if f := &d.schema[field]; f.Type == dataset.Text {
		return d.build.Text(field, number)
	} else if f.Type.Coded() {
		if _, found := slices.BinarySearch(f.Levels, number); found {
			return d.build.Text(field, number)
		}
	}
	v, ok := jsontext.Float(number)
	if !ok {
		return fmt.Errorf("the number %s is out of range", cut(number))
	}
	return d.build.Number(field, v)
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

// names are the names of a schema's columns.
func names(schema dataset.Schema) []string {
	all := make([]string, len(schema))
	for i, f := range schema {
		all[i] = f.Name
	}
	return all
}
