package model

import "math"

// studentTail is the probability that |t| of Student's distribution with n degrees of freedom
// exceeds t ≥ 0: the incomplete beta function at n/(n + t²) with parameters n/2 and ½.
func studentTail(t, n float64) float64 {
	switch {
	case math.IsNaN(t):
		return math.NaN()
	case math.IsInf(t, 1):
		return 0
	case t == 0:
		return 1
	}
	square := float64(t * t)
	return incompleteBeta(n/2, 0.5, n/(n+square), square/(n+square))
}

// studentQuantile is the t that |t| exceeds with probability 1 − confidence.
func studentQuantile(confidence, n float64) float64 {
	low, high := 0.0, 1.0
	for studentTail(high, n) > 1-confidence && high < 1e300 {
		low, high = high, 2*high
	}
	for range 200 {
		middle := low + (high-low)/2
		if middle == low || middle == high {
			break
		}
		if studentTail(middle, n) > 1-confidence {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}

// incompleteBeta is the regularized incomplete beta function I_x(a, b), y = 1 − x given
// beside it for its digits, by its continued fraction (DLMF 8.17.22) in Lentz's way.
func incompleteBeta(a, b, x, y float64) float64 {
	if x > (a+1)/(a+b+2) { // where the fraction converges slowly the other tail's does not
		return 1 - incompleteBeta(b, a, y, x)
	}
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	lab, _ := math.Lgamma(a + b)
	front := math.Exp(float64(a*math.Log(x))+float64(b*math.Log(y))+(lab-la-lb)) / a
	const tiny = 1e-300 // for a denominator of 0
	fraction, c, d := 1.0, 1.0, 0.0
	for m := 1; m < 10_000; m++ {
		k, even := float64(m/2), a+float64(2*(m/2))
		term := k * (b - k) * x / ((even - 1) * even)
		if m%2 == 1 {
			term = -(a + k) * (a + b + k) * x / (even * (even + 1))
		}
		if d = 1 + float64(term*d); d == 0 {
			d = tiny
		}
		if c = 1 + term/c; c == 0 {
			c = tiny
		}
		d = 1 / d
		fraction *= c * d
		if math.Abs(c*d-1) < 1e-15 {
			break
		}
	}
	return front / fraction
}
