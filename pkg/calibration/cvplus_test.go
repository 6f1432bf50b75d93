package calibration

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// TestCVPlusDefinition: the ends are those of the paper's definition, with the residuals of all
// rows around the prediction of their own fold's model, sorted as a whole.
func TestCVPlusDefinition(t *testing.T) {
	r := seed.Rand(7)
	for range 300 {
		n, folds := 40+r.IntN(200), 2+r.IntN(5)
		y, predicted, fold := make([]float64, n), make([]float64, n), make([]int, n)
		for i := range y {
			y[i], predicted[i], fold[i] = math.Round(10*r.NormFloat64()), math.Round(5*r.NormFloat64()), r.IntN(folds)
		}
		fold[0] = folds - 1
		c, err := FitCVPlus(y, predicted, fold, 0.9)
		if err != nil || c.Check() != nil || c.Folds() != folds {
			t.Fatal(err, c.Check())
		}
		at := make([]float64, folds)
		mean := 0.0
		for f := range at {
			at[f] = 20 * r.NormFloat64()
			mean += at[f] / float64(folds)
		}
		var all []float64
		for i := range y {
			all = append(all, at[fold[i]]+(y[i]-predicted[i]))
		}
		slices.Sort(all)
		rank := int(math.Floor(0.05*float64(n+1) + 1e-9))
		low, high := c.Around(at)
		if low != min(mean, all[rank-1]) || high != max(mean, all[n-rank]) {
			t.Fatalf("%d rows, %d folds: got %v … %v, want %v … %v", n, folds, low, high, all[rank-1], all[n-rank])
		}
	}
}

// TestCVPlusCovers: of models that are as unstable as can be, each of which remembers its rows
// (the nearest neighbour in few rows of noise), intervals still hold the stated share.
func TestCVPlusCovers(t *testing.T) {
	const draws, n, folds, tests = 400, 100, 5, 50
	const coverage = 0.8
	r := seed.Rand(11)
	inside := 0
	for range draws {
		x, y := make([]float64, n), make([]float64, n)
		for i := range x {
			x[i] = r.Float64()
			y[i] = math.Sin(6*x[i]) + (0.2+x[i])*r.NormFloat64()
		}
		nearest := func(at float64, without int) float64 { // as the model of a fold predicts
			best := -1
			for i := range x {
				if i%folds != without && (best < 0 || math.Abs(x[i]-at) < math.Abs(x[best]-at)) {
					best = i
				}
			}
			return y[best]
		}
		predicted, fold := make([]float64, n), make([]int, n)
		for i := range x {
			predicted[i], fold[i] = nearest(x[i], i%folds), i%folds
		}
		c, err := FitCVPlus(y, predicted, fold, coverage)
		if err != nil {
			t.Fatal(err)
		}
		for range tests {
			at := r.Float64()
			var models []float64
			for f := range folds {
				models = append(models, nearest(at, f))
			}
			truth := math.Sin(6*at) + (0.2+at)*r.NormFloat64()
			if low, high := c.Around(models); truth >= low && truth <= high {
				inside++
			}
		}
	}
	got := float64(inside) / (draws * tests)
	if got < coverage || got > coverage+0.08 {
		t.Errorf("%v of the truths are inside, want %v or a little more", got, coverage)
	}
	t.Logf("coverage %.3f of %v asked", got, coverage)
}

func TestCVPlusRefuses(t *testing.T) {
	y := make([]float64, 30)
	if _, err := FitCVPlus(y[:18], y[:18], make([]int, 18), 0.9); err == nil || !strings.Contains(err.Error(), "19 rows") {
		t.Errorf("18 rows: %v", err)
	}
	y[4] = math.Inf(1)
	if _, err := FitCVPlus(y, make([]float64, 30), make([]int, 30), 0.9); err == nil || !strings.Contains(err.Error(), "row 4") {
		t.Errorf("an infinite target: %v", err)
	}
	good := CVPlus{Coverage: 0.9, Rank: 1, Low: [][]float64{{-1}}, High: [][]float64{{1}}}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for name, bad := range map[string]CVPlus{
		"no fold":        {Coverage: 0.9, Rank: 1},
		"coverage":       {Coverage: 1, Rank: 1, Low: [][]float64{{-1}}, High: [][]float64{{1}}},
		"rank":           {Coverage: 0.9, Low: [][]float64{{}}, High: [][]float64{{}}},
		"too few":        {Coverage: 0.9, Rank: 2, Low: [][]float64{{-1}}, High: [][]float64{{1}}},
		"too many":       {Coverage: 0.9, Rank: 1, Low: [][]float64{{-1, 0}}, High: [][]float64{{1, 0}}},
		"order":          {Coverage: 0.9, Rank: 2, Low: [][]float64{{0, -1}}, High: [][]float64{{1, 0}}},
		"order of upper": {Coverage: 0.9, Rank: 2, Low: [][]float64{{-1, 0}}, High: [][]float64{{0, 1}}},
		"no number":      {Coverage: 0.9, Rank: 1, Low: [][]float64{{math.NaN()}}, High: [][]float64{{1}}},
		"folds":          {Coverage: 0.9, Rank: 1, Low: [][]float64{{-1}}, High: nil},
	} {
		if bad.Check() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
