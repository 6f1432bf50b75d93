package calibration

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// TestConformalRanks by hand: of residuals -10 … 9 and coverage 0.8, one more row makes 21, of
// which 2.1 may lie on either side: ranks 2 and 19 of 20.
func TestConformalRanks(t *testing.T) {
	y, predicted := make([]float64, 20), make([]float64, 20)
	for i := range y {
		predicted[i] = 5
		y[i] = 5 + float64((i*7)%20-10)
	}
	c, err := FitConformal(y, predicted, 0.8)
	if err != nil {
		t.Fatal(err)
	}
	if low, high := c.Around(100); low != 91 || high != 108 {
		t.Errorf("got %v … %v, want 91 … 108", low, high)
	}
	if _, err := FitConformal(y[:18], predicted[:18], 0.9); err == nil || !strings.Contains(err.Error(), "19 rows") {
		t.Errorf("18 rows: %v", err)
	}
	if _, err := FitConformal(y[:19], predicted[:19], 0.9); err != nil {
		t.Errorf("19 rows: %v", err)
	}
	y[3] = math.NaN()
	if _, err := FitConformal(y, predicted, 0.8); err == nil || !strings.Contains(err.Error(), "row 3") {
		t.Errorf("a missing target: %v", err)
	}
	if _, err := FitConformal(nil, nil, 1); err == nil {
		t.Error("a coverage of 1")
	}
	if _, err := FitConformal(slices.Repeat([]float64{1}, 5000), slices.Repeat([]float64{1}, 5000), 0.9); err != nil {
		t.Errorf("a constant: %v", err)
	}
}

// skewed are rows whose noise is skewed and grows with the value.
func skewed(r *rand.Rand, n int) (y, predicted []float64) {
	for range n {
		at := 10 * r.Float64()
		predicted = append(predicted, at)
		y = append(y, at+(0.5+at)*(r.ExpFloat64()-1))
	}
	return y, predicted
}

// TestConformalCovers: over many draws the mean coverage of rows not fitted on is the stated one,
// up to the 2/(n+1) that ranks cannot be cut finer, in one band and in ten; and in ten bands it
// is so for small and for large values.
func TestConformalCovers(t *testing.T) {
	const draws, tests = 300, 500
	for _, n := range []int{150, 2500} {
		for _, coverage := range []float64{0.8, 0.9} {
			r := seed.Rand(uint64(n))
			inside, insideLarge, large := 0, 0, 0
			bands := 0
			for range draws {
				c, err := fitted(skewed(r, n))(coverage)
				if err != nil || c.Check() != nil {
					t.Fatal(err, c.Check())
				}
				bands = len(c.Low)
				y, predicted := skewed(r, tests)
				for i, v := range y {
					low, high := c.Around(predicted[i])
					in := v >= low && v <= high
					if in {
						inside++
					}
					if predicted[i] > 9 {
						large++
						if in {
							insideLarge++
						}
					}
				}
			}
			got := float64(inside) / (draws * tests)
			// Between draws coverage is Beta with variance c(1-c)/(n+2) in a band; within, binomial.
			se := math.Sqrt(coverage * (1 - coverage) * (float64(bands)/float64(n+2) + 1./tests) / draws)
			slack := 2 * float64(bands) / float64(n+1)
			t.Logf("n=%d: %d bands, coverage %.4f of %v (standard error %.4f, slack %.4f), of large values %.3f", n, bands, got, coverage, se, slack, float64(insideLarge)/float64(large))
			if got < coverage-3*se || got > coverage+slack+3*se {
				t.Errorf("n=%d: coverage %v, want %v to %v ± %v", n, got, coverage, coverage+slack, 3*se)
			}
			if share := float64(insideLarge) / float64(large); bands == 10 && math.Abs(share-coverage) > 0.02 {
				t.Errorf("n=%d: coverage of large values %v, want %v", n, share, coverage)
			}
		}
	}
}

// fitted fits intervals to a pair of slices.
func fitted(y, predicted []float64) func(coverage float64) (*Conformal, error) {
	return func(coverage float64) (*Conformal, error) { return FitConformal(y, predicted, coverage) }
}

func TestConformalChecks(t *testing.T) {
	good := Conformal{Coverage: 0.9, Until: []float64{1, 2}, Low: []float64{-1, -1, -1}, High: []float64{1, 0, 1}}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Conformal){
		"no coverage":     func(c *Conformal) { c.Coverage = math.NaN() },
		"falling bands":   func(c *Conformal) { c.Until = []float64{2, 1} },
		"a band of NaN":   func(c *Conformal) { c.Until = []float64{math.NaN(), 1} },
		"few bounds":      func(c *Conformal) { c.Low = c.Low[:2] },
		"upside down":     func(c *Conformal) { c.Low = []float64{1, -1, -1} },
		"no end":          func(c *Conformal) { c.High = []float64{math.Inf(1), 0, 1} },
		"nothing at all":  func(c *Conformal) { *c = Conformal{} },
		"not even a band": func(c *Conformal) { c.Until, c.Low, c.High = nil, nil, nil },
	} {
		bad := good
		change(&bad)
		if bad.Check() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
