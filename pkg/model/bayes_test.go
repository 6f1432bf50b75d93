package model

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// TestBayesAgreesWithScikitLearn on numbers, categories and both, with and without weights.
func TestBayesAgreesWithScikitLearn(t *testing.T) {
	text, err := os.ReadFile("../../testdata/golden/bayes_sklearn.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Classes   int
		Y         []float64
		Numbers   [][]float64
		Codes     [][]float64
		Levels    []int
		Smoothing float64
		Cases     []struct{ Weights, Numbers, Categories, Both []float64 }
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	numbers := &dataset.Matrix{Rows: len(golden.Y), Names: []string{"a", "b", "c"}, Columns: golden.Numbers}
	codes := &dataset.Matrix{Rows: len(golden.Y), Names: []string{"d", "e", "f"}, Columns: golden.Codes, Categories: golden.Levels}
	both := &dataset.Matrix{Rows: len(golden.Y), Names: slices.Concat(numbers.Names, codes.Names),
		Columns: slices.Concat(golden.Numbers, golden.Codes), Categories: slices.Concat([]int{0, 0, 0}, golden.Levels)}
	for _, c := range golden.Cases {
		for name, of := range map[string]struct {
			x    *dataset.Matrix
			want []float64
		}{"numbers": {numbers, c.Numbers}, "categories": {codes, c.Categories}, "both": {both, c.Both}} {
			data := Data{X: of.x, Y: golden.Y, Weights: c.Weights, Task: dataset.Multiclass, Classes: golden.Classes}
			m, err := Bayes{Smoothing: golden.Smoothing}.Fit(t.Context(), data, 1)
			if err != nil {
				t.Fatal(err)
			}
			got := make([]float64, len(of.want))
			m.Predict(got, of.x)
			for i, want := range of.want {
				if !(math.Abs(got[i]-want) <= 1e-10) { // likelihoods of hundreds, exponentiated
					t.Errorf("%s, weights %t: probability %d is %v, want %v", name, c.Weights != nil, i, got[i], want)
					break
				}
			}
		}
	}
}

// TestBayesLooksAtWhatIsKnown: a missing value, an unknown category and a column that is
// missing throughout leave the answer of the other columns.
func TestBayesLooksAtWhatIsKnown(t *testing.T) {
	nan := math.NaN()
	fit := func(x *dataset.Matrix) Model {
		m, err := DefaultBayes().Fit(t.Context(), Data{X: x, Y: []float64{0, 0, 1, 1}, Task: dataset.Binary, Classes: 2}, 1)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	of := func(m Model, row ...float64) float64 {
		x := &dataset.Matrix{Rows: 1, Names: make([]string, len(row))}
		for _, v := range row {
			x.Columns = append(x.Columns, []float64{v})
		}
		p := make([]float64, 2)
		m.Predict(p, x)
		return p[1]
	}
	alone := fit(&dataset.Matrix{Rows: 4, Names: []string{"x"}, Columns: [][]float64{{1, 2, 2, 3}}})
	among := fit(&dataset.Matrix{Rows: 4, Names: []string{"x", "c", "none", "same"}, Categories: []int{0, 2, 0, 0},
		Columns: [][]float64{{1, 2, 2, 3}, {0, 0, 1, 1}, {nan, nan, nan, nan}, {7, 7, 7, 7}}})
	want := of(alone, 2.5)
	if !(want > 0.5 && want < 1) {
		t.Fatalf("alone: %v", want)
	}
	for _, c := range []float64{nan, 2, -1} {
		if got := of(among, 2.5, c, 5, 1e9); got != want {
			t.Errorf("category %v: %v, want %v", c, got, want)
		}
	}
	if got := of(among, 2.5, 1, nan, nan); got <= want {
		t.Errorf("a category of class 1 says nothing: %v", got)
	}
	if got := of(among, nan, nan, nan, nan); got != 0.5 {
		t.Errorf("nothing known: %v, want the share 0.5", got)
	}
	// Farther out than float64 can tell classes apart by; the category still has a say.
	if got := of(among, 1e300, 1, 0, 0); !(got > 0.5) {
		t.Errorf("far out: %v", got)
	}
}

func BenchmarkBayes(b *testing.B) {
	data := generated(100_000, 28, dataset.Binary, 2)
	for b.Loop() {
		m, err := DefaultBayes().Fit(b.Context(), data, 1)
		if err != nil {
			b.Fatal(err)
		}
		m.Predict(make([]float64, 2*data.X.Rows), data.X)
	}
}
