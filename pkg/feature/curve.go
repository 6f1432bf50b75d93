package feature

import (
	"errors"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// Curve encodes a numeric column by a monotone function that takes its skewness away, and
// then standardizes: by a power, or by normal quantiles if Quantiles are given; quantiles that
// are Uniform stay between 0 and 1. A value
// beyond what training saw is clipped to Low or High first: a power fitted to the bulk
// explodes on the far side of the range.
//
// The power is of standardized values, so that it does not depend on the unit of measurement:
// in numbers that are large, or close together and far from 0, it would be lost in rounding.
type Curve struct {
	Fill      *float64  `json:"fill,omitempty"`      // put in place of missing; nil keeps NaN
	Indicator bool      `json:"indicator,omitempty"` // adds "<name> missing"; else Number beside it does
	Low       float64   `json:"low"`
	High      float64   `json:"high"`
	Center    float64   `json:"center,omitempty"` // (value − Center) · Size is raised
	Size      float64   `json:"size,omitempty"`
	Lambda    float64   `json:"lambda,omitempty"`    // Yeo-Johnson's
	Quantiles []float64 `json:"quantiles,omitempty"` // of the training rows, evenly spaced from 0 to 1
	Uniform   bool      `json:"uniform,omitempty"`
	Shift     float64   `json:"shift"` // (bent value − Shift) · Factor
	Factor    float64   `json:"factor"`
}

// mostQuantiles is how many quantiles a curve keeps.
const mostQuantiles = 100

// fitCurve fits a column that has a value.
func fitCurve(v values, method Method, o Options) *Curve {
	k := &Curve{Low: v.sorted[0], High: v.sorted[len(v.sorted)-1]}
	if o.Impute {
		fill := v.fill()
		k.Fill, k.Indicator = &fill, v.asked && v.facts.Present < v.facts.Rows
	}
	if method != Power {
		k.Uniform = method == Uniform
		k.Quantiles = make([]float64, max(2, min(mostQuantiles, len(v.sorted))))
		for i := range k.Quantiles {
			k.Quantiles[i] = quantile(v.sorted, i, len(k.Quantiles)-1)
		}
		// Interpolation may round an ulp below what is before it.
		for i := 1; i < len(k.Quantiles); i++ {
			k.Quantiles[i] = max(k.Quantiles[i], k.Quantiles[i-1])
		}
	} else {
		k.Center, k.Size = standardize(v.sorted)
		k.Lambda = v.lambda
	}
	if k.Factor = 1; k.Uniform {
		return k
	}
	bent := slices.Clone(v.complete(k.Fill))
	for i, x := range bent {
		bent[i] = k.bend(x)
	}
	k.Shift, k.Factor = standardize(bent)
	return k
}

func (k *Curve) bend(x float64) float64 {
	x = min(max(x, k.Low), k.High)
	switch {
	case k.Uniform:
		return rank(k.Quantiles, x)
	case k.Quantiles != nil:
		return normal(rank(k.Quantiles, x))
	}
	return yeoJohnson(float64((x-k.Center)*k.Size), k.Lambda)
}

// rank is the share of training rows below x, between 0 and 1. Where many rows share a
// value it is in the middle of them, as in scikit-learn's QuantileTransformer.
func rank(q []float64, x float64) float64 {
	last := len(q) - 1
	switch {
	case x <= q[0]:
		return 0
	case x >= q[last]:
		return 1
	}
	first, found := slices.BinarySearch(q, x)
	if !found {
		before := first - 1
		return (float64(before) + (x-q[before])/(q[first]-q[before])) / float64(last)
	}
	end := first
	for q[end+1] == x {
		end++
	}
	return float64(first+end) / 2 / float64(last)
}

// normal is the standard normal's quantile of p, kept within ±5.2, where the normal leaves
// one row of ten million.
func normal(p float64) float64 {
	const edge = 1e-7
	return -math.Sqrt2 * math.Erfcinv(2*min(max(p, edge), 1-edge))
}

// yeoJohnson is the power transform of Yeo and Johnson, "A new family of power
// transformations to improve normality or symmetry", Biometrika 87 (2000), equation 2.1.
func yeoJohnson(x, lambda float64) float64 {
	if x < 0 {
		return -boxCox(-x, 2-lambda)
	}
	return boxCox(x, lambda)
}

// boxCox is ((1+x)^power − 1) / power.
func boxCox(x, power float64) float64 {
	if power == 0 {
		return math.Log1p(x)
	}
	return math.Expm1(float64(power*math.Log1p(x))) / power
}

// fitYeoJohnson finds the power of greatest likelihood under a normal distribution. From 1,
// which changes nothing, it goes uphill by doubled steps until the top is between two of
// them, then sections: it never begins where numbers overflow.
func fitYeoJohnson(x []float64) float64 {
	logs := make([]float64, len(x))
	for i, v := range x {
		logs[i] = math.Copysign(math.Log1p(math.Abs(v)), v)
	}
	slope := num.Sum(logs)
	bent := make([]float64, len(x))
	likelihood := func(lambda float64) float64 {
		for i, v := range x {
			bent[i] = yeoJohnson(v, lambda)
		}
		variance := spread(bent)
		if !(variance > 0) || math.IsInf(variance, 0) {
			return math.Inf(-1)
		}
		return float64((lambda-1)*slope) - float64(float64(len(x))/2*math.Log(variance))
	}
	low, high := bracket(likelihood, 1)
	const golden = 0.6180339887498949
	a, b := high-float64(golden*(high-low)), low+float64(golden*(high-low))
	atA, atB := likelihood(a), likelihood(b)
	for high-low > 1e-8 {
		if atA >= atB {
			high, b, atB = b, a, atA
			a = high - float64(golden*(high-low))
			atA = likelihood(a)
		} else {
			low, a, atA = a, b, atB
			b = low + float64(golden*(high-low))
			atB = likelihood(b)
		}
	}
	return (low + high) / 2
}

// bracket returns bounds around the top of f, which has one.
func bracket(f func(float64) float64, start float64) (low, high float64) {
	const farthest = 1 << 10
	step := 0.5
	if f(start-step) > f(start) {
		step = -step
	}
	before, at := start-step, start
	for height := f(at); math.Abs(at-start) < farthest; step *= 2 {
		next := at + step
		higher := f(next)
		if !(higher > height) {
			return min(before, next), max(before, next)
		}
		before, at, height = at, next, higher
	}
	return min(before, at), max(before, at)
}

// spread is the population variance.
func spread(x []float64) float64 {
	n := float64(len(x))
	mean := 0.0
	for _, v := range x {
		mean += v / n
	}
	sum := 0.0
	for _, v := range x {
		sum += float64((v - mean) * (v - mean))
	}
	return sum / n
}

func (k *Curve) names(column string) []string {
	names := []string{column + " power"}
	if k.Quantiles != nil {
		names[0] = column + " quantile"
	}
	if k.Indicator {
		names = append(names, column+" missing")
	}
	return names
}

func (k *Curve) takes(t dataset.Type) bool { return t == dataset.Numeric }

func (k *Curve) encode(dst [][]float64, c *dataset.Column) {
	if k.numbers(dst[0], c.Values) && k.Indicator {
		mark(dst[1], c.Values)
	}
}

// numbers is as that of Number.
func (k *Curve) numbers(dst, values []float64) (missing bool) {
	for i, v := range values {
		if math.IsNaN(v) {
			missing = true
			if k.Fill == nil {
				dst[i] = v
				continue
			}
			v = *k.Fill
		}
		dst[i] = float64((k.bend(v) - k.Shift) * k.Factor)
	}
	return missing
}

func (k *Curve) check() error {
	switch {
	case k.Fill == nil && k.Indicator:
		return errMarksUnfilled
	case k.Uniform && k.Quantiles == nil:
		return errors.New("is uniform without quantiles")
	case !(k.Low <= k.High):
		return errors.New("has a curve over no range")
	case k.Quantiles != nil && (len(k.Quantiles) < 2 || !slices.IsSorted(k.Quantiles)):
		return errors.New("has quantiles that are not two or more in ascending order")
	case !finite(k.bend(k.Low), k.bend(k.High)):
		return errors.New("has a curve that leaves the numbers")
	}
	return nil
}
