package expectation

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/profile"
)

const (
	fewLevels  = 50   // as many values are listed at most
	fewOthers  = 0.05 // a list that more of the rows may be none of is no list
	restOfRows = 2    // at least one in so many rows are expected again
)

// Suggest proposes expectations for other data of the kind that a profile describes. The
// rules, of which the first four hold for another sample of the same size with the risk that
// is stated (1 in 10,000 for each) if the rows of both are in random order:
//
//   - missing: as many as the score test of two binomial shares allows; of a column that is
//     complete in n rows, 13/n.
//   - values, if there are at most 50 and they are known: all of them. Values that occur once
//     tell how many rows have values that did not occur (Good, Biometrika 40, 1953): as many
//     rows as that allows, 13 if there are none, may have others. That values are many says
//     nothing of those to come: a new one is as rare as it likes. Personal data is not listed.
//   - range, from 20 numbers on, but not of identifiers, which go on: the tails continued, see
//     tail.limit, rounded outward. An end is exact if the values pile up there (ratings,
//     caps), see bounds; 0 of numbers of which none is negative, and 1 of shares, unless the
//     tail makes that doubtful, see tail.ends.
//   - length of texts whose values are not listed: its tails continued likewise, by the mean
//     for want of quantiles; exact if all texts are of one length.
//   - integer, if 14 numbers or more are whole; unique, of an identifier; order, if it is
//     strict or one of moments. These have no slack.
//   - period: its beginning as the range of numbers, on the day; no end, since time goes on.
//   - rows: at least half as many. That is a custom, not a conclusion.
//   - no other columns.
//
// A smaller sample breaks shares and a larger one ranges more often than that.
func Suggest(p *profile.Profile) *Expectations {
	e := &Expectations{OtherColumns: Refused}
	if least := p.Rows / restOfRows; least > 0 {
		e.Rows = &Whole{Min: &least}
	}
	for i := range p.Columns {
		e.Columns = append(e.Columns, suggest(&p.Columns[i], p.Rows))
	}
	return e
}

func suggest(c *profile.Column, rows int) Column {
	s := Column{Name: c.Name}
	if rows > 0 {
		if share := shareAtMost(c.Missing, rows); share < 1 {
			s.Missing = &share
		}
	}
	if c.Count == 0 {
		return s // a column without values has a type only by default
	}
	s.Type = c.Type
	s.Unique = c.Identifier != "" && c.DistinctError == 0 && c.Distinct == c.Count && c.Count >= rare
	if c.Count >= rare && (strict(c.Order) || c.Type == dataset.Timestamp) {
		s.Order = c.Order
	}
	switch {
	case c.Type == dataset.Numeric:
		s.numbers(c)
	case c.Type == dataset.Timestamp && c.Numeric != nil && c.Count >= fewest:
		lower, _ := tails(c.Numeric, c.Count)
		s.Period = period(-lower.limit())
	case c.Type.Coded():
		if !s.Unique && len(c.Personal) == 0 { // addresses are no business of a file that is passed around
			s.Values, s.OtherValues = list(c)
		}
		if s.Values == nil {
			s.Length = length(c.Text, c.Count)
		}
	}
	return s
}

func strict(o profile.Order) bool {
	return o == profile.StrictlyIncreasing || o == profile.StrictlyDecreasing
}

// list returns the values of a column of few, and the share of rows that may have others.
func list(c *profile.Column) (values []Value, others float64) {
	all, complete := levels(c)
	if !complete || len(all) > fewLevels {
		return nil, 0
	}
	once := 0
	for _, l := range all {
		if l.rows == 1 {
			once++
		}
		values = append(values, Value(l.value))
	}
	slices.Sort(values)
	if others = shareAtMost(once, c.Count); others > fewOthers {
		return nil, 0
	}
	return values, others
}

// length continues the lengths of n texts.
func length(t *profile.TextSummary, n int) *Whole {
	if t == nil || n < rare {
		return nil
	}
	shortest, longest := t.MinLength, t.MaxLength
	if shortest != longest {
		factor := reach(n)
		shortest = max(min(shortest, 1), int(math.Floor(float64(shortest)-float64(factor*(t.MeanLength-float64(shortest))))))
		longest = int(math.Ceil(float64(longest) + float64(factor*(float64(longest)-t.MeanLength))))
	}
	return &Whole{Min: &shortest, Max: &longest}
}

// period begins on the day of a moment in microseconds; nil if there is no such date.
func period(first float64) *Period {
	day := time.UnixMicro(int64(first)).UTC().Truncate(24 * time.Hour)
	if math.Abs(first) > 1<<62 || day.Year() < 1 || day.Year() > 9999 {
		return nil
	}
	return &Period{First: day.Format(time.DateOnly)}
}

// numbers proposes what numbers are like.
func (s *Column) numbers(c *profile.Column) {
	n := c.Count - c.Infinite.Negative - c.Infinite.Positive
	if c.Numeric == nil {
		return
	}
	if c.Numeric.Min == c.Numeric.Max {
		return // nothing tells how far others may lie from a constant
	}
	s.Integer = n >= rare && c.Numeric.Integers == n
	if n < fewest || s.Unique || len(c.Personal) > 0 { // an end may be a value
		return
	}
	lower, upper := tails(c.Numeric, n)
	low, high := -lower.limit(), upper.limit()
	least, greatest := c.Numeric.Min, c.Numeric.Max
	scale := max(math.Abs(least), math.Abs(greatest))
	low, high = outward(low, scale, s.Integer, math.Floor), outward(high, scale, s.Integer, math.Ceil)
	lowest, highest := bounds(c)
	switch {
	case lowest:
		low = least
	case least >= 0 && low < 0 && (least == 0 || s.Integer || lower.ends(0, 1)):
		low = 0
	}
	switch {
	case highest:
		high = greatest
	case greatest <= 0 && high > 0 && (greatest == 0 || s.Integer || upper.ends(0, 1)):
		high = 0
	case least >= 0 && greatest <= 1 && high > 1 && !s.Integer && upper.ends(1, rare):
		high = 1
	}
	r := &Range{}
	if c.Infinite.Negative == 0 && !math.IsInf(low, 0) {
		r.Min = &low
	}
	if c.Infinite.Positive == 0 && !math.IsInf(high, 0) {
		r.Max = &high
	}
	if *r != (Range{}) {
		s.Range = r
	}
}

// outward rounds a limit away from the data: to whole numbers if these are, and to two digits
// of the greatest value, which is finer than any tail is known.
func outward(v, scale float64, integer bool, round func(float64) float64) float64 {
	if math.IsInf(v, 0) || math.IsNaN(v) || scale == 0 {
		return v
	}
	unit := math.Pow(10, math.Floor(math.Log10(max(scale, math.Abs(v))))-1)
	if integer {
		unit = max(1, unit)
	}
	if unit < 1e-300 || unit > 1e300 {
		return v
	}
	return roundTo(v, unit, round)
}

// bounds reports whether the least and the greatest number are ones that the column cannot
// go beyond: values pile up there, so that one further on would have been seen. That is, 14
// rows have it, and no less than two thirds of those that have the value before it; where a
// column thins out before it ends, each value has a smaller share than that of the one before.
func bounds(c *profile.Column) (lowest, highest bool) {
	all, complete := levels(c)
	if len(all) == 0 || c.TopError != 0 && !complete {
		return false, false
	}
	type tally struct {
		value float64
		rows  int
	}
	counts := make([]tally, 0, len(all))
	unseen := 0 // at most so many rows have a value that is not listed
	for _, l := range all {
		v, err := strconv.ParseFloat(strings.TrimSpace(l.value), 64)
		if err != nil {
			return false, false
		}
		if !math.IsInf(v, 0) {
			counts = append(counts, tally{v, l.rows})
		}
		unseen = l.rows
	}
	if complete {
		unseen = 0
	}
	slices.SortFunc(counts, func(a, b tally) int {
		if a.value < b.value {
			return -1
		}
		return 1
	})
	if len(counts) == 0 {
		return false, false
	}
	end := func(last, before int, limit float64) bool {
		if counts[last].value != limit {
			return false // it is not among the frequent ones
		}
		next := unseen
		if before >= 0 && before < len(counts) && !between(c, counts[before].value, limit) {
			next = max(next, counts[before].rows)
		}
		return counts[last].rows >= rare && 3*counts[last].rows >= 2*next
	}
	return end(0, 1, c.Numeric.Min), end(len(counts)-1, len(counts)-2, c.Numeric.Max)
}

// between reports whether the profile shows a number between two.
func between(c *profile.Column, a, b float64) bool {
	if q := numbers(c); q != nil {
		for v := range q.All() {
			if min(a, b) < v && v < max(a, b) {
				return true
			}
		}
	}
	return false
}
