package num

import (
	"math"
	"math/big"
	"testing"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// TestTwofold compares with exact arithmetic on sums that cancel to the last digits.
func TestTwofold(t *testing.T) {
	random := seed.Rand(8)
	for round := range 200 {
		var sum Twofold
		exact := new(big.Float).SetPrec(4000)
		add := func(a, b float64) {
			sum.AddProduct(a, b)
			product := new(big.Float).SetPrec(4000).Mul(big.NewFloat(a), big.NewFloat(b))
			exact.Add(exact, product)
		}
		for range 30 {
			a, b := random.NormFloat64()*math.Exp(8*random.NormFloat64()), random.NormFloat64()
			add(a, b)
			add(-a, b*(1+1e-9*random.NormFloat64()))
		}
		// Cancel what there is, to sixteen digits: the rest is what plain sums would lose.
		add(-sum.Hi, 1)
		want, _ := exact.Float64()
		if got := sum.Value(); math.Abs(got-want) > 1e-10*math.Abs(want) {
			t.Errorf("round %d: %v, want %v", round, got, want)
		}
	}
}
