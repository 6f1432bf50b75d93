package model

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// TestFactorize multiplies the factors back together, and finds the rank.
func TestFactorize(t *testing.T) {
	random := seed.Rand(9)
	for _, shape := range []struct{ rows, columns, rank, fixed int }{
		{1, 1, 1, 0}, {5, 1, 1, 1}, {7, 7, 7, 0}, {20, 9, 9, 1}, {20, 9, 4, 0}, {4, 9, 4, 0}, {6, 0, 0, 0},
	} {
		basis := make([][]float64, shape.rank)
		for k := range basis {
			basis[k] = make([]float64, shape.rows)
			for i := range basis[k] {
				basis[k][i] = random.NormFloat64()
			}
		}
		a := make([][]float64, shape.columns)
		for j := range a {
			a[j] = make([]float64, shape.rows)
			for _, b := range basis {
				addScaled(a[j], a[j], random.NormFloat64(), b)
			}
		}
		noise := make([]float64, shape.columns)
		for j := range noise {
			noise[j] = 1e-12
		}
		f, err := factorize(context.Background(), copyAll(a), shape.fixed, noise)
		if err != nil {
			t.Fatal(err)
		}
		if f.rank != shape.rank {
			t.Errorf("%+v: rank %d", shape, f.rank)
		}
		for k := range shape.fixed {
			if f.order[k] != k {
				t.Errorf("%+v: fixed column moved: %v", shape, f.order)
			}
		}
		for k, column := range f.columns {
			y := make([]float64, shape.rows)
			copy(y[:min(k, f.rank)], column)
			if k < f.rank {
				y[k] = f.diagonal[k]
			}
			f.multiply(y)
			for i, v := range y {
				if want := a[f.order[k]][i]; math.Abs(v-want) > 1e-12 {
					t.Fatalf("%+v: Q·R is %v, want %v", shape, v, want)
				}
			}
		}
	}
}

// TestFactorizeSkipsTheDependent: the longest column left says nothing beyond its noise, a
// shorter one does; and the noise of a column is also that of those it depends on.
func TestFactorizeSkipsTheDependent(t *testing.T) {
	columns := [][]float64{{1, 0, 0}, {1, 1e-6, 0}, {1, 0, 1e-8}}
	for _, c := range []struct {
		noise []float64
		order []int
		rank  int
	}{
		{[]float64{0, 1e-5, 0}, []int{0, 2, 1}, 2},
		{[]float64{0, 1e-5, 1e-7}, []int{0, 1, 2}, 1},
		{[]float64{1e-7, 0, 0}, []int{0, 1, 2}, 2},
		{[]float64{0, 0, 0}, []int{0, 1, 2}, 3},
	} {
		f, err := factorize(context.Background(), copyAll(columns), 1, c.noise)
		if err != nil {
			t.Fatal(err)
		}
		if f.rank != c.rank || !slices.Equal(f.order, c.order) {
			t.Errorf("noise %v: rank %d, order %v; want %d, %v", c.noise, f.rank, f.order, c.rank, c.order)
		}
	}
}
