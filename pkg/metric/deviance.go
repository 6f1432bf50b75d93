package metric

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// deviance makes the mean unit deviance of the Tweedie family with a variance of mean^power,
// twice what the log likelihood falls short of that of a perfect fit: 1 is Poisson (counts),
// 2 gamma (positive amounts), between them sums of so many amounts, of which some are 0
// (Jørgensen, The Theory of Dispersion Models, 1997).
func deviance(power float64) func(sample) (float64, error) {
	return func(s sample) (float64, error) {
		for i, y := range s.y {
			if !(s.predicted[i] > 0) || y < 0 || y == 0 && power >= 2 {
				return 0, fmt.Errorf("%w: target %v with prediction %v, outside of the distribution", ErrUndefined, y, s.predicted[i])
			}
		}
		return s.mean(func(i int) float64 { return unitDeviance(power, s.y[i], s.predicted[i]) }), nil
	}
}

func unitDeviance(power, y, mean float64) float64 {
	switch power {
	case 1:
		if y == 0 {
			return 2 * mean
		}
		return 2 * (float64(y*math.Log(y/mean)) - y + mean)
	case 2:
		return 2 * (math.Log(mean/y) + y/mean - 1)
	}
	a, b := 1-power, 2-power
	return 2 * (math.Pow(y, b)/float64(a*b) - float64(y*math.Pow(mean, a))/a + math.Pow(mean, b)/b)
}

func tweedieDeviance(name string, power float64) (Metric, error) {
	if !(power >= 1 && power <= 2) {
		return Metric{}, fmt.Errorf("metric %q: the power is from 1, Poisson, to 2, gamma", name)
	}
	return Metric{Name: name, Tasks: regressions, measure: deviance(power)}, nil
}

// pinball is the loss whose minimum is the quantile: q·(y-ŷ) above the prediction,
// (1-q)·(ŷ-y) below it (Koenker & Bassett 1978). At 0.5 it is half of mae.
func pinball(name string, quantile float64) (Metric, error) {
	if !(quantile > 0 && quantile < 1) {
		return Metric{}, fmt.Errorf("metric %q: the quantile is between 0 and 1", name)
	}
	loss := func(s sample, i int) float64 {
		d := s.residual(i)
		return max(float64(quantile*d), float64((quantile-1)*d))
	}
	return Metric{Name: name, Tasks: regressions, loss: loss}, nil
}

// CRPS is the mean continuous ranked probability score of forecasts that are given by draws
// or by equally spaced quantiles, width of them for each y: E|X-y| - ½E|X-X'|, in the unit
// of the target and 0 for a forecast that is certain and right (Gneiting & Raftery 2007,
// eq. 21). With one draw it is mae. It panics if forecasts are not width per y.
func CRPS(y, forecasts []float64, width int) (float64, error) {
	if width < 1 || len(forecasts) != len(y)*width {
		panic("metric: lengths differ")
	}
	if len(y) == 0 {
		return 0, fmt.Errorf("crps: %w: there are no rows", ErrUndefined)
	}
	scores := make([]float64, len(y))
	for i := range y {
		drawn := forecasts[i*width : (i+1)*width]
		for _, v := range append([]float64{y[i]}, drawn...) {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return 0, fmt.Errorf("crps: %w", &RowError{Row: i, Err: errors.New("is not a finite number")})
			}
		}
		scores[i] = crps(y[i], drawn)
	}
	return num.Sum(scores) / float64(len(y)), nil
}

// crps sorts the draws: ½E|X-X'| is then a sum of each times its rank.
func crps(y float64, drawn []float64) float64 {
	sorted := slices.Sorted(slices.Values(drawn))
	n := float64(len(sorted))
	terms := make([]float64, 0, 2*len(sorted))
	for k, x := range sorted {
		terms = append(terms, math.Abs(x-y)/n, -float64(x*(float64(2*k+1)-n))/(n*n))
	}
	return num.Sum(terms)
}
