package local

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// faultList collects what is wrong with a definition, so that one look shows all of it.
type faultList []string

func (l *faultList) err() error {
	if len(*l) == 0 {
		return nil
	}
	faults := slices.Clone(*l)
	slices.Sort(faults)
	return errors.New(strings.Join(slices.Compact(faults), "\n"))
}

// fields reads one JSON object of a definition. Each field is taken once; what nobody took
// is not implemented, and done says so.
type fields struct {
	object map[string]any
	taken  map[string]bool
	where  string // `state "Trials"`, `state "Trials": Retry[0]`
	faults *faultList
}

func newFields(object map[string]any, where string, faults *faultList) *fields {
	return &fields{object: object, taken: map[string]bool{}, where: where, faults: faults}
}

// refuse records a fault of a field.
func (f *fields) refuse(field, format string, args ...any) {
	*f.faults = append(*f.faults, fmt.Sprintf("%s: field %q %s", f.where, field, fmt.Sprintf(format, args...)))
}

// done refuses the fields that were not taken.
func (f *fields) done() {
	for _, name := range slices.Sorted(maps.Keys(f.object)) {
		if !f.taken[name] {
			f.refuse(name, "is not implemented here")
		}
	}
}

func (f *fields) take(name string) (any, bool) {
	f.taken[name] = true
	v, ok := f.object[name]
	return v, ok
}

func (f *fields) has(name string) bool {
	_, ok := f.object[name]
	return ok
}

// comment takes the Comment, which must be text and means nothing.
func (f *fields) comment() { f.optionalText("Comment") }

func (f *fields) optionalText(name string) (string, bool) {
	v, ok := f.take(name)
	if !ok {
		return "", false
	}
	s, isText := v.(string)
	if !isText {
		f.refuse(name, "is not a string")
	}
	return s, isText
}

func (f *fields) text(name string) string {
	s, ok := f.optionalText(name)
	if ok && s == "" {
		f.refuse(name, "is empty")
	}
	if !f.has(name) {
		f.refuse(name, "is missing")
	}
	return s
}

// only takes a text field that has a single value here.
func (f *fields) only(name, value string) {
	if s := f.text(name); s != "" && s != value {
		f.refuse(name, "is %q, only %q is implemented here", s, value)
	}
}

func (f *fields) boolean(name string) bool {
	v, ok := f.take(name)
	if !ok {
		return false
	}
	b, isBool := v.(bool)
	if !isBool {
		f.refuse(name, "is not true or false")
	}
	return b
}

// number takes a number in [low, high], or the default if there is none.
func (f *fields) number(name string, low, high, standard float64) float64 {
	v, ok := f.take(name)
	if !ok {
		return standard
	}
	n, isNumber := v.(json.Number)
	if !isNumber {
		f.refuse(name, "is not a number")
		return standard
	}
	x, err := n.Float64()
	if err != nil || x < low || x > high {
		f.refuse(name, "is %s, not within %g to %g", n, low, high)
		return standard
	}
	return x
}

func (f *fields) integer(name string, low, high, standard int) int {
	x := f.number(name, float64(low), float64(high), float64(standard))
	if x != float64(int(x)) {
		f.refuse(name, "is %g, not a whole number", x)
	}
	return int(x)
}

func (f *fields) seconds(name string, low, high, standard int) time.Duration {
	return time.Duration(f.integer(name, low, high, standard)) * time.Second
}

// inner takes a required object, to be read by itself and finished with done.
func (f *fields) inner(name string) (*fields, bool) {
	v, ok := f.take(name)
	if !ok {
		f.refuse(name, "is missing")
		return nil, false
	}
	object, isObject := v.(map[string]any)
	if !isObject {
		f.refuse(name, "is not an object")
		return nil, false
	}
	return newFields(object, f.where+": "+name, f.faults), true
}

// optionalInner takes an object that may not be there.
func (f *fields) optionalInner(name string) (*fields, bool) {
	if !f.has(name) {
		return nil, false
	}
	return f.inner(name)
}

// list takes an optional array of objects.
func (f *fields) list(name string) []*fields {
	v, ok := f.take(name)
	if !ok {
		return nil
	}
	array, isArray := v.([]any)
	if !isArray {
		f.refuse(name, "is not an array")
		return nil
	}
	var out []*fields
	for i, item := range array {
		object, isObject := item.(map[string]any)
		if !isObject {
			f.refuse(fmt.Sprintf("%s[%d]", name, i), "is not an object")
			continue
		}
		out = append(out, newFields(object, fmt.Sprintf("%s: %s[%d]", f.where, name, i), f.faults))
	}
	return out
}

// texts takes a required, non-empty array of strings.
func (f *fields) texts(name string) []string {
	v, _ := f.take(name)
	array, _ := v.([]any)
	var out []string
	for _, item := range array {
		if s, ok := item.(string); ok && s != "" {
			out = append(out, s)
		}
	}
	if len(out) == 0 || len(out) != len(array) {
		f.refuse(name, "is not an array of one or more strings")
	}
	return out
}

// decodeStrict decodes one JSON value, keeping numbers as written, and refuses an object
// that has a key twice: encoding/json would silently keep the last one.
func decodeStrict(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	v, err := decodeNext(d)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("more than one JSON value, at byte %d", d.InputOffset())
	}
	return v, nil
}

func decodeNext(d *json.Decoder) (any, error) {
	token, err := nextToken(d)
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		object := map[string]any{}
		for d.More() {
			key, err := decodeNext(d)
			if err != nil {
				return nil, err
			}
			name := key.(string) // the decoder lets nothing else be a key
			if _, twice := object[name]; twice {
				return nil, fmt.Errorf("key %q twice in one object, at byte %d", name, d.InputOffset())
			}
			if object[name], err = decodeNext(d); err != nil {
				return nil, err
			}
		}
		return object, closing(d)
	case json.Delim('['):
		array := []any{}
		for d.More() {
			v, err := decodeNext(d)
			if err != nil {
				return nil, err
			}
			array = append(array, v)
		}
		return array, closing(d)
	}
	return token, nil
}

// nextToken reads a token where one must come.
func nextToken(d *json.Decoder) (json.Token, error) {
	token, err := d.Token()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, fmt.Errorf("at byte %d: %w", d.InputOffset(), err)
	}
	return token, nil
}

// closing reads the bracket that ends an object or array.
func closing(d *json.Decoder) error {
	_, err := nextToken(d)
	return err
}
