package profile

import (
	"math/rand/v2"
	"testing"
)

// TestWholeNumbersSumExactly: sums of whole numbers have no roundings, in one chunk or in many.
func TestWholeNumbersSumExactly(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for try := range 300 {
		var all moments
		exact, n := int64(0), 0
		for range 1 + try%4 {
			x := make([]float64, 1+r.IntN(7000))
			for i := range x {
				v := int64(0)
				if r.IntN(12) == 0 { // as gains are, mostly 0
					v = r.Int64N(200_000) - 50_000
				}
				x[i] = float64(v)
				exact += v
			}
			m, _ := describeChunk(x)
			all.merge(m)
			n += len(x)
		}
		if sum := all.Sum.Value(); sum != float64(exact) || all.Mean != float64(exact)/float64(n) {
			t.Fatalf("%d values: sum %v, mean %v, want %d, %v", n, sum, all.Mean, exact, float64(exact)/float64(n))
		}
	}
}

// TestSumsThatMayRound: what is not whole, or too large for every sum of it, is not taken for exact.
func TestSumsThatMayRound(t *testing.T) {
	for _, tt := range []struct {
		values []float64
		exact  bool
	}{
		{[]float64{1, -2, 0}, true},
		{[]float64{1 << 52, 1 << 52}, true},
		{[]float64{1 << 53, 1}, false},
		{[]float64{-1e300, 1}, false},
		{[]float64{1, 0.5}, false},
	} {
		if got := sumsExactly(tt.values); got != tt.exact {
			t.Errorf("%v: %v", tt.values, got)
		}
	}
}
