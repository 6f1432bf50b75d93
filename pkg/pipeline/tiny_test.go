package pipeline

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/feature"
	"github.com/foretell-ml/foretell/pkg/model"
)

// tinyLimit is how long a fit on a tiny table may take on a busy machine: it takes
// milliseconds, and one that loops never ends.
const tinyLimit = 60 * time.Second

// tinyParams make learners small whose defaults take long, and are no other code.
var tinyParams = map[string]map[string]any{
	"boosting": {"rounds": 3.0, "min_leaf_rows": 1.0},
	"forest":   {"trees": 3.0},
	"mlp":      {"hidden": []any{3.0}, "members": 1.0, "epochs": 3.0},
}

// TestTinyTables fits every learner to random tables of a few rows with columns of every type,
// with weights, offsets and features as configured: it is fitted or refused in time, what is
// fitted predicts numbers, and its artifact predicts them too.
func TestTinyTables(t *testing.T) {
	for _, task := range []dataset.Task{dataset.Regression, dataset.Binary, dataset.Multiclass} {
		for _, learner := range model.Learners(task) {
			t.Run(string(task)+"/"+learner, func(t *testing.T) {
				tried, fitted := 0, 0
				rapid.Check(t, func(r *rapid.T) {
					tried++
					if tinyFit(r, task, learner) {
						fitted++
					}
				})
				if fitted*10 < tried {
					t.Errorf("only %d of %d tables were fitted: the test sees nothing", fitted, tried)
				}
			})
		}
	}
}

// tinyFit reports whether the learner took a random table.
func tinyFit(r *rapid.T, task dataset.Task, learner string) bool {
	rows := rapid.IntRange(1, 16).Draw(r, "rows")
	data := Data{Inputs: tinyInputs(r, rows), Y: make([]float64, rows)}
	target := Target{Name: "y", Type: dataset.Numeric, Task: task}
	if task.Classification() {
		target.Type, target.Classes = dataset.Categorical, []string{"a", "b", "c"}
		if task == dataset.Binary {
			target.Classes = target.Classes[:2]
		}
	}
	for i := range data.Y {
		data.Y[i] = float64(rapid.IntRange(0, max(3, len(target.Classes))-1).Draw(r, "y") % max(3, target.Outputs()))
		if task == dataset.Binary {
			data.Y[i] = math.Mod(data.Y[i], 2)
		}
	}
	if rapid.Bool().Draw(r, "weighted") {
		for range rows {
			data.Weights = append(data.Weights, rapid.SampledFrom([]float64{0, 1, 1, 2, 0.5, 1e-9}).Draw(r, "weight"))
		}
	}
	if learner == "glm" && rapid.Bool().Draw(r, "exposed") {
		target.Offset = "x" // a numeric column that there is always
	}
	c := Configuration{Learner: learner, Params: tinyParams[learner], Features: tinyFeatures(r, data.Inputs.Schema(), learner, target)}
	ctx, cancel := context.WithTimeout(context.Background(), tinyLimit)
	defer cancel()
	p, err := Fit(ctx, data, target, c, 1)
	if errors.Is(err, context.DeadlineExceeded) {
		r.Fatal("did not end")
	}
	if err != nil {
		return false
	}
	if err := p.Finish(ctx, data.Inputs, Lineage{}); err != nil {
		r.Fatalf("fitted, and yet: %v", err)
	}
	artifact, err := p.Encode()
	if err != nil {
		r.Fatal(err)
	}
	again, err := Decode(artifact)
	if err != nil {
		r.Fatal(err)
	}
	want, err := p.Predict(data.Inputs)
	if err != nil {
		r.Fatal(err)
	}
	got, err := again.Predict(data.Inputs)
	if err != nil {
		r.Fatal(err)
	}
	for i := range want {
		if math.IsNaN(want[i]) || math.IsInf(want[i], 0) || math.Float64bits(got[i]) != math.Float64bits(want[i]) {
			r.Fatalf("prediction %d is %v, of the artifact %v", i, want[i], got[i])
		}
	}
	return true
}

// tinyInputs has a column x of moderate numbers, and up to three of any type.
func tinyInputs(r *rapid.T, rows int) *dataset.Table {
	numbers := []float64{0, 1, 1, -1, 2.5, 1e-300, 1e6, -1e150, math.MaxFloat64, math.NaN()}
	x := dataset.Column{Name: "x", Type: dataset.Numeric}
	for range rows {
		x.Values = append(x.Values, rapid.SampledFrom(append(numbers[:5:5], math.NaN())).Draw(r, "x"))
	}
	columns := []dataset.Column{x}
	types := []dataset.Type{dataset.Numeric, dataset.Boolean, dataset.Timestamp, dataset.Categorical, dataset.Text}
	for j, kind := range rapid.SliceOfN(rapid.SampledFrom(types), 0, 3).Draw(r, "types") {
		c := dataset.Column{Name: fmt.Sprint("c", j), Type: kind}
		if kind.Coded() {
			c.Levels = strings.Fields("A-1 cat the zzz ß")
		}
		for range rows {
			switch kind {
			case dataset.Numeric:
				c.Values = append(c.Values, rapid.SampledFrom(numbers).Draw(r, "number"))
			case dataset.Boolean:
				c.Values = append(c.Values, rapid.SampledFrom([]float64{0, 1, math.NaN()}).Draw(r, "boolean"))
			case dataset.Timestamp:
				c.Values = append(c.Values, rapid.SampledFrom([]float64{0, -6e16, 2.5e17, 1.7e15, math.NaN()}).Draw(r, "moment"))
			default:
				c.Codes = append(c.Codes, int32(rapid.IntRange(-1, len(c.Levels)-1).Draw(r, "code")))
			}
		}
		columns = append(columns, c)
	}
	table, err := dataset.NewTable(columns...)
	if err != nil {
		r.Fatal(err)
	}
	return table
}

// tinyFeatures asks for any method that suits a column, of some columns.
func tinyFeatures(r *rapid.T, s dataset.Schema, learner string, target Target) Features {
	methods := []feature.Method{"", "", feature.LeaveOut, feature.AsIs, feature.Standard, feature.Robust, feature.Power, feature.Quantile,
		feature.Uniform, feature.Parts, feature.Cyclic, feature.OneHot, feature.Indices, feature.TargetMean, feature.NGrams}
	f := Features{}
	for _, field := range s {
		method := rapid.SampledFrom(methods).Draw(r, "method")
		one := Features{field.Name: method}
		if method != "" && len(one.Check(learner, s, target)) == 0 {
			f[field.Name] = method
		}
	}
	return f
}
