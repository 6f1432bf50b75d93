package model

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// relaid is a model whose rows are laid out in a tree, or are not, whatever pays.
func relaid(m *knn, x *dataset.Matrix, tree bool) *knn {
	other := *m
	other.tree = nil
	other.lay(tree, func(i, j int) float64 { return float64(x.Columns[j][i] * m.Scale) })
	return &other
}

// shapes are kinds of rows to look for neighbours among.
var shapes = map[string]func(r *rand.Rand, i, j int) float64{
	"normal":      func(r *rand.Rand, _, _ int) float64 { return r.NormFloat64() },
	"few values":  func(r *rand.Rand, _, _ int) float64 { return float64(r.IntN(3)) }, // mostly ties
	"equal":       func(*rand.Rand, int, int) float64 { return -2 },
	"ascending":   func(_ *rand.Rand, i, j int) float64 { return float64(i * (j + 1)) },
	"wide":        func(r *rand.Rand, _, j int) float64 { return math.Ldexp(r.NormFloat64(), 40*j-100) },
	"one differs": func(_ *rand.Rand, i, j int) float64 { return float64((i + j) / 97 % 2) },
}

// TestKDTree holds that a tree finds what a look at all rows finds, to the bit: the same rows in
// the same order, whatever the rows, ties, weights and k.
func TestKDTree(t *testing.T) {
	for name, value := range shapes {
		for _, rows := range []int{1, 7, 8, 33, 64, 500, 2100} {
			for _, columns := range []int{1, 2, 5} {
				random := seed.Rand(seed.Derive(31, name, rows*10+columns))
				fill := func(n int) [][]float64 {
					all := zeros(columns, n)
					for j := range all {
						for i := range all[j] {
							all[j][i] = value(random, i, j)
						}
					}
					return all
				}
				x := &dataset.Matrix{Rows: rows, Names: make([]string, columns), Columns: fill(rows)}
				y := normals(random, rows, 1)[0]
				queries := &dataset.Matrix{Rows: 40, Names: x.Names, Columns: fill(40)}
				for j, c := range queries.Columns {
					copy(c[:10], x.Columns[j]) // rows of the training data
					c[37], c[38], c[39] = 1e300, math.Inf(-1), math.NaN()
					c[36] = c[35] + 0.5
				}
				for _, weights := range [][]float64{nil, repeats(random, rows), positives(random, rows)} {
					for _, k := range []int{1, 6, 50} {
						fitted, err := KNN{K: k, Weights: distanceWeights}.Fit(t.Context(), Data{X: x, Y: y, Weights: weights, Task: dataset.Regression}, 1)
						if err != nil {
							t.Fatal(err)
						}
						got, want := make([]float64, 40), make([]float64, 40)
						relaid(fitted.(*knn), x, true).Predict(got, queries)
						relaid(fitted.(*knn), x, false).Predict(want, queries)
						if !slices.EqualFunc(got, want, sameBits) {
							t.Fatalf("%s, %d rows of %d columns, k %d, weights %t: %v, want %v", name, rows, columns, k, weights != nil, got, want)
						}
					}
				}
			}
		}
	}
}

func sameBits(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }

func repeats(random *rand.Rand, n int) []float64 {
	w := make([]float64, n)
	for i := range w {
		w[i] = float64(1 + random.IntN(4))
	}
	return w
}

func positives(random *rand.Rand, n int) []float64 {
	w := make([]float64, n)
	for i := range w {
		w[i] = 0.1 + random.Float64()
	}
	return w
}

// TestKDTreeLooksAtFew: of equal rows the first are taken without a look at the rest, and of rows on a
// line those nearby. What is not looked at may as well have no weight.
func TestKDTreeLooksAtFew(t *testing.T) {
	const rows, k = 4096, 5
	for name, of := range map[string]func(i int) float64{
		"equal": func(int) float64 { return 1 },
		"line":  func(i int) float64 { return float64(i) },
	} {
		at := func(i, _ int) float64 { return of(i) }
		tree := newKDTree(rows, 1, at)
		p := newPanels(rows, 1, func(i, _ int) float64 { return of(int(tree.rows[i])) })
		found := neighbours{k: k, worst: math.Inf(1), weights: slices.Repeat([]float64{1}, rows)}
		s := kdSearch{tree: tree, rows: p, query: []float64{1}, found: &found}
		s.run()
		looked := 0
		for leaf := range 1 << tree.depth {
			if node := 1<<tree.depth - 1 + leaf; found.wants(s.away(node), tree.first[node]) {
				looked++
			}
		}
		of, _ := found.take()
		if len(of) != k || of[0].row > of[1].row && of[0].distance == of[1].distance {
			t.Errorf("%s: found %v", name, of)
		}
		if looked > 1 {
			t.Errorf("%s: %d leaves of %d could hold neighbours when all were found", name, looked, 1<<tree.depth)
		}
	}
}

// TestHalve: the least come to the front, of equal keys the least indices.
func TestHalve(t *testing.T) {
	random := seed.Rand(32)
	for range 2000 {
		n := 1 + random.IntN(60)
		keys, rows := make([]float64, n), make([]int32, n)
		for i, row := range random.Perm(n) {
			keys[row], rows[i] = float64(random.IntN(1+n/2)), int32(row)
		}
		value := slices.Clone(keys)
		for i, row := range rows {
			keys[i] = value[row]
		}
		at := random.IntN(n + 1)
		halve(keys, rows, at)
		for i, row := range rows {
			if keys[i] != value[row] {
				t.Fatalf("row %d has lost its key", row)
			}
			for _, other := range rows[at:] {
				if i < at && !less(value[row], row, value[other], other) {
					t.Fatalf("%v of %v: the first %d are not the least", rows, value, at)
				}
			}
		}
	}
}

// TestKDTreeIsStored: a model with a tree stores its rows in the order of the data, and has the tree
// when it is loaded.
func TestKDTreeIsStored(t *testing.T) {
	x := &dataset.Matrix{Rows: 900, Names: []string{"a", "b"}, Columns: normals(seed.Rand(33), 900, 2)}
	fitted, err := DefaultKNN().Fit(t.Context(), Data{X: x, Y: x.Columns[1], Task: dataset.Regression}, 1)
	if err != nil {
		t.Fatal(err)
	}
	m := fitted.(*knn)
	if m.tree == nil {
		t.Fatal("no tree where it pays")
	}
	rows, err := matrixF64(m.State(), "rows")
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		for j, v := range row {
			if v != float64(x.Columns[j][i]*m.Scale) {
				t.Fatalf("row %d is stored in another place", i)
			}
		}
	}
	loaded, err := loadKNN(m.State())
	if err != nil {
		t.Fatal(err)
	}
	if l := loaded.(*knn); l.tree == nil || !slices.Equal(l.tree.rows, m.tree.rows) || !slices.Equal(l.rows.values, m.rows.values) {
		t.Error("loaded without its tree, or with another one")
	}
}

func TestKDPays(t *testing.T) {
	for _, c := range []struct {
		rows, columns, k int
		pays             bool
	}{
		{1_000_000, 0, 1, false}, {63, 1, 3, false}, {64, 1, 3, true}, {1999, 4, 20, false}, {2000, 4, 20, true}, {2000, 4, 201, false},
		{19_999, 6, 20, false}, {20_000, 6, 20, true}, {199_999, 8, 20, false}, {200_000, 8, 20, true}, {maxKNN / 30, 28, 1, false},
	} {
		t.Run(fmt.Sprintf("rows=%d/columns=%d/k=%d", c.rows, c.columns, c.k), func(t *testing.T) {
			if got := kdPays(c.rows, c.columns, c.k); got != c.pays {
				t.Errorf("got %t", got)
			}
		})
	}
}
