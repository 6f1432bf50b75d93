package metric

import (
	"context"
	"errors"
	"math"
	"reflect"
	"runtime"
	"testing"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// peerInterval is rows with the interval that scipy, statsmodels or a definition gives them.
type peerInterval struct {
	Metric     string
	Outputs    int
	Y          []float64
	Predicted  []float64
	Weights    []float64
	Confidence float64
	Low, High  float64
}

type peerCRPS struct {
	Width     int
	Y         []float64
	Forecasts []float64
	Score     float64
}

// quantileTolerance is for Student's quantiles, which gonum and scipy find by iteration.
const quantileTolerance = 1e-9

func TestIntervalsAreThePeers(t *testing.T) {
	for _, c := range readGolden(t).Intervals {
		in := mustInterval(t, c.Metric, c.Y, c.Predicted, c.Weights, c.Outputs, c.Confidence)
		if math.Abs(in.Low-c.Low) > quantileTolerance || math.Abs(in.High-c.High) > quantileTolerance {
			t.Errorf("%s at %v, weights %t: %v to %v, want %v to %v", c.Metric, c.Confidence, c.Weights != nil, in.Low, in.High, c.Low, c.High)
		}
	}
}

func mustInterval(t *testing.T, name string, y, predicted, weights []float64, outputs int, confidence float64) Interval {
	t.Helper()
	m, err := ByName(name)
	if err != nil {
		t.Fatal(err)
	}
	in, err := m.Interval(context.Background(), y, predicted, weights, outputs, confidence, 1)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func TestCRPSIsItsDefinition(t *testing.T) {
	for _, c := range readGolden(t).CRPS {
		got, err := CRPS(c.Y, c.Forecasts, c.Width)
		if err != nil || !near(got, c.Score) {
			t.Errorf("%d draws: %v, %v, want %v", c.Width, got, err, c.Score)
		}
	}
	if _, err := CRPS(nil, nil, 3); !errors.Is(err, ErrUndefined) {
		t.Errorf("no rows: %v", err)
	}
	var fault *RowError
	if _, err := CRPS([]float64{1, 2}, []float64{1, math.NaN()}, 1); !errors.As(err, &fault) || fault.Row != 1 {
		t.Errorf("a forecast that is NaN: %v", err)
	}
}

// noisy is a binary problem: y is drawn with the probability that is predicted, which makes
// the predictions as good as any can be.
func noisy(n int, draw int) (y, predicted []float64) {
	random := seed.Rand(seed.Derive(3, "noisy", draw))
	for range n {
		p := random.Float64()
		class := 0.0
		if random.Float64() < p {
			class = 1
		}
		y, predicted = append(y, class), append(predicted, 1-p, p)
	}
	return y, predicted
}

// TestIntervalsCover draws data sets whose score is known and counts how often intervals of
// 90 % hold it. 200 draws of a share of 0.9 lie within 0.9 ± 0.06 in all but 5 of 1,000
// cases (the draws are the same every time).
func TestIntervalsCover(t *testing.T) {
	const sets, rows = 200, 150
	// With p uniform and y drawn by it: the accuracy of p > ½ is ∫ max(p, 1-p) = 3/4, the
	// Brier score ∫ p(1-p) = 1/6; P(p of a positive > p of a negative) with densities 2p and
	// 2(1-p) is ∫ 2p·(2p - p²) = 5/6; recall and precision of p > ½ are 3/4, and so is f1.
	for name, want := range map[string]float64{"accuracy": 0.75, "brier": 1. / 6, "roc_auc": 5. / 6, "f1": 0.75} {
		held := 0
		for set := range sets {
			y, predicted := noisy(rows, set)
			in := mustInterval(t, name, y, predicted, nil, 2, 0.9)
			if in.Low <= want && want <= in.High {
				held++
			}
		}
		if share := float64(held) / sets; share < 0.84 || share > 0.96 {
			t.Errorf("%s: %.3f of the intervals of 90 %% hold the score", name, share)
		}
	}
}

// TestBootstrapAgreesWithTheory bootstraps a mean, whose interval is known, on as many rows
// as are drawn and on more, where the interval has to be narrowed.
func TestBootstrapAgreesWithTheory(t *testing.T) {
	for _, rows := range []int{2_000, 3 * drawnRows} {
		y, predicted := noisy(rows, 0)
		want := mustInterval(t, "brier", y, predicted, nil, 2, 0.9)
		m, _ := ByName("brier")
		m.measure, m.loss = m.of, nil
		got, err := m.Interval(context.Background(), y, predicted, nil, 2, 0.9, 5)
		if err != nil {
			t.Fatal(err)
		}
		width := want.High - want.Low
		// 1,000 draws leave an end uncertain by about 5 % of the width.
		if math.Abs(got.Low-want.Low) > 0.2*width || math.Abs(got.High-want.High) > 0.2*width || got.Method != Bootstrap {
			t.Errorf("%d rows: %+v, theory has %+v", rows, got, want)
		}
	}
}

func TestBootstrapIsTheSameAtAnyNumberOfWorkers(t *testing.T) {
	y, predicted := noisy(300, 1)
	want := mustInterval(t, "f1", y, predicted, nil, 2, 0.9)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for workers := 1; workers <= 4; workers++ {
		runtime.GOMAXPROCS(workers)
		if got := mustInterval(t, "f1", y, predicted, nil, 2, 0.9); !reflect.DeepEqual(got, want) {
			t.Errorf("%d workers: %+v, want %+v", workers, got, want)
		}
	}
}

func TestWhatHasNoInterval(t *testing.T) {
	auc, _ := ByName("roc_auc")
	precise, _ := ByName("precision")
	for name, c := range map[string]struct {
		m            Metric
		y, predicted []float64
		confidence   float64
	}{
		"one row":                   {precise, []float64{1}, []float64{0, 1}, 0.9},
		"one row of a class":        {auc, []float64{1, 0, 0}, []float64{0, 1, 0.5, 0.5, 0.6, 0.4}, 0.9},
		"mostly undefined draws":    {precise, []float64{1, 0, 0, 0, 0}, []float64{0, 1, 1, 0, 1, 0, 1, 0, 1, 0}, 0.9},
		"a confidence of 1":         {auc, []float64{1, 0, 1, 0}, []float64{0, 1, 1, 0, 0, 1, 1, 0}, 1},
		"no confidence":             {auc, []float64{1, 0, 1, 0}, []float64{0, 1, 1, 0, 0, 1, 1, 0}, 0},
		"a score that is not there": {auc, []float64{1, 1}, []float64{0, 1, 1, 0}, 0.9},
	} {
		in, err := c.m.Interval(context.Background(), c.y, c.predicted, nil, 2, c.confidence, 1)
		if err == nil {
			t.Errorf("%s: %+v", name, in)
		}
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	y, predicted := noisy(50, 2)
	if _, err := precise.Interval(ended, y, predicted, nil, 2, 0.9, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("ended context: %v", err)
	}
}

// TestCertainScoresHaveNoWidth: every row alike, or exact.
func TestCertainScoresHaveNoWidth(t *testing.T) {
	y := []float64{1, 2, 3}
	for _, name := range []string{"mae", "rmse", "mse"} {
		if in := mustInterval(t, name, y, y, nil, 1, 0.95); in.Low != 0 || in.High != 0 {
			t.Errorf("%s: %+v", name, in)
		}
	}
}
