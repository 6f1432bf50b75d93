package calibration

import (
	"math"

	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// Bounds of 1/temperature: rows that are all right, or all wrong, ask for no end of it.
const (
	leastInverse = 1e-3
	mostInverse  = 1e3
)

// fitTemperature finds the power with the least log loss. The loss is convex in it: its
// derivative rises, and Newton's steps are kept between the bounds that its sign proves.
func fitTemperature(r rows) float64 {
	logs := make([]float64, len(r.probabilities))
	for i, p := range r.probabilities {
		logs[i] = logarithm(p)
	}
	low, high := leastInverse, mostInverse
	power := 1.0
	for range 200 {
		slope, curvature := temperatureSlope(r, logs, power)
		if slope > 0 {
			high = power
		} else {
			low = power
		}
		next := power - slope/curvature
		if !(next > low && next < high) {
			next = math.Sqrt(float64(low * high)) // NaN of a flat loss too
		}
		if math.Abs(next-power) <= 1e-14*power {
			break
		}
		power = next
	}
	return power
}

// temperatureSlope is the first and second derivative of the log loss by the power.
func temperatureSlope(r rows, logs []float64, power float64) (slope, curvature float64) {
	slopes, curvatures := make([]float64, len(r.class)), make([]float64, len(r.class))
	row := make([]float64, r.outputs)
	for i, class := range r.class {
		z := logs[i*r.outputs : (i+1)*r.outputs]
		soften(row, z, power)
		mean, square := 0.0, 0.0
		for k, p := range row {
			mean += float64(p * z[k])
		}
		for k, p := range row {
			d := z[k] - mean
			square += float64(p * float64(d*d))
		}
		slopes[i] = float64(r.weights[i] * (mean - z[class]))
		curvatures[i] = float64(r.weights[i] * square)
	}
	return num.Sum(slopes), num.Sum(curvatures)
}

// soften writes the probabilities whose logarithms are power × z, less a constant.
func soften(dst, z []float64, power float64) {
	top, sum := math.Inf(-1), 0.0
	for _, v := range z {
		top = max(top, v)
	}
	for k, v := range z {
		dst[k] = num.Exp(float64(power * (v - top)))
		sum += dst[k]
	}
	for k := range dst {
		dst[k] /= sum
	}
}

// temper raises a row to the power.
func (c *Calibration) temper(row []float64) {
	for k, p := range row {
		row[k] = logarithm(p)
	}
	soften(row, row, c.Inverse)
}

// logarithm of a probability, which is kept off 0.
func logarithm(p float64) float64 { return num.Log(max(p, certain)) }
