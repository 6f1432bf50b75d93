package training

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/metric"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/validate"
)

// TestOutOfFoldPredictions: scored fold by fold, the predictions of a trial give the scores in
// its result; the ledger has no result without them.
func TestOutOfFoldPredictions(t *testing.T) {
	e := engine(t)
	run := submit(t, e, parse(t, penguins))
	if _, err := e.Run(ctx, run, nil); err != nil {
		t.Fatal(err)
	}
	data, err := e.data(ctx, run)
	if err != nil {
		t.Fatal(err)
	}
	m, err := metric.ByName("log_loss")
	if err != nil {
		t.Fatal(err)
	}
	for _, trial := range []string{"0001-baseline", "0002-logistic", "0003-boosting"} {
		predicted, err := e.predictions(ctx, run, trial, 344, 3)
		if err != nil {
			t.Fatal(err)
		}
		var result Result
		if _, err := registry.ReadJSON(ctx, e.Registry.Store, run.trialKey(trial), &result); err != nil {
			t.Fatal(err)
		}
		for f, fold := range data.folds {
			var of []float64
			for _, row := range fold.Test {
				of = append(of, predicted[3*row:3*row+3]...)
			}
			score, err := m.Score(data.Select(fold.Test).Y, of, nil, 3)
			if err != nil || score != result.Scores["log_loss"][f] {
				t.Errorf("%s, fold %d: %v, %v; the result has %v", trial, f, score, err, result.Scores["log_loss"][f])
			}
		}
		if result.Rows != 4*344 {
			t.Errorf("%s learned from %d rows", trial, result.Rows)
		}
	}
	if _, err := e.predictions(ctx, run, "0001-baseline", 344, 2); err == nil {
		t.Error("predictions of another shape were taken")
	}
	if _, err := e.predictions(ctx, run, "0009-nothing", 344, 3); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

// TestOutOfFoldMeans: of repeats the mean, of rows that no fold tests nothing.
func TestOutOfFoldMeans(t *testing.T) {
	folds := []validate.Fold{{Train: []int{1}, Test: []int{0, 2}}, {Train: []int{0}, Test: []int{2}}}
	got := outOfFold(folds, [][]float64{{1, 2, 3, 4}, {5, 7}}, 4, 2)
	want := []float64{1, 2, math.NaN(), math.NaN(), 4, 5.5, math.NaN(), math.NaN()}
	if !slices.EqualFunc(got, want, func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }) {
		t.Errorf("got %v, want %v", got, want)
	}
}
