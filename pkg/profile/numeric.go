package profile

import (
	"math"

	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// summarize describes values, which are finite and one at least: once sorted, and once in the
// order of their rows.
func summarize(sorted, inOrder []float64) *NumericSummary {
	mean, sd := moments(sorted)
	s := &NumericSummary{
		Min:  sorted[0],
		Max:  sorted[len(sorted)-1],
		Mean: mean,
		Quantiles: Quantiles{
			P01: quantile(sorted, 0.01),
			P05: quantile(sorted, 0.05),
			P25: quantile(sorted, 0.25),
			P50: quantile(sorted, 0.50),
			P75: quantile(sorted, 0.75),
			P95: quantile(sorted, 0.95),
			P99: quantile(sorted, 0.99),
		},
		Histogram: histogram(sorted),
	}
	s.SD, s.Variance, s.Sum = finite(sd), finite(float64(sd*sd)), finite(num.Sum(sorted))
	if s.Min != s.Max {
		skewness, kurtosis := shape(sorted, mean)
		s.Skewness, s.Kurtosis = finite(skewness), finite(kurtosis)
		s.Autocorrelation = finite(autocorrelation(inOrder, mean))
	}
	for _, v := range sorted {
		if v == 0 {
			s.Zeros++
		}
		if v < 0 {
			s.Negatives++
		}
		if v == math.Trunc(v) {
			s.Integers++
		}
	}
	return s
}

// finite is v, or nil if it is no finite number.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// moments returns mean and sample standard deviation (NaN for one value) of sorted values.
//
// It goes twice over the values, and takes from the squares what the rounding of the mean
// put into them (Chan, Golub and LeVeque, The American Statistician 37, 1983, eq. 1.7).
// Values are scaled by a power of two, which is exact, so that neither the sum of 1e308
// overflows nor the square of 1e-200 vanishes.
func moments(sorted []float64) (mean, sd float64) {
	n := float64(len(sorted))
	if low, high := sorted[0], sorted[len(sorted)-1]; low == high {
		if n == 1 {
			return low, math.NaN()
		}
		return low, 0 // exactly: a constant column must be seen to be one
	}
	_, exponent := math.Frexp(max(-sorted[0], sorted[len(sorted)-1]))
	scratch := make([]float64, len(sorted))
	for i, v := range sorted {
		scratch[i] = math.Ldexp(v, -exponent)
	}
	center := num.Sum(scratch) / n
	for i := range scratch {
		scratch[i] -= center
	}
	// The deviations have a scale of their own: far from zero they are much smaller.
	_, spread := math.Frexp(max(-scratch[0], scratch[len(scratch)-1]))
	for i, d := range scratch {
		scratch[i] = math.Ldexp(d, -spread)
	}
	rest := num.Sum(scratch)
	for i, d := range scratch {
		scratch[i] = float64(d * d)
	}
	variance := max(0, num.Sum(scratch)-float64(rest*rest)/n) / (n - 1)
	return math.Ldexp(center, exponent), math.Ldexp(math.Sqrt(variance), exponent+spread)
}

// quantile is the value below which the share q of the sorted values lies.
func quantile(sorted []float64, q float64) float64 {
	position := float64(float64(len(sorted)-1) * q)
	below := int(position)
	above := min(below+1, len(sorted)-1)
	return between(sorted[below], sorted[above], position-float64(below))
}

// between is the point at the share t of the way from a to b, a ≤ b. It is a for t = 0 and
// b for t = 1, never outside, and finite when a and b are.
func between(a, b, t float64) float64 {
	step := b - a
	if math.IsInf(step, 0) {
		return float64(a*(1-t)) + float64(b*t)
	}
	if t < 0.5 {
		return a + float64(step*t)
	}
	return b - float64(step*(1-t))
}
