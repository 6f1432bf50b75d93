package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// TestKNNAgreesWithScikitLearn on new rows and on rows of the training data, which are at
// distance 0; whole weights are repeats.
func TestKNNAgreesWithScikitLearn(t *testing.T) {
	text, err := os.ReadFile("../../testdata/golden/knn_sklearn.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Classes               int
		X, Queries            [][]float64
		Value, Label, Repeats []float64
		Cases                 []struct {
			K                     int
			Weights               string
			Repeated              bool
			Values, Probabilities []float64
		}
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	names := []string{"a", "b", "c", "d", "e"}
	x := &dataset.Matrix{Rows: len(golden.Value), Names: names, Columns: golden.X}
	queries := &dataset.Matrix{Rows: len(golden.Queries[0]), Names: names, Columns: golden.Queries}
	if len(golden.Cases) != 16 {
		t.Fatalf("%d cases", len(golden.Cases))
	}
	for _, c := range golden.Cases {
		params := KNN{K: c.K, Weights: c.Weights}
		data := Data{X: x, Y: golden.Value, Task: dataset.Regression}
		classes := Data{X: x, Y: golden.Label, Task: dataset.Multiclass, Classes: golden.Classes}
		if c.Repeated {
			data.Weights, classes.Weights = golden.Repeats, golden.Repeats
		}
		for name, of := range map[string]struct {
			data Data
			want []float64
		}{"values": {data, c.Values}, "probabilities": {classes, c.Probabilities}} {
			m, err := params.Fit(t.Context(), of.data, 1)
			if err != nil {
				t.Fatal(err)
			}
			got := make([]float64, len(of.want))
			m.Predict(got, queries)
			for i, want := range of.want {
				if !(math.Abs(got[i]-want) <= 1e-12*max(1, math.Abs(want))) {
					t.Errorf("k %d, %s, repeated %t: %s: %d is %v, want %v", c.K, c.Weights, c.Repeated, name, i, got[i], want)
					break
				}
			}
		}
	}
}

// TestKNNTies: of rows at the same distance the first count, and a neighbour's weight counts
// towards k, the last one's only as far as there is room.
func TestKNNTies(t *testing.T) {
	x := &dataset.Matrix{Rows: 4, Names: []string{"x"}, Columns: [][]float64{{1, -1, 1, -1}}}
	for _, c := range []struct {
		k       int
		weights []float64
		want    float64
	}{
		{1, nil, 1}, {2, nil, 1.5}, {3, nil, 7.0 / 3}, {4, nil, 15.0 / 4}, {9, nil, 15.0 / 4},
		{1, []float64{0.25, 0.25, 0.25, 9}, (1 + 2 + 4 + 8) / 4.0},
		{2, []float64{0, 1, 5, 1}, (2 + 4) / 2.0},
		{2, []float64{0.5, 1, 5, 1}, (0.5 + 2 + 2) / 2},
	} {
		m, err := KNN{K: c.k, Weights: uniformWeights}.Fit(t.Context(), Data{X: x, Y: []float64{1, 2, 4, 8}, Weights: c.weights, Task: dataset.Regression}, 1)
		if err != nil {
			t.Fatal(err)
		}
		got := []float64{0}
		m.Predict(got, &dataset.Matrix{Rows: 1, Names: x.Names, Columns: [][]float64{{0}}})
		if math.Abs(got[0]-c.want) > 1e-15*c.want {
			t.Errorf("k %d, weights %v: %v, want %v", c.k, c.weights, got[0], c.want)
		}
	}
}

// TestKNNSmoothing: to two neighbours one row is added, of classes as they are shared.
func TestKNNSmoothing(t *testing.T) {
	x := &dataset.Matrix{Rows: 4, Names: []string{"x"}, Columns: [][]float64{{0, 0.5, 9, 10}}}
	m, err := KNN{K: 2, Weights: uniformWeights, Smoothing: 1}.Fit(t.Context(), Data{X: x, Y: []float64{0, 0, 0, 1}, Task: dataset.Binary, Classes: 2}, 1)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]float64, 4)
	m.Predict(got, &dataset.Matrix{Rows: 2, Names: x.Names, Columns: [][]float64{{0, 10}}})
	if want := []float64{2.75 / 3, 0.25 / 3, 1.75 / 3, 1.25 / 3}; !slices.EqualFunc(got, want, func(a, b float64) bool { return math.Abs(a-b) < 1e-15 }) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestKNNFarAway: rows beyond all numbers still get an answer.
func TestKNNFarAway(t *testing.T) {
	x := &dataset.Matrix{Rows: 3, Names: []string{"x", "y"}, Columns: [][]float64{{1e-300, 2e-300, 0}, {0, 0, 0}}}
	m, err := DefaultKNN().Fit(t.Context(), Data{X: x, Y: []float64{1, 2, 3}, Task: dataset.Regression}, 1)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]float64, 3)
	m.Predict(got, &dataset.Matrix{Rows: 3, Names: x.Names, Columns: [][]float64{{math.Inf(1), 1e308, math.NaN()}, {math.Inf(-1), 1e308, 0}}})
	for i, v := range got {
		if (i == 2) != math.IsNaN(v) || i < 2 && !(v >= 1 && v <= 3) {
			t.Errorf("row %d: %v", i, v)
		}
	}
}

// TestKNNTooLarge: what the model would hold is bounded before it is made.
func TestKNNTooLarge(t *testing.T) {
	const rows = 1 << 16
	column := make([]float64, rows)
	x := &dataset.Matrix{Rows: rows}
	for range maxKNN/rows - 1 {
		x.Names, x.Columns = append(x.Names, "x"), append(x.Columns, column)
	}
	_, err := DefaultKNN().Fit(t.Context(), Data{X: x, Y: column, Task: dataset.Regression}, 1)
	var size *SizeError
	if !errors.As(err, &size) || size.Count != rows || size.Most >= rows {
		t.Errorf("got %v", err)
	}
}

// TestDifferences holds that what this machine runs gives the bits of the plain loop, and that
// that is the sum of the squares.
func TestDifferences(t *testing.T) {
	random := seed.Rand(16)
	for _, columns := range []int{1, 2, 3, 28} {
		for _, rows := range []int{1, 7, 8, 9, 40} {
			q, x := normals(random, lanesQ, columns), normals(random, rows, columns)
			p := newPanels(rows, columns, func(i, j int) float64 { return x[j][i] })
			queries := make([]float64, lanesQ*columns)
			for j := range q {
				copy(queries[j*lanesQ:], q[j])
			}
			n := p.groups() * lanesQ * lanesR
			got, want := make([]float64, n), make([]float64, n)
			near, wantNear := make([]uint32, p.groups()), make([]uint32, p.groups())
			worst := [lanesQ]float64{float64(columns), 0, math.Inf(1), 2 * float64(columns)}
			p.squares(got, near, queries, &worst, 0, p.groups())
			differencesGo(want, wantNear, queries, p.values, &worst)
			if !slices.Equal(got, want) || !slices.Equal(near, wantNear) {
				t.Fatalf("%d rows of %d columns: other bits", rows, columns)
			}
			for i := range rows {
				for a := range lanesQ {
					sum := 0.0
					for j := range x {
						sum += float64((q[j][a] - x[j][i]) * (q[j][a] - x[j][i]))
					}
					if g := got[(i/lanesR*lanesQ+a)*lanesR+i%lanesR]; g != sum {
						t.Fatalf("query %d, row %d: %v, want %v", a, i, g, sum)
					} else if bit := near[i/lanesR]>>(a*lanesR+i%lanesR)&1 == 1; bit != (sum < worst[a]) {
						t.Fatalf("query %d, row %d: %v is near %v: %t", a, i, sum, worst[a], bit)
					}
				}
			}
		}
	}
}

// TestKNNWithoutColumns: all rows are equally near, also for one query alone.
func TestKNNWithoutColumns(t *testing.T) {
	m, err := KNN{K: 2, Weights: distanceWeights}.Fit(t.Context(), Data{X: &dataset.Matrix{Rows: 3}, Y: []float64{1, 2, 9}, Task: dataset.Regression}, 1)
	if err != nil {
		t.Fatal(err)
	}
	got := []float64{0}
	if m.Predict(got, &dataset.Matrix{Rows: 1}); got[0] != 1.5 {
		t.Errorf("got %v, want 1.5", got[0])
	}
}

func TestKNNPredictsAlikeOnAnyNumberOfWorkers(t *testing.T) {
	random := seed.Rand(17)
	x := &dataset.Matrix{Rows: 3000, Names: []string{"a", "b", "c"}, Columns: normals(random, 3000, 3)}
	m, err := DefaultKNN().Fit(t.Context(), Data{X: x, Y: x.Columns[0], Task: dataset.Regression}, 1)
	if err != nil {
		t.Fatal(err)
	}
	queries := &dataset.Matrix{Rows: 500, Names: x.Names, Columns: normals(random, 500, 3)}
	want := make([]float64, 500)
	m.Predict(want, queries)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for workers := 1; workers <= 4; workers++ {
		runtime.GOMAXPROCS(workers)
		got := make([]float64, 500)
		if m.Predict(got, queries); !slices.Equal(got, want) {
			t.Errorf("%d workers: other bits", workers)
		}
	}
}

// BenchmarkKNN searches both ways: kdPays goes by what this prints.
func BenchmarkKNN(b *testing.B) {
	const queries = 1024
	for _, rows := range []int{1000, 10_000, 100_000} {
		for _, columns := range []int{2, 4, 6, 8, 16, 28} {
			random := seed.Rand(18)
			x := &dataset.Matrix{Rows: rows, Names: make([]string, columns), Columns: normals(random, rows, columns)}
			fitted, err := DefaultKNN().Fit(b.Context(), Data{X: x, Y: x.Columns[0], Task: dataset.Regression}, 1)
			if err != nil {
				b.Fatal(err)
			}
			asked := &dataset.Matrix{Rows: queries, Names: x.Names, Columns: normals(random, queries, columns)}
			dst := make([]float64, queries)
			for _, tree := range []bool{false, true} {
				m := relaid(fitted.(*knn), x, tree)
				b.Run(fmt.Sprintf("rows=%d/columns=%d/tree=%t", rows, columns, tree), func(b *testing.B) {
					for b.Loop() {
						m.Predict(dst, asked)
					}
					b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/queries, "µs/query")
				})
			}
		}
	}
}
