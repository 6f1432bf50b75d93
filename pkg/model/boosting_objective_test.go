package model

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
	"pgregory.net/rapid"
)

// objectivePeers is testdata/golden/boosting_objectives.json, made by the script of that name
// in testdata/peers.
type objectivePeers struct {
	Folds, Rounds       int
	Alpha, Huber, Power float64
	Cases               []struct {
		Data, Target, Objective string
		Step                    int
		Peers                   map[string]struct {
			Loss          float64
			StandardError float64 `json:"standard_error"`
		}
	}
}

// Out of fold, the loss of every objective is within a standard error of the best peer's.
func TestObjectivesScoreLikePeers(t *testing.T) {
	var peers objectivePeers
	readGolden(t, "boosting_objectives.json", &peers)
	if len(peers.Cases) != 12 {
		t.Fatalf("%d cases, want 12", len(peers.Cases))
	}
	for _, c := range peers.Cases {
		t.Run(c.Data+"/"+c.Objective, func(t *testing.T) {
			t.Parallel()
			data := readPeerData(t, c.Data, c.Target, dataset.Regression, 0)
			var kept []int
			for i := 0; i < data.X.Rows; i += c.Step {
				kept = append(kept, i)
			}
			data = rowsOf(data, kept)
			learner := DefaultBoosting()
			learner.Objective, learner.Rounds, learner.Alpha, learner.Power = c.Objective, peers.Rounds, peers.Alpha, peers.Power
			if c.Objective == string(huberLoss) {
				learner.Alpha = peers.Huber
			}
			got := 0.0
			for fold := range peers.Folds {
				got += foldLoss(t, learner, data, fold, peers.Folds) / float64(peers.Folds)
			}
			for name, peer := range c.Peers {
				t.Logf("loss %.5f, %s %.5f ± %.5f", got, name, peer.Loss, peer.StandardError)
				if !(got <= peer.Loss+peer.StandardError) {
					t.Errorf("loss is %.5f, %s has %.5f ± %.5f", got, name, peer.Loss, peer.StandardError)
				}
			}
		})
	}
}

// foldLoss fits on all folds but one and takes the loss on that.
func foldLoss(t *testing.T, learner Boosting, data Data, fold, folds int) float64 {
	t.Helper()
	train, held := foldOf(data, fold, folds)
	m, err := learner.Fit(t.Context(), train, 1)
	if err != nil {
		t.Fatal(err)
	}
	loss, err := learner.loss(held, repeat(1, len(held.Y)))
	if err != nil {
		t.Fatal(err)
	}
	scores := make([]float64, len(held.Y))
	m.(*boosted).scores(scores, held.X)
	return loss.mean([][]float64{scores})
}

// Derivatives are those of the losses, by differences.
func TestObjectivesDerive(t *testing.T) {
	for _, o := range append(slices.Clone(regressionObjectives), logLoss) {
		learner := DefaultBoosting()
		learner.Objective, learner.Alpha = string(o), 0.7
		data := Data{Y: []float64{1, 0.3, 2.5, 1}, Task: dataset.Regression, Offset: nil}
		if o == logLoss {
			data = Data{Y: []float64{1, 0, 0, 1}, Task: dataset.Binary, Classes: 2}
		}
		l, err := learner.loss(data, repeat(1, 4))
		if err != nil {
			t.Fatal(err)
		}
		scores := [][]float64{{0.4, -1.1, 1.7, -0.2}}
		g := []boostingGradients{{make([]float64, 4), make([]float64, 4)}}
		l.derive(g, scores, 0, 4)
		for i, y := range data.Y {
			const h = 1e-5
			at := func(s float64) float64 {
				v := l.at([]float64{s}, y)
				if o == squaredError {
					v /= 2 // as is usual, its derivative is that of half
				}
				return v
			}
			s := scores[0][i]
			first := (at(s+h) - at(s-h)) / (2 * h)
			if math.Abs(first-g[0].first[i]) > 1e-8 {
				t.Errorf("%s: row %d: derivative %v, by differences %v", o, i, g[0].first[i], first)
			}
			second := (at(s+h) - 2*at(s) + at(s-h)) / (h * h)
			if !o.ordered() && math.Abs(second-g[0].second[i]) > 1e-4 {
				t.Errorf("%s: row %d: second derivative %v, by differences %v", o, i, g[0].second[i], second)
			}
		}
	}
}

// The base is the constant of the least loss.
func TestObjectivesStartAtTheBest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := rapid.SampledFrom(regressionObjectives).Draw(t, "objective")
		learner := DefaultBoosting()
		learner.Objective, learner.Alpha = string(o), 0.8
		n := rapid.IntRange(1, 20).Draw(t, "rows")
		data := Data{Task: dataset.Regression}
		var weights []float64
		for range n {
			data.Y = append(data.Y, rapid.Float64Range(0.01, 5).Draw(t, "y"))
			weights = append(weights, float64(rapid.IntRange(1, 3).Draw(t, "weight")))
			if o.logarithmic() {
				data.Offset = append(data.Offset, rapid.Float64Range(-1, 1).Draw(t, "offset"))
			}
		}
		l, err := learner.loss(data, weights)
		if err != nil {
			t.Fatal(err)
		}
		base, err := l.base()
		if err != nil {
			t.Fatal(err)
		}
		least := l.mean(l.start(base))
		if o == huberLoss {
			return // starts at the median, which is near
		}
		for _, step := range []float64{-0.1, -0.001, 0.001, 0.1} {
			if loss := l.mean(l.start([]float64{base[0] + step})); loss < least-1e-12 {
				t.Fatalf("%s: loss %v at the base %v, %v at %+v", o, least, base[0], loss, step)
			}
		}
	})
}

// Leaves of a single tree at rate 1 are the medians, quantiles or means of their rows.
func TestObjectivesRenewLeaves(t *testing.T) {
	x := oneColumn(1, 1, 1, 1, 2, 2, 2)
	y := []float64{5, 1, 2, 40, 100, 300, 90}
	for _, c := range []struct {
		objective         boostingObjective
		alpha             float64
		weights           []float64
		low, high, within float64
	}{
		{absoluteError, 0.9, nil, 3.5, 100, 1e-12},
		{absoluteError, 0.9, []float64{1, 1, 3, 1, 1, 1, 4}, 2, 90, 1e-12},
		{quantileLoss, 0.75, nil, 22.5, 300, 1e-12},
		{quantileLoss, 0.25, nil, 1.5, 90, 1e-12},
		// Medians 3.5 and 100, then the means of 1.5, −2.5, −1.5, 10 and 0, 10, −10.
		{huberLoss, 10, nil, 3.5 + 7.5/4, 100, 1e-12},
	} {
		learner := small(1, 2, 1)
		learner.Objective, learner.Alpha = string(c.objective), c.alpha
		m, err := learner.Fit(t.Context(), Data{X: x, Y: y, Weights: c.weights, Task: dataset.Regression}, 1)
		if err != nil {
			t.Fatal(err)
		}
		p := make([]float64, 7)
		m.Predict(p, x)
		if math.Abs(p[0]-c.low) > c.within || math.Abs(p[6]-c.high) > c.within {
			t.Errorf("%s %v: leaves predict %v and %v, want %v and %v", c.objective, c.alpha, p[0], p[6], c.low, c.high)
		}
	}
	bounded := small(1, 2, 1)
	bounded.Objective, bounded.MaxDelta = string(absoluteError), 2
	m := fit(t, bounded, Data{X: x, Y: y, Task: dataset.Regression}, 1)
	for _, n := range m.trees().Nodes {
		if math.Abs(n.Value) > 2 {
			t.Errorf("a leaf adds %v, at most 2 was asked for", n.Value)
		}
	}
	// On a log scale many rounds lead to the means, and with exposures to rates.
	for _, o := range []boostingObjective{poissonLoss, gammaLoss, tweedieLoss} {
		learner := small(200, 2, 0.3)
		learner.Objective = string(o)
		data := Data{X: x, Y: y, Task: dataset.Regression, Offset: []float64{0, 0, 0, 0, 0, 0, 0}}
		for _, exposure := range []float64{1, 4} {
			for i := range data.Offset {
				data.Offset[i] = math.Log(exposure)
			}
			m, err := learner.Fit(t.Context(), data, 1)
			if err != nil {
				t.Fatal(err)
			}
			p := make([]float64, 7)
			m.Predict(p, x)
			if math.Abs(p[0]-12/exposure) > 1e-6 || math.Abs(p[6]-490/3./exposure) > 1e-4 {
				t.Errorf("%s: predicts %v and %v for means of 12 and %v, exposure %v", o, p[0], p[6], 490/3., exposure)
			}
		}
	}
}

// A leaf whose rows lie far from their means does not overflow them.
func TestLogarithmicStepsAreDamped(t *testing.T) {
	for _, o := range []boostingObjective{poissonLoss, gammaLoss, tweedieLoss} {
		learner := small(50, 8, 1)
		learner.Objective, learner.MinLeafHessian = string(o), 0
		var xs, y []float64
		for i := range 400 {
			xs = append(xs, float64(i))
			y = append(y, math.Exp(float64(i%20*i%40)-20))
		}
		m, err := learner.Fit(t.Context(), Data{X: oneColumn(xs...), Y: y, Task: dataset.Regression}, 1)
		if err != nil {
			t.Fatal(err)
		}
		p := make([]float64, 400)
		m.Predict(p, oneColumn(xs...))
		for i, v := range p {
			if !(v > 0) || v > 100*slices.Max(y) {
				t.Fatalf("%s: predicts %v for row %d, the largest target is %v", o, v, i, slices.Max(y))
			}
		}
	}
}

func TestObjectivesRefuse(t *testing.T) {
	x := oneColumn(1, 2, 3)
	for _, c := range []struct {
		objective boostingObjective
		y         []float64
		row       int // 0: fits
	}{
		{poissonLoss, []float64{1, 0, -1}, 3},
		{poissonLoss, []float64{1, 0, 3}, 0},
		{poissonLoss, []float64{0, 0, 0}, 0},
		{tweedieLoss, []float64{1, -1e-9, 0}, 2},
		{gammaLoss, []float64{0, 1, 2}, 1},
		{gammaLoss, []float64{1, 1, 2}, 0},
	} {
		learner := small(3, 2, 0.5)
		learner.Objective = string(c.objective)
		data := Data{X: x, Y: c.y, Task: dataset.Regression}
		_, err := learner.Fit(t.Context(), data, 1)
		var at *ValueError
		if errors.As(err, &at) != (c.row > 0) || at != nil && at.Row != c.row || at == nil && err != nil {
			t.Errorf("%s of %v: got %v, want a fault of row %d", c.objective, c.y, err, c.row)
		}
		if c.row > 0 { // a row of no weight is not there
			data.Weights = []float64{1, 1, 1}
			data.Weights[c.row-1] = 0
			if _, err := learner.Fit(t.Context(), data, 1); err != nil {
				t.Errorf("%s of %v without row %d: %v", c.objective, c.y, c.row, err)
			}
		}
	}
	for _, c := range []struct {
		param  string
		change func(b *Boosting)
		task   dataset.Task
	}{
		{"objective", func(b *Boosting) { b.Objective = "hinge" }, dataset.Regression},
		{"objective", func(b *Boosting) { b.Objective = "poisson" }, dataset.Binary},
		{"objective", func(b *Boosting) { b.Objective = "logistic" }, dataset.Regression},
		{"objective", func(b *Boosting) { b.Objective = "softmax" }, dataset.Binary},
		{"balanced", func(b *Boosting) { b.Balanced = true }, dataset.Regression},
		{"alpha", func(b *Boosting) { b.Objective, b.Alpha = "quantile", 1 }, dataset.Regression},
		{"power", func(b *Boosting) { b.Power = 2 }, dataset.Regression},
		{"monotone", func(b *Boosting) { b.Objective, b.Monotone = "absolute_error", map[string]int{"x0": 1} }, dataset.Regression},
		{"top_share", func(b *Boosting) { b.Objective, b.TopShare, b.OtherShare = "quantile", 0.1, 0.1 }, dataset.Regression},
		{"early_stopping", func(b *Boosting) { b.EarlyStopping = -1 }, dataset.Regression},
		{"validation_share", func(b *Boosting) { b.ValidationShare = 1 }, dataset.Regression},
	} {
		learner := DefaultBoosting()
		c.change(&learner)
		classes := 0
		if c.task == dataset.Binary {
			classes = 2
		}
		_, err := learner.Fit(t.Context(), generated(50, 2, c.task, classes), 1)
		var fault *ParamError
		if !errors.As(err, &fault) || fault.Param != c.param {
			t.Errorf("got %v, want a fault of %q", err, c.param)
		}
	}
	learner := DefaultBoosting()
	data := generated(50, 2, dataset.Regression, 0)
	data.Offset = make([]float64, 50)
	if _, err := learner.Fit(t.Context(), data, 1); err == nil {
		t.Error("squared error takes offsets")
	}
}

func TestWeightedQuantile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.SampledFrom([]float64{-3, -0.5, 0, 1, 2, 7}), 1, 12).Draw(t, "values")
		share := rapid.SampledFrom([]float64{0.1, 0.25, 0.5, 0.75, 0.9}).Draw(t, "share")
		var masses []int64
		var repeated []float64
		for _, v := range values {
			m := rapid.Int64Range(1, 4).Draw(t, "mass")
			masses = append(masses, m)
			repeated = append(repeated, repeat(v, int(m))...)
		}
		// Hyndman and Fan's second definition.
		slices.Sort(repeated)
		at := share * float64(len(repeated))
		want := repeated[min(int(at), len(repeated)-1)]
		if at == math.Trunc(at) && at > 0 && int(at) < len(repeated) {
			want = (repeated[int(at)-1] + repeated[int(at)]) / 2
		}
		random := seed.Rand(1)
		random.Shuffle(len(values), func(i, j int) {
			values[i], values[j] = values[j], values[i]
			masses[i], masses[j] = masses[j], masses[i]
		})
		random.Shuffle(len(repeated), func(i, j int) { repeated[i], repeated[j] = repeated[j], repeated[i] })
		if got := weightedQuantile(values, masses, share); got != want {
			t.Fatalf("weighted: %v, want %v", got, want)
		}
		if got := weightedQuantile(repeated, nil, share); got != want {
			t.Fatalf("repeated: %v, want %v", got, want)
		}
	})
}

// balanced weighs classes as scikit-learn's class_weight does: n / (classes × rows of the class).
func TestBoostingBalances(t *testing.T) {
	data := generated(400, 3, dataset.Multiclass, 3)
	counts := make([]float64, 3)
	for _, y := range data.Y {
		counts[int(y)]++
	}
	balanced := small(5, 6, 0.3)
	balanced.Balanced = true
	got := fit(t, balanced, data, 1)
	data.Weights = make([]float64, 400)
	for i, y := range data.Y {
		data.Weights[i] = 400 / (3 * counts[int(y)])
	}
	want := fit(t, small(5, 6, 0.3), data, 1)
	if fmt.Sprint(got.base) != fmt.Sprint(want.base) || !slices.Equal(got.trees().Nodes, want.trees().Nodes) {
		t.Error("balanced is not what the weights of balanced classes give")
	}
}
