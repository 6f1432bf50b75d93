package calibration

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
)

// CVPlus makes intervals of what the models of the folds predict: every training row stands for
// how far the truth may lie from the model that had not seen it (CV+; Barber, Candès, Ramdas &
// Tibshirani 2021). Whatever the model and the noise, with folds of equal size the mean share of
// intervals that hold the truth is at least 2·Coverage − 1, less at most √(2/rows), and in
// practice Coverage: unlike Conformal it counts what the models differ by at the very row asked
// for, so that intervals widen where there was little to learn from.
//
// Of each fold only the residuals in the tails can be ends of an interval, so only they are kept.
type CVPlus struct {
	Coverage float64     `json:"coverage"` // between 0 and 1
	Rank     int         `json:"rank"`     // of an end among all rows, from 1
	Low      [][]float64 `json:"low"`      // of each fold: its Rank lowest residuals, rising
	High     [][]float64 `json:"high"`     // of each fold: its Rank highest residuals, falling
}

// FitCVPlus fits intervals to rows and what the model of the fold that tests each predicted for
// it; fold counts from 0. The slices are not changed; it panics if they differ in length.
func FitCVPlus(y, predicted []float64, fold []int, coverage float64) (*CVPlus, error) {
	if len(y) != len(predicted) || len(y) != len(fold) {
		panic("calibration: lengths differ")
	}
	rank, err := rankOf(len(y), coverage)
	if err != nil {
		return nil, err
	}
	var residuals [][]float64
	for i := range y {
		if err := finiteRow(i, y[i], predicted[i]); err != nil {
			return nil, err
		}
		for len(residuals) <= fold[i] {
			residuals = append(residuals, nil)
		}
		residuals[fold[i]] = append(residuals[fold[i]], y[i]-predicted[i])
	}
	c := &CVPlus{Coverage: coverage, Rank: rank, Low: make([][]float64, len(residuals)), High: make([][]float64, len(residuals))}
	for f, of := range residuals {
		slices.Sort(of)
		c.Low[f] = slices.Clone(of[:min(rank, len(of))])
		slices.Reverse(of)
		c.High[f] = slices.Clone(of[:min(rank, len(of))])
	}
	return c, nil
}

// Folds is how many models Around asks for.
func (c *CVPlus) Folds() int { return len(c.Low) }

// Around is the interval of a row for which the folds' models predict these values. It holds
// their mean, and its ends are finite.
func (c *CVPlus) Around(predicted []float64) (low, high float64) {
	mean := 0.0
	for _, v := range predicted {
		mean += v / float64(len(predicted))
	}
	low = ranked(c.Low, c.Rank, func(fold int, residual float64) float64 { return predicted[fold] + residual })
	high = -ranked(c.High, c.Rank, func(fold int, residual float64) float64 { return -(predicted[fold] + residual) })
	return finite(min(low, mean), max(high, mean))
}

// ranked is the value of a rank, from 1, among those of all lists, in each of which they rise.
func ranked(lists [][]float64, rank int, value func(list int, v float64) float64) float64 {
	found := math.Inf(1)
	for l, list := range lists {
		// The first of the list that has enough values at or below it in all lists together.
		i := sort.Search(len(list), func(i int) bool {
			at, below := value(l, list[i]), 0
			for other, of := range lists {
				below += sort.Search(len(of), func(j int) bool { return value(other, of[j]) > at })
			}
			return below >= rank
		})
		if i < len(list) {
			found = min(found, value(l, list[i]))
		}
	}
	return found
}

// Check returns an error unless Around gives intervals: of a CVPlus from a file.
func (c *CVPlus) Check() error {
	if !(c.Coverage > 0 && c.Coverage < 1) {
		return fmt.Errorf("coverage %v", c.Coverage)
	}
	if len(c.Low) == 0 || len(c.High) != len(c.Low) {
		return fmt.Errorf("lower residuals of %d folds, upper of %d", len(c.Low), len(c.High))
	}
	rows := 0
	for f, low := range c.Low {
		high := c.High[f]
		if len(high) != len(low) || len(low) > c.Rank {
			return fmt.Errorf("fold %d: %d lower and %d upper residuals for rank %d", f+1, len(low), len(high), c.Rank)
		}
		if !slices.IsSorted(low) || !slices.IsSortedFunc(high, func(a, b float64) int { return cmp.Compare(b, a) }) {
			return fmt.Errorf("fold %d: residuals out of order", f+1)
		}
		for _, v := range append(slices.Clone(low), high...) {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("fold %d: residual %v", f+1, v)
			}
		}
		rows += len(low)
	}
	if c.Rank < 1 || rows < c.Rank {
		return errors.New("fewer residuals than the rank of an end")
	}
	return nil
}
