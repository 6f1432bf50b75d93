package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// number formats for people: four significant digits and all before the point, thousands
// apart, an exponent from 10¹² and below 10⁻⁴.
func number(v float64) string {
	switch size := math.Abs(v); {
	case math.IsNaN(v):
		return "–"
	case math.IsInf(v, 0):
		return strings.TrimSuffix(strconv.FormatFloat(v, 'g', -1, 64), "Inf") + "∞"
	case size >= 1e12 || size > 0 && size < 1e-4:
		mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'e', 3, 64), "e")
		return trimZeros(mantissa) + "e" + exponent
	case size >= 999.95:
		return thousands(strconv.FormatFloat(v, 'f', 0, 64))
	}
	return strconv.FormatFloat(round(v, 4), 'f', -1, 64)
}

// round keeps the given number of significant digits.
func round(v float64, digits int) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'e', digits-1, 64), 64)
	if err != nil {
		return v // beyond float64 once rounded up
	}
	return r + 0 // no -0
}

func trimZeros(decimal string) string {
	if !strings.Contains(decimal, ".") {
		return decimal
	}
	return strings.TrimRight(strings.TrimRight(decimal, "0"), ".")
}

// count formats a whole number with thousands apart.
func count(n int) string { return thousands(strconv.Itoa(n)) }

// thousands puts commas into the digits before the point, from five of them on: 2007 may
// be a year.
func thousands(decimal string) string {
	sign, digits := "", decimal
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	whole, fraction, found := strings.Cut(digits, ".")
	commas := len(whole) > 4
	for i := len(whole) - 3; i > 0 && commas; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if found {
		fraction = "." + fraction
	}
	return sign + whole + fraction
}

// percent formats the share part/whole. It says 0% and 100% only of none and all, and "–"
// of nothing.
func percent(part, whole int) string {
	if whole == 0 {
		return "–"
	}
	share := 100 * float64(part) / float64(whole)
	switch {
	case part == 0:
		return "0%"
	case part == whole:
		return "100%"
	case share < 0.05:
		return "<0.1%"
	case share >= 99.95:
		return ">99.9%"
	case share < 9.95 || share >= 99.5:
		return fmt.Sprintf("%.1f%%", share)
	}
	return fmt.Sprintf("%.0f%%", share)
}

// decimals is how many digits behind the point show the given number of significant digits
// of v; 0 for large numbers.
func decimals(v float64, significant int) int {
	// By way of the text: a logarithm of 1000 is not always 3, nor is 9.99 of one digit.
	_, power, _ := strings.Cut(strconv.FormatFloat(v, 'e', significant-1, 64), "e")
	exponent, err := strconv.Atoi(power)
	if err != nil { // NaN and infinities have none
		exponent = 0
	}
	return max(0, significant-1-exponent)
}

// fixed formats with so many digits behind the point and thousands apart, so that a column
// of scores lines up.
func fixed(v float64, decimals int) string {
	if math.IsNaN(v) || math.IsInf(v, 0) || math.Abs(v) >= 1e12 {
		return number(v)
	}
	return thousands(strconv.FormatFloat(v, 'f', decimals, 64))
}
