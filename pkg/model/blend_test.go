package model_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/model"
	"github.com/foretell-ml/foretell/pkg/model/modeltest"
)

// blender is a learner that fits others and blends them, for the conformance suite.
type blender struct {
	learners []model.Learner
	weights  []float64
}

func (b blender) Fit(ctx context.Context, data model.Data, seed uint64) (model.Model, error) {
	var members []model.Model
	for _, l := range b.learners {
		m, err := l.Fit(ctx, data, seed)
		if err != nil {
			return nil, err
		}
		members = append(members, m)
	}
	return model.Blend(members, b.weights)
}

// TestBlendConforms: a blend is a model like any other.
func TestBlendConforms(t *testing.T) {
	few := model.DefaultBoosting()
	few.Rounds = 30
	modeltest.Run(t, blender{[]model.Learner{few, model.DefaultLinear()}, []float64{3, 1}}, dataset.Regression)
	modeltest.Run(t, blender{[]model.Learner{few, model.DefaultLogistic()}, []float64{0.5, 1}}, dataset.Binary, dataset.Multiclass)
}

func TestBlendIsTheWeightedMean(t *testing.T) {
	x := &dataset.Matrix{Rows: 4, Names: []string{"x"}, Columns: [][]float64{{0, 1, 2, 3}}}
	fit := func(l model.Learner, y ...float64) model.Model {
		m, err := l.Fit(t.Context(), model.Data{X: x, Y: y, Task: dataset.Regression}, 1)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	line, mean := fit(model.DefaultLinear(), 0, 2, 4, 6), fit(model.Baseline{}, 1, 1, 1, 1)
	b, err := model.Blend([]model.Model{line, mean, fit(model.Baseline{}, 9, 9, 9, 9)}, []float64{6, 2, 0})
	if err != nil {
		t.Fatal(err)
	}
	got := make([]float64, 4)
	b.Predict(got, x)
	for i, v := range got {
		if want := 0.75*2*float64(i) + 0.25; math.Abs(v-want) > 1e-12 {
			t.Errorf("row %d: %v, want %v", i, v, want)
		}
	}
	if n := len(b.State().Tensors); n != len(line.State().Tensors)+len(mean.State().Tensors) {
		t.Errorf("%d tensors: the member of weight 0 is kept", n)
	}
}

func TestBlendRefuses(t *testing.T) {
	x := &dataset.Matrix{Rows: 2, Names: []string{"x"}, Columns: [][]float64{{0, 1}}}
	one, err := model.Baseline{}.Fit(t.Context(), model.Data{X: x, Y: []float64{1, 2}, Task: dataset.Regression}, 1)
	if err != nil {
		t.Fatal(err)
	}
	two, err := model.Baseline{}.Fit(t.Context(), model.Data{X: x, Y: []float64{0, 1}, Task: dataset.Binary, Classes: 2}, 1)
	if err != nil {
		t.Fatal(err)
	}
	blend, err := model.Blend([]model.Model{one}, []float64{2})
	if err != nil {
		t.Fatal(err)
	}
	for want, c := range map[string]struct {
		members []model.Model
		weights []float64
	}{
		"no models":       {nil, nil},
		"2 weights":       {[]model.Model{one}, []float64{1, 1}},
		"weight 2 is -1":  {[]model.Model{one, one}, []float64{1, -1}},
		"weight 1 is NaN": {[]model.Model{one}, []float64{math.NaN()}},
		"2 outputs":       {[]model.Model{one, two}, []float64{1, 1}},
		"blend itself":    {[]model.Model{one, blend}, []float64{1, 1}},
	} {
		if _, err := model.Blend(c.members, c.weights); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if _, err := model.Blend([]model.Model{one}, []float64{0}); err == nil {
		t.Error("all weights are 0")
	}
	if _, err := model.New("blend", nil); err == nil {
		t.Error("a config can ask for a blend")
	}
}
