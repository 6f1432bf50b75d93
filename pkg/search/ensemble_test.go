package search

import (
	"context"
	"errors"
	"math"
	"reflect"
	"testing"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

func less(a, b float64) bool { return a < b || math.IsNaN(b) && !math.IsNaN(a) }

// squared is the mean squared error from zeros.
func squared(mean []float64) float64 {
	sum := 0.0
	for _, v := range mean {
		sum += v * v
	}
	return sum / float64(len(mean))
}

// TestSelect by hand, targets all 0. Alone the squared errors are 1, 1.5 and 100. Of the means
// with the first, (1,1), that with the second, (0,√3) → (0.5, 1.366), has 1.058: no gain. The
// third, (-10,-10), gives 20.25.
func TestSelect(t *testing.T) {
	e := Ensemble{Size: 25, Score: squared, Better: less}
	for name, c := range map[string]struct {
		candidates [][]float64
		counts     []int
		last       float64
	}{
		"no gain":            {[][]float64{{1, 1}, {0, math.Sqrt(3)}, {-10, -10}}, []int{1, 0, 0}, 1},
		"opposites cancel":   {[][]float64{{1, 1}, {-1, -1}, {5, 5}}, []int{1, 1, 0}, 0},
		"with replacement":   {[][]float64{{1, 1}, {-2, -2}}, []int{2, 1}, 0},
		"first of equals":    {[][]float64{{2, 2}, {2, 2}}, []int{1, 0}, 4},
		"what has no score":  {[][]float64{{math.NaN(), 1}, {3, 3}}, []int{0, 1}, 9},
		"one that is a list": {[][]float64{{1, 2}}, []int{1}, 2.5},
	} {
		s, err := e.Select(t.Context(), c.candidates)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(s.Counts, c.counts) || s.Steps[len(s.Steps)-1].Score != c.last {
			t.Errorf("%s: got %+v, want counts %v and score %v", name, s, c.counts, c.last)
		}
	}
	if _, err := e.Select(t.Context(), nil); !errors.Is(err, ErrNoneFits) {
		t.Errorf("of nothing: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Select(ended, [][]float64{{1}, {2}}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestSelectWeights(t *testing.T) {
	s, err := Ensemble{Size: 25, Score: squared, Better: less}.Select(t.Context(), [][]float64{{9, 9}, {-2, -2}, {1, 1}})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Members(); !reflect.DeepEqual(got, []int{2, 1}) {
		t.Errorf("members %v, want them in the order of their steps", got)
	}
	if got := s.Weights(); !reflect.DeepEqual(got, []float64{2. / 3, 1. / 3}) {
		t.Errorf("weights %v", got)
	}
	one, _ := Ensemble{Size: 1, Score: squared, Better: less}.Select(t.Context(), [][]float64{{9, 9}, {-2, -2}, {1, 1}})
	if got := one.Members(); !reflect.DeepEqual(got, []int{2}) || len(one.Steps) != 1 {
		t.Errorf("size 1: %+v", one)
	}
}

// TestSelectWhatFits: candidates cost 3, 2, 2, and 4 is what there is.
func TestSelectWhatFits(t *testing.T) {
	costs := []int{3, 2, 2}
	e := Ensemble{Size: 9, Score: squared, Better: less, Fits: func(members []int) bool {
		sum := 0
		for _, m := range members {
			sum += costs[m]
		}
		return sum <= 4
	}}
	candidates := [][]float64{{1, 1}, {2, 2}, {-1.5, -1.5}} // the first and the last would be best
	s, err := e.Select(t.Context(), candidates)
	if err != nil || !reflect.DeepEqual(s.Counts, []int{1, 0, 0}) {
		t.Errorf("got %+v, %v", s, err)
	}
	costs[0] = 5
	s, err = e.Select(t.Context(), candidates)
	if err != nil || !reflect.DeepEqual(s.Members(), []int{2, 1}) {
		t.Errorf("without the first: %+v, %v", s, err)
	}
	costs = []int{5, 5, 5}
	if _, err := e.Select(t.Context(), candidates); !errors.Is(err, ErrNoneFits) {
		t.Errorf("none fits: %v", err)
	}
}

func TestSelectIsTheSameAtAnyWorkers(t *testing.T) {
	r := seed.Rand(1)
	candidates := make([][]float64, 12)
	for c := range candidates {
		candidates[c] = make([]float64, 300)
		for i := range candidates[c] {
			candidates[c][i] = r.NormFloat64()
		}
	}
	var first Selection
	for workers := 1; workers <= 4; workers++ {
		s, err := Ensemble{Size: 30, Score: squared, Better: less, Workers: workers}.Select(t.Context(), candidates)
		if err != nil {
			t.Fatal(err)
		}
		if workers == 1 {
			first = s
		}
		if !reflect.DeepEqual(s, first) {
			t.Errorf("%d workers chose %+v, one chose %+v", workers, s, first)
		}
	}
	if n := len(first.Members()); n < 8 {
		t.Errorf("of 12 independent errors %d were used", n)
	}
}

// TestStackedValues: independent errors of variances 1 and 4 are best weighed 0.8 and 0.2 (in
// inverse proportion), whatever a third that only adds noise to the first.
func TestStackedValues(t *testing.T) {
	const n = 20000
	r := seed.Rand(3)
	y, candidates := make([]float64, n), [][]float64{make([]float64, n), make([]float64, n), make([]float64, n)}
	for i := range y {
		y[i] = 10 * r.NormFloat64()
		a, b := r.NormFloat64(), 2*r.NormFloat64()
		candidates[0][i], candidates[1][i], candidates[2][i] = y[i]+a, y[i]+b, y[i]+a+3*r.NormFloat64()
	}
	w := Stacked(candidates, y, nil, 1)
	if math.Abs(w[0]-0.8) > 0.02 || math.Abs(w[1]-0.2) > 0.02 || w[2] > 0.01 { // standard error about 0.005
		t.Errorf("weights %v, want 0.8, 0.2, 0", w)
	}
}

// TestStackedProbabilities: of rows drawn half by one model's probabilities and half by the
// other's, the likeliest mixture is one half each; a row of weight 2 counts as two.
func TestStackedProbabilities(t *testing.T) {
	const n = 40000
	r := seed.Rand(4)
	a, b, y := make([]float64, 2*n), make([]float64, 2*n), make([]float64, n)
	for i := range n {
		p, q := r.Float64(), r.Float64()
		a[2*i], a[2*i+1], b[2*i], b[2*i+1] = 1-p, p, 1-q, q
		if i%2 == 0 {
			p = q
		}
		if r.Float64() < p {
			y[i] = 1
		}
	}
	if w := Stacked([][]float64{a, b}, y, nil, 2); math.Abs(w[0]-0.5) > 0.03 { // standard error about 0.01
		t.Errorf("weights %v, want halves", w)
	}
	twice := make([]float64, n)
	var a2, b2, y2 []float64
	for i := range twice {
		twice[i] = float64(1 + i%2)
		for range 1 + i%2 {
			a2, b2, y2 = append(a2, a[2*i:2*i+2]...), append(b2, b[2*i:2*i+2]...), append(y2, y[i])
		}
	}
	w, want := Stacked([][]float64{a, b}, y, twice, 2), Stacked([][]float64{a2, b2}, y2, nil, 2)
	if math.Abs(w[0]-want[0]) > 1e-9 || w[0] < 0.55 {
		t.Errorf("by weights %v, by rows twice %v", w, want)
	}
}
