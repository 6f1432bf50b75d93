package feature

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// TestTinyTables fits random tables of a few rows, with the numbers and texts that break
// things, by Plan and by any method that can be asked for: nothing panics, what comes out can be read back, and learners that need complete
// columns get them.
func TestTinyTables(t *testing.T) {
	numbers := []float64{0, 1, -1, 2, 3.5, 1e-300, -1e300, 1e300, math.MaxFloat64, math.SmallestNonzeroFloat64, nan}
	levels := []string{"", "!", "A-1", "a a a", "the cat", "zzz", "ß", "猫が好き"}
	rapid.Check(t, func(r *rapid.T) {
		rows := rapid.IntRange(1, 24).Draw(r, "rows")
		var columns []dataset.Column
		for j, kind := range rapid.SliceOfN(rapid.SampledFrom([]dataset.Type{dataset.Numeric, dataset.Boolean, dataset.Timestamp, dataset.Categorical, dataset.Text}), 1, 5).Draw(r, "types") {
			c := dataset.Column{Name: fmt.Sprint("c", j), Type: kind}
			for range rows {
				switch kind {
				case dataset.Numeric:
					c.Values = append(c.Values, rapid.SampledFrom(numbers).Draw(r, "number"))
				case dataset.Boolean:
					c.Values = append(c.Values, rapid.SampledFrom([]float64{0, 1, nan}).Draw(r, "boolean"))
				case dataset.Timestamp:
					c.Values = append(c.Values, rapid.SampledFrom([]float64{0, -6e16, 2.5e17, 1.7e15, 1.7e15 + 3600e6, nan}).Draw(r, "moment"))
				default:
					c.Levels = levels
					c.Codes = append(c.Codes, int32(rapid.IntRange(-1, len(levels)-1).Draw(r, "code")))
				}
			}
			columns = append(columns, c)
		}
		made, err := dataset.NewTable(columns...)
		if err != nil {
			r.Fatal(err)
		}
		y := Target{Classes: rapid.SampledFrom([]int{0, 2, 4}).Draw(r, "classes")}
		for range rows {
			y.Values = append(y.Values, float64(rapid.IntRange(0, max(1, y.Classes-1)).Draw(r, "y")))
		}
		o := Options{Impute: rapid.Bool().Draw(r, "impute"), Scale: rapid.Bool().Draw(r, "scale"), Codes: rapid.Bool().Draw(r, "codes"), MaxLevels: rapid.IntRange(0, 3).Draw(r, "levels")}
		o.Columns = map[string]Method{}
		for i := range columns {
			asked := rapid.SampledFrom(append(methodsOf(columns[i].Type), "")).Draw(r, "method")
			if asked != "" && asked.Suits(columns[i].Type, o) == nil {
				o.Columns[columns[i].Name] = asked
			}
		}
		if rapid.Bool().Draw(r, "weighted") {
			y.Weights = make([]float64, rows)
			for i := range y.Weights {
				y.Weights[i] = rapid.SampledFrom([]float64{0, 1, 2, 1e-30, 1e30}).Draw(r, "weight")
			}
			y.Weights[0] = 1
		}
		e, m, err := Fit(context.Background(), made, y, o, 1)
		if err != nil {
			r.Fatal(err)
		}
		text, err := json.Marshal(e)
		if err != nil {
			r.Fatal(err)
		}
		var again Encoder
		if err := json.Unmarshal(text, &again); err != nil {
			r.Fatal(err)
		}
		if err := again.Check(); err != nil || !reflect.DeepEqual(again.layout, e.layout) {
			r.Fatalf("what came back: %v", err)
		}
		later, err := again.Transform(made)
		if err != nil {
			r.Fatal(err)
		}
		if len(m.Columns) != len(m.Names) || len(later.Columns) != len(m.Names) {
			r.Fatalf("%d and %d columns for %d names", len(m.Columns), len(later.Columns), len(m.Names))
		}
		for _, x := range []*dataset.Matrix{m, later} {
			for j, column := range x.Columns {
				for i, v := range column {
					if math.IsInf(v, 0) || o.Impute && math.IsNaN(v) && !x.Categorical(j) {
						r.Fatalf("row %d of %s is %v", i+1, x.Names[j], v)
					}
				}
			}
		}
	})
}
