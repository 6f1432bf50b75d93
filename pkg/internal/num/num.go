// Package num holds the arithmetic whose result must not depend on the machine: sums in a
// fixed order, with products that no compiler fuses. What reaches an artifact goes through
// here and not through gonum's floats.Sum, whose grouping depends on the alignment of the
// slice.
package num

import "math"

// Sum adds x from left to right with Neumaier's compensation (ZAMM 54, 1974): the error is
// about one rounding of the result, not one per term. NaN and infinities propagate.
func Sum(x []float64) float64 {
	sum, lost := 0.0, 0.0
	for _, v := range x {
		next := sum + v
		if math.Abs(sum) >= math.Abs(v) {
			lost += (sum - next) + v
		} else {
			lost += (v - next) + sum
		}
		sum = next
	}
	if math.IsInf(sum, 0) || math.IsNaN(sum) {
		return sum
	}
	return sum + lost
}

// Dot is Σ x[i]·y[i] from left to right, every product rounded before it is added.
// It panics if the lengths differ.
func Dot(x, y []float64) float64 {
	if len(x) != len(y) {
		panic("num: lengths differ")
	}
	sum := 0.0
	for i, v := range x {
		sum += float64(v * y[i])
	}
	return sum
}

// Close reports whether a and b agree to a relative tolerance, or absolutely below 1.
// NaN agrees with NaN, an infinity with itself.
func Close(a, b, tolerance float64) bool {
	if a == b || (math.IsNaN(a) && math.IsNaN(b)) {
		return true
	}
	if math.IsInf(a, 0) || math.IsInf(b, 0) {
		return false // whose distance no tolerance measures
	}
	return math.Abs(a-b) <= float64(tolerance*max(1, math.Abs(a), math.Abs(b)))
}
