package serving

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/internal/jsontext"
)

// tensor is one input of an inference.
type tensor struct {
	at       string // pointer to it
	name     string
	datatype string
	shape    []int
	values   []value // in row-major order, however they were nested
}

// bits are the sizes of integers and numbers by the name of their type; below 0 without a sign.
var bits = map[string]int{"INT8": 8, "INT16": 16, "INT32": 32, "INT64": 64, "UINT8": -8, "UINT16": -16, "UINT32": -32, "UINT64": -64}

// datatypes are those that are read.
var datatypes = []string{"BOOL", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64", "FP16", "FP32", "FP64", "BYTES"}

// fromTensors reads the inputs of an inference, an array of tensors. The text must be JSON.
func fromTensors(array string) fill {
	return func(d *rows) error {
		r := jsontext.NewReader(array)
		if r.Kind() != jsontext.Array {
			return notRows(r.Kind(), "/inputs")
		}
		var tensors []tensor
		n := 0
		err := r.Array(func() error {
			t, err := d.tensor(r, "/inputs/"+strconv.Itoa(n))
			if n++; len(d.faults) == 0 {
				tensors = append(tensors, t)
			}
			return err
		})
		if err != nil || len(d.faults) > 0 {
			return err
		}
		if len(tensors) == 1 && len(tensors[0].shape) == 2 {
			if _, isColumn := d.fields[tensors[0].name]; !isColumn {
				return d.matrix(tensors[0])
			}
		}
		var columns []column
		for _, t := range tensors {
			if len(t.shape) != 1 && (len(t.shape) != 2 || t.shape[1] != 1) {
				d.faultAt(place{pointer: t.at + "/shape"}, 0, t.name, fmt.Sprintf("the shape of a column is [rows] or [rows, 1], not %v", t.shape))
			}
			columns = append(columns, column{t.name, t.at + "/data", place{pointer: t.at + "/name"}, t.values})
		}
		if len(d.faults) > 0 {
			return nil
		}
		return d.columns(columns)
	}
}

// tensor reads one input and notes what is wrong with it.
func (d *rows) tensor(r *jsontext.Reader, at string) (tensor, error) {
	t := tensor{at: at}
	fault := func(member, detail string) { d.faultAt(place{pointer: at + member}, 0, t.name, detail) }
	if r.Kind() != jsontext.Object {
		fault("", "want a tensor, got "+r.Kind().String())
		return t, r.Skip()
	}
	seen := map[string]bool{}
	err := r.Object(func(member string) (err error) {
		kind := r.Kind()
		if seen[member] {
			d.faultAt(place{pointer: d.member(at, member)}, 0, t.name, "appears twice")
		}
		seen[member] = true
		switch {
		case member == "name" && kind == jsontext.String:
			t.name, err = r.Text()
		case member == "datatype" && kind == jsontext.String:
			t.datatype, err = r.Text()
		case member == "shape" && kind == jsontext.Array:
			t.shape, err = shape(r)
		case member == "data" && kind == jsontext.Array:
			err = flatten(r, &t.values, MaxInstances*max(1, len(d.schema)))
		case member == "parameters":
			raw, bad := r.Raw()
			if err = bad; strings.Contains(raw, `"binary_data_size"`) {
				fault("/parameters", "binary tensors are not read; send data as JSON")
			}
		case slices.Contains([]string{"name", "datatype", "shape", "data"}, member):
			fault("/"+member, "cannot be "+kind.String())
			err = r.Skip()
		default:
			d.faultAt(place{pointer: d.member(at, member)}, 0, t.name, "is not known; a tensor has name, shape, datatype and data")
			err = r.Skip()
		}
		return err
	})
	if err == nil && len(d.faults) == 0 {
		d.checkTensor(t)
	}
	return t, err
}

// checkTensor notes what does not fit together.
func (d *rows) checkTensor(t tensor) {
	size := 1
	for _, n := range t.shape {
		if n < 0 || n > MaxDecoded || size > MaxDecoded {
			size = -1
			break
		}
		size *= n
	}
	switch {
	case t.name == "":
		d.faultAt(place{pointer: t.at + "/name"}, 0, "", "is missing")
	case !slices.Contains(datatypes, t.datatype):
		said := "is none of "
		if !d.redact {
			said = strconv.Quote(cut(t.datatype)) + " is none of "
		}
		d.faultAt(place{pointer: t.at + "/datatype"}, 0, t.name, said+strings.Join(datatypes, ", "))
	case len(t.shape) == 0 || size < 0:
		d.faultAt(place{pointer: t.at + "/shape"}, 0, t.name, "want [rows] or [rows, columns]")
	case size != len(t.values):
		d.faultAt(place{pointer: t.at + "/data"}, 0, t.name, fmt.Sprintf("has %d values, its shape %v asks for %d", len(t.values), t.shape, size))
	default:
		for i, v := range t.values {
			if wrong := misfit(v, t.datatype); wrong != "" {
				if d.redact {
					wrong = "is no " + t.datatype
				}
				d.faultAt(place{pointer: t.at + "/data/" + strconv.Itoa(i)}, 0, t.name, wrong)
			}
		}
	}
}

// misfit says why a value is not of a type. null is of every type: it is a missing value, for
// which the protocol has no other form. Numbers of floating point are taken as they are written,
// whatever their size.
func misfit(v value, datatype string) string {
	fits := false
	switch size := bits[datatype]; {
	case v.kind == jsontext.Null:
		fits = true
	case datatype == "BYTES":
		fits = v.kind == jsontext.String
	case datatype == "BOOL":
		fits = v.kind == jsontext.Bool || v.kind == jsontext.Number && (v.text == "0" || v.text == "1")
	case v.kind != jsontext.Number:
	case size > 0:
		_, err := strconv.ParseInt(v.text, 10, size)
		fits = err == nil
	case size < 0:
		_, err := strconv.ParseUint(v.text, 10, -size)
		fits = err == nil
	default:
		fits = true
	}
	if fits {
		return ""
	}
	if v.kind == jsontext.Number {
		return fmt.Sprintf("%s is no %s", cut(v.text), datatype)
	}
	return v.kind.String() + " is no " + datatype
}

// matrix reads rows of numbers in the order of the schema, for models that take nothing else.
func (d *rows) matrix(t tensor) error {
	n, width := t.shape[0], t.shape[1]
	for _, f := range d.schema {
		if f.Type != dataset.Numeric && f.Type != dataset.Boolean {
			d.faultAt(place{pointer: t.at + "/name"}, 0, f.Name, fmt.Sprintf("one tensor for all columns needs a model of numbers, and this column is %s; send a tensor for each", f.Type))
			return nil
		}
	}
	if width != len(d.schema) {
		d.faultAt(place{pointer: t.at + "/shape"}, 0, "", fmt.Sprintf("has %d columns, the model %d", width, len(d.schema)))
		return nil
	}
	d.place = func(row int, column string) place {
		at := row * width
		if field, ok := d.fields[column]; ok {
			at += field
		}
		return place{pointer: t.at + "/data/" + strconv.Itoa(at)}
	}
	for row := range n {
		if err := d.add(); err != nil {
			return err
		}
		for field := range width {
			d.set(field, t.values[row*width+field])
		}
	}
	return nil
}

// shape reads an array of integers; one that is none becomes −1.
func shape(r *jsontext.Reader) (dimensions []int, err error) {
	err = r.Array(func() error {
		if r.Kind() != jsontext.Number {
			dimensions = append(dimensions, -1)
			return r.Skip()
		}
		text, err := r.Number()
		n, bad := strconv.Atoi(text)
		if bad != nil {
			n = -1
		}
		dimensions = append(dimensions, n)
		return err
	})
	return dimensions, err
}

// flatten reads values that may be nested as the shape is, at most jsontext.MaxDepth deep, and no
// more of them than a request may have: two bytes that are sent would become a value of 24.
func flatten(r *jsontext.Reader, to *[]value, most int) error {
	return r.Array(func() error {
		switch {
		case r.Kind() == jsontext.Array:
			return flatten(r, to, most)
		case len(*to) == most:
			return gateway.InvalidInstances.New(fmt.Sprintf("a tensor has more than %d values; send fewer rows at a time", most))
		}
		v, err := readValue(r)
		*to = append(*to, v)
		return err
	})
}
