// Package expectation says what a data set is expected to be like, and checks whether it is.
//
// Order of use: Suggest proposes expectations from a profile, Write writes them as YAML that
// explains itself, a person edits them, Read reads them, and Check compares them with the
// profile of other data: tomorrow's delivery, or what a training run is about to learn from.
//
// Its opinion: a check that cries wolf is switched off, so what Suggest proposes has slack,
// derived from how many rows were seen: another sample of the same distribution and size
// breaks a proposed rule about once in 10,000 times where that can be derived, and the rest
// is named (see Suggest). Only profiles are read, never rows: what a profile cannot decide
// comes back as undecided, neither passed in silence nor taken for a fault. All violations
// come back at once, in the order of the expectations.
//
// It is a package of its own because it reads YAML, which what predicts has no use for.
package expectation

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/document"
	"github.com/foretell-ml/foretell/pkg/profile"
)

// Expectations are what a data set is expected to be like. What is absent is not expected:
// the zero value holds for every data set.
type Expectations struct {
	// Rows bounds the number of rows.
	Rows *Whole `json:"rows,omitempty"`
	// OtherColumns says whether the data may have columns that Columns does not name.
	OtherColumns Others `json:"other_columns,omitempty"`
	// Columns are in the order in which violations are reported. One that the data lacks is
	// a violation.
	Columns []Column `json:"columns,omitempty"`
}

// Others is what becomes of columns that are not named.
type Others string

// Others are allowed unless they are refused.
const (
	Allowed Others = "allowed"
	Refused Others = "refused"
)

// Column is what one column is expected to be like. Every rule but Missing is about the
// values that are present.
type Column struct {
	Name string `json:"name"`
	// Type is the type of the column. Categorical and text are one here: which of the two a
	// column is depends on how many rows there are of it.
	Type dataset.Type `json:"type,omitempty"`
	// Missing is the greatest share of rows without a value, 0 to 1.
	Missing *float64 `json:"missing,omitempty"`
	// Unique says that no value comes twice.
	Unique bool `json:"unique,omitempty"`
	// Integer says that all numbers are whole.
	Integer bool `json:"integer,omitempty"`
	// Range bounds numbers, infinities among them.
	Range *Range `json:"range,omitempty"`
	// Period bounds moments.
	Period *Period `json:"period,omitempty"`
	// Values are all that are allowed, of numbers by size and of all else as text.
	Values []Value `json:"values,omitempty"`
	// OtherValues is the greatest share of the present values that may be none of Values.
	OtherValues float64 `json:"other_values,omitzero"`
	// Length bounds the length of texts in Unicode characters.
	Length *Whole `json:"length,omitempty"`
	// Order is how the values follow one another: a strict order is fine where it is not
	// asked for.
	Order profile.Order `json:"order,omitempty"`
}

// Range is from Min to Max, both included; nil is no bound.
type Range struct {
	Min *float64 `json:"min,omitempty"`
	Max *float64 `json:"max,omitempty"`
}

// Whole is from Min to Max, both included; nil is no bound.
type Whole struct {
	Min *int `json:"min,omitempty"`
	Max *int `json:"max,omitempty"`
}

// Period is from First to Last, both included, RFC 3339 or a date; "" is no bound.
type Period struct {
	First string `json:"first,omitempty"`
	Last  string `json:"last,omitempty"`
}

// Value is a value as text. In a document it may be written as a number or as true or false
// too.
type Value string

// UnmarshalJSON takes a text, a number or a boolean.
func (v *Value) UnmarshalJSON(text []byte) error {
	var plain any
	if err := json.Unmarshal(text, &plain); err != nil {
		return err
	}
	switch plain := plain.(type) {
	case string:
		*v = Value(plain)
	case float64:
		*v = Value(number(plain))
	case bool:
		*v = Value(strconv.FormatBool(plain))
	default:
		return fmt.Errorf("values: want texts, numbers, true or false, got %s", text)
	}
	return nil
}

// number writes a number as data sets do.
func number(v float64) string {
	return (&dataset.Column{Type: dataset.Numeric, Values: []float64{v}}).Text(0)
}

// moment reads a bound of a Period, in microseconds since 1970.
func moment(s string) (micros float64, err error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return float64(t.UnixMicro()), nil
		}
	}
	return 0, fmt.Errorf("want a date like 2026-11-24 or a moment like 2026-11-24T03:00:00Z, got %.40q", s)
}

// faults lists what no data set could fulfill, or nobody can have meant.
func (e *Expectations) faults() (faults []document.Fault) {
	fault := func(pointer, format string, args ...any) {
		faults = append(faults, document.Fault{Pointer: pointer, Detail: fmt.Sprintf(format, args...)})
	}
	whole := func(pointer string, w *Whole) {
		switch {
		case w == nil:
		case w.Min != nil && *w.Min < 0 || w.Max != nil && *w.Max < 0:
			fault(pointer, "want bounds that are not negative")
		case w.Min != nil && w.Max != nil && *w.Min > *w.Max:
			fault(pointer, "min %d is greater than max %d", *w.Min, *w.Max)
		}
	}
	whole("/rows", e.Rows)
	if e.OtherColumns != "" && e.OtherColumns != Allowed && e.OtherColumns != Refused {
		fault("/other_columns", "want %s or %s, got %.40q", Allowed, Refused, string(e.OtherColumns))
	}
	seen := map[string]int{}
	for i := range e.Columns {
		c, at := &e.Columns[i], fmt.Sprintf("/columns/%d", i)
		if first, twice := seen[c.Name]; twice {
			fault(at+"/name", "column %.80q is named at /columns/%d too", c.Name, first)
		} else {
			seen[c.Name] = i
		}
		if err := c.Type.Validate(); err != nil && c.Type != "" {
			fault(at+"/type", "%v", err)
		}
		if c.Missing != nil && !isShare(*c.Missing) {
			fault(at+"/missing", "want a share from 0 to 1, got %v", *c.Missing)
		}
		if !isShare(c.OtherValues) {
			fault(at+"/other_values", "want a share from 0 to 1, got %v", c.OtherValues)
		} else if c.OtherValues > 0 && len(c.Values) == 0 {
			fault(at+"/other_values", "is there without values")
		}
		if r := c.Range; r != nil && r.Min != nil && r.Max != nil && *r.Min > *r.Max {
			fault(at+"/range", "min %s is greater than max %s", number(*r.Min), number(*r.Max))
		}
		if p := c.Period; p != nil {
			first, last := math.Inf(-1), math.Inf(1)
			var err error
			if p.First != "" {
				if first, err = moment(p.First); err != nil {
					fault(at+"/period/first", "%v", err)
				}
			}
			if p.Last != "" {
				if last, err = moment(p.Last); err != nil {
					fault(at+"/period/last", "%v", err)
				}
			}
			if first > last {
				fault(at+"/period", "first %s is after last %s", p.First, p.Last)
			}
		}
		whole(at+"/length", c.Length)
		switch c.Order {
		case "", profile.Increasing, profile.Decreasing, profile.StrictlyIncreasing, profile.StrictlyDecreasing:
		default:
			fault(at+"/order", "want %s, %s, %s or %s, got %.40q", profile.Increasing, profile.Decreasing, profile.StrictlyIncreasing, profile.StrictlyDecreasing, string(c.Order))
		}
	}
	return faults
}

func isShare(v float64) bool { return v >= 0 && v <= 1 }
