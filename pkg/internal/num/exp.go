package num

import "math"

// Go's math.Exp and math.Log are assembly on some machines and let the compiler fuse
// products on others, so their last bit differs between amd64 and arm64, and a last bit
// can change a tree. These use only operations that IEEE 754 fixes.

// Exp is e^x to about one unit in the last place; below -708 it is 0.
func Exp(x float64) float64 {
	switch {
	case math.IsNaN(x):
		return x
	case x > 709.7:
		return math.Inf(1)
	case x < -708:
		return 0
	}
	// x = k·ln 2 + r with |r| <= ln 2/2; ln 2 in two parts, the first with 32 bits so that
	// k times it is exact (Cody & Waite 1980).
	k := math.RoundToEven(float64(x * (1 / math.Ln2)))
	r := x - float64(k*0x1.62e42feep-1)
	r -= float64(k * 0x1.a39ef35793c76p-33)
	// Taylor to r^13/13!, whose remainder is below 2^-57.
	p := 1.0 / 6227020800
	for _, c := range &[...]float64{1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880,
		1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5} {
		p = float64(p*r) + c
	}
	p = 1 + (r + float64(p*float64(r*r)))
	return float64(p * math.Float64frombits(uint64(int64(k)+1023)<<52))
}

// Log is the natural logarithm of a positive normal x, to about two units in the last
// place.
func Log(x float64) float64 {
	m, k := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m, k = 2*m, k-1
	}
	// ln m = 2·atanh(s), s = (m-1)/(m+1), |s| < 0.172: the series to s^21/21, whose
	// remainder is below 2^-60.
	s := (m - 1) / (m + 1)
	z := float64(s * s)
	p := 0.0
	for _, c := range &[...]float64{1.0 / 21, 1.0 / 19, 1.0 / 17, 1.0 / 15, 1.0 / 13, 1.0 / 11, 1.0 / 9, 1.0 / 7, 1.0 / 5, 1.0 / 3} {
		p = float64(z*p) + c
	}
	p = float64(z * p)
	const high, low = 0x1.62e42feep-1, 0x1.a39ef35793c76p-33
	return float64(float64(k)*high) + (float64(2*s) + (float64(2*float64(s*p)) + float64(float64(k)*low)))
}

// Log1p is log(1 + x) for x in [0, 1], precise near 0: what rounding took from 1 + x is put
// back to first order.
func Log1p(x float64) float64 {
	u := 1 + x
	return Log(u) + (x-(u-1))/u
}
