package jsontext

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// tree reads a value of any kind as encoding/json would with UseNumber.
func tree(r *Reader) (v any, err error) {
	switch r.Kind() {
	case Object:
		object := map[string]any{}
		err = r.Object(func(name string) error {
			v, err := tree(r)
			object[name] = v
			return err
		})
		return object, err
	case Array:
		array := []any{}
		err = r.Array(func() error {
			v, err := tree(r)
			array = append(array, v)
			return err
		})
		return array, err
	case String:
		return r.Text()
	case Number:
		n, err := r.Number()
		return json.Number(n), err
	case Bool:
		return r.Bool()
	}
	return nil, r.Null()
}

// compare reads a text here and there.
func compare(t *testing.T, text string) {
	t.Helper()
	var want any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	wrong := d.Decode(&want)
	if wrong == nil && !json.Valid([]byte(text)) {
		wrong = errors.New("more after the value")
	}
	r := NewReader(text)
	got, err := tree(r)
	if err == nil {
		err = r.End()
	}
	skip := NewReader(text)
	raw, skipped := skip.Raw()
	if skipped == nil {
		skipped = skip.End()
	}
	if fmt.Sprint(err) != fmt.Sprint(skipped) && !(err != nil && skipped != nil) {
		t.Fatalf("%q: read with %v, skipped with %v", text, err, skipped)
	}
	var syntax *SyntaxError
	if errors.As(err, &syntax) && strings.Contains(syntax.Detail, "deeper") {
		return
	}
	if (err == nil) != (wrong == nil) {
		t.Fatalf("%q: %v, encoding/json says %v", text, err, wrong)
	}
	if err != nil {
		if !errors.As(err, &syntax) || syntax.Offset < 0 || syntax.Offset > len(text) {
			t.Fatalf("%q: %v", text, err)
		}
		return
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%q: %#v, encoding/json says %#v", text, got, want)
	}
	if raw != strings.Trim(text, " \t\r\n") {
		t.Fatalf("%q: raw %q", text, raw)
	}
	numbers(t, got)
}

func numbers(t *testing.T, v any) {
	switch v := v.(type) {
	case json.Number:
		want, err := v.Float64()
		if got, ok := Float(string(v)); ok != (err == nil) || ok && math.Float64bits(got) != math.Float64bits(want) {
			t.Fatalf("%s is %v, %v; strconv says %v, %v", v, got, ok, want, err)
		}
	case []any:
		for _, e := range v {
			numbers(t, e)
		}
	case map[string]any:
		for _, e := range v {
			numbers(t, e)
		}
	}
}

var texts = []string{
	"", " ", "{}", "[]", " [ ] ", "null", "nul", "nulls", "true", "tru", "false", "f", `"`, `"a`, `"a"`, `"a" "b"`,
	"0", "-0", "00", "01", "-", "-x", "1.", ".5", "1.5", "1e", "1e+", "1e5", "1E-5", "1e400", "-1e400", "1e-400", "5e-324",
	"9007199254740993", "123456789012345678901234567890", "0.1", "0.30000000000000004", "1.7976931348623157e308", "0.00000000000000000000000001",
	`{"a":1}`, `{"a":1,}`, `{"a" 1}`, `{"a":}`, `{a:1}`, `{"a":1 "b":2}`, `{"a":1,"a":2}`, `{,}`, `{"a"`, `{"a":1`, `[1,2`, `[1,]`, `[,1]`, `[1 2]`, "[1}", "{]",
	`"\u00e9\n\t\/\\\""`, `"\ud83d\ude00"`, `"\ud83d"`, `"\ud83dx"`, `"\ud83d\u0041"`, `"\ud83d\ud83d\ude00"`, `"\ude00"`, `"\u12"`, `"\u12G4"`, `"\x"`, `"\`, `"\u`, `"\u0000"`,
	"\"\xff\"", "\"a\xc3\"", "\"\xed\xa0\x80\"", "\"é€😀\"", "\"a\nb\"", "\"a\x00b\"", "\"\x7f\"", "\ufeff{}", "\xff", "[\x00]", "NaN", "Infinity", "'a'", "// x\n1", "[1]x",
	`{"instances":[{"age":43,"job/class":"State","member":true,"since":null},{"age":-1.25e3}],"alias":"champion"}`,
	strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth), strings.Repeat("[", MaxDepth+1) + strings.Repeat("]", MaxDepth+1), strings.Repeat(`{"a":`, 70),
}

func TestLikeEncodingJSON(t *testing.T) {
	for _, text := range texts {
		compare(t, text)
	}
}

func FuzzLikeEncodingJSON(f *testing.F) {
	for _, text := range texts {
		f.Add(text)
	}
	f.Fuzz(compare)
}

// FuzzFloat writes numbers in several forms and reads them back.
func FuzzFloat(f *testing.F) {
	for _, v := range []float64{0, 1, -0.1, 123456.789, 1e22, 1e23, 5e-324, math.MaxFloat64, 1 << 53, 1<<53 + 2} {
		f.Add(math.Float64bits(v), 3)
	}
	f.Fuzz(func(t *testing.T, bits uint64, digits int) {
		v := math.Float64frombits(bits)
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return
		}
		for _, format := range []byte("feg") {
			for _, precision := range []int{-1, digits & 31} {
				numbers(t, json.Number(strconv.FormatFloat(v, format, precision, 64)))
			}
		}
	})
}

func TestWhereItIsWrong(t *testing.T) {
	for _, c := range []struct {
		text   string
		offset int
		detail string
	}{
		{`{"a": 1,]`, 8, `want a name in double quotes, got ']'`},
		{`{"a" 1}`, 5, "want a colon after the name, got a number"},
		{`[1 2]`, 3, "want a comma or ], got a number"},
		{`[1, x]`, 4, `want a value, got 'x'`},
		{`[tru]`, 1, "want true"},
		{`{"a": "b`, 8, "the text ends before the JSON value does"},
		{`["\q"]`, 2, `is not an escape of JSON`},
		{`["\u12x4"]`, 2, "four hexadecimal digits"},
		{"[\"a\nb\"]", 3, "U+000A has to be written as an escape"},
		{`[1.x]`, 3, "want a digit of a number, got 'x'"},
		{`[] 1`, 3, "there is more after the JSON value"},
		{strings.Repeat("[", 65), 64, "deeper than 64"},
	} {
		r := NewReader(c.text)
		err := r.Skip()
		if err == nil {
			err = r.End()
		}
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || syntax.Offset != c.offset || !strings.Contains(syntax.Detail, c.detail) {
			t.Errorf("%q: %v, want byte %d: %s", c.text, err, c.offset+1, c.detail)
		}
	}
}

// TestOtherKinds: each call refuses a value of another kind, and says which it is.
func TestOtherKinds(t *testing.T) {
	all := map[Kind]string{Null: "null", Bool: "false", Number: "-1", String: `"a"`, Array: "[]", Object: "{}"}
	calls := map[Kind]func(*Reader) error{
		Null:   func(r *Reader) error { return r.Null() },
		Bool:   func(r *Reader) error { _, err := r.Bool(); return err },
		Number: func(r *Reader) error { _, err := r.Number(); return err },
		String: func(r *Reader) error { _, err := r.Text(); return err },
		Array:  func(r *Reader) error { return r.Array(nil) },
		Object: func(r *Reader) error { return r.Object(nil) },
	}
	for of, call := range calls {
		for kind, text := range all {
			r := NewReader(text)
			if got := r.Kind(); got != kind {
				t.Errorf("%s is %v", text, got)
			}
			err := call(r)
			if (err == nil) != (of == kind) || err != nil && !strings.HasSuffix(err.Error(), "got "+kind.String()) {
				t.Errorf("%s read as %v: %v", text, of, err)
			}
		}
	}
}

// TestNoCopies: rows without escapes are read without an allocation.
func TestNoCopies(t *testing.T) {
	text := `[{"age": 43.5, "job": "State", "member": true, "since": null}, {"age": -1, "job": "Private"}]`
	n := testing.AllocsPerRun(100, func() {
		r := Reader{text: text}
		sum := 0.0
		err := r.Array(func() error {
			return r.Object(func(name string) error {
				switch r.Kind() {
				case Number:
					n, err := r.Number()
					v, _ := Float(n)
					sum += v
					return err
				case String:
					_, err := r.Text()
					return err
				}
				return r.Skip()
			})
		})
		if err != nil || sum != 42.5 {
			t.Fatal(sum, err)
		}
	})
	if n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkSkip(b *testing.B) {
	row := `{"age": 43, "job/class": "State", "member": true, "since": "2020-10-06T12:26:40Z", "hours": 37.25}`
	text := "[" + strings.Repeat(row+",", 1000) + row + "]"
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if err := NewReader(text).Skip(); err != nil {
			b.Fatal(err)
		}
	}
}
