package model

import (
	"math"
	"math/bits"
)

// fixed turns floats into integers by a power of two, so that sums of them are exact and
// depend neither on the order of rows nor on how they are shared among workers.
type fixed struct {
	scale, inverse float64 // powers of two; 0 if the values cannot be scaled
}

// fixedScale returns the largest power of two that keeps Σ|values| below 2^size, rounding
// included. Values that are not finite give the zero fixed.
func fixedScale(values []float64, size int) fixed {
	largest := 0.0
	for _, v := range values {
		if a := math.Abs(v); !(a <= largest) { // also catches NaN
			largest = a
		}
	}
	if math.IsInf(largest, 0) || math.IsNaN(largest) {
		return fixed{}
	}
	if largest == 0 {
		return fixed{1, 1}
	}
	// A first scale by the largest value bounds the sum to 2^62; the sum itself, in those
	// integers and hence free of order, shows how many bits are to spare.
	_, exponent := math.Frexp(largest)
	rows := bits.Len(uint(len(values)))
	first := power(61 - rows - exponent)
	total := uint64(len(values))
	for _, v := range values {
		total += uint64(float64(math.Abs(v) * first.scale))
	}
	return power(61 - rows - exponent + size - bits.Len64(total))
}

// power is the fixed of 2^exponent, within what a float64 and its inverse can hold.
func power(exponent int) fixed {
	exponent = max(-1000, min(exponent, 1000))
	return fixed{math.Ldexp(1, exponent), math.Ldexp(1, -exponent)}
}

// fix returns v as an integer, rounded to nearest.
func (f fixed) fix(v float64) int64 { return int64(math.RoundToEven(float64(v * f.scale))) }

// float returns the value of a sum of fixed values.
func (f fixed) float(sum int64) float64 { return float64(float64(sum) * f.inverse) }

// finite reports whether the values could be scaled.
func (f fixed) finite() bool { return f.scale != 0 }

// fixedSum is Σ values, independent of their order; not finite if one of them is not.
func fixedSum(values []float64) float64 {
	f := fixedScale(values, 62)
	if !f.finite() {
		return math.NaN()
	}
	sum := int64(0)
	for _, v := range values {
		sum += f.fix(v)
	}
	return f.float(sum)
}
