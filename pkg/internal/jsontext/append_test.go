package jsontext

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// TestAppendLikeEncodingJSON: texts and finite numbers are written as encoding/json writes them.
func TestAppendLikeEncodingJSON(t *testing.T) {
	encoded := func(v any) string {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(v); err != nil {
			t.Fatal(err)
		}
		return string(bytes.TrimSpace(b.Bytes()))
	}
	compare := func(t interface {
		Helper()
		Errorf(string, ...any)
	}, s string, v float64) {
		t.Helper()
		if got, want := string(AppendText([]byte("x"), s)), "x"+encoded(s); got != want {
			t.Errorf("%q becomes %s, want %s", s, got, want)
		}
		if got, want := string(AppendNumber(nil, v)), encoded(v); got != want {
			t.Errorf("%v becomes %s, want %s", v, got, want)
		}
	}
	for i, s := range []string{"", "adult-income", "<=50K", `a "b" \`, "Zoë", "\x7f", "a\x00b", "\xff", "\u2028", "line\nbreak"} {
		v := []float64{0, math.Copysign(0, -1), 1, -0.25, 1e-6, 9e-7, 1e20, 1e21, math.MaxFloat64, math.SmallestNonzeroFloat64}[i]
		compare(t, s, v)
	}
	rapid.Check(t, func(r *rapid.T) {
		v := rapid.Float64().Draw(r, "number")
		if math.IsNaN(v) || math.IsInf(v, 0) {
			v = 0
		}
		compare(r, string(rapid.SliceOf(rapid.Byte()).Draw(r, "text")), v)
	})
}
