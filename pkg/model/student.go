package model

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// studentTail is the probability that |t| of Student's distribution with n degrees of freedom
// exceeds t ≥ 0: the incomplete beta function at n/(n + t²) with parameters n/2 and ½.
func studentTail(t, n float64) float64 {
	switch {
	case math.IsNaN(t):
		return math.NaN()
	case math.IsInf(t, 1):
		return 0
	}
	return mathext.RegIncBeta(n/2, 0.5, n/(n+float64(t*t)))
}

// studentQuantile is the t that |t| exceeds with probability 1 − confidence.
func studentQuantile(confidence, n float64) float64 {
	x := mathext.InvRegIncBeta(n/2, 0.5, 1-confidence)
	return math.Sqrt(n * (1 - x) / x)
}
