package model

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// TestWide compares the form for more columns than rows with the one for fewer, which adds a
// row per column, and with the conditions of a least solution.
func TestWide(t *testing.T) {
	random := seed.Rand(21)
	for _, c := range []struct {
		rows, columns int
		l2            float64
		intercept     bool
		again         int // rows that stand twice, with another target
	}{
		{5, 9, 0, true, 0}, {5, 9, 0, false, 0}, {20, 50, 0, true, 3}, {20, 50, 0.3, true, 3}, {8, 30, 1e-9, true, 0},
		{12, 40, 1e6, false, 2}, {1, 4, 0, false, 0}, {2, 4, 0, true, 1},
	} {
		x := normals(random, c.rows, c.columns)
		y, w := make([]float64, c.rows), make([]float64, c.rows)
		for i := range y {
			y[i], w[i] = 10+random.NormFloat64(), 0.5+random.Float64()
			for j := range x {
				x[j][i] = 3 + x[j][i]*math.Ldexp(1, j%7)
				if i < c.again {
					x[j][i] = x[j][c.rows-1-i]
				}
			}
		}
		s := &leastSquares{columns: x, y: y, weights: w, l2: c.l2, intercept: c.intercept}
		if err := s.scale(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.solveWide(context.Background()); err != nil {
			t.Fatal(err)
		}
		got, intercept, err := s.unscale()
		if err != nil {
			t.Fatal(err)
		}
		tall := &leastSquares{columns: x, y: y, weights: w, l2: c.l2, intercept: c.intercept}
		if err := tall.scale(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, step := range []func(context.Context) error{tall.factorize, tall.refine} {
			if err := step(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		if tall.factor.rank < len(tall.factor.columns) {
			if err := tall.shorten(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		want, wantIntercept, err := tall.unscale()
		if err != nil {
			t.Fatal(err)
		}
		for j := range want {
			if !num.Close(got[j], want[j], 1e-9) {
				t.Errorf("%+v: coefficient %d is %v, want %v", c, j, got[j], want[j])
			}
		}
		if !num.Close(intercept, wantIntercept, 1e-9) {
			t.Errorf("%+v: intercept %v, want %v", c, intercept, wantIntercept)
		}
	}
}

// TestWideRefusesTheHuge: before a cell is touched.
func TestWideRefusesTheHuge(t *testing.T) {
	for _, s := range []*leastSquares{
		{columns: make([][]float64, 1<<15), y: make([]float64, 1<<15)},
		{columns: make([][]float64, 1<<14), y: make([]float64, 1<<16)},
		{columns: make([][]float64, 1<<16), y: make([]float64, 1<<14)},
		{columns: make([][]float64, 1<<15), y: make([]float64, 1<<14), l2: 1},
	} {
		var size *SizeError
		if _, _, err := s.solve(context.Background()); !errors.As(err, &size) {
			t.Errorf("%d × %d: %v", len(s.y), len(s.columns), err)
		}
	}
}
