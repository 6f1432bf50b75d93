package pipeline

import (
	"bytes"
	"context"
	"math"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/calibration"
	"github.com/foretell-ml/foretell/pkg/dataset"
)

// lines are rows of y = 2x + z, noise aside, one third of them for each part.
func lines(t *testing.T, n, part int) Data {
	t.Helper()
	x, z, y := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range x {
		at := i*3 + part
		x[i], z[i] = float64(at%17), math.Sin(float64(at))
		y[i] = 2*x[i] + z[i] + math.Cos(float64(at*at))
	}
	table, err := dataset.NewTable(dataset.Column{Name: "x", Type: dataset.Numeric, Values: x}, dataset.Column{Name: "z", Type: dataset.Numeric, Values: z})
	if err != nil {
		t.Fatal(err)
	}
	return Data{Inputs: table, Y: y}
}

func TestIntervalsOfBands(t *testing.T) {
	data := lines(t, 60, 0)
	p, err := Fit(context.Background(), data, Target{Name: "y", Task: dataset.Regression}, Configuration{Learner: "linear"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, intervals, err := p.PredictIntervals(data.Inputs); err != nil || intervals != nil || p.Coverage() != 0 {
		t.Errorf("intervals of nothing: %v, %v", intervals, err)
	}
	p.Conformal = &calibration.Conformal{Coverage: 0.9, Until: []float64{10}, Low: []float64{-1, -5}, High: []float64{2, 6}}
	predicted, intervals, err := p.PredictIntervals(data.Inputs)
	if err != nil || p.Coverage() != 0.9 {
		t.Fatal(err)
	}
	for i, v := range predicted {
		want := [2]float64{v - 1, v + 2}
		if v > 10 {
			want = [2]float64{v - 5, v + 6}
		}
		if intervals[i] != want {
			t.Errorf("row %d: %v around %v, want %v", i+1, intervals[i], v, want)
		}
	}
}

// TestIntervalsOfFolds: CV+ is asked with what the members of each fold predict together, and a
// pipeline from its artifact makes the same intervals.
func TestIntervalsOfFolds(t *testing.T) {
	target := Target{Name: "y", Task: dataset.Regression}
	configurations := []Configuration{{Learner: "linear"}, {Learner: "knn", Params: map[string]any{"k": 3}}}
	var parts []*Pipeline
	for part := range 3 {
		p, err := FitMembers(context.Background(), lines(t, 60, part), target, configurations, []float64{3, 1}, 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, p)
	}
	p, err := Join(parts)
	if err != nil {
		t.Fatal(err)
	}
	p.CVPlus = &calibration.CVPlus{Coverage: 0.8, Rank: 2, Low: [][]float64{{-3, -1}, {-2}, {-4, -3}}, High: [][]float64{{2, 1}, {5}, {1, 0}}}
	asked := lines(t, 9, 1).Inputs
	predicted, intervals, err := p.PredictIntervals(asked)
	if err != nil {
		t.Fatal(err)
	}
	alone, err := p.Predict(asked)
	if err != nil {
		t.Fatal(err)
	}
	byFold := make([][]float64, 3)
	for f, part := range parts {
		if byFold[f], err = part.Predict(asked); err != nil {
			t.Fatal(err)
		}
	}
	for i, v := range predicted {
		low, high := p.CVPlus.Around([]float64{byFold[0][i], byFold[1][i], byFold[2][i]})
		if v != alone[i] || math.Abs(intervals[i][0]-low) > 1e-12 || math.Abs(intervals[i][1]-high) > 1e-12 {
			t.Errorf("row %d: %v in %v, want %v in %v … %v", i+1, v, intervals[i], alone[i], low, high)
		}
	}
	if err := p.Finish(context.Background(), asked, Lineage{Metric: "rmse"}); err != nil {
		t.Fatal(err)
	}
	artifact, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := Decode(artifact)
	if err != nil {
		t.Fatal(err)
	}
	if _, again, err := loaded.PredictIntervals(asked); err != nil || again[4] != intervals[4] || loaded.Coverage() != 0.8 {
		t.Errorf("loaded: %v, want %v; %v", again[4], intervals[4], err)
	}
	p.CVPlus.Low, p.CVPlus.High = p.CVPlus.Low[:2], p.CVPlus.High[:2] // five of six members
	p.Members = p.Members[:5]
	if err := p.checkIntervals(); err == nil || !strings.Contains(err.Error(), "2 folds of 5 members") {
		t.Errorf("members of no fold: %v", err)
	}
	if bytes.Contains(artifact, []byte(`"conformal"`)) {
		t.Error("the artifact has bands too")
	}
}
