package profile

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// fill sets everything below v to what is not zero, with two elements in every list.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), n)
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(v.Index(i), n)
		}
	case reflect.String:
		v.SetString(fmt.Sprintf("\"text\" %d\n<ü>", *n))
	case reflect.Int:
		v.SetInt(int64(*n))
	case reflect.Uint8:
		v.SetUint(uint64(*n % 256))
	case reflect.Float64:
		v.SetFloat(float64(*n) / 7e-5)
	case reflect.Bool:
		v.SetBool(true)
	default:
		panic(v.Kind().String())
	}
}

// unmarshaled is a profile as encoding/json reads it.
func unmarshaled(text string) (*Profile, error) {
	p := &Profile{}
	return p, json.Unmarshal([]byte(text), p)
}

// TestReadReadsEverything: whatever fields profiles have, Read takes all of them.
func TestReadReadsEverything(t *testing.T) {
	var whole Profile
	fill(reflect.ValueOf(&whole).Elem(), new(int))
	text, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Read(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if again, err := json.Marshal(got); err != nil || string(again) != string(text) || !reflect.DeepEqual(*got, whole) {
		t.Errorf("got  %s, %v\nwant %s", again, err, text)
	}
}

// TestReadTakesWhatUnmarshalTakes puts another value in the place of each in a profile: both take it,
// and mean the same by it, or both refuse it.
func TestReadTakesWhatUnmarshalTakes(t *testing.T) {
	table, err := dataset.NewTable(
		dataset.Column{Name: "x", Type: dataset.Numeric, Values: []float64{1, 2.5, -3, 4e20, 5}},
		dataset.Column{Name: "k", Type: dataset.Categorical, Levels: []string{"ä", "b"}, Codes: []int32{0, 1, 1, -1, 0}},
	)
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(t.Context(), table, Options{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	tried := 0
	try := func() {
		t.Helper()
		text, err := json.Marshal(tree)
		if err != nil {
			t.Fatal(err)
		}
		got, gotErr := Read(string(text))
		want, wantErr := unmarshaled(string(text))
		if (gotErr == nil) != (wantErr == nil) {
			t.Fatalf("%s: %v, want %v", text, gotErr, wantErr)
		}
		if wantErr == nil && !reflect.DeepEqual(got, want) {
			t.Fatalf("%s: got %+v, want %+v", text, got, want)
		}
		tried++
	}
	others := []any{nil, true, 7.0, -1.5, json.Number("1e400"), json.Number("12345678901234567890"), "text", []any{}, []any{nil}, map[string]any{}, map[string]any{"unknown": 1}}
	var walk func(v any, set func(any))
	walk = func(v any, set func(any)) {
		for _, other := range others {
			set(other)
			try()
		}
		set(v)
		switch v := v.(type) {
		case map[string]any:
			for name, of := range v {
				walk(of, func(other any) { v[name] = other })
			}
		case []any:
			for i, of := range v {
				walk(of, func(other any) { v[i] = other })
			}
		}
	}
	walk(tree, func(other any) { tree = other })
	try()
	if tried < 1000 {
		t.Errorf("%d tried", tried)
	}
}

func TestReadRefusesWhatIsNoProfile(t *testing.T) {
	for _, text := range []string{``, `{`, `{}}`, `{"rows":1,}`, `{"rows":01}`, `{"columns":[{"name":"x"}`, strings.Repeat(`{"x":`, 100) + `1` + strings.Repeat(`}`, 100)} {
		if p, err := Read(text); err == nil {
			t.Errorf("%s: read as %+v", text, p)
		}
	}
	_, err := Read(`{"columns":[{"name":"x"},{"numeric":{"sd":"many"}}]}`)
	if want := "columns: numeric: sd: byte 43: want a number, got a string"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
