// Package profile describes a data set before anyone trains on it: for each column how much
// is missing, how many distinct values there are and which are frequent, moments, quantiles
// and a histogram of numbers, lengths of texts, the cadence of dates, and how columns go with
// each other and with the target.
//
// Order of use: a Partial takes the rows of a part of the data set, partials of different
// parts are merged in any order, and Finish makes the Profile of them. Scan does this for a
// dataset.Source on all cores in one pass and bounded memory, New for a table. Alerts,
// Suggest, Check, Compare and Trend read profiles alone, never rows.
//
// Its opinion: statistics are exact while the data is small and say how far off they may be
// beyond; what is undefined (the mean of no values, the deviation of one) is absent from the
// JSON, never 0 or NaN; infinities are counted apart so that one of them does not hide the
// mean of the rest; and a profile holds no rows.
package profile

import (
	"github.com/foretell-ml/foretell/pkg/dataset"
)

// Profile is the statistics of a data set. Its JSON holds finite numbers only, and the same
// data always gives the same bytes.
type Profile struct {
	Rows    int      `json:"rows"`
	Columns []Column `json:"columns"` // in the data set's order
	// Duplicates counts the rows that repeat an earlier row in every column.
	Duplicates *Duplicates `json:"duplicates,omitempty"`
	// Patterns are the sets of columns that are missing together, the most frequent first,
	// at most MaxPatterns; the complete rows are one of them, with no columns.
	Patterns []Pattern `json:"missing_patterns,omitempty"`
	// Pairs says how columns go with each other; absent if there are no two to compare.
	Pairs *Pairs `json:"pairs,omitempty"`
	// Target says how each column goes with the target; absent if no target was named.
	Target *Target `json:"target,omitempty"`
	// Alerts are what a data scientist should look at, the most severe first.
	Alerts []Alert `json:"alerts,omitempty"`
}

// Column is the statistics of one column.
type Column struct {
	Name string       `json:"name"`
	Type dataset.Type `json:"type"`
	// Confidence is the share of the present values that are of the kind that the most of them
	// are of: 1 unless one bad value in a million turned numbers into text. It is absent if
	// there are no values, and Kinds if they are all of one kind or the type is declared.
	Confidence float64 `json:"confidence,omitzero"`
	Kinds      Kinds   `json:"kinds,omitzero"`
	// Count is the rows with a value, infinities among them; Missing is the others.
	Count   int `json:"count"`
	Missing int `json:"missing"`
	// Distinct is the number of different values, missing not among them. Numbers that are
	// written differently are the same value. It is exact if DistinctError, the relative
	// standard error, is 0.
	Distinct      int     `json:"distinct"`
	DistinctError float64 `json:"distinct_error,omitzero"`
	// Infinite counts the infinities of a numeric column; absent if there are none.
	Infinite Infinite `json:"infinite,omitzero"`
	// Numeric describes the finite numbers of the column, or for a timestamp column the
	// moments in microseconds since 1970-01-01 UTC. It is absent if there are none. In a text
	// column it describes those values that are numbers.
	Numeric *NumericSummary `json:"numeric,omitempty"`
	// Text describes the texts of categorical and text columns; absent for other types.
	Text *TextSummary `json:"text,omitempty"`
	// Order says how the values follow one another in the data set; "" if in no order, or
	// fewer than two.
	Order Order `json:"order,omitempty"`
	// Period is the time of a timestamp column; absent for other types and if every value is
	// missing.
	Period *Period `json:"period,omitempty"`
	// Top lists the most frequent values, most frequent first and at most MaxTop. Ties are
	// in order of value: texts bytewise, numbers by size, moments by time, false before true.
	// Counts are exact if TopError is 0; else they are up to that much too low, and a value
	// that occurs more than twice as often is passed over only for MaxTop others.
	Top      []Value `json:"top,omitempty"`
	TopError int     `json:"top_error,omitempty"`
	// Identifier says why the column looks like one that names rows: absent if it does not.
	Identifier string `json:"identifier,omitempty"`
	// Personal lists the kinds of personal data that its values look like, most first.
	Personal []Personal `json:"personal,omitempty"`
	// Sketches are what distributions can be compared and merged by. Compact drops them.
	Sketches *Sketches `json:"sketches,omitempty"`
}

// Kinds counts the present values by what they can be read as. The four add up to Count:
// a value counts in the first that it fits.
type Kinds struct {
	Number    int `json:"number"`
	Boolean   int `json:"boolean"`
	Timestamp int `json:"timestamp"`
	Text      int `json:"text"`
}

// Infinite counts infinite values by sign.
type Infinite struct {
	Negative int `json:"negative"`
	Positive int `json:"positive"`
}

// NumericSummary describes one finite value or more.
type NumericSummary struct {
	Min  float64 `json:"min"`
	Max  float64 `json:"max"`
	Mean float64 `json:"mean"`
	// SD is the sample standard deviation, over n-1, and Variance its square. They are absent
	// if there is one value only, or if they are beyond float64.
	SD       *float64 `json:"sd,omitempty"`
	Variance *float64 `json:"variance,omitempty"`
	// Sum is absent if it is beyond float64.
	Sum *float64 `json:"sum,omitempty"`
	// Skewness and Kurtosis are the moments g1 and g2 = m4/m2² − 3 (population, as
	// scipy.stats has them by default); absent if all values are equal.
	Skewness *float64 `json:"skewness,omitempty"`
	Kurtosis *float64 `json:"kurtosis,omitempty"`
	// Autocorrelation is that of lag 1 in the order of the rows, as NIST certifies it; absent
	// if all values are equal.
	Autocorrelation *float64  `json:"autocorrelation,omitempty"`
	Zeros           int       `json:"zeros"`
	Negatives       int       `json:"negatives"`
	Integers        int       `json:"integers"`  // whole numbers
	MinCount        int       `json:"min_count"` // how many rows have Min, exactly
	MaxCount        int       `json:"max_count"`
	Quantiles       Quantiles `json:"quantiles"`
	Histogram       Histogram `json:"histogram"`
}

// Quantiles are exact if RankError is 0, and then interpolate linearly between order
// statistics, as numpy does by default: number 7 of Hyndman and Fan, The American
// Statistician 50, 1996. Else they come from a KLL sketch: each is a value of the data whose
// rank is off by at most RankError (a share of the rows) in 99 of 100 cases.
type Quantiles struct {
	P01       float64 `json:"p01"`
	P05       float64 `json:"p05"`
	P25       float64 `json:"p25"`
	P50       float64 `json:"p50"`
	P75       float64 `json:"p75"`
	P95       float64 `json:"p95"`
	P99       float64 `json:"p99"`
	RankError float64 `json:"rank_error,omitzero"`
}

// TextSummary describes the texts of a column, lengths in Unicode characters.
type TextSummary struct {
	MinLength  int     `json:"min_length"`
	MaxLength  int     `json:"max_length"`
	MeanLength float64 `json:"mean_length"`
	// Characters counts what the texts are made of.
	Characters Characters `json:"characters"`
	// Variants are groups of frequent values that differ by case or white space alone: of the
	// groups with the most rows, MaxTop at most, the MaxTop most frequent values.
	Variants [][]Value `json:"variants,omitempty"`
}

// Characters counts Unicode characters by class.
type Characters struct {
	Letters int `json:"letters"`
	Digits  int `json:"digits"`
	Spaces  int `json:"spaces"`
	Other   int `json:"other"`
}

// Period is the time that a timestamp column covers, both ends RFC 3339 in UTC.
type Period struct {
	First string `json:"first"`
	Last  string `json:"last"`
	// Cadence is the most frequent step in seconds from a moment to the next one that
	// occurs, Regular the share of the steps that are of it. Gaps counts the steps longer
	// than 1.5 times the cadence, and LongestGap is the longest in seconds. They are absent
	// if fewer than three moments occur, or too many to be known one by one and not in order.
	Cadence    float64 `json:"cadence_seconds,omitzero"`
	Regular    float64 `json:"regular,omitzero"`
	Gaps       int     `json:"gaps,omitempty"`
	LongestGap float64 `json:"longest_gap_seconds,omitzero"`
}

// Order is how the values of a column follow one another, missing ones passed over.
type Order string

// The orders. A constant column has none.
const (
	Increasing         Order = "increasing"
	Decreasing         Order = "decreasing"
	StrictlyIncreasing Order = "strictly_increasing"
	StrictlyDecreasing Order = "strictly_decreasing"
)

// Personal is a kind of personal data: "email", "phone", "card" (payment cards, by length and
// Luhn's check digit) or "iban" (by its check digits).
type Personal struct {
	Kind string `json:"kind"`
	// Share of the present values that look like it, among those that were looked at.
	Share float64 `json:"share"`
}

// Sketches are in the binary form of Apache DataSketches, which has readers in Python, Java,
// C++ and Go; JSON shows them in base64.
type Sketches struct {
	// Quantiles is a KLL sketch of doubles: the finite values that Numeric describes.
	Quantiles []byte `json:"kll_doubles,omitempty"`
	// Distinct is an HLL sketch (HLL_8): numbers as doubles, texts as UTF-8.
	Distinct []byte `json:"hll,omitempty"`
	// Frequent is a frequent-items sketch of strings, of columns of texts and booleans: up to
	// 768 different values all of them with their counts, beyond that the frequent ones.
	Frequent []byte `json:"frequent_strings,omitempty"`
}

// Duplicates counts repeated rows.
type Duplicates struct {
	Rows int `json:"rows"`
	// Error is the standard error in rows; 0: exact.
	Error float64 `json:"standard_error,omitzero"`
}
