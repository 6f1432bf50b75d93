// Package profile describes a data set before anyone trains on it: for each column how much
// is missing, how many distinct values there are and which are frequent, and for numbers
// their moments, quantiles and histogram.
//
// Its opinion: statistics are exact, computed from all rows, and say nothing they do not
// know. What is undefined (the mean of no values, the deviation of one) is absent from the
// JSON, never 0 or NaN, and infinities are counted apart so that one of them does not hide
// the mean of the rest. A profile does not depend on the order of the rows.
//
// New is all there is to call. Columns are profiled side by side. Nothing is judged here:
// the same numbers may be fine in one data set and an alarm in another.
package profile

import (
	"context"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/par"
)

// Profile is the statistics of a table. Its JSON holds finite numbers only, and the same
// table always gives the same bytes.
type Profile struct {
	Rows    int      `json:"rows"`
	Columns []Column `json:"columns"` // in the table's order
}

// Column is the statistics of one column.
type Column struct {
	Name string       `json:"name"`
	Type dataset.Type `json:"type"`
	// Count is the rows with a value, infinities among them; Missing is the others.
	Count   int `json:"count"`
	Missing int `json:"missing"`
	// Distinct is the number of different values, missing not among them.
	Distinct int `json:"distinct"`
	// Infinite counts the infinities of a numeric column; absent if there are none.
	Infinite Infinite `json:"infinite,omitzero"`
	// Numeric describes the finite values of a numeric or timestamp column, the latter in
	// microseconds since 1970-01-01 UTC. It is absent for other types and if no value is
	// finite. Booleans have none: Top counts all there is to know of them.
	Numeric *NumericSummary `json:"numeric,omitempty"`
	// Text describes the texts of a categorical or text column; absent for other types and if
	// every value is missing.
	Text *TextSummary `json:"text,omitempty"`
	// Order is how numbers and moments follow one another; absent for other types, for values
	// in no order, and for fewer than two different ones.
	Order Order `json:"order,omitempty"`
	// Period is the first and last moment of a timestamp column; absent for other types and
	// if every value is missing.
	Period *Period `json:"period,omitempty"`
	// Top lists the most frequent values, most frequent first and at most MaxTop. Ties are
	// in order of value: texts bytewise, numbers by size, moments by time, false before true.
	Top []Value `json:"top,omitempty"`
}

// Infinite counts infinite values by sign.
type Infinite struct {
	Negative int `json:"negative"`
	Positive int `json:"positive"`
}

// Period is a span of time, both ends RFC 3339 in UTC.
type Period struct {
	First string `json:"first"`
	Last  string `json:"last"`
}

// New profiles every column of the table. It fails only with ctx's error, when ctx ends.
func New(ctx context.Context, t *dataset.Table) (*Profile, error) {
	p := &Profile{Rows: t.Rows(), Columns: make([]Column, len(t.Columns))}
	err := par.For(ctx, len(t.Columns), 0, func(i int) error {
		p.Columns[i] = describe(&t.Columns[i])
		return nil
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}
