package metric

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

func TestComparisonsAreThePeers(t *testing.T) {
	text, err := os.ReadFile("../../testdata/golden/metric_compare.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			Metric                       string
			Outputs                      int
			Y, Predicted, Other, Weights []float64
			Confidence, Gain, Low, High  float64
		}
		Folds []struct {
			Scores, Others              []float64
			Train, Test                 int
			Confidence, Gain, Low, High float64
		}
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	near := func(c Comparison, gain, low, high float64) bool {
		return math.Abs(c.Gain-gain) < 1e-12 && math.Abs(c.Low-low) < quantileTolerance && math.Abs(c.High-high) < quantileTolerance
	}
	for _, g := range golden.Cases {
		m, _ := ByName(g.Metric)
		got, err := m.Compare(context.Background(), g.Y, g.Predicted, g.Other, g.Weights, g.Outputs, g.Confidence, 1)
		if err != nil || !near(got, g.Gain, g.Low, g.High) {
			t.Errorf("%s at %v, weights %t: %+v, %v; want %v, %v to %v", g.Metric, g.Confidence, g.Weights != nil, got, err, g.Gain, g.Low, g.High)
		}
	}
	auc, _ := ByName("roc_auc")
	for _, g := range golden.Folds {
		got, err := auc.CompareFolds(g.Scores, g.Others, g.Train, g.Test, g.Confidence)
		if err != nil || !near(got, g.Gain, g.Low, g.High) {
			t.Errorf("%d folds at %v: %+v, %v; want %v, %v to %v", len(g.Scores), g.Confidence, got, err, g.Gain, g.Low, g.High)
		}
	}
	if len(golden.Cases) != 18 || len(golden.Folds) != 6 {
		t.Errorf("%d cases and %d of folds, want 18 and 6", len(golden.Cases), len(golden.Folds))
	}
}

// blurred is noisy's problem with a second model, whose probabilities are blurred.
func blurred(rows, draw int, blur float64) (y, sharp, dull []float64) {
	y, sharp = noisy(rows, draw)
	random := seed.Rand(seed.Derive(5, "blurred", draw))
	dull = slices.Clone(sharp)
	for i := range y {
		p := min(max(sharp[2*i+1]+blur*(2*random.Float64()-1), 0), 1)
		dull[2*i], dull[2*i+1] = 1-p, p
	}
	return y, sharp, dull
}

// TestGainsOfEqualsAreRarelyProven compares two models that are equally good, each blurred by
// noise of its own: an interval of 90 % misses the gain of 0 in one of ten cases. 300 draws
// of that lie within 0.1 ± 0.055 in all but 2 of 1,000 cases, and 100 within ± 0.09.
func TestGainsOfEqualsAreRarelyProven(t *testing.T) {
	const rows = 150
	for name, sets := range map[string]int{"roc_auc": 300, "brier": 300, "f1": 100} {
		m, _ := ByName(name)
		margin := 0.055 * math.Sqrt(300/float64(sets))
		missed := 0
		for set := range sets {
			y, _, one := blurred(rows, 2*set, 0.3)
			random := seed.Rand(seed.Derive(6, "other", set))
			other := slices.Clone(one)
			_, sharp := noisy(rows, 2*set)
			for i := range y {
				p := min(max(sharp[2*i+1]+0.3*(2*random.Float64()-1), 0), 1)
				other[2*i], other[2*i+1] = 1-p, p
			}
			c, err := m.Compare(context.Background(), y, one, other, nil, 2, 0.9, uint64(set))
			if err != nil {
				t.Fatal(err)
			}
			if c.Low > 0 || c.High < 0 {
				missed++
			}
		}
		if share := float64(missed) / float64(sets); math.Abs(share-0.1) > margin {
			t.Errorf("%s: a gain was proven of equals in %.3f of the sets, want about 0.1", name, share)
		}
	}
}

// TestPairingSeesWhatSeparateIntervalsDoNot compares a model with a blurred copy: the gain is
// proven on rows on which the intervals of the scores overlap.
func TestPairingSeesWhatSeparateIntervalsDoNot(t *testing.T) {
	y, sharp, dull := blurred(1500, 0, 0.25)
	for _, name := range []string{"roc_auc", "brier", "log_loss", "average_precision"} {
		m, _ := ByName(name)
		c, err := m.Compare(context.Background(), y, sharp, dull, nil, 2, 0.95, 1)
		if err != nil || c.Low <= 0 {
			t.Errorf("%s: %+v, %v; want a gain above 0", name, c, err)
			continue
		}
		back, err := m.Compare(context.Background(), y, dull, sharp, nil, 2, 0.95, 1)
		if err != nil || back.Gain != -c.Gain || back.High >= 0 {
			t.Errorf("%s the other way: %+v, %v", name, back, err)
		}
	}
	a, b := mustInterval(t, "roc_auc", y, sharp, nil, 2, 0.95), mustInterval(t, "roc_auc", y, dull, nil, 2, 0.95)
	if a.Low > b.High {
		t.Errorf("separate intervals %v and %v do not overlap, so the case shows nothing", a, b)
	}
}

func TestWhatCannotBeCompared(t *testing.T) {
	m, _ := ByName("mae")
	for name, c := range map[string]struct {
		y, a, b    []float64
		confidence float64
	}{
		"one row":             {[]float64{1}, []float64{1}, []float64{2}, 0.9},
		"no confidence":       {[]float64{1, 2}, []float64{1, 1}, []float64{2, 2}, 1},
		"a prediction is NaN": {[]float64{1, 2}, []float64{1, 1}, []float64{2, math.NaN()}, 0.9},
		"overflow":            {[]float64{1, 2, 3}, []float64{1, 1, 1}, []float64{1e308, -1e308, 1e308}, 0.9},
	} {
		if got, err := m.Compare(context.Background(), c.y, c.a, c.b, nil, 1, c.confidence, 1); err == nil {
			t.Errorf("%s: %+v without an error", name, got)
		}
	}
	if _, err := m.CompareFolds([]float64{1}, []float64{2}, 8, 2, 0.9); !errors.Is(err, ErrUndefined) {
		t.Errorf("one fold: %v", err)
	}
}
