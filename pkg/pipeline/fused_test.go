package pipeline

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/feature"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
	"github.com/foretell-ml/foretell/pkg/model"
	"github.com/foretell-ml/foretell/pkg/safetensors"
)

// lined are the learners of lines, by task.
var lined = []struct {
	learner string
	task    dataset.Task
	classes []string
}{
	{"linear", dataset.Regression, nil},
	{"glm", dataset.Regression, nil},
	{"logistic", dataset.Binary, []string{"a", "b"}},
	{"logistic", dataset.Multiclass, []string{"a", "b", "c", "d"}},
}

// TestFusedPredictsTheSameBits fits models of lines with random encodings, gives some of them
// coefficients that overflow, and compares what they predict fused with what they do encoded: for
// tables of no, one and many rows, with missing and infinite values, and levels shared, equal, fewer,
// unseen.
func TestFusedPredictsTheSameBits(t *testing.T) {
	var seen fusedSeen
	rapid.Check(t, seen.check)
	t.Logf("%+v", seen)
	if seen.Fused*2 < seen.Fitted || seen.Beyond == 0 || seen.Refused == 0 || seen.Texts == 0 || seen.Since == 0 {
		t.Errorf("the test sees too little: %+v", seen)
	}
}

func FuzzFused(f *testing.F) {
	var seen fusedSeen
	f.Fuzz(rapid.MakeFuzz(seen.check))
}

// fusedSeen counts what the cases had.
type fusedSeen struct {
	Fitted, Fused, Refused int // models
	Beyond                 int // rows whose sums overflow
	Texts, Since           int // encodings
}

func (seen *fusedSeen) check(r *rapid.T) {
	of := rapid.SampledFrom(lined).Draw(r, "learner")
	rows := rapid.IntRange(2, 30).Draw(r, "rows")
	data := Data{Inputs: tinyInputs(r, rows), Y: make([]float64, rows)}
	for i := range data.Y {
		data.Y[i] = float64(rapid.IntRange(0, max(3, len(of.classes))-1).Draw(r, "y") % max(3, len(of.classes)))
		if of.task == dataset.Binary {
			data.Y[i] = math.Mod(data.Y[i], 2)
		}
	}
	target := Target{Name: "y", Type: dataset.Numeric, Task: of.task, Classes: of.classes}
	c := Configuration{Learner: of.learner, Features: tinyFeatures(r, data.Inputs.Schema(), of.learner, target)}
	if of.learner == "linear" && rapid.IntRange(0, 9).Draw(r, "degree") == 0 {
		c.Params = map[string]any{"degree": 2.0}
	}
	p, err := Fit(context.Background(), data, target, c, 1)
	if err != nil {
		return
	}
	m := &p.Members[0]
	if rapid.Bool().Draw(r, "hostile") {
		m.Model = hostile(r, m.Model)
		p.fuse()
	}
	seen.Fitted++
	if m.fused == nil {
		seen.Refused++
		return
	}
	seen.Fused++
	for _, column := range m.Encoder.Columns {
		if column.Text != nil {
			seen.Texts++
		}
		if column.Since != "" {
			seen.Since++
		}
	}
	for range 3 {
		seen.compare(r, m, laterTable(r, p.Schema))
	}
}

// compare predicts a table in both ways.
func (seen *fusedSeen) compare(r *rapid.T, m *Member, t *dataset.Table) {
	n := t.Rows() * m.Model.Outputs()
	got, want := make([]float64, n), make([]float64, n)
	if err := m.writeFused(got, t); err != nil {
		r.Fatal(err)
	}
	if err := m.writeEncoded(want, t, map[*feature.Encoder]*dataset.Matrix{}); err != nil {
		r.Fatal(err)
	}
	for i := range want {
		if math.Float64bits(got[i]) != math.Float64bits(want[i]) && !(math.IsNaN(got[i]) && math.IsNaN(want[i])) {
			r.Fatalf("prediction %d of %d rows is %v fused, %v encoded", i, t.Rows(), got[i], want[i])
		}
	}
	if err := m.fused.sums.Write(got, m.Model.Outputs(), t); err != nil {
		r.Fatal(err)
	}
	if slices.ContainsFunc(got, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }) {
		seen.Beyond++
	}
}

// hostile is a model with some of its numbers replaced, if it can be.
func hostile(r *rapid.T, m model.Model) model.Model {
	s := m.State()
	for name, tensor := range s.Tensors {
		values, err := tensor.F64()
		if err != nil {
			r.Fatal(err)
		}
		values = slices.Clone(values)
		for i := range values {
			if rapid.Bool().Draw(r, "replaced") {
				values[i] = rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1, -3e307, 1e308, 5e-324, math.Inf(-1)}).Draw(r, "number")
			}
		}
		s.Tensors[name] = safetensors.FromF64(values, tensor.Shape...)
	}
	loaded, err := model.Load(s)
	if err != nil {
		return m
	}
	return loaded
}

// laterTable is a table that a model of a schema may be asked about.
func laterTable(r *rapid.T, s dataset.Schema) *dataset.Table {
	rows := rapid.SampledFrom([]int{0, 1, 1, 3, 127, 128, 129, 300}).Draw(r, "rows")
	random := seed.Rand(rapid.Uint64().Draw(r, "values"))
	var columns []dataset.Column
	for _, f := range s {
		columns = append(columns, laterColumn(r, f, rows, random))
	}
	if rapid.Bool().Draw(r, "reversed") {
		slices.Reverse(columns)
	}
	t, err := dataset.NewTable(columns...)
	if err != nil {
		r.Fatal(err)
	}
	return t
}

func laterColumn(r *rapid.T, f dataset.Field, rows int, random *rand.Rand) dataset.Column {
	c := dataset.Column{Name: f.Name, Type: f.Type}
	values := []float64{0, math.Copysign(0, -1), 1, -1, 2.5, 1e-320, 1e6, -1e150, math.MaxFloat64, -math.MaxFloat64, math.NaN(), math.NaN(), math.Inf(1), math.Inf(-1)}
	switch f.Type {
	case dataset.Boolean:
		values = []float64{0, 1, math.NaN()}
	case dataset.Timestamp:
		values = []float64{0, -6e16, 2.5e17, 1.7e15, 1e300, math.NaN(), math.Inf(1), math.Inf(-1)}
	case dataset.Categorical, dataset.Text:
		c.Levels = laterLevels(r, f)
	}
	if rapid.Bool().Draw(r, "finite") {
		values = values[:min(4, len(values))]
	}
	for range rows {
		if f.Type.Coded() {
			c.Codes = append(c.Codes, int32(random.IntN(len(c.Levels)+1)-1))
		} else {
			c.Values = append(c.Values, values[random.IntN(len(values))])
		}
	}
	return c
}

// laterLevels are the levels that a column had, or others.
func laterLevels(r *rapid.T, f dataset.Field) []string {
	levels := slices.Clone(f.Levels)
	switch rapid.SampledFrom([]string{"shared", "equal", "others", "many"}).Draw(r, "levels") {
	case "shared":
		return f.Levels
	case "others":
		levels = append(levels[len(levels)/2:], "a cat", "never seen")
	case "many":
		for i := range 150 {
			levels = append(levels, fmt.Sprint("level ", i))
		}
	}
	slices.Sort(levels)
	return slices.Compact(levels)
}

// TestEnsemblesAreFusedWhereNothingIsEncodedFor predicts by ensembles as their members would one by
// one. Members are fused unless another takes the matrix of their encoder.
func TestEnsemblesAreFusedWhereNothingIsEncodedFor(t *testing.T) {
	inputs, target, y, _ := sets[0].read(t)
	for _, c := range []struct {
		learners []string
		fused    []bool
	}{
		{[]string{"logistic", "boosting", "logistic"}, []bool{true, false, true}},
		{[]string{"logistic", "mlp", "boosting"}, []bool{false, false, false}}, // mlp has the encoder of logistic
	} {
		var configurations []Configuration
		weights := []float64{0.5, 0.2, 0.3}
		for i, learner := range c.learners {
			params := map[string]any{}
			switch learner {
			case "logistic":
				params["l2"] = float64(i + 1)
			case "boosting":
				params["rounds"] = 3.0
			case "mlp":
				params["epochs"] = 3.0
			}
			configurations = append(configurations, Configuration{Learner: learner, Params: params})
		}
		p, err := FitMembers(context.Background(), Data{Inputs: inputs, Y: y}, target, configurations, weights, 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Predict(inputs)
		if err != nil {
			t.Fatal(err)
		}
		want, of := make([]float64, len(got)), make([]float64, len(got))
		for i := range p.Members {
			m := &p.Members[i]
			if is := m.fused != nil; is != c.fused[i] {
				t.Errorf("%v: member %d is fused: %v, want %v", c.learners, i+1, is, c.fused[i])
			}
			if err := m.writeEncoded(of, inputs, map[*feature.Encoder]*dataset.Matrix{}); err != nil {
				t.Fatal(err)
			}
			for k, v := range of {
				want[k] += float64(m.Weight * v)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v: the ensemble predicts other bits than its members encoded", c.learners)
		}
	}
}

// TestAModelInPlaceOfAFusedOneIsAsked: members are values that others may change.
func TestAModelInPlaceOfAFusedOneIsAsked(t *testing.T) {
	p, inputs := sets[0].finished(t, "logistic")
	m := p.Members[0]
	if m.fused == nil {
		t.Fatal("not fused")
	}
	state := m.Model.State()
	state.Tensors["intercepts"] = safetensors.FromF64(make([]float64, p.Target.Outputs()), p.Target.Outputs())
	var err error
	if m.Model, err = model.Load(state); err != nil {
		t.Fatal(err)
	}
	n := inputs.Rows() * p.Target.Outputs()
	got, want := make([]float64, n), make([]float64, n)
	if err := m.write(got, inputs, map[*feature.Encoder]*dataset.Matrix{}); err != nil {
		t.Fatal(err)
	}
	if err := m.writeEncoded(want, inputs, map[*feature.Encoder]*dataset.Matrix{}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Error("the model replaced predicts still")
	}
}

// TestFusedPredictsRealRowsTheSame has categories that are rare and share a column, which no small
// random table has.
func TestFusedPredictsRealRowsTheSame(t *testing.T) {
	rare := false
	for i, learner := range []string{"logistic", "logistic", "linear"} {
		inputs, target, y, _ := sets[i].read(t)
		p, err := Fit(context.Background(), Data{Inputs: inputs, Y: y}, target, Configuration{Learner: learner}, 1)
		if err != nil {
			t.Fatal(err)
		}
		m := &p.Members[0]
		for _, column := range m.Encoder.Columns {
			rare = rare || column.Categories != nil && column.Categories.Other != nil
		}
		got, want := make([]float64, len(y)*target.Outputs()), make([]float64, len(y)*target.Outputs())
		if err := m.writeFused(got, inputs); err != nil {
			t.Fatal(err)
		}
		if err := m.writeEncoded(want, inputs, map[*feature.Encoder]*dataset.Matrix{}); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: fused predicts other bits than encoded", sets[i].file)
		}
	}
	if !rare {
		t.Error("no column has rare categories: the test sees too little")
	}
}

// TestFusedIsWithoutAllocations of a table that shares the schema's levels, however many rows it has.
func TestFusedIsWithoutAllocations(t *testing.T) {
	p, inputs := sets[0].finished(t, "logistic")
	dst := make([]float64, inputs.Rows()*p.Target.Outputs())
	if n := testing.AllocsPerRun(10, func() {
		if err := p.Members[0].writeFused(dst, inputs); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}
