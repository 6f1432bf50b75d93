package calibration

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Conformal makes intervals of predicted values: it adds to a prediction what residuals of
// rows that the model had not seen were at least and at most, but for the share that may lie
// outside. On rows like those it was fitted on, the mean share of intervals that hold the truth
// is Coverage or more, whatever the model and the noise (Vovk, Gammerman & Shafer 2005): the
// ranks are those of one more row, the next.
//
// Errors often grow with the value, so that rows are put in bands by what was predicted, each
// with bounds and the coverage of its own (a Mondrian taxonomy), as far as rows suffice.
//
// Two things are not exact. Residuals of folds are of models that learned from fewer rows than
// the final one: with a learner that gains from rows, intervals are a little wide. And rows of
// the folds are not independent of each other, for which CVPlus asks every fold's model.
type Conformal struct {
	Coverage float64   `json:"coverage"`        // between 0 and 1
	Until    []float64 `json:"until,omitempty"` // rising: where each band ends but the last, itself in it
	Low      []float64 `json:"low"`             // of each band, not above 0
	High     []float64 `json:"high"`            // likewise, not below 0
}

const (
	mostBands   = 10
	rowsOfABand = 200 // at least, if there is more than one; and ten in each tail
)

// leastRows is how many residuals have one beyond both ends of an interval.
func leastRows(coverage float64) int { return int(math.Ceil(2/(1-coverage)-1e-9)) - 1 }

// FitConformal fits intervals to rows that the model had not been fitted on. The slices are
// not changed; it panics if they differ in length.
func FitConformal(y, predicted []float64, coverage float64) (*Conformal, error) {
	if len(y) != len(predicted) {
		panic("calibration: lengths differ")
	}
	if _, err := rankOf(len(y), coverage); err != nil {
		return nil, err
	}
	order := make([]int, len(y))
	for i := range order {
		if err := finiteRow(i, y[i], predicted[i]); err != nil {
			return nil, err
		}
		order[i] = i
	}
	// Of equal predictions the target decides, so that the order of rows changes nothing.
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(predicted[a], predicted[b]), cmp.Compare(y[a], y[b]))
	})
	c := &Conformal{Coverage: coverage}
	least := max(rowsOfABand, 10*leastRows(coverage))
	width := max(least, (len(order)+mostBands-1)/mostBands)
	for from := 0; from < len(order); {
		until := min(from+width, len(order))
		for until < len(order) && predicted[order[until]] == predicted[order[until-1]] {
			until++ // equal predictions have equal intervals
		}
		if len(order)-until < least {
			until = len(order) // too few for a band of their own
		}
		low, high := tails(y, predicted, order[from:until], coverage)
		c.Low, c.High = append(c.Low, low), append(c.High, high)
		if until < len(order) {
			c.Until = append(c.Until, predicted[order[until-1]])
		}
		from = until
	}
	return c, nil
}

// rankOf is the rank, from 1, of either end among so many rows: that which one more row would
// leave half of what may lie outside beyond. It is an error if that is less than a row.
func rankOf(rows int, coverage float64) (int, error) {
	if !(coverage > 0 && coverage < 1) {
		return 0, fmt.Errorf("intervals: coverage %v is not between 0 and 1", coverage)
	}
	if least := leastRows(coverage); rows < least {
		return 0, fmt.Errorf("intervals of coverage %v take %d rows at least, there are %d", coverage, least, rows)
	}
	outside := (1 - coverage) / 2
	return max(1, int(math.Floor(float64(float64(rows+1)*outside)+1e-9))), nil
}

// finiteRow returns an error if a row's target or prediction is no finite number.
func finiteRow(row int, y, predicted float64) error {
	if math.IsNaN(y) || math.IsInf(y, 0) || math.IsNaN(predicted) || math.IsInf(predicted, 0) {
		return fmt.Errorf("intervals: %w", &RowError{row, fmt.Errorf("target %v and prediction %v", y, predicted)})
	}
	return nil
}

// tails are the residuals at the ranks that one more row would leave the coverage between.
func tails(y, predicted []float64, rows []int, coverage float64) (low, high float64) {
	residuals := make([]float64, len(rows))
	for i, row := range rows {
		residuals[i] = y[row] - predicted[row]
	}
	slices.Sort(residuals)
	rank, _ := rankOf(len(rows), coverage) // a band has enough of them
	return min(residuals[rank-1], 0), max(residuals[len(residuals)-rank], 0)
}

// Around is the interval of a prediction. Its ends are finite numbers, as JSON has no others.
func (c *Conformal) Around(predicted float64) (low, high float64) {
	b, _ := slices.BinarySearch(c.Until, predicted)
	return finite(predicted+c.Low[b], predicted+c.High[b])
}

func finite(low, high float64) (float64, float64) {
	return max(low, -math.MaxFloat64), min(high, math.MaxFloat64)
}

// Intervals are those of predictions, one after the other.
func (c *Conformal) Intervals(predicted []float64) [][2]float64 {
	intervals := make([][2]float64, len(predicted))
	for i, v := range predicted {
		intervals[i][0], intervals[i][1] = c.Around(v)
	}
	return intervals
}

// Check returns an error unless Around gives intervals: of a Conformal from a file.
func (c *Conformal) Check() error {
	if !(c.Coverage > 0 && c.Coverage < 1) {
		return fmt.Errorf("coverage %v", c.Coverage)
	}
	if len(c.Low) != len(c.Until)+1 || len(c.High) != len(c.Low) {
		return fmt.Errorf("%d lower and %d upper bounds for %d bands", len(c.Low), len(c.High), len(c.Until)+1)
	}
	for b := range c.Low {
		if !(c.Low[b] <= 0 && c.High[b] >= 0) || math.IsInf(c.Low[b], 0) || math.IsInf(c.High[b], 0) {
			return fmt.Errorf("band %d: from %v to %v", b+1, c.Low[b], c.High[b])
		}
	}
	for b, until := range c.Until {
		if math.IsNaN(until) || math.IsInf(until, 0) || b > 0 && until <= c.Until[b-1] {
			return errors.New("bands that do not rise")
		}
	}
	return nil
}
