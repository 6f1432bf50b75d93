package num

import "math"

// Twofold is a sum kept as an unevaluated Hi + Lo, about 32 digits: enough to see what is
// left of a residual after its leading 16 digits have cancelled. The zero value is 0.
// Algorithms: Knuth's TwoSum, and Dot2 of Ogita, Rump and Oishi, "Accurate sum and dot
// product", SIAM J. Sci. Comput. 26 (2005).
type Twofold struct{ Hi, Lo float64 }

// Add adds x.
func (t *Twofold) Add(x float64) {
	s, e := twoSum(t.Hi, x)
	t.Hi, t.Lo = s, t.Lo+e
}

// AddProduct adds a·b, the product unrounded.
func (t *Twofold) AddProduct(a, b float64) {
	p, e := TwoProduct(a, b)
	s, q := twoSum(t.Hi, p)
	t.Hi, t.Lo = s, t.Lo+(q+e)
}

// Value is the sum rounded once.
func (t Twofold) Value() float64 { return t.Hi + t.Lo }

// Normal moves into Hi what the sum rounds to.
func (t *Twofold) Normal() { t.Hi, t.Lo = twoSum(t.Hi, t.Lo) }

// twoSum returns a + b as its rounded sum and the exact error of it.
func twoSum(a, b float64) (sum, err float64) {
	sum = a + b
	bb := sum - a
	return sum, (a - (sum - bb)) + (b - bb)
}

// TwoProduct returns a·b as its rounded product and the exact error of it. FMA is exact on
// every machine, in hardware or not, so the result is the same everywhere.
func TwoProduct(a, b float64) (product, err float64) {
	product = float64(a * b)
	return product, math.FMA(a, b, -product)
}
