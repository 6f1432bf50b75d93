package profile

import (
	"fmt"
	"math"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

const (
	// Of fewer rows all values may differ in any column.
	identifierRows = 20
	// Whole numbers drawn at random from a range repeat; that 10 repeats are expected and none
	// occurs has a chance of e^-10.
	identifierRepeats = 10
	// Keys written without padding, user9 and user10000, differ in length by their counter.
	identifierLengths = 4
)

// identifierOf says why a column looks like one that names rows, "" if it does not. All its
// values differ, and they are
//   - whole numbers so close to each other that chance would have repeated some: row numbers,
//     also shuffled, and keys. Years and moments in seconds, which are as dense, are none
//   - texts without spaces, of one shape
//
// Fractions differ because they are measured finely, and moments because time goes on.
func identifierOf(c *Column, rows int) string {
	if c.Count < identifierRows || float64(c.Missing) > 0.05*float64(rows) || c.Infinite != (Infinite{}) {
		return ""
	}
	// Values in strict order differ, whatever the sketch of distinct values says.
	strict := c.Order == StrictlyIncreasing || c.Order == StrictlyDecreasing
	certain := strict || c.DistinctError == 0 && c.Distinct == c.Count
	if !certain && (c.DistinctError == 0 || float64(c.Distinct) < float64(c.Count)*(1-float64(3*c.DistinctError)) || len(c.Top) > 0 && c.Top[0].Count > 1) {
		return ""
	}
	switch {
	case c.Type == dataset.Numeric && c.Numeric != nil && c.Numeric.Integers == c.Count:
		return numberIdentifier(c, strict, certain)
	case c.Type.Coded() && c.Text != nil:
		return textIdentifier(c)
	}
	return ""
}

func numberIdentifier(c *Column, strict, certain bool) string {
	n, low, high := float64(c.Count), c.Numeric.Min, c.Numeric.Max
	span := high - low + 1
	if isCalendar(low, high) {
		return ""
	}
	repeats := n * (n / span) / 2
	if repeats < identifierRepeats || !certain && repeats < 3*c.DistinctError*n {
		return ""
	}
	if len(c.Personal) > 0 {
		return "different whole numbers" // which are not to be shown
	}
	if span == n && strict {
		return fmt.Sprintf("whole numbers from %s to %s, by one from row to row", numberText(low), numberText(high))
	}
	return fmt.Sprintf("%s different whole numbers between %s and %s, where chance would repeat about %s",
		countText(c.Count), numberText(low), numberText(high), countText(int(min(repeats, n))))
}

// isCalendar says whether whole numbers are years, days written as 20240131, or the time since
// 1970 in seconds, milliseconds, microseconds or nanoseconds from 1998 to 2036.
func isCalendar(low, high float64) bool {
	if low >= 1800 && high <= 2200 || low >= 18000101 && high <= 22001231 {
		return true
	}
	for _, unit := range []float64{1, 1e3, 1e6, 1e9} {
		if low >= 0.9e9*unit && high <= 2.1e9*unit {
			return true
		}
	}
	return false
}

func textIdentifier(c *Column) string {
	t := c.Text
	letters, digits, other := t.Characters.Letters, t.Characters.Digits, t.Characters.Other
	switch {
	case t.Characters.Spaces > 0:
		return ""
	case t.MinLength == 36 && t.MaxLength == 36 && other == 4*c.Count && letters+digits == 32*c.Count:
		return "different texts in the form of a UUID"
	case t.MinLength == t.MaxLength && t.MinLength > 2:
		return fmt.Sprintf("different texts of %d characters each", t.MinLength)
	case digits >= c.Count && t.MaxLength-t.MinLength <= identifierLengths && float64(other) <= 4*float64(c.Count):
		return fmt.Sprintf("different texts of %d to %d characters with digits and without spaces", t.MinLength, t.MaxLength)
	}
	return ""
}

// numberText shows a value in a sentence: whole ones with all digits, others with six.
func numberText(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return grouped(fmt.Sprintf("%.0f", v))
	}
	return fmt.Sprintf("%.6g", v)
}

// countText shows a number of rows or values: 32,561.
func countText(n int) string { return grouped(fmt.Sprint(n)) }

// grouped puts commas between the thousands of a whole number of five digits or more: 2024
// may be a year.
func grouped(digits string) string {
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	if len(digits) < 5 {
		return sign + digits
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}
