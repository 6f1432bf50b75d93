package model

import (
	"math"
	deep "reflect"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// leafByLeaf predicts rows one by one from the leaves of tree.Forest.
func leafByLeaf(m Model, x *dataset.Matrix) []float64 {
	outputs := m.Outputs()
	dst := make([]float64, x.Rows*outputs)
	for i := range x.Rows {
		to := dst[i*outputs : (i+1)*outputs]
		switch m := m.(type) {
		case *boosted:
			scores := append([]float64(nil), m.base...)
			for t := range m.trees().Trees() {
				scores[t%len(scores)] += m.trees().Leaf(t, x.Columns, i)
			}
			m.finish(to, scores)
		case *forest:
			for t := range m.trees().Trees() {
				m.add(to, m.trees(), t, x.Columns, i)
			}
			m.finish(to, m.trees().Trees())
		}
	}
	return dst
}

// TestTreesPredictLeafByLeaf: walks of many rows and trees at once come to the same bits, for
// every number of rows and workers.
func TestTreesPredictLeafByLeaf(t *testing.T) {
	for _, c := range []struct {
		task    dataset.Task
		classes int
	}{{dataset.Regression, 0}, {dataset.Binary, 2}, {dataset.Multiclass, 3}} {
		data := generated(2*pieceRows+70, 6, c.task, c.classes)
		data.X.Categories = []int{0, 0, 0, 0, 0, 9}
		for i := range data.X.Rows {
			data.X.Columns[i%5][i] = math.NaN()
			data.X.Columns[5][i] = float64(i * 7 % 9)
		}
		boosting, forest := DefaultBoosting(), DefaultForest()
		boosting.Rounds, forest.Trees = 30, 20
		for _, learner := range []Learner{boosting, forest} {
			m, err := learner.Fit(t.Context(), data, 3)
			if err != nil {
				t.Fatal(err)
			}
			for _, rows := range []int{0, 1, 3, 4, 130, pieceRows + 1, data.X.Rows} {
				of := make([]int, rows)
				for i := range of {
					of[i] = data.X.Rows - 1 - i
				}
				x := data.X.Select(of)
				want := leafByLeaf(m, x)
				for workers := 1; workers <= 4; workers++ {
					func() {
						defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(workers))
						got := make([]float64, len(want))
						m.Predict(got, x)
						for i := range want {
							if math.Float64bits(got[i]) != math.Float64bits(want[i]) {
								t.Fatalf("%s, %T, %d rows, %d workers: output %d is %v, leaf by leaf %v", c.task, m, rows, workers, i, got[i], want[i])
							}
						}
					}()
				}
			}
		}
	}
}

// TestARowAllocatesNothing: a request's row costs its answer, and no garbage.
func TestARowAllocatesNothing(t *testing.T) {
	data := generated(300, 6, dataset.Binary, 2)
	boosting := DefaultBoosting()
	boosting.Rounds = 20
	m, err := boosting.Fit(t.Context(), data, 3)
	if err != nil {
		t.Fatal(err)
	}
	x, dst := data.X.Select([]int{5}), make([]float64, 2)
	if n := testing.AllocsPerRun(100, func() { m.Predict(dst, x) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestStoredTreesForAllAtOnce: a model of an artifact predicts, is explained, counted and stored from
// several goroutines as the one that was fitted, whichever of them comes first.
func TestStoredTreesForAllAtOnce(t *testing.T) {
	data := generated(400, 6, dataset.Binary, 2)
	data.X.Categories = []int{0, 0, 0, 0, 0, 9}
	for i := range data.X.Rows {
		data.X.Columns[5][i] = float64(i * 7 % 9)
	}
	boosting, forest := DefaultBoosting(), DefaultForest()
	boosting.Rounds, forest.Trees = 30, 20
	for _, learner := range []Learner{boosting, forest} {
		fitted, err := learner.Fit(t.Context(), data, 3)
		if err != nil {
			t.Fatal(err)
		}
		predictions := make([]float64, data.X.Rows*2)
		fitted.Predict(predictions, data.X)
		state, reasons := fitted.State(), explanations(t, fitted, data.X)
		uses := []func(m Model) bool{
			func(m Model) bool {
				got := make([]float64, len(predictions))
				m.Predict(got, data.X)
				return slices.Equal(got, predictions)
			},
			func(m Model) bool { return slices.Equal(explanations(t, m, data.X), reasons) },
			func(m Model) bool { return slices.Equal(m.(Importance).Gains(), fitted.(Importance).Gains()) },
			func(m Model) bool { return slices.Equal(m.(Importance).Splits(), fitted.(Importance).Splits()) },
			func(m Model) bool { return deep.DeepEqual(m.State(), state) },
		}
		for first := range uses {
			loaded, err := Load(state)
			if err != nil {
				t.Fatal(err)
			}
			var group sync.WaitGroup
			for k := range 2 * len(uses) {
				k := (first + k) % len(uses)
				group.Go(func() {
					if !uses[k](loaded) {
						t.Errorf("%T: use %d differs from that of the fitted model", loaded, k)
					}
				})
			}
			group.Wait()
		}
	}
}

// explanations are the contributions to all rows' scores.
func explanations(t *testing.T, m Model, x *dataset.Matrix) []float64 {
	e, err := ExplainerOf(m, nil)
	if err != nil {
		t.Error(err)
		return nil
	}
	dst := make([]float64, x.Rows*e.Link().Scores(m.Outputs())*(m.Inputs()+1))
	e.Explain(dst, x)
	return dst
}
