package model

import (
	"fmt"
	"math"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// TestForestSingleTrees holds splits and leaves to those of scikit-learn's trees, where
// both look at all columns and every value has a bin.
func TestForestSingleTrees(t *testing.T) {
	var golden struct {
		Singles []struct {
			Task        dataset.Task
			Classes     int
			Target      string
			Depth       int
			MinLeafRows int `json:"min_leaf_rows"`
			Weighted    bool
			Balanced    bool
			Predicted   [][]float64
			Importances []float64 // that sum to 1
		}
	}
	readGolden(t, "forest_sklearn.json", &golden)
	if len(golden.Singles) == 0 {
		t.Fatal("no trees")
	}
	for _, c := range golden.Singles {
		t.Run(fmt.Sprintf("target=%s/depth=%d/leaf=%d/weighted=%v/balanced=%v", c.Target, c.Depth, c.MinLeafRows, c.Weighted, c.Balanced), func(t *testing.T) {
			target := c.Target
			if target == "good" {
				target = "quality"
			}
			data := readPeerData(t, "wine-quality-white", target, c.Task, c.Classes)
			rows := make([]int, len(c.Predicted))
			for i := range rows {
				rows[i] = i
			}
			data = rowsOf(data, rows)
			for i := range rows {
				if c.Target == "good" {
					data.Y[i] = map[bool]float64{true: 1}[data.Y[i] > 5]
				}
				if c.Weighted {
					data.Weights = append(data.Weights, 1+float64(i%3)/2)
				}
			}
			f := Forest{Trees: 1, MaxDepth: c.Depth, MinLeafRows: c.MinLeafRows, ColumnShare: 1, Bins: 255, Balanced: c.Balanced}
			m, err := f.Fit(t.Context(), data, 1)
			if err != nil {
				t.Fatal(err)
			}
			got := make([]float64, len(rows)*m.Outputs())
			m.Predict(got, data.X)
			const rounding = 1e-12
			gains, sum := m.(Importance).Gains(), 0.0
			for _, g := range gains {
				sum += g
			}
			for j, want := range c.Importances {
				// Differences of sums of squares lose three digits more.
				if math.Abs(gains[j]/sum-want) > 1e3*rounding {
					t.Errorf("column %d has a share of gains of %v, scikit-learn has %v", j+1, gains[j]/sum, want)
				}
			}
			for i, want := range c.Predicted {
				for k, w := range want {
					if g := got[i*len(want)+k]; math.Abs(g-w) > rounding {
						t.Fatalf("row %d, output %d is %v, scikit-learn has %v", i+1, k, g, w)
					}
				}
			}
		})
	}
}

// TestForestOutOfBag holds out-of-bag predictions to what they mean: a single tree's are its
// own for rows it did not see, which are 1/e of all (Breiman 1996), and those of many trees
// err like predictions of rows held back.
func TestForestOutOfBag(t *testing.T) {
	data := generated(4000, 6, dataset.Regression, 0)
	data.Weights = repeat(1, len(data.Y))
	data.Weights[7] = 0
	one, err := Forest{Trees: 1, MinLeafRows: 1, Bootstrap: true, Bins: 255, OutOfBag: true}.Fit(t.Context(), data, 3)
	if err != nil {
		t.Fatal(err)
	}
	got, want := one.(OutOfBag).OutOfBag(), make([]float64, len(data.Y))
	one.Predict(want, data.X)
	unseen := 0
	for i, v := range got {
		if math.IsNaN(v) {
			continue
		}
		unseen++
		if v != want[i] {
			t.Fatalf("row %d is %v out of bag, the tree has %v", i+1, v, want[i])
		}
	}
	if !math.IsNaN(got[7]) {
		t.Error("a row of weight 0 has a prediction")
	}
	// Five standard deviations of a binomial of 4000 rows and 1/e are 0.038.
	if share := float64(unseen) / float64(len(got)); math.Abs(share-math.Exp(-1)) > 0.038 {
		t.Errorf("%.3f of the rows are out of bag, want 1/e", share)
	}
	for _, c := range []struct {
		task    dataset.Task
		classes int
	}{{dataset.Regression, 0}, {dataset.Binary, 2}, {dataset.Multiclass, 4}} {
		train, test := generated(4000, 6, c.task, c.classes), generated(4001, 6, c.task, c.classes)
		f := DefaultForest()
		f.OutOfBag = true
		m, err := f.Fit(t.Context(), train, 3)
		if err != nil {
			t.Fatal(err)
		}
		p := make([]float64, test.X.Rows*m.Outputs())
		m.Predict(p, test.X)
		out := meanError(train, m.(OutOfBag).OutOfBag(), m.Outputs())
		held := meanError(test, p, m.Outputs())
		if math.Abs(out/held-1) > 0.1 {
			t.Errorf("%s: error is %v out of bag, %v on rows held back", c.task, out, held)
		}
		if loaded, err := Load(m.State()); err != nil || loaded.(OutOfBag).OutOfBag() != nil {
			t.Errorf("%s: out-of-bag predictions are in the state (%v)", c.task, err)
		}
	}
}

func meanError(data Data, p []float64, outputs int) float64 {
	if data.Task.Classification() {
		score, _ := brier(data.Y, p, outputs)
		return score
	}
	sum := 0.0
	for i, y := range data.Y {
		sum += (p[i] - y) * (p[i] - y)
	}
	return sum / float64(len(p))
}
