package profile

import (
	"math"

	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// shape returns the moments g1 = m3/m2^1.5 and g2 = m4/m2² − 3 of sorted values of which not
// all are equal.
func shape(sorted []float64, mean float64) (skewness, kurtosis float64) {
	d := deviations(sorted, mean)
	n := float64(len(d))
	power := make([]float64, len(d))
	sum := func(term func(d float64) float64) float64 {
		for i, v := range d {
			power[i] = term(v)
		}
		return num.Sum(power) / n
	}
	m2 := sum(func(d float64) float64 { return float64(d * d) })
	m3 := sum(func(d float64) float64 { return float64(d*d) * d })
	m4 := sum(func(d float64) float64 { return float64(float64(d*d) * float64(d*d)) })
	return m3 / float64(m2*math.Sqrt(m2)), m4/float64(m2*m2) - 3
}

// autocorrelation is that of lag 1 of values of which not all are equal, in their order:
// Σ(x[i]−m)(x[i+1]−m) / Σ(x[i]−m)², as NIST's Statistical Reference Datasets define it.
func autocorrelation(values []float64, mean float64) float64 {
	d := deviations(values, mean)
	products := make([]float64, len(d))
	for i, v := range d {
		products[i] = float64(v * v)
	}
	all := num.Sum(products)
	for i := range len(d) - 1 {
		products[i] = float64(d[i] * d[i+1])
	}
	return num.Sum(products[:len(d)-1]) / all
}

// deviations are the distances from the mean, divided by a power of two so that the greatest
// is about 1: their squares neither overflow nor vanish. What the rounding of the mean put
// into them is taken out.
func deviations(values []float64, mean float64) []float64 {
	d := make([]float64, len(values))
	half, greatest := float64(mean*0.5), 0.0
	for i, v := range values {
		// Halves are exact but for numbers near the smallest; the difference may be twice the largest.
		d[i] = float64(v*0.5) - half
		greatest = max(greatest, math.Abs(d[i]))
	}
	_, exponent := math.Frexp(greatest)
	for i, v := range d {
		d[i] = math.Ldexp(v, -exponent)
	}
	rest := num.Sum(d) / float64(len(d))
	for i := range d {
		d[i] -= rest
	}
	return d
}

// orderOf finds the order of values, in the order of their rows; NaN is missing.
func orderOf(values []float64) Order {
	up, down, level := false, false, false
	last := math.NaN()
	for _, v := range values {
		if math.IsNaN(v) {
			continue
		}
		switch {
		case v > last:
			up = true
		case v < last:
			down = true
		case v == last:
			level = true
		}
		if up && down {
			return ""
		}
		last = v
	}
	switch {
	case up && level:
		return Increasing
	case up:
		return StrictlyIncreasing
	case down && level:
		return Decreasing
	case down:
		return StrictlyDecreasing
	}
	return ""
}
