package model

import (
	"math"
	"math/bits"
	"slices"
)

// fixedBits is the size of the fixed-point sums that decide anything: all of them are exact
// as float64 too.
const fixedBits = 52

// fixed turns weighted floats into integers by a power of two, so that sums of them are
// exact and depend neither on the order of rows nor on how they are shared among workers.
type fixed struct {
	scale, inverse float64 // of a product w·v; 0 if the values cannot be scaled
	// The scale of v and that of w, so that integer weights up to 1024 stay as they are and
	// larger ones leave v enough bits. Their product is scale.
	value, weight float64
}

// fixedScale returns the largest power of two, within 2^±1000, that keeps Σ w·|v| below
// 2^size, rounding included. Values that are not finite give the zero fixed.
func fixedScale(values, weights []float64, size int) fixed {
	largest, heaviest := 0.0, 0.0
	for i, v := range values {
		if a := float64(math.Abs(v) * weights[i]); !(a <= largest) { // also catches NaN
			largest = a
		}
		heaviest = max(heaviest, weights[i])
	}
	if math.IsInf(largest, 0) || math.IsNaN(largest) {
		return fixed{}
	}
	if largest == 0 {
		return fixed{1, 1, 1, 1}
	}
	// A first scale by the largest value bounds the sum to 2^61; the sum itself, in those
	// integers and hence free of order, shows how many bits are to spare.
	_, exponent := math.Frexp(largest)
	exponent = clampExponent(61 - bits.Len(uint(len(values))) - exponent)
	first := math.Ldexp(1, exponent)
	total := uint64(len(values)) // what is cut off
	for i, v := range values {
		total += uint64(float64(float64(math.Abs(v)*weights[i]) * first))
	}
	// One bit less for the sum, which leaves as much for what rounding adds.
	exponent = clampExponent(exponent + size - 1 - bits.Len64(total))
	weight := clampExponent(weightExponent(heaviest, size-3-bits.Len(uint(len(values)))))
	weight = max(exponent-1000, min(weight, exponent+1000))
	return fixed{
		scale:   math.Ldexp(1, exponent),
		inverse: math.Ldexp(1, -exponent),
		value:   math.Ldexp(1, exponent-weight),
		weight:  math.Ldexp(1, weight),
	}
}

// clampExponent keeps an exponent within what a float64 and its inverse can hold.
func clampExponent(e int) int { return max(-1000, min(e, 1000)) }

// weightExponent is the power of two to scale weights by: none if the heaviest lies between
// 1 and 1024, or the power of two of that many bits if fewer are free.
func weightExponent(heaviest float64, free int) int {
	_, e := math.Frexp(heaviest)
	return min(max(0, 1-e), max(0, min(free, 10))+1-e)
}

// fix returns w·v as an integer. v is rounded first, so that an integer weight gives exactly
// so many times what a weight of 1 gives.
func (f *fixed) fix(v, w float64) int64 {
	q := float64(v * f.value)
	if math.Abs(q) < 1<<53 {
		return int64(math.RoundToEven(float64(float64(w*f.weight) * math.RoundToEven(q))))
	}
	// A light row of a huge value: q is an integer as it is, and may overflow.
	return int64(math.RoundToEven(float64(float64(w*v) * f.scale)))
}

// float returns the value of a sum of fixed values.
func (f *fixed) float(sum int64) float64 { return float64(float64(sum) * f.inverse) }

// finite reports whether the values could be scaled.
func (f *fixed) finite() bool { return f.scale != 0 }

// fixedSum is Σ w·v, independent of the order; NaN if a term is not finite.
func fixedSum(values, weights []float64) float64 {
	f := fixedScale(values, weights, fixedBits)
	if !f.finite() {
		return math.NaN()
	}
	sum := int64(0)
	for i, v := range values {
		sum += f.fix(v, weights[i])
	}
	return f.float(sum)
}

// repeat returns n times v.
func repeat(v float64, n int) []float64 { return slices.Repeat([]float64{v}, n) }
