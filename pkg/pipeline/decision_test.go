package pipeline

import (
	"testing"

	"github.com/foretell-ml/foretell/pkg/calibration"
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
