package metric

import (
	"errors"
	"math"
	"slices"
	"testing"
)

var nan, inf = math.NaN(), math.Inf(1)

func TestUndefinedScores(t *testing.T) {
	for _, c := range []struct {
		name, metric string
		y, p, w      []float64
		outputs      int
	}{
		{name: "no rows", metric: "rmse", outputs: 1},
		{name: "no rows", metric: "log_loss", outputs: 3},
		{name: "no rows", metric: "roc_auc", outputs: 2},
		{name: "all of weight 0", metric: "mae", y: []float64{1, 2}, p: []float64{1, 2}, w: []float64{0, 0}, outputs: 1},
		{name: "one class", metric: "roc_auc", y: []float64{1, 1}, p: []float64{.5, .5, .25, .75}, outputs: 2},
		{name: "one class of weight", metric: "roc_auc", y: []float64{0, 1}, p: []float64{.5, .5, .25, .75}, w: []float64{1, 0}, outputs: 2},
		{name: "constant target", metric: "r2", y: []float64{.1, .1, .1}, p: []float64{.1, .2, .3}, outputs: 1},
		{name: "one row", metric: "r2", y: []float64{1}, p: []float64{1}, outputs: 1},
		{name: "too far off", metric: "mae", y: []float64{1e308}, p: []float64{-1e308}, outputs: 1},
		{name: "too far off", metric: "rmse", y: []float64{1e308}, p: []float64{-1e308}, outputs: 1},
	} {
		m, err := ByName(c.metric)
		if err != nil {
			t.Fatal(err)
		}
		score, err := m.Score(c.y, c.p, c.w, c.outputs)
		if !errors.Is(err, ErrUndefined) || !math.IsNaN(score) {
			t.Errorf("%s of %s: score %v, error %v", c.metric, c.name, score, err)
		}
	}
}

func TestRowsThatCannotBeScored(t *testing.T) {
	for _, c := range []struct {
		metric  string
		y, p, w []float64
		outputs int
		want    string
	}{
		{"rmse", []float64{1, nan}, []float64{1, 1}, nil, 1, "rmse: row 1: target NaN is not a finite number"},
		{"r2", []float64{1, 2}, []float64{1, inf}, nil, 1, "r2: row 1: prediction +Inf is not a finite number"},
		{"mae", []float64{1, 2}, []float64{1, 2}, []float64{1, -1}, 1, "mae: row 1: weight -1: want a finite number, 0 or more"},
		{"mae", []float64{1, 2}, []float64{1, 2}, []float64{nan, 1}, 1, "mae: row 0: weight NaN: want a finite number, 0 or more"},
		{"mae", []float64{1, 2}, []float64{1, 2}, []float64{inf, 1}, 1, "mae: row 0: weight +Inf: want a finite number, 0 or more"},
		{"accuracy", []float64{2}, []float64{.5, .5}, nil, 2, "accuracy: row 0: target 2 is not one of the classes 0 … 1"},
		{"brier", []float64{.5}, []float64{.5, .5}, nil, 2, "brier: row 0: target 0.5 is not one of the classes 0 … 1"},
		{"macro_f1", []float64{nan}, []float64{.5, .5}, nil, 2, "macro_f1: row 0: target NaN is not one of the classes 0 … 1"},
		{"log_loss", []float64{0}, []float64{1.5, -.5}, nil, 2, "log_loss: row 0: probability 1.5 of class 0 is not between 0 and 1"},
		{"roc_auc", []float64{0}, []float64{.5, nan}, nil, 2, "roc_auc: row 0: probability NaN of class 1 is not between 0 and 1"},
		{"log_loss", []float64{0}, []float64{.5, .25, .125}, nil, 3, "log_loss: row 0: probabilities sum to 0.875"},
	} {
		m, err := ByName(c.metric)
		if err != nil {
			t.Fatal(err)
		}
		_, err = m.Score(c.y, c.p, c.w, c.outputs)
		var row *RowError
		if !errors.As(err, &row) || err.Error() != c.want {
			t.Errorf("error %v, want %s", err, c.want)
		}
	}
}

func TestSlicesThatDoNotFitPanic(t *testing.T) {
	for _, c := range []struct {
		metric  string
		y, p, w []float64
		outputs int
		want    string
	}{
		{"rmse", []float64{1}, nil, nil, 1, "metric: lengths differ"},
		{"rmse", []float64{1}, []float64{1}, []float64{1, 1}, 1, "metric: lengths differ"},
		{"rmse", []float64{1}, []float64{.5, .5}, nil, 2, "metric: a regression has one output"},
		{"log_loss", []float64{0}, []float64{1}, nil, 1, "metric: a classification has two outputs or more"},
		{"roc_auc", []float64{0}, []float64{1, 0, 0}, nil, 3, "metric: a binary classification has two outputs"},
	} {
		m, err := ByName(c.metric)
		if err != nil {
			t.Fatal(err)
		}
		func() {
			defer func() {
				if got := recover(); got != c.want {
					t.Errorf("%s: panic %v, want %s", c.metric, got, c.want)
				}
			}()
			score, err := m.Score(c.y, c.p, c.w, c.outputs)
			t.Errorf("%s: score %v, error %v, want a panic", c.metric, score, err)
		}()
	}
}

// The squares of these errors are beyond float64 on either side; the scores are not.
func TestErrorsWhoseSquaresOverflow(t *testing.T) {
	for _, unit := range []float64{1e-200, 1, 1e200} {
		y := []float64{1 * unit, 2 * unit, 3 * unit, 6 * unit} // Σ(y-ȳ)² = 14
		p := []float64{1 * unit, 2 * unit, 3 * unit, 4 * unit} // Σ(y-ŷ)² = 4
		if got, want := mustScore(t, "rmse", y, p, nil, 1), unit; !near(got/unit, want/unit) {
			t.Errorf("rmse = %v, want %v", got, want)
		}
		if got, want := mustScore(t, "r2", y, p, nil, 1), 1-4.0/14; !near(got, want) {
			t.Errorf("r2 at %g = %v, want %v", unit, got, want)
		}
	}
}

// Worked by hand: positives .8 .4, negatives .4 .1. Of the four pairs three are in order
// and one is a tied.
func TestROCAUCByHand(t *testing.T) {
	y := []float64{1, 0, 1, 0}
	p := []float64{.2, .8, .6, .4, .6, .4, .9, .1}
	if got := mustScore(t, "roc_auc", y, p, nil, 2); got != 3.5/4 {
		t.Errorf("roc_auc = %v, want %v", got, 3.5/4)
	}
}

func TestScoreLeavesItsInputsAlone(t *testing.T) {
	for _, c := range peerCases(t) {
		y, predicted, weights := slices.Clone(c.Y), slices.Clone(c.Predicted), slices.Clone(c.Weights)
		for name := range c.Scores {
			mustScore(t, name, y, predicted, weights, c.Outputs)
		}
		if !slices.Equal(y, c.Y) || !slices.Equal(predicted, c.Predicted) || !slices.Equal(weights, c.Weights) {
			t.Errorf("%s: scoring changed its inputs", c.Name)
		}
	}
}

func BenchmarkROCAUC(b *testing.B) {
	const n = 100_000
	y, p := make([]float64, n), make([]float64, 2*n)
	for i := range n {
		y[i] = float64(i * 7 % 2)
		p[2*i+1] = float64(i*7919%n) / n
		p[2*i] = 1 - p[2*i+1]
	}
	m, err := ByName("roc_auc")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Score(y, p, nil, 2); err != nil {
			b.Fatal(err)
		}
	}
}
