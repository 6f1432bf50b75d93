package num

import (
	"math"
	"math/big"
	"testing"
)

// ulps is how many units in the last place got is from want.
func ulps(got float64, want *big.Float) float64 {
	near, _ := want.Float64()
	diff := new(big.Float).SetPrec(200).Sub(new(big.Float).SetFloat64(got), want)
	unit := math.Nextafter(math.Abs(near), math.Inf(1)) - math.Abs(near)
	d, _ := diff.Float64()
	return math.Abs(d) / unit
}

// bigExp is e^x by its series in 200 bits, after halving x 10 times.
func bigExp(x float64) *big.Float {
	r := new(big.Float).SetPrec(200).SetMantExp(new(big.Float).SetPrec(200).SetFloat64(x), -10)
	sum, term := big.NewFloat(1).SetPrec(200), big.NewFloat(1).SetPrec(200)
	for n := 1; n < 60; n++ {
		term.Mul(term, r)
		term.Quo(term, new(big.Float).SetPrec(200).SetInt64(int64(n)))
		sum.Add(sum, term)
	}
	for range 10 {
		sum.Mul(sum, sum)
	}
	return sum
}

func TestExpIsAccurate(t *testing.T) {
	worst := 0.0
	for i := -7000; i <= 7090; i++ {
		x := float64(i)/10 + float64(i%7)*1e-3
		worst = max(worst, ulps(Exp(x), bigExp(x)))
	}
	if worst > 1 {
		t.Errorf("exp is %.2f units in the last place off", worst)
	}
	for _, c := range []struct{ x, want float64 }{
		{0, 1}, {math.Inf(-1), 0}, {math.Inf(1), math.Inf(1)}, {710, math.Inf(1)}, {-709, 0},
	} {
		if got := Exp(c.x); got != c.want {
			t.Errorf("Exp(%v) = %v, want %v", c.x, got, c.want)
		}
	}
	if got := Exp(math.NaN()); !math.IsNaN(got) {
		t.Errorf("Exp(NaN) = %v", got)
	}
}

// The logarithm is held against the exponential in 200 bits.
func TestLogIsAccurate(t *testing.T) {
	for i := 1; i < 5000; i++ {
		for _, x := range []float64{float64(i) / 5000, float64(i), 1 / float64(i), 1 + 1/float64(i*i)} {
			l := Log(x)
			// e^l/x - 1 is the error of l.
			back := new(big.Float).Quo(bigExp(l), new(big.Float).SetPrec(200).SetFloat64(x))
			d, _ := back.Sub(back, big.NewFloat(1)).Float64()
			if unit := math.Nextafter(math.Abs(l), math.Inf(1)) - math.Abs(l); math.Abs(d) > 2*unit {
				t.Fatalf("Log(%v) = %v is %v off", x, l, d)
			}
		}
	}
	if got := Log(1); got != 0 {
		t.Errorf("Log(1) = %v", got)
	}
}

// Log1p is held against the series of log(1+x), which is exact to a rounding for small x, and
// against Log elsewhere.
func TestLog1pIsAccurate(t *testing.T) {
	for _, x := range []float64{0, 1e-300, 1e-18, 1e-10, 3e-8} {
		if got, want := Log1p(x), x-float64(x*x)/2; math.Abs(got-want) > 0x1p-51*want {
			t.Errorf("Log1p(%v) = %v, want %v", x, got, want)
		}
	}
	for i := 1; i <= 64; i++ {
		x := float64(i) / 64
		if got, want := Log1p(x), Log(1+x); got != want { // 1+x is exact
			t.Errorf("Log1p(%v) = %v, want %v", x, got, want)
		}
	}
}
