package model

import "math"

// twofold is a sum kept as an unevaluated hi + lo, about 32 digits: enough to see what is
// left of a residual after its leading 16 digits have cancelled. The zero value is 0.
// Algorithms: Knuth's TwoSum, and Dot2 of Ogita, Rump and Oishi, "Accurate sum and dot
// product", SIAM J. Sci. Comput. 26 (2005).
type twofold struct{ hi, lo float64 }

// add adds x.
func (t *twofold) add(x float64) {
	s, e := twoSum(t.hi, x)
	t.hi, t.lo = s, t.lo+e
}

// addProduct adds a·b, the product unrounded.
func (t *twofold) addProduct(a, b float64) {
	p, e := twoProduct(a, b)
	s, q := twoSum(t.hi, p)
	t.hi, t.lo = s, t.lo+(q+e)
}

// value is the sum rounded once.
func (t twofold) value() float64 { return t.hi + t.lo }

// normal moves into hi what the sum rounds to.
func (t *twofold) normal() { t.hi, t.lo = twoSum(t.hi, t.lo) }

// twoSum returns a + b as its rounded sum and the exact error of it.
func twoSum(a, b float64) (sum, err float64) {
	sum = a + b
	bb := sum - a
	return sum, (a - (sum - bb)) + (b - bb)
}

// twoProduct returns a·b as its rounded product and the exact error of it. FMA is exact on
// every machine, in hardware or not, so the result is the same everywhere.
func twoProduct(a, b float64) (product, err float64) {
	product = float64(a * b)
	return product, math.FMA(a, b, -product)
}
