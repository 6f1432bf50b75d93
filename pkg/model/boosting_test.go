package model

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/model/tree"
	"github.com/foretell-ml/foretell/pkg/safetensors"
)

// fit fits or fails the test.
func fit(t *testing.T, learner Learner, data Data, seed uint64) *boosted {
	t.Helper()
	m, err := learner.Fit(context.Background(), data, seed)
	if err != nil {
		t.Fatal(err)
	}
	return m.(*boosted)
}

func predict(m Model, x *dataset.Matrix) []float64 {
	dst := make([]float64, x.Rows*m.Outputs())
	m.Predict(dst, x)
	return dst
}

// encoded is the model as the bytes of an artifact.
func encoded(t *testing.T, m Model) string {
	t.Helper()
	s := m.State()
	file := safetensors.File{Metadata: map[string]string{"params": string(s.Params)}, Tensors: s.Tensors}
	b, err := file.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func oneColumn(values ...float64) *dataset.Matrix {
	return &dataset.Matrix{Rows: len(values), Names: []string{"x"}, Columns: [][]float64{values}}
}

// small is boosting by whole rows: what can be followed by hand.
func small(rounds, leaves int, rate float64) Boosting {
	b := DefaultBoosting()
	b.Rounds, b.Leaves, b.LearningRate, b.MinLeafRows, b.L2, b.ColumnShare = rounds, leaves, rate, 1, 0, 1
	return b
}

func TestBoostingByHand(t *testing.T) {
	x := oneColumn(1, 2, 3, 4, 5, 6, 7, 8)
	e := math.Exp
	for _, c := range []struct {
		name    string
		learner Boosting
		data    Data
		want    []float64 // of the first and the last row
	}{
		{
			// Mean 3, residuals ∓2. Each round takes half of what is left: 2, 4; 1.5, 4.5.
			"squared error", small(2, 2, 0.5),
			Data{X: x, Y: []float64{1, 1, 1, 1, 5, 5, 5, 5}, Task: dataset.Regression},
			[]float64{1.5, 4.5},
		},
		{
			// Σ|residual| = 8 per side over 4 rows and a penalty of 4: half of the mean.
			"penalty", func() Boosting { b := small(1, 2, 1); b.L2 = 4; return b }(),
			Data{X: x, Y: []float64{1, 1, 1, 1, 5, 5, 5, 5}, Task: dataset.Regression},
			[]float64{2, 4},
		},
		{
			// Weights 3 and 1: mean 2, residuals -1 and 3.
			"weights", small(1, 2, 0.5),
			Data{X: x, Y: []float64{1, 1, 1, 1, 5, 5, 5, 5}, Weights: []float64{3, 3, 3, 3, 1, 1, 1, 1}, Task: dataset.Regression},
			[]float64{1.5, 3.5},
		},
		{
			// Log odds 0, p = 1/2: gradients ±1/2, hessian 1/4, so leaves are ∓2 × 0.5.
			"log loss", small(1, 2, 0.5),
			Data{X: x, Y: []float64{0, 0, 0, 0, 1, 1, 1, 1}, Task: dataset.Binary, Classes: 2},
			[]float64{1 / (1 + e(-1)), 1 - 1/(1+e(-1)), 1 - 1/(1+e(-1)), 1 / (1 + e(-1))},
		},
		{
			// p = 1/3: gradients -2/3 and 1/3, hessian 3/2 · 2/9 = 1/3, leaves 2 and -1 × 0.5.
			"softmax", small(1, 3, 0.5),
			Data{X: oneColumn(1, 2, 3, 4, 5, 6), Y: []float64{0, 0, 1, 1, 2, 2}, Task: dataset.Multiclass, Classes: 3},
			[]float64{
				e(1) / (e(1) + 2*e(-0.5)), e(-0.5) / (e(1) + 2*e(-0.5)), e(-0.5) / (e(1) + 2*e(-0.5)),
				e(-0.5) / (e(1) + 2*e(-0.5)), e(-0.5) / (e(1) + 2*e(-0.5)), e(1) / (e(1) + 2*e(-0.5)),
			},
		},
	} {
		m := fit(t, c.learner, c.data, 1)
		got := predict(m, c.data.X)
		got = append(got[:m.Outputs():m.Outputs()], got[len(got)-m.Outputs():]...)
		for i := range c.want {
			if !num.Close(got[i], c.want[i], 1e-14) {
				t.Errorf("%s: got %v, want %v", c.name, got, c.want)
				break
			}
		}
	}
}

func TestBoostingLearnsWhereMissingGoes(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name    string
		x, y    []float64
		missing float64 // prediction for a missing value
	}{
		{"with the low", []float64{nan, 1, 2, 3, 4, nan}, []float64{0, 0, 0, 6, 6, 0}, 0},
		{"with the high", []float64{nan, 1, 2, 3, 4, nan}, []float64{6, 0, 0, 6, 6, 6}, 6},
		{"apart from all", []float64{nan, 1, 2, 3, 4, nan}, []float64{6, 0, 0, 0, 0, 6}, 6},
		{"never seen: with the many", []float64{1, 2, 3, 4, 5, 6}, []float64{0, 0, 6, 6, 6, 6}, 6},
		{"never seen: with the many, below", []float64{1, 2, 3, 4, 5, 6}, []float64{0, 0, 0, 0, 6, 6}, 0},
	} {
		m := fit(t, small(1, 2, 1), Data{X: oneColumn(c.x...), Y: c.y, Task: dataset.Regression}, 1)
		if got := predict(m, oneColumn(nan))[0]; !num.Close(got, c.missing, 1e-14) {
			t.Errorf("%s: missing is %v, want %v", c.name, got, c.missing)
		}
		for i, p := range predict(m, oneColumn(c.x...)) {
			if !num.Close(p, c.y[i], 1e-14) {
				t.Errorf("%s: row %d is %v, want %v", c.name, i, p, c.y[i])
			}
		}
	}
}

// tasks are generated data of each task, some values missing and one column of categories, with
// and without weights.
func tasks(rows int) []Data {
	random := rand.New(rand.NewPCG(3, 4))
	var all []Data
	for _, data := range []Data{
		generated(rows, 8, dataset.Regression, 0),
		generated(rows, 8, dataset.Binary, 2),
		generated(rows, 8, dataset.Multiclass, 4),
	} {
		for i := range rows {
			if random.IntN(4) == 0 {
				data.X.Columns[3][i] = math.NaN()
			}
			data.X.Columns[4][i] = math.Floor(9 * data.X.Columns[4][i])
			if random.IntN(9) == 0 {
				data.X.Columns[4][i] = math.NaN()
			}
		}
		data.X.Categories = []int{0, 0, 0, 0, 9, 0, 0, 0}
		all = append(all, data)
		data.Weights = make([]float64, rows)
		for i := range data.Weights {
			data.Weights[i] = 2 * random.Float64()
		}
		all = append(all, data)
	}
	return all
}

func TestBoostingIgnoresTheOrderOfRows(t *testing.T) {
	for i, data := range tasks(600) {
		learner := DefaultBoosting()
		learner.Rounds, learner.ColumnShare = 20, 1
		if encoded(t, fit(t, learner, data, 2)) != encoded(t, fit(t, learner, data, 1)) {
			t.Errorf("task %d: the seed matters without sampling", i)
		}
		learner.ColumnShare = DefaultBoosting().ColumnShare
		want := encoded(t, fit(t, learner, data, 1))
		order := rand.New(rand.NewPCG(uint64(i), 0)).Perm(600)
		if shuffled := encoded(t, fit(t, learner, rowsOf(data, order), 1)); shuffled != want {
			t.Errorf("task %d: the order of rows matters", i)
		}
	}
}

func TestBoostingSamples(t *testing.T) {
	for i, data := range tasks(600) {
		learner := DefaultBoosting()
		learner.Rounds, learner.RowShare = 10, 0.5
		all := fit(t, learner, data, 1)
		if encoded(t, fit(t, learner, data, 1)) != encoded(t, all) {
			t.Errorf("task %d: the same seed gives two models", i)
		}
		learner.ColumnShare = 0.3
		first := encoded(t, fit(t, learner, data, 1))
		if encoded(t, fit(t, learner, data, 1)) != first {
			t.Errorf("task %d: the same seed gives two models", i)
		}
		if encoded(t, fit(t, learner, data, 2)) == first {
			t.Errorf("task %d: two seeds give the same model", i)
		}
		m := fit(t, learner, data, 1)
		for tree := range m.trees().Trees() {
			used := map[int32]bool{}
			for _, n := range m.trees().Nodes[m.trees().Starts[tree]:m.trees().Starts[tree+1]] {
				if n.Feature >= 0 {
					used[n.Feature] = true
				}
			}
			if len(used) > 2 { // round(0.3 × 8)
				t.Errorf("task %d: tree %d splits on %d columns", i, tree, len(used))
			}
		}
	}
}

// Trees draw rows and columns of their own, and one that can do nothing with its draw does
// not end the run.
func TestBoostingSamplesForEachTree(t *testing.T) {
	learner := DefaultBoosting()
	learner.Rounds, learner.RowShare, learner.ColumnShare = 12, 0.5, 0.5
	run, err := newBoostingRun(learner, generated(200, 10, dataset.Regression, 0), 1)
	if err != nil {
		t.Fatal(err)
	}
	rows, columns := run.draw(0)
	otherRows, otherColumns := run.draw(1)
	if slices.Equal(rows, otherRows) || len(rows) != 100 {
		t.Error("two trees draw the same rows")
	}
	if slices.Equal(columns, otherColumns) || len(columns) != 5 {
		t.Error("two trees draw the same columns")
	}
	// The first column cannot part 20 rows from the rest, so its trees have no split.
	data := generated(200, 2, dataset.Regression, 0)
	clear(data.X.Columns[0])
	data.X.Columns[0][7] = 1
	learner.RowShare = 1
	for seed := range uint64(8) {
		if n := fit(t, learner, data, seed).trees().Trees(); n == 0 || n == learner.Rounds {
			t.Errorf("seed %d: %d of %d trees have splits", seed, n, learner.Rounds)
		}
	}
}

func TestDraw(t *testing.T) {
	counts := make([]int, 10)
	for s := range uint64(3000) {
		drawn := tree.Draw(10, 0.35, s)
		if len(drawn) != 4 || !slices.IsSorted(drawn) || len(slices.Compact(slices.Clone(drawn))) != 4 {
			t.Fatalf("drew %v", drawn)
		}
		for _, i := range drawn {
			counts[i]++
		}
	}
	for i, n := range counts {
		// 1200 expected, standard deviation √(3000·0.4·0.6) = 27.
		if n < 1200-5*27 || n > 1200+5*27 {
			t.Errorf("%d was drawn %d times of 3000, want about 1200", i, n)
		}
	}
	if all := tree.Draw(5, 1, 7); len(all) != 5 {
		t.Errorf("a share of 1 drew %v", all)
	}
	if one := tree.Draw(5, 1e-9, 7); len(one) != 1 {
		t.Errorf("a tiny share drew %v", one)
	}
	if none := tree.Draw(0, 1, 7); len(none) != 0 {
		t.Errorf("of none it drew %v", none)
	}
}

// The scores that Fit keeps, by records or by bins, are the ones Predict finds on raw values.
func TestBoostingTrainsOnWhatItPredicts(t *testing.T) {
	for i, data := range tasks(700) {
		for _, share := range []float64{1, 0.6} {
			learner := DefaultBoosting()
			learner.Rounds, learner.RowShare, learner.Bins = 15, share, 40
			run, err := newBoostingRun(learner, data, 1)
			if err != nil {
				t.Fatal(err)
			}
			for round := range learner.Rounds {
				if _, err := run.round(context.Background(), round); err != nil {
					t.Fatal(err)
				}
			}
			k := len(run.scores)
			scores := make([]float64, k*data.X.Rows)
			run.model.score(scores, data.X.Columns, 0, data.X.Rows)
			for row := range data.X.Rows {
				for c := range k {
					if scores[row*k+c] != run.scores[c][row] {
						t.Fatalf("task %d: row %d scores %v by values, %v in training", i, row, scores[row*k+c], run.scores[c][row])
					}
				}
			}
		}
	}
}

func TestBoostingDropsWeightZero(t *testing.T) {
	for i, data := range tasks(500) {
		data.Weights = make([]float64, 500)
		var kept []int
		for r := range data.Weights {
			if r%3 != 0 {
				data.Weights[r] = 1 + float64(r%2)
				kept = append(kept, r)
			}
		}
		learner := DefaultBoosting()
		learner.Rounds, learner.RowShare = 10, 0.8
		if encoded(t, fit(t, learner, data, 1)) != encoded(t, fit(t, learner, rowsOf(data, kept), 1)) {
			t.Errorf("task %d: a row of weight 0 matters", i)
		}
	}
}

func TestBoostingTakesIntegerWeightsAsRepeats(t *testing.T) {
	for i, data := range tasks(400) {
		data.Weights = make([]float64, 400)
		var repeats []int
		for r := range data.Weights {
			data.Weights[r] = float64(1 + r%3)
			for range 1 + r%3 {
				repeats = append(repeats, r)
			}
		}
		repeated := rowsOf(data, repeats)
		repeated.Weights = nil
		learner := DefaultBoosting()
		learner.Rounds = 20
		if encoded(t, fit(t, learner, data, 1)) != encoded(t, fit(t, learner, repeated, 1)) {
			t.Errorf("task %d: weights and repeats give two models", i)
		}
	}
}

// Weights of any size are relative, but for the rules that count rows and hessians.
func TestBoostingScalesWeights(t *testing.T) {
	data := tasks(400)[1]
	data.X.Categories = nil // whose rows are counted too
	learner := DefaultBoosting()
	// L2 is in the unit of weights, and columns are dealt by them.
	learner.Rounds, learner.MinLeafRows, learner.MinLeafHessian, learner.L2, learner.ColumnShare = 20, 1, 0, 0, 1
	want := predict(fit(t, learner, data, 1), data.X)
	for _, exponent := range []int{-500, -60, 60, 500} {
		scaled := data
		scaled.Weights = make([]float64, len(data.Weights))
		for i, w := range data.Weights {
			scaled.Weights[i] = math.Ldexp(w, exponent)
		}
		for i, got := range predict(fit(t, learner, scaled, 1), data.X) {
			if !num.Close(got, want[i], 1e-9) {
				t.Fatalf("weights × 2^%d: row %d is %v, want %v", exponent, i, got, want[i])
			}
		}
	}
}

func TestBoostingLoads(t *testing.T) {
	for i, data := range tasks(500) {
		learner := DefaultBoosting()
		learner.Rounds = 5
		m := fit(t, learner, data, 1)
		loaded, err := Load(m.State())
		if err != nil {
			t.Fatal(err)
		}
		if encoded(t, loaded) != encoded(t, m) {
			t.Errorf("task %d: the state changes when it is loaded", i)
		}
		if !slices.Equal(predict(loaded, data.X), predict(m, data.X)) {
			t.Errorf("task %d: the loaded model predicts otherwise", i)
		}
	}
}

func TestBoostingWithNothingToSplit(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name    string
		learner Boosting
		data    Data
		want    []float64
	}{
		{"few rows", DefaultBoosting(), Data{X: oneColumn(1, 2, 3), Y: []float64{1, 2, 6}, Task: dataset.Regression}, []float64{3}},
		{"one row", small(10, 4, 0.1), Data{X: oneColumn(1), Y: []float64{7}, Task: dataset.Regression}, []float64{7}},
		{"no columns", small(10, 4, 0.1), Data{X: &dataset.Matrix{Rows: 2}, Y: []float64{1, 2}, Task: dataset.Regression}, []float64{1.5}},
		{"constant column", small(10, 4, 0.1), Data{X: oneColumn(1, 1, 1, 1), Y: []float64{1, 2, 3, 4}, Task: dataset.Regression}, []float64{2.5}},
		{"missing column", small(10, 4, 0.1), Data{X: oneColumn(nan, nan), Y: []float64{1, 2}, Task: dataset.Regression}, []float64{1.5}},
		{"constant target", small(10, 4, 0.1), Data{X: oneColumn(1, 2, 3), Y: []float64{0.1, 0.1, 0.1}, Task: dataset.Regression}, []float64{0.1}},
		// One class only: the other is taken to have half a row of four.
		{"one class", small(10, 4, 0.1), Data{X: oneColumn(1, 2, 3, 4), Y: []float64{1, 1, 1, 1}, Task: dataset.Binary, Classes: 2}, []float64{0.125, 0.875}},
		{"required gain", func() Boosting { b := small(1, 2, 1); b.MinGain = 16; return b }(), // 4²/2 + 4²/2 - 0: not above
			Data{X: oneColumn(1, 2, 3, 4), Y: []float64{0, 0, 4, 4}, Task: dataset.Regression}, []float64{2}},
	} {
		m := fit(t, c.learner, c.data, 1)
		if m.trees().Trees() != 0 {
			t.Errorf("%s: %d trees", c.name, m.trees().Trees())
		}
		got := predict(m, c.data.X)[:m.Outputs()]
		for i := range got {
			if !num.Close(got[i], c.want[i], 1e-14) {
				t.Errorf("%s: got %v, want %v", c.name, got, c.want)
			}
		}
		if loaded, err := Load(m.State()); err != nil || !slices.Equal(predict(loaded, c.data.X)[:m.Outputs()], got) {
			t.Errorf("%s: loading gives %v", c.name, err)
		}
	}
}

// Whatever the scale of the target, trees are the same and values scale along.
func TestBoostingScalesWithTheTarget(t *testing.T) {
	data := generated(500, 5, dataset.Regression, 0)
	learner := DefaultBoosting()
	learner.Rounds = 10
	want := predict(fit(t, learner, data, 1), data.X)
	for _, exponent := range []int{-900, -300, 300, 1000} {
		scaled := data
		scaled.Y = make([]float64, len(data.Y))
		for i, y := range data.Y {
			scaled.Y[i] = math.Ldexp(y, exponent)
		}
		for i, p := range predict(fit(t, learner, scaled, 1), data.X) {
			if p != math.Ldexp(want[i], exponent) {
				t.Fatalf("target × 2^%d: row %d is %v, want %v", exponent, i, p, math.Ldexp(want[i], exponent))
			}
		}
	}
	over := Data{X: oneColumn(1, 2, 3), Y: []float64{-math.MaxFloat64, math.MaxFloat64, math.MaxFloat64}, Task: dataset.Regression}
	if _, err := small(1, 2, 1).Fit(context.Background(), over, 1); !errors.Is(err, errOverflow) {
		t.Errorf("overflow: %v", err)
	}
}

func TestBoostingStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := DefaultBoosting().Fit(ctx, generated(200, 3, dataset.Binary, 2), 1)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestBoostingValidates(t *testing.T) {
	if err := DefaultBoosting().Validate(); err != nil {
		t.Error(err)
	}
	nan := math.NaN()
	bad := Boosting{LearningRate: nan, MaxDepth: -1, MinLeafRows: -1, MinLeafHessian: nan, L2: -1, MinGain: math.Inf(1), Bins: 256, RowShare: 1.5, ColumnShare: nan}
	err := bad.Validate()
	var params []string
	for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
		var fault *ParamError
		if !errors.As(e, &fault) {
			t.Fatalf("%v is no *ParamError", e)
		}
		params = append(params, fault.Param)
	}
	want := []string{"alpha", "power", "validation_share", "rounds", "learning_rate", "leaves", "max_depth", "min_leaf_rows", "min_leaf_hessian", "l2", "min_gain", "bins", "row_share", "column_share",
		"node_column_share"}
	if !slices.Equal(params, want) {
		t.Errorf("faults of %v, want %v", params, want)
	}
	if _, err := bad.Fit(context.Background(), generated(50, 2, dataset.Regression, 0), 1); err == nil {
		t.Error("Fit takes what Validate refuses")
	}
}
