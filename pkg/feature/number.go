package feature

import (
	"errors"
	"math"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// Number encodes a numeric, boolean or timestamp column as one or two columns.
type Number struct {
	Fill      *float64 `json:"fill,omitempty"`      // put in place of missing; nil keeps NaN
	Indicator bool     `json:"indicator,omitempty"` // adds "<name> missing"
	Shift     float64  `json:"shift"`               // (value − Shift) · Factor
	Factor    float64  `json:"factor"`
}

// fitNumber fits a column that has a value.
func fitNumber(v values, method Method, o Options) *Number {
	n := &Number{Factor: 1}
	if o.Impute {
		fill := v.fill()
		n.Fill, n.Indicator = &fill, v.facts.Present < v.facts.Rows
	}
	switch method {
	case Standard:
		n.Shift, n.Factor = standardize(v.complete(n.Fill))
	case Robust:
		n.Shift = median(v.sorted)
		if size := 1 / spreadOf(v.sorted); !math.IsInf(size, 0) && size > 0 {
			n.Factor = size
		}
	}
	return n
}

// fill is what stands for a missing value: the median, of booleans the more frequent one,
// false if they are even.
func (v *values) fill() float64 {
	if v.facts.Type == dataset.Boolean {
		return v.sorted[(len(v.sorted)-1)/2]
	}
	return median(v.sorted)
}

// complete are the rows with missing ones filled, or without them if fill is nil.
func (v *values) complete(fill *float64) []float64 {
	if fill == nil {
		return v.sorted
	}
	filled := make([]float64, len(v.rows))
	for i, x := range v.rows {
		filled[i] = x
		if math.IsNaN(x) {
			filled[i] = *fill
		}
	}
	return filled
}

// standardize returns the mean and the inverse of the population standard deviation, as
// scikit-learn's StandardScaler does. A constant column becomes exactly 0, not the rounding
// error of its mean.
func standardize(x []float64) (shift, factor float64) {
	low, high := x[0], x[0]
	for _, v := range x {
		low, high = min(low, v), max(high, v)
	}
	if low == high {
		return x[0], 1
	}
	mean := num.Sum(x) / float64(len(x))
	squares := make([]float64, len(x))
	for i, v := range x {
		squares[i] = float64((v - mean) * (v - mean))
	}
	sd := math.Sqrt(num.Sum(squares) / float64(len(x)))
	switch {
	case !finite(sd): // numbers whose squares are none
		return 0, 1 / max(high, -low)
	case !(sd > rounding*math.Abs(mean)) || math.IsInf(1/sd, 0):
		return mean, 1
	}
	return mean, 1 / sd
}

// spreadOf is the interquartile range.
func spreadOf(sorted []float64) float64 { return quantile(sorted, 3, 4) - quantile(sorted, 1, 4) }

// median halves before it adds, so that it does not overflow.
func median(sorted []float64) float64 {
	n := len(sorted)
	if n%2 == 1 {
		return sorted[n/2]
	}
	return float64(sorted[n/2-1]/2) + float64(sorted[n/2]/2)
}

func (n *Number) names(column string) []string {
	if n.Indicator {
		return []string{column, column + " missing"}
	}
	return []string{column}
}

func (n *Number) takes(t dataset.Type) bool { return !t.Coded() }

func (n *Number) encode(dst [][]float64, c *dataset.Column) {
	if n.numbers(dst[0], c.Values) && n.Indicator {
		mark(dst[1], c.Values)
	}
}

// numbers writes the numbers that stand for values, which for an infinite one is the largest, and reports
// whether a value is missing.
func (n *Number) numbers(dst, values []float64) (missing bool) {
	for i, v := range values {
		if math.IsNaN(v) {
			missing = true
			if n.Fill == nil {
				dst[i] = v
				continue
			}
			v = *n.Fill
		}
		dst[i] = min(max(float64((v-n.Shift)*n.Factor), -math.MaxFloat64), math.MaxFloat64)
	}
	return missing
}

// mark writes 1 where a value is missing.
func mark(dst, values []float64) {
	for i, v := range values {
		if math.IsNaN(v) {
			dst[i] = 1
		}
	}
}

var errMarksUnfilled = errors.New("marks missing values that it does not fill")

func (n *Number) check() error {
	if n.Fill == nil && n.Indicator {
		return errMarksUnfilled
	}
	return nil
}
