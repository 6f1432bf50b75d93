package metric

import (
	"fmt"
	"math"
	"slices"
)

// regression makes a Score of a function on values.
func regression(name string, score func(sample) (float64, error)) func(y, predicted, weights []float64, outputs int) (float64, error) {
	return func(y, predicted, weights []float64, outputs int) (float64, error) {
		if outputs != 1 {
			panic("metric: a regression has one output")
		}
		s, err := newSample(y, predicted, weights, outputs, checkValue)
		if err != nil {
			return finite(name, 0, err)
		}
		value, err := score(s)
		return finite(name, value, err)
	}
}

func checkValue(y float64, predicted []float64) error {
	if math.IsNaN(y) || math.IsInf(y, 0) {
		return fmt.Errorf("target %v is not a finite number", y)
	}
	if p := predicted[0]; math.IsNaN(p) || math.IsInf(p, 0) {
		return fmt.Errorf("prediction %v is not a finite number", p)
	}
	return nil
}

// rmse is √(Σw(y-ŷ)² / Σw), in the unit of the target.
func rmse(s sample) (float64, error) {
	square, exponent := s.meanSquare(func(i int) float64 { return s.y[i] - s.predicted[i] })
	return math.Ldexp(math.Sqrt(square), exponent), nil
}

// mae is Σw|y-ŷ| / Σw, in the unit of the target.
func mae(s sample) (float64, error) {
	return s.mean(func(i int) float64 { return math.Abs(s.y[i] - s.predicted[i]) }), nil
}

// r2 is 1 - Σw(y-ŷ)² / Σw(y-ȳ)²: 1 is perfect, 0 no better than the mean of these rows,
// and there is no lower end. A constant target has no such score; scikit-learn says 1 or 0.
func r2(s sample) (float64, error) {
	if slices.Min(s.y) == slices.Max(s.y) {
		return 0, fmt.Errorf("%w: the target is %v in every row", ErrUndefined, s.y[0])
	}
	mean := s.mean(func(i int) float64 { return s.y[i] })
	residual, e := s.meanSquare(func(i int) float64 { return s.y[i] - s.predicted[i] })
	total, f := s.meanSquare(func(i int) float64 { return s.y[i] - mean })
	return 1 - math.Ldexp(residual/total, 2*(e-f)), nil
}

// meanSquare is the weighted mean of deviation² as square·2^(2·exponent), scaled so that
// neither the squares of 1e200 overflow nor those of 1e-200 vanish.
func (s sample) meanSquare(deviation func(i int) float64) (square float64, exponent int) {
	largest := 0.0
	for i := range s.y {
		largest = max(largest, math.Abs(deviation(i)))
	}
	_, exponent = math.Frexp(largest)
	return s.mean(func(i int) float64 {
		d := math.Ldexp(deviation(i), -exponent)
		return float64(d * d)
	}), exponent
}
