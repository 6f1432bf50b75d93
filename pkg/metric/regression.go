package metric

import (
	"fmt"
	"math"
	"slices"
)

func checkValue(y float64, predicted []float64) error {
	if math.IsNaN(y) || math.IsInf(y, 0) {
		return fmt.Errorf("target %v is not a finite number", y)
	}
	if p := predicted[0]; math.IsNaN(p) || math.IsInf(p, 0) {
		return fmt.Errorf("prediction %v is not a finite number", p)
	}
	return nil
}

// residual is y - ŷ in row i.
func (s sample) residual(i int) float64 { return s.y[i] - s.predicted[i] }

func absoluteError(s sample, i int) float64 { return math.Abs(s.residual(i)) }

func squaredError(s sample, i int) float64 {
	d := s.residual(i)
	return float64(d * d)
}

func relativeError(s sample, i int) float64 { return math.Abs(s.residual(i) / s.y[i]) }

// rmse is √(Σw(y-ŷ)² / Σw), in the unit of the target.
func rmse(s sample) (float64, error) {
	square, exponent := s.meanSquare(s.residual)
	return math.Ldexp(math.Sqrt(square), exponent), nil
}

// mse is Σw(y-ŷ)² / Σw, in the square of the target's unit.
func mse(s sample) (float64, error) {
	square, exponent := s.meanSquare(s.residual)
	return math.Ldexp(square, 2*exponent), nil
}

// mape is Σw|y-ŷ|/|y| / Σw, a share and not a percentage. There is none if the target is 0
// anywhere; scikit-learn divides by 2⁻⁵² then.
func mape(s sample) (float64, error) {
	if i := slices.Index(s.y, 0); i >= 0 {
		return 0, fmt.Errorf("%w: the target is 0 in places, and nothing is a share of 0", ErrUndefined)
	}
	return s.mean(func(i int) float64 { return relativeError(s, i) }), nil
}

// rmsle is the rmse of ln(1+y): of ratios, roughly, where the target spans magnitudes.
func rmsle(s sample) (float64, error) {
	for i, y := range s.y {
		if !(y > -1 && s.predicted[i] > -1) {
			return 0, fmt.Errorf("%w: ln(1+y) wants targets and predictions above -1", ErrUndefined)
		}
	}
	square, exponent := s.meanSquare(func(i int) float64 { return math.Log1p(s.y[i]) - math.Log1p(s.predicted[i]) })
	return math.Ldexp(math.Sqrt(square), exponent), nil
}

// medianAbsoluteError is the median of |y-ŷ|, weights counting as copies: between two values
// if they part the weight in halves.
func medianAbsoluteError(s sample) (float64, error) {
	type weighted struct{ size, weight float64 }
	sizes := make([]weighted, len(s.y))
	total := 0.0
	for i := range sizes {
		sizes[i] = weighted{absoluteError(s, i), s.weights[i]}
		total += s.weights[i]
	}
	slices.SortFunc(sizes, func(a, b weighted) int {
		switch {
		case a.size < b.size:
			return -1
		case a.size > b.size:
			return 1
		}
		return 0
	})
	below := 0.0
	for i, v := range sizes {
		below += v.weight
		switch over := 2*below - total; {
		case over > noise*total || i == len(sizes)-1:
			return v.size, nil
		case over >= -noise*total: // halves, but for the rounding of sums
			return float64(v.size/2) + float64(sizes[i+1].size/2), nil
		}
	}
	return 0, ErrUndefined // there are rows
}

// maxError is the greatest |y-ŷ|.
func maxError(s sample) (float64, error) {
	largest := 0.0
	for i := range s.y {
		largest = max(largest, absoluteError(s, i))
	}
	return largest, nil
}

// r2 is 1 - Σw(y-ŷ)² / Σw(y-ȳ)²: 1 is perfect, 0 no better than the mean of these rows,
// and there is no lower end. A constant target has no such score; scikit-learn says 1 or 0.
func r2(s sample) (float64, error) { return s.explained(0) }

// explainedVariance is r2 of predictions that are shifted to have no bias.
func explainedVariance(s sample) (float64, error) {
	return s.explained(s.mean(s.residual))
}

// explained is 1 - Σw(y-ŷ-shift)² / Σw(y-ȳ)².
func (s sample) explained(shift float64) (float64, error) {
	if slices.Min(s.y) == slices.Max(s.y) {
		return 0, fmt.Errorf("%w: the target is %v in every row", ErrUndefined, s.y[0])
	}
	mean := s.mean(func(i int) float64 { return s.y[i] })
	residual, e := s.meanSquare(func(i int) float64 { return s.residual(i) - shift })
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
