package pipeline

import (
	"testing"

	"github.com/foretell-ml/foretell/pkg/calibration"
	"github.com/foretell-ml/foretell/pkg/dataset"
)

func TestDecide(t *testing.T) {
	threshold := func(v float64) *Decision { return &Decision{Threshold: &v} }
	// To miss class 1 costs 9, to mistake class 0 costs 1: from 1/10 on it is 1 (Elkan 2001).
	missed := &Decision{Costs: calibration.Costs{{0, 1}, {9, 0}}}
	for _, c := range []struct {
		decision      *Decision
		probabilities []float64
		want          int
	}{
		{nil, []float64{0.5, 0.5}, 0},
		{nil, []float64{0.2, 0.5, 0.3}, 1},
		{threshold(0.3), []float64{0.7, 0.3}, 1},
		{threshold(0.3), []float64{0.71, 0.29}, 0},
		{threshold(0), []float64{1, 0}, 1},
		{missed, []float64{0.89, 0.11}, 1},
		{missed, []float64{0.91, 0.09}, 0},
	} {
		p := Pipeline{Decision: c.decision}
		if got := p.Decide(c.probabilities); got != c.want {
			t.Errorf("%+v of %v: class %d, want %d", c.decision, c.probabilities, got, c.want)
		}
	}
	high := 1.5
	for _, bad := range []*Decision{{}, {Threshold: &high}, {Threshold: missed.Threshold, Costs: calibration.Costs{{0}}}} {
		if bad.check(2) == nil {
			t.Errorf("%+v was accepted", bad)
		}
	}
}

func TestIntervalsAreOfValues(t *testing.T) {
	p := Pipeline{Target: Target{Task: dataset.Regression}, Conformal: &calibration.Conformal{Coverage: 0.9, Until: []float64{10}, Low: []float64{-1, -5}, High: []float64{2, 6}}}
	got := p.Intervals([]float64{3, 10, 11})
	for i, want := range [][2]float64{{2, 5}, {9, 12}, {6, 17}} {
		if got[i] != want {
			t.Errorf("interval %d: %v, want %v", i, got[i], want)
		}
	}
	if p.Conformal = nil; p.Intervals([]float64{3}) != nil {
		t.Error("intervals of nothing")
	}
}
