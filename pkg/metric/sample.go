package metric

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// ErrUndefined is wrapped by the error of a score that the rows do not have.
var ErrUndefined = errors.New("score is undefined")

// RowError is a value that cannot be scored.
type RowError struct {
	Row int // index into y
	Err error
}

func (e *RowError) Error() string { return fmt.Sprintf("row %d: %v", e.Row, e.Err) }

func (e *RowError) Unwrap() error { return e.Err }

// sumTolerance is how far the probabilities of a row may sum from 1: what is left of them
// after a round trip through float32, with room for a thousand classes.
const sumTolerance = 1e-6

// sample is what the metrics compute on: rows that have been checked, all of positive weight.
type sample struct {
	y         []float64
	predicted []float64 // row by row
	weights   []float64 // positive, the largest in [0.5, 1) unless all are 1
	outputs   int
}

// newSample checks lengths and weights, drops rows of weight 0 and calls check on every
// other row, so that a row without weight may hold anything.
func newSample(y, predicted, weights []float64, outputs int, check func(y float64, predicted []float64) error) (sample, error) {
	if outputs < 1 || len(predicted) != len(y)*outputs || (weights != nil && len(weights) != len(y)) {
		panic("metric: lengths differ")
	}
	s := sample{outputs: outputs}
	scaled, err := scaleWeights(weights, len(y))
	if err != nil {
		return s, err
	}
	for i, w := range scaled {
		if w == 0 {
			continue
		}
		if err := check(y[i], predicted[i*outputs:(i+1)*outputs]); err != nil {
			return s, &RowError{Row: i, Err: err}
		}
	}
	s.y, s.predicted, s.weights = y, predicted, scaled
	if slices.Contains(scaled, 0) {
		s = s.weighted()
	}
	if len(s.y) == 0 {
		return s, fmt.Errorf("%w: there are no rows", ErrUndefined)
	}
	return s, nil
}

// scaleWeights returns the weights by a power of two, the largest in [0.5, 1): exact, and
// no sum of them overflows. Scores do not depend on the scale.
func scaleWeights(weights []float64, n int) ([]float64, error) {
	scaled := make([]float64, n)
	if weights == nil {
		for i := range scaled {
			scaled[i] = 1
		}
		return scaled, nil
	}
	largest := 0.0
	for i, w := range weights {
		if !(w >= 0) || math.IsInf(w, 1) {
			return nil, &RowError{Row: i, Err: fmt.Errorf("weight %v: want a finite number, 0 or more", w)}
		}
		largest = max(largest, w)
	}
	_, exponent := math.Frexp(largest)
	for i, w := range weights {
		scaled[i] = math.Ldexp(w, -exponent)
	}
	return scaled, nil
}

// weighted is the sample less the rows of weight 0, as a copy.
func (s sample) weighted() sample {
	kept := sample{outputs: s.outputs}
	for i, w := range s.weights {
		if w > 0 {
			kept.y = append(kept.y, s.y[i])
			kept.predicted = append(kept.predicted, s.row(i)...)
			kept.weights = append(kept.weights, w)
		}
	}
	return kept
}

// row is the predictions of row i.
func (s sample) row(i int) []float64 { return s.predicted[i*s.outputs : (i+1)*s.outputs] }

// class is the class of row i.
func (s sample) class(i int) int { return int(s.y[i]) }

// mean is the weighted mean of loss over the rows.
func (s sample) mean(loss func(i int) float64) float64 {
	terms := make([]float64, len(s.y))
	for i, w := range s.weights {
		terms[i] = float64(w * loss(i))
	}
	return num.Sum(terms) / num.Sum(s.weights)
}

// finite turns a score that overflowed into an error that names the metric.
func finite(name string, score float64, err error) (float64, error) {
	if err == nil && (math.IsNaN(score) || math.IsInf(score, 0)) {
		err = fmt.Errorf("%w: it overflows", ErrUndefined)
	}
	if err != nil {
		return math.NaN(), fmt.Errorf("%s: %w", name, err)
	}
	return score, nil
}
