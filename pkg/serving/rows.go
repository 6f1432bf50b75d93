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
	"github.com/foretell-ml/foretell/pkg/profile"
)

// rows are the rows of a request on their way into a table of the model's inputs. All formats
// put their values in here, so that what is accepted, refused and warned of does not depend on
// the format. A column that is absent or null is missing, as an empty field of a CSV file is.
type rows struct {
	schema dataset.Schema
	target string
	ignore bool // columns that the model does not have, rather than refuse them
	redact bool // say what is wrong without what was sent
	place  placer

	build  *dataset.Builder
	fields map[string]int // index in the schema, by name
	seen   []bool         // of the fields of the current row
	next   int            // the field that comes next if names come in the schema's order
	row    int            // of the current row, from 0; −1 before the first
	arrays []int          // rows from which on they are arrays, and objects again, in turn

	reference *profile.Profile // of the data that the model was trained on
	offset    string           // the column that is no input, but the exposure of a row

	faults  []gateway.FieldError
	ignored []string       // columns that were, each once
	quoted  map[int]quoted // the first number or truth value of a column that came as a string
}

// placer says where a column of a row, from 0, stands in the body; "" is the row.
type placer func(row int, column string) place

// place is a JSON pointer into the body (RFC 6901), or the line of a text, from 1, or both:
// then the pointer is into the line.
type place struct {
	pointer string
	line    int
}

// quoted is where a value stood that should not be a string.
type quoted struct {
	row  int
	text string
}

// newRows are no rows yet for a pipeline.
func newRows(p *prepared, o options) *rows {
	return &rows{
		schema: p.Schema, target: p.Target.Name, ignore: o.ignoreExtra, redact: o.redact,
		reference: p.Reference, offset: p.Target.Offset,
		build: p.Schema.Builder(), fields: p.fields, seen: make([]bool, len(p.Schema)), row: -1,
	}
}

// value is one value as a request writes it: a JSON scalar with its text, that of a number as
// it is written. An array or object has no text.
type value struct {
	kind jsontext.Kind
	text string
}

// errFull ends the reading of rows of which enough faults are known.
var errFull = errors.New("enough faults")

// add begins the next row.
func (d *rows) add() error {
	if d.row+1 == MaxInstances {
		return gateway.InvalidInstances.New(fmt.Sprintf("more than %d rows; send fewer at a time", MaxInstances))
	}
	if len(d.faults) >= MaxFaults {
		return errFull
	}
	d.row++
	d.build.AddRow()
	clear(d.seen)
	d.next = 0
	return nil
}

// find is the field of a column, −1 for one that is to be left out, and what is wrong with the
// name otherwise.
func (d *rows) find(name string) (field int, fault string) {
	if d.next < len(d.schema) && d.schema[d.next].Name == name { // as most clients send them
		d.next++
		return d.next - 1, ""
	}
	field, ok := d.fields[name]
	switch {
	case ok:
		d.next = field + 1
		return field, ""
	case d.ignore:
		if !slices.Contains(d.ignored, name) && len(d.ignored) <= MaxFaults {
			d.ignored = append(d.ignored, name)
		}
		return -1, ""
	case name == d.target:
		return -1, "is what the model predicts; leave it out"
	case d.redact, len(d.faults) >= MaxFaults: // a hint takes time, and nobody is told any more
		return -1, unknownColumn
	}
	return -1, "is not a column of the model" + nearest.Hint(name, names(d.schema))
}

// unknownColumn is all that is said of one if values are not to be told: what stands for a name may
// be one.
const unknownColumn = "is not a column of the model"

// header is find of columns that are named once for all rows, each of which may be there once.
// at says where in the body column i is named.
func (d *rows) header(columns []string, at func(i int) place) []int {
	fields, seen, known := make([]int, len(columns)), map[string]bool{}, 0
	for i, name := range columns {
		var fault string
		if fields[i], fault = d.find(name); fields[i] >= 0 && seen[name] {
			fault = "appears twice"
		}
		seen[name] = true
		if fault == unknownColumn {
			d.faultAt(place{line: at(i).line}, 0, "", fmt.Sprintf("the name %d %s", i+1, fault))
		} else if fault != "" {
			d.faultAt(at(i), 0, name, fault)
		} else if fields[i] >= 0 {
			known++
		}
	}
	if known == 0 && len(d.faults) == 0 {
		d.faultAt(place{}, 0, "", d.unknown())
	}
	return fields
}

// unknown is what is wrong with a row that has nothing for the model.
func (d *rows) unknown() string {
	return "has none of the model's columns: " + nearest.List(names(d.schema))
}

// named sets a value of the current row by its column's name, and reports whether the model has
// the column.
func (d *rows) named(name string, v value) bool {
	field, fault := d.find(name)
	switch {
	case fault == unknownColumn:
		d.fault("", "has a name that "+fault)
		return false
	case fault != "":
		d.fault(name, fault)
		return false
	case field < 0:
		return false
	case d.seen[field]:
		d.fault(name, "appears twice in the row")
		return true
	}
	d.seen[field] = true
	d.set(field, v)
	return true
}

// set sets a value of the current row.
func (d *rows) set(field int, v value) {
	if field < 0 {
		return
	}
	var err error
	switch v.kind {
	case jsontext.Null: // missing, as every value is to begin with
	case jsontext.Bool:
		err = d.build.Bool(field, v.text == "true")
	case jsontext.String:
		err = d.text(field, v.text)
		d.quotes(field, v)
	case jsontext.Number:
		err = d.number(field, v.text)
	default:
		err = errors.New("want a single value, got " + v.kind.String())
	}
	d.check(field, err)
}

// check notes what is wrong with a value of the current row, if anything is.
func (d *rows) check(field int, err error) {
	if err == nil {
		return
	}
	var column *dataset.ColumnError // its column is in the fault already
	if errors.As(err, &column) {
		err = column.Err
	}
	f := &d.schema[field]
	if d.redact {
		err = errors.New("want " + wanted[f.Type])
	}
	d.fault(f.Name, err.Error())
}

// wanted are the values of a column of each type.
var wanted = map[dataset.Type]string{
	dataset.Numeric: "a number", dataset.Boolean: "true or false", dataset.Timestamp: "a timestamp such as 2026-11-22T10:00:00Z",
	dataset.Categorical: "a text, a number, true or false", dataset.Text: "a text",
}

// text sets a text, the way it would be read from a CSV file.
func (d *rows) text(field int, text string) error {
	if len(text) > MaxText {
		return fmt.Errorf("the text is longer than %d bytes", MaxText)
	}
	return d.build.Text(field, text)
}

// number sets a number. A category or a text is what it says as it is written, so that a long id
// keeps its digits, and 3.0 means what it means in a CSV file.
func (d *rows) number(field int, n string) error {
	if len(n) > MaxText {
		return fmt.Errorf("the number is longer than %d bytes", MaxText)
	}
	if d.schema[field].Type.Coded() {
		return d.build.Text(field, n)
	}
	v, ok := jsontext.Float(n)
	if !ok {
		return fmt.Errorf("the number %s is out of range", cut(n))
	}
	return d.build.Number(field, v)
}

// fault notes what is wrong with a column of the current row, or with the row ("").
func (d *rows) fault(column, detail string) {
	d.faultAt(d.place(d.row, column), d.row+1, column, detail)
}

// shown is a column's name, for what is said about it.
func (d *rows) shown(column string) string {
	if _, known := d.fields[column]; d.redact && !known {
		return "another column"
	}
	return strconv.Quote(cut(column))
}

// member points at a member of an object, or at the object itself if the name is not to be told: if
// it is the client's own.
func (d *rows) member(pointer, name string) string {
	if _, known := d.fields[name]; d.redact && !known {
		return pointer
	}
	return pointer + "/" + escapePointer(name)
}

// faultAt notes what is wrong anywhere; row is from 1, or 0 if it is about none. A column that the
// model does not have is not named if that is not to be told.
func (d *rows) faultAt(at place, row int, column, detail string) {
	if _, known := d.fields[column]; d.redact && !known {
		column = ""
	}
	if len(d.faults) < MaxFaults {
		d.faults = append(d.faults, gateway.FieldError{Pointer: at.pointer, Line: at.line, Row: row, Column: column, Detail: detail})
	}
}

// table is the table of all rows, with what is odd about them; or a Problem with all faults.
func (d *rows) table() (*dataset.Table, []Warning, error) {
	if len(d.faults) > 0 {
		return nil, nil, gateway.InvalidInstances.New(d.summary(), d.faults...)
	}
	if d.row < 0 {
		at := d.place(0, "").pointer
		if last := strings.LastIndexByte(at, '/'); last >= 0 {
			at = at[:last]
		}
		return nil, nil, gateway.InvalidInstances.New("there are no rows", gateway.FieldError{Pointer: at, Detail: "is empty; want at least one row"})
	}
	table := d.build.Table()
	odd := d.oddities(table)
	if len(d.faults) > 0 {
		byRow(d.faults)
		return nil, nil, gateway.InvalidInstances.New(d.summary(), d.faults...)
	}
	return table, odd, nil
}

func (d *rows) summary() string {
	first := d.faults[0]
	var at []string
	if first.Row > 0 {
		at = append(at, fmt.Sprintf("row %d", first.Row))
	}
	if first.Line > 0 {
		at = append(at, fmt.Sprintf("line %d", first.Line))
	}
	if first.Column != "" {
		at = append(at, fmt.Sprintf("column %q", cut(first.Column)))
	}
	said := first.Detail
	if len(at) > 0 {
		said = strings.Join(at, ", ") + ": " + said
	} else if first.Pointer != "" {
		said = first.Pointer + ": " + said
	}
	switch n := len(d.faults); n {
	case 1:
		return said
	case MaxFaults:
		return fmt.Sprintf("%s; the first %d faults are listed", said, n)
	default:
		return fmt.Sprintf("%s; %d faults in all", said, n)
	}
}

// byMember places values in an array of rows at a pointer.
func (d *rows) byMember(array string) placer {
	return func(row int, column string) place {
		return place{pointer: array + "/" + strconv.Itoa(row) + d.inRow(row, column)}
	}
}

// inRow is the pointer from a row to the value of a column: by its name in an object, and by its number
// in an array.
func (d *rows) inRow(row int, column string) string {
	if column == "" {
		return ""
	}
	turns, _ := slices.BinarySearch(d.arrays, row+1)
	if field, ok := d.fields[column]; ok && turns%2 == 1 {
		return "/" + strconv.Itoa(field)
	}
	return "/" + escapePointer(column)
}

// escapePointer writes a name as an element of a JSON pointer (RFC 6901).
func escapePointer(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

// names are the names of a schema's columns.
func names(schema dataset.Schema) []string {
	all := make([]string, len(schema))
	for i, f := range schema {
		all[i] = f.Name
	}
	return all
}
