package sketch

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestSortFloats(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	kinds := map[string]func(i int) float64{
		"uniform":      func(int) float64 { return r.Float64() - 0.5 },
		"bits":         func(int) float64 { return math.Float64frombits(r.Uint64() &^ (1 << 62)) },
		"integers":     func(int) float64 { return float64(r.IntN(2000) - 1000) },
		"big integers": func(int) float64 { return float64(r.IntN(1 << 50)) },
		"constant":     func(int) float64 { return -7 },
		"two":          func(int) float64 { return []float64{math.Copysign(0, -1), 0}[r.IntN(2)] },
		"sorted":       func(i int) float64 { return float64(i) },
		"reversed":     func(i int) float64 { return -float64(i) },
		// All but one share the bits that are sorted by first.
		"cluster": func(i int) float64 {
			if i == 7 {
				return -1e300
			}
			return 1 + r.Float64()*1e-12
		},
		"decimals":     func(int) float64 { return math.Round(r.NormFloat64()*2000) / 100 },
		"most decimal": func(i int) float64 { return math.Round(r.NormFloat64()*2000)/100 + float64(i/900)*1e-9 },
		"whole, -0":    func(i int) float64 { return math.Copysign(float64(r.IntN(10)), float64(i%2)-0.5) },
		"far decimals": func(int) float64 { return 1<<40 - float64(r.IntN(300))/10 },
		"skewed":       func(int) float64 { return math.Exp(5 * r.NormFloat64()) },
		"greatest":     func(int) float64 { return math.MaxFloat64 * (2*r.Float64() - 1) },
		"infinite":     func(i int) float64 { return []float64{math.Inf(1), math.Inf(-1), r.NormFloat64()}[r.IntN(3)] },
		"subnormal":    func(int) float64 { return math.Float64frombits(r.Uint64() >> 12) },
	}
	for kind, next := range kinds {
		for _, n := range []int{0, 1, 2, 10, radixMin - 1, radixMin, 1000, 40000} {
			values := make([]float64, n)
			for i := range values {
				values[i] = next(i)
			}
			want := slices.Clone(values)
			slices.SortFunc(want, func(a, b float64) int {
				switch {
				case a < b || a == b && math.Signbit(a) && !math.Signbit(b):
					return -1
				case a == b && math.Signbit(a) == math.Signbit(b):
					return 0
				}
				return 1
			})
			SortFloats(values, make([]float64, n+3))
			if !slices.EqualFunc(values, want, func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }) {
				t.Errorf("%d of %s are not sorted", n, kind)
			}
		}
	}
}
