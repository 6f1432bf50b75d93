package model

import (
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// With squared error, rate 1 and no penalty, the gains of all splits are what the sum of
// squares has become less by.
func TestGainsAreWhatTheLossLost(t *testing.T) {
	for _, weighted := range []bool{false, true} {
		data := generated(800, 5, dataset.Regression, 0)
		if weighted {
			data.Weights = make([]float64, 800)
			for i := range data.Weights {
				data.Weights[i] = 0.1 + float64(i%7)*333.3
			}
		}
		m := fit(t, small(6, 9, 1), data, 1)
		_, weights := data.weighted()
		squares := func(predicted func(i int) float64) float64 {
			sum := 0.0
			for i, y := range data.Y {
				sum += weights[i] * (predicted(i) - y) * (predicted(i) - y)
			}
			return sum
		}
		p := make([]float64, 800)
		m.Predict(p, data.X)
		want := squares(func(int) float64 { return m.base[0] }) - squares(func(i int) float64 { return p[i] })
		got, splits := 0.0, 0
		for j, gain := range m.Gains() {
			got += gain
			splits += m.Splits()[j]
		}
		// Histograms are of rounded gradients.
		if math.Abs(got-want) > 2e-3*want {
			t.Errorf("weighted %v: gains sum to %v, the squares are less by %v", weighted, got, want)
		}
		if splits != 6*8 {
			t.Errorf("%d splits, want 48", splits)
		}
	}
}

// The covers of a node's children make up its own, and the root's are all rows by weight.
func TestCoversAreRows(t *testing.T) {
	for _, data := range tasks(500) {
		learner := small(4, 8, 0.3)
		learner.RowShare = 0.5
		m := fit(t, learner, data, 1)
		_, weights := data.weighted()
		total := 0.0
		for _, w := range weights {
			total += w
		}
		for _, start := range m.trees().Starts[:m.trees().Trees()] {
			if got := m.record().Cover[start]; math.Abs(got-total) > 1e-9*total {
				t.Errorf("%s: a root covers %v of %v", data.Task, got, total)
			}
		}
		for i, n := range m.trees().Nodes {
			if n.Feature < 0 {
				continue
			}
			if sum := m.record().Cover[n.Left] + m.record().Cover[n.Right]; math.Abs(sum-m.record().Cover[i]) > 1e-9*sum {
				t.Errorf("%s: node %d covers %v, its children %v", data.Task, i, m.record().Cover[i], sum)
			}
		}
	}
}

// known is a linear model of three columns: 3a − b, and c not at all.
func known() *linear {
	return &linear{coefficients: []float64{3, -1, 0}, intercept: 2}
}

func TestPermute(t *testing.T) {
	x := generated(400, 3, dataset.Regression, 0).X
	m := known()
	y := make([]float64, 400)
	m.Predict(y, x)
	score := func(p []float64) float64 {
		sum := 0.0
		for i := range p {
			sum -= (p[i] - y[i]) * (p[i] - y[i]) / 400
		}
		return sum
	}
	p := DefaultPermutation()
	p.Repeats, p.Confidence = 30, 0.999
	got, err := Permute(t.Context(), m, x, score, p, 4)
	if err != nil {
		t.Fatal(err)
	}
	for j, b := range m.coefficients {
		// Of two draws without replacement, the mean square of the difference is 2s² of n-1.
		center := mean(x.Columns[j], repeat(1, 400))
		variance := 0.0
		for _, v := range x.Columns[j] {
			variance += (v - center) * (v - center) / 399
		}
		// A value may stay where it is, in 1 of 400 cases.
		want := b * b * 2 * variance * 399 / 400
		if got[j].Column != j || !(got[j].Low <= want && want <= got[j].High) || len(got[j].Drops) != 30 {
			t.Errorf("column %d: drop %v, %v to %v; expected is %v", j, got[j].Drop, got[j].Low, got[j].High, want)
		}
		if wide := got[j].High - got[j].Low; wide > 0.3*want {
			t.Errorf("column %d: bounds are %v apart", j, wide)
		}
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	again, err := Permute(t.Context(), m, x, score, p, 4)
	if err != nil {
		t.Fatal(err)
	}
	for j := range got {
		if !slices.Equal(got[j].Drops, again[j].Drops) {
			t.Error("one worker shuffles otherwise")
		}
	}
	once, err := Permute(t.Context(), m, x, score, Permutation{1, 0.9}, 4)
	if err != nil || once[0].Drop != got[0].Drops[0] || !math.IsInf(once[0].Low, -1) || !math.IsInf(once[0].High, 1) {
		t.Errorf("once: %+v, %v", once[0], err)
	}
}

func TestPermuteRefuses(t *testing.T) {
	x := generated(10, 3, dataset.Regression, 0).X
	score := func(p []float64) float64 { return p[0] }
	for name, c := range map[string]struct {
		x *dataset.Matrix
		p Permutation
	}{
		"no repeats":    {x, Permutation{0, 0.9}},
		"no confidence": {x, Permutation{3, 1}},
		"no rows":       {x.Select(nil), DefaultPermutation()},
		"other columns": {generated(10, 2, dataset.Regression, 0).X, DefaultPermutation()},
	} {
		if got, err := Permute(t.Context(), known(), c.x, score, c.p, 1); err == nil || got != nil {
			t.Errorf("%s: got %v and %v, want an error", name, got, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Permute(ctx, known(), x, score, DefaultPermutation(), 1); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
	if _, err := DependenceOf(ctx, known(), x, 0, DefaultDependenceGrid(), 1); !errors.Is(err, context.Canceled) {
		t.Errorf("dependence, cancelled: got %v", err)
	}
}

// A linear model's predictions go with a column by its coefficient, whatever the row.
func TestDependence(t *testing.T) {
	x := generated(300, 3, dataset.Regression, 0).X
	x.Columns[0][4] = math.NaN()
	m := known()
	for j, b := range m.coefficients {
		d, err := DependenceOf(t.Context(), m, x, j, DependenceGrid{Points: 11, Rows: 50}, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Grid) != 11 || len(d.Rows) != 50 || len(d.Curves) != 50 || !slices.IsSorted(d.Rows) || !slices.IsSorted(d.Grid) {
			t.Fatalf("column %d: %d points, %d rows, %d curves", j, len(d.Grid), len(d.Rows), len(d.Curves))
		}
		sorted := slices.DeleteFunc(slices.Clone(x.Columns[j]), math.IsNaN)
		if d.Grid[0] != slices.Min(sorted) || d.Grid[10] != slices.Max(sorted) {
			t.Errorf("column %d: the grid goes from %v to %v", j, d.Grid[0], d.Grid[10])
		}
		for i, v := range d.Grid {
			sum := 0.0
			for r, curve := range d.Curves {
				sum += curve[i] / 50
				if want := curve[0] + b*(v-d.Grid[0]); math.Abs(curve[i]-want) > 1e-12 && !math.IsNaN(want) {
					t.Fatalf("column %d, row %d: %v at %v, want %v", j, d.Rows[r], curve[i], v, want)
				}
			}
			if math.Abs(sum-d.Mean[i]) > 1e-12 {
				t.Errorf("column %d: mean %v, of the curves %v", j, d.Mean[i], sum)
			}
		}
	}
}

func TestGridOf(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		values     []float64
		points     int
		categories bool
		want       []float64
	}{
		{[]float64{3, 1, nan, 1, 2}, 5, false, []float64{1, 2, 3}},
		{[]float64{nan, nan}, 5, false, nil},
		{[]float64{0, 10, 20, 30, 40, 50, 60, 70, 80}, 3, false, []float64{0, 40, 80}},
		{[]float64{5, 5, 5, 5, 5, 5, 1, 9, 7}, 3, false, []float64{1, 5, 9}},
		{[]float64{4, 4, 0, 1, 1, 1, 2, nan}, 2, true, []float64{1, 4}},
	} {
		if got := gridOf(c.values, c.points, c.categories); !slices.Equal(got, c.want) {
			t.Errorf("grid of %v is %v, want %v", c.values, got, c.want)
		}
	}
}
