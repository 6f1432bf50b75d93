// Package metric scores predictions on slices: how far values are off, how well
// probabilities rank, how often the class is right. It knows nothing of models or tables.
//
// Its opinion: a score that is not defined is an error, never a number that looks like one.
// The area under the curve of one class, R² of a constant target and any score of no rows
// have no value, and a 0.5 or 0 in their place would be averaged into a leaderboard.
//
// Order of use: Default or ByName → Metric.Score on each fold → Metric.Better to compare.
//
// Scores agree with scikit-learn's of the same name (testdata/peers/metric_sklearn.py),
// except that a row of weight 0 is as if it were not there. Sums run in row order with
// compensation and unfused products, so that a score does not depend on the machine.
// Interval puts a confidence interval around a score: by theory where there is one, else by
// the bootstrap.
package metric

import (
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// Metric is a way to score predictions. There is no other than those of this package:
// ByName, For and Default return them.
type Metric struct {
	Name    string
	Tasks   []dataset.Task // the tasks it is meant for
	Greater bool           // whether a greater score is a better one

	// loss is of a single row, if the score is the mean of such losses.
	loss func(s sample, i int) float64
	// measure is the score; nil for the mean of loss.
	measure func(sample) (float64, error)
	// spread puts an interval around the score of the rows; nil leaves it to the deviation of
	// loss or, without one, to the bootstrap.
	spread func(sample, *Interval) error
}

// Score compares predictions with the target.
//
// For regression y is the target, outputs is 1 and predicted holds a value per row. For
// classification y is the class's index 0 … outputs-1 and predicted holds, row by row,
// the probability of each class; outputs is 2 for the binary metrics. Weights are
// non-negative and finite; nil means 1 for all. The slices are not changed.
//
// It returns a *RowError for a value outside these ranges, and an error wrapping
// ErrUndefined if the rows have no such score or it overflows. Slices whose lengths do
// not fit, or outputs that do not fit the metric, are a programmer's error: it panics.
func (m Metric) Score(y, predicted, weights []float64, outputs int) (float64, error) {
	s, err := m.sample(y, predicted, weights, outputs)
	if err != nil {
		return finite(m.Name, 0, err)
	}
	value, err := m.of(s)
	return finite(m.Name, value, err)
}

// of is the score of rows that have been checked.
func (m Metric) of(s sample) (float64, error) {
	if m.measure == nil {
		return s.mean(func(i int) float64 { return m.loss(s, i) }), nil
	}
	return m.measure(s)
}

// sample checks the rows and makes them what metrics compute on.
func (m Metric) sample(y, predicted, weights []float64, outputs int) (sample, error) {
	check := checkClass
	switch {
	case slices.Contains(m.Tasks, dataset.Regression):
		check = checkValue
		if outputs != 1 {
			panic("metric: a regression has one output")
		}
	case !slices.Contains(m.Tasks, dataset.Multiclass) && outputs != 2:
		panic("metric: a binary classification has two outputs")
	case outputs < 2:
		panic("metric: a classification has two outputs or more")
	}
	return newSample(y, predicted, weights, outputs, check)
}

// Better reports whether score a is better than b. NaN, the score of what failed, is never
// better than anything, and every number is better than it.
func (m Metric) Better(a, b float64) bool {
	switch {
	case math.IsNaN(a):
		return false
	case math.IsNaN(b):
		return true
	case m.Greater:
		return a > b
	}
	return a < b
}
