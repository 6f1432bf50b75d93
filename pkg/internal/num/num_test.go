package num

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// TestSumIsExactToARounding compares with exact sums of hard cases: terms that cancel.
func TestSumIsExactToARounding(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for trial := range 200 {
		x := make([]float64, 1+r.IntN(300))
		exact, size := new(big.Float).SetPrec(2000), 0.0
		for i := range x {
			x[i] = math.Ldexp(r.Float64()-0.5, r.IntN(40))
			exact.Add(exact, big.NewFloat(x[i]))
			size += math.Abs(x[i])
		}
		want, _ := exact.Float64()
		// Neumaier: one rounding of the result, and n² ulp² of the sum of sizes.
		n := float64(len(x))
		bound := 0x1p-52*math.Abs(want) + n*n*0x1p-104*size
		if got := Sum(x); math.Abs(got-want) > bound {
			t.Errorf("trial %d: got %v, want %v ± %v", trial, got, want, bound)
		}
	}
	if got := Sum([]float64{1, 1e100, 1, -1e100}); got != 2 {
		t.Errorf("got %v, want 2", got)
	}
	if Sum(nil) != 0 {
		t.Error("the sum of nothing is 0")
	}
}

func TestSumOfTheUnusual(t *testing.T) {
	inf := math.Inf(1)
	if got := Sum([]float64{1, inf, 2}); got != inf {
		t.Errorf("got %v", got)
	}
	if got := Sum([]float64{inf, -inf}); !math.IsNaN(got) {
		t.Errorf("got %v", got)
	}
	if got := Sum([]float64{1, math.NaN()}); !math.IsNaN(got) {
		t.Errorf("got %v", got)
	}
	if got := Sum([]float64{math.MaxFloat64, math.MaxFloat64}); got != inf {
		t.Errorf("got %v", got)
	}
}

func TestDotDoesNotFuse(t *testing.T) {
	// (1+2⁻³⁰)² − 1 − 2⁻²⁹ is 2⁻⁶⁰ if the product is not rounded, else 0.
	a := 1 + 0x1p-30
	if got := Dot([]float64{1, 0x1p-29, a}, []float64{-1, -1, a}); got != 0 {
		t.Errorf("got %v: a product was fused with its sum", got)
	}
	defer func() {
		if recover() == nil {
			t.Error("lengths differ and nothing happened")
		}
	}()
	Dot([]float64{1}, nil)
}

func TestClose(t *testing.T) {
	for _, c := range []struct {
		a, b, tolerance float64
		want            bool
	}{
		{1, 1 + 1e-10, 1e-9, true}, {1, 1 + 1e-8, 1e-9, false},
		{1e6, 1e6 + 1e-4, 1e-9, true}, {1e6, 1e6 + 1e-2, 1e-9, false},
		{0, 1e-10, 1e-9, true}, {math.NaN(), math.NaN(), 0, true}, {math.NaN(), 1, 1, false},
		{math.Inf(1), math.Inf(1), 0, true}, {math.Inf(1), math.Inf(-1), 1, false},
	} {
		if got := Close(c.a, c.b, c.tolerance); got != c.want {
			t.Errorf("Close(%v, %v, %v) = %t", c.a, c.b, c.tolerance, got)
		}
	}
}
