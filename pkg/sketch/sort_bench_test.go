package sketch

import (
	"math"
	"math/rand/v2"
	"testing"
)

// BenchmarkSortFloats sorts runs as a profile hands them over, and columns of a table.
func BenchmarkSortFloats(b *testing.B) {
	decimals := func(power float64) func(*rand.Rand) float64 {
		return func(r *rand.Rand) float64 { return math.Round((50+20*r.NormFloat64())*power) / power }
	}
	for _, run := range append(runs, []struct {
		name string
		next func(*rand.Rand) float64
	}{
		{"decimals2", decimals(100)},
		{"decimals4", decimals(10000)},
		{"amounts", func(r *rand.Rand) float64 { return math.Round(1000*math.Exp(3+r.NormFloat64())) / 1000 }},
		{"codes", func(r *rand.Rand) float64 { return float64(r.IntN(100000)) }},
	}...) {
		b.Run("data="+run.name, func(b *testing.B) {
			in := blocks(run.next)
			values, scratch := make([]float64, runLength), make([]float64, runLength)
			for i := 0; b.Loop(); i++ {
				copy(values, in[i%8])
				SortFloats(values, scratch)
			}
			perValue(b, runLength)
		})
	}
}
