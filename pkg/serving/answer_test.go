package serving

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"testing"
)

// TestAnswerIsWhatEncodingJSONWrites: every field of an answer, and answers without them.
func TestAnswerIsWhatEncodingJSONWrites(t *testing.T) {
	number := func(v float64) *float64 { return &v }
	text := func(s string) *string { return &s }
	names := []json.RawMessage{json.RawMessage(`"<=50K"`), json.RawMessage(`"é\""`)}
	full := Response{
		Model: "adult", Version: 12, Digest: "0a1b", Alias: "champion", Arm: "canary", ID: "r1", Coverage: 0.9,
		Predictions: []Prediction{
			{Value: number(-0.1), Interval: &[2]float64{math.Copysign(0, -1), 1e21}},
			{Value: number(5e-324), Interval: &[2]float64{-1e-7, 123456789012345680000}},
			{Value: number(-math.MaxFloat64), Class: text("a<b>&c")},
			{Class: text("é\"\\\n\u2028"), Probabilities: &ordered{names, []float64{1e-12, 0.9999999999999}}},
			{Class: text("\xff\x7f"), Probabilities: &ordered{names, []float64{1, 0}}},
			{Value: number(2), Reasons: &Reasons{"log_odds", "exact", text("<a"), 0.5, -1e-9, &ordered{names, []float64{1, 2}}}},
			{},
		},
		Warnings: []Warning{{Pointer: "/instances/0/a~1b", Row: 1, Column: "a/b", Detail: "odd <"}},
	}
	for v, i := reflect.ValueOf(full), 0; i < v.NumField(); i++ {
		if f := v.Type().Field(i); f.IsExported() && v.Field(i).IsZero() {
			t.Errorf("field %s is not tested: write it in json and set it here", f.Name)
		}
	}
	for i := range reflect.TypeFor[Prediction]().NumField() {
		if !slices.ContainsFunc(full.Predictions, func(p Prediction) bool { return !reflect.ValueOf(p).Field(i).IsZero() }) {
			t.Errorf("field %d of predictions is not tested: write it in append and set it here", i)
		}
	}
	short := Response{Model: "m", Version: 1, Predictions: []Prediction{{Value: number(3)}}}
	for _, a := range []Response{full, short, {Predictions: []Prediction{}}} {
		var want bytes.Buffer
		e := json.NewEncoder(&want)
		e.SetEscapeHTML(false)
		if err := e.Encode(a); err != nil {
			t.Fatal(err)
		}
		got, err := a.json()
		if err != nil || !bytes.Equal(got, want.Bytes()) {
			t.Errorf("%v\n%s\nwant\n%s", err, got, want.Bytes())
		}
	}
}
