package metric

import (
	"math"
	"slices"
)

// Cut is what a threshold of the probability of class 1 does with rows of two classes, in their
// weights: rows at or above it are taken for class 1. The curves of a classifier (ROC,
// precision and recall, gain and lift) are its rates at one cut after the other.
type Cut struct {
	Threshold                   float64 // +Inf takes no row
	TruePositive, FalsePositive float64
	Positive, Negative          float64 // all rows of either class
}

// Cuts are those at every probability that occurs, from the greatest to the least, after one
// that takes no row. positive is the probability of class 1 in each row, y its class, 0 or 1;
// weights may be nil. It panics if the lengths differ.
func Cuts(y, positive, weights []float64) []Cut {
	if len(y) != len(positive) || weights != nil && len(weights) != len(y) {
		panic("metric: cuts of slices that do not fit")
	}
	order := make([]int, len(y))
	all := Cut{Threshold: math.Inf(1)}
	weight := func(row int) float64 {
		if weights == nil {
			return 1
		}
		return weights[row]
	}
	for row := range order {
		order[row] = row
		if y[row] == 1 {
			all.Positive += weight(row)
		} else {
			all.Negative += weight(row)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case positive[a] > positive[b]:
			return -1
		case positive[a] < positive[b]:
			return 1
		}
		return 0
	})
	cuts := []Cut{all}
	now := all
	for i, row := range order {
		if now.Threshold = positive[row]; y[row] == 1 {
			now.TruePositive += weight(row)
		} else {
			now.FalsePositive += weight(row)
		}
		if i+1 == len(order) || positive[order[i+1]] != positive[row] {
			cuts = append(cuts, now)
		}
	}
	return cuts
}

// Recall is the share of class 1 that is taken for it, also called the true positive rate and
// gain. It is NaN if there is none.
func (c Cut) Recall() float64 { return c.TruePositive / c.Positive }

// FalseRate is the share of class 0 that is taken for class 1; NaN if there is none.
func (c Cut) FalseRate() float64 { return c.FalsePositive / c.Negative }

// Precision is the share of class 1 in what is taken for it; 1 of nothing, as scikit-learn has it.
func (c Cut) Precision() float64 {
	if c.TruePositive+c.FalsePositive == 0 {
		return 1
	}
	return c.TruePositive / (c.TruePositive + c.FalsePositive)
}

// F1 is the harmonic mean of precision and recall; 0 if no row of class 1 is taken.
func (c Cut) F1() float64 {
	if c.TruePositive == 0 {
		return 0
	}
	return 2 * c.TruePositive / (c.TruePositive + c.FalsePositive + c.Positive)
}

// Taken is the share of all rows that is taken for class 1.
func (c Cut) Taken() float64 { return (c.TruePositive + c.FalsePositive) / (c.Positive + c.Negative) }

// Lift is how many times as frequent class 1 is in what is taken as in all rows; NaN of nothing.
func (c Cut) Lift() float64 { return c.Recall() / c.Taken() }
