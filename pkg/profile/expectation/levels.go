package expectation

import (
	"slices"
	"strconv"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/sketch"
)

// level is a value and how many rows have it.
type level struct {
	value string
	rows  int
}

// levels are the values that a profile has of a column, the most frequent first; complete
// says that they are all, and with their true counts.
func levels(c *profile.Column) (all []level, complete bool) {
	rows, cut := 0, false
	for _, v := range c.Top {
		if v.Masked { // the form of some values, which is no value
			return nil, false
		}
		all = append(all, level{v.Value, v.Count})
		rows += v.Count
		cut = cut || v.Truncated
	}
	if c.TopError == 0 && rows == c.Count && !cut {
		return all, true
	}
	if c.Sketches == nil {
		return all, false
	}
	if q := numbers(c); q != nil && q.Exact() && q.N() == uint64(c.Count) && c.Type == dataset.Numeric {
		all = all[:0]
		for v, n := range q.All() { // ascending
			if text := number(v); len(all) > 0 && all[len(all)-1].value == text {
				all[len(all)-1].rows += int(n)
			} else {
				all = append(all, level{text, int(n)})
			}
		}
		slices.SortStableFunc(all, func(a, b level) int { return b.rows - a.rows })
		return all, true
	}
	var counted sketch.Texts
	if err := counted.UnmarshalBinary(c.Sketches.Frequent); err != nil || !counted.Exact() || counted.N() != uint64(c.Count) {
		return all, false
	}
	all = all[:0]
	for _, v := range counted.Top(counted.Len()) {
		all = append(all, level{v.Item, int(v.N)})
	}
	return all, true
}

// numbers is the sketch of a column's numbers or moments; nil if there is none.
func numbers(c *profile.Column) *sketch.Quantiles {
	q := &sketch.Quantiles{}
	if c.Sketches == nil || q.UnmarshalBinary(c.Sketches.Quantiles) != nil || q.N() == 0 {
		return nil
	}
	return q
}

// beyond counts the rows whose number is below or above a limit: exactly, or about. known is
// false if the profile cannot tell even that.
func beyond(c *profile.Column, limit float64, above bool) (rows int, about, known bool) {
	outside := func(v float64) bool { return above && v > limit || !above && v < limit }
	if all, complete := levels(c); complete && c.Period == nil {
		for _, l := range all {
			v, err := strconv.ParseFloat(l.value, 64)
			if err != nil {
				return 0, false, false
			}
			if outside(v) {
				rows += l.rows
			}
		}
		return rows, false, true
	}
	infinite := c.Infinite.Negative
	if above {
		infinite = c.Infinite.Positive
	}
	if above && limit >= c.Numeric.Max || !above && limit <= c.Numeric.Min {
		return infinite, false, true
	}
	if above && limit < c.Numeric.Min || !above && limit > c.Numeric.Max {
		other := c.Infinite.Negative + c.Infinite.Positive - infinite // on the side that is within
		return c.Count - other, false, true
	}
	q := numbers(c)
	if q == nil {
		return 0, false, false
	}
	for v, n := range q.All() {
		if outside(v) {
			rows += int(n)
		}
	}
	// One is outside, or the ends would not be.
	return max(rows, 1) + infinite, !q.Exact(), true
}
