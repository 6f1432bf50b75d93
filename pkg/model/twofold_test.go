package model

import (
	"context"
	"math"
	"math/big"
	"testing"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// TestTwofold compares with exact arithmetic on sums that cancel to the last digits.
func TestTwofold(t *testing.T) {
	random := seed.Rand(8)
	for round := range 200 {
		var sum twofold
		exact := new(big.Float).SetPrec(4000)
		add := func(a, b float64) {
			sum.addProduct(a, b)
			product := new(big.Float).SetPrec(4000).Mul(big.NewFloat(a), big.NewFloat(b))
			exact.Add(exact, product)
		}
		for range 30 {
			a, b := random.NormFloat64()*math.Exp(8*random.NormFloat64()), random.NormFloat64()
			add(a, b)
			add(-a, b*(1+1e-9*random.NormFloat64()))
		}
		// Cancel what there is, to sixteen digits: the rest is what plain sums would lose.
		add(-sum.hi, 1)
		want, _ := exact.Float64()
		if got := sum.value(); math.Abs(got-want) > 1e-10*math.Abs(want) {
			t.Errorf("round %d: %v, want %v", round, got, want)
		}
	}
}

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
