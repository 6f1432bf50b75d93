// Package feature turns typed columns into the numbers that learners see. An Encoder is
// fitted on training rows only, remembers what it saw there (medians, means, categories) and
// applies it to any later rows: there is no way to fit on what is tested.
//
// What it does not do: text columns and columns without a value are left out, and the
// encoder says so in its Warnings.
package feature

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// Options says what a learner needs of its columns.
type Options struct {
	// Impute replaces a missing number by the median of the training rows and adds a column
	// that is 1 where it was missing. Without it, missing stays NaN.
	Impute bool `json:"impute"`
	// Scale shifts and divides every number to mean 0 and standard deviation 1 on the
	// training rows.
	Scale bool `json:"scale"`
	// MaxLevels is the number of categories of a column, the most frequent ones, that get a
	// column of their own; the rest share one. 0 means 50.
	MaxLevels int `json:"max_levels"`
}

const defaultMaxLevels = 50

// Encoder is a fitted encoding, as data: it marshals to JSON and back without loss.
type Encoder struct {
	Columns  []Column `json:"columns"`
	Warnings []string `json:"warnings,omitempty"`
}

// Column is the encoding of one input column: Number or Categories, the other is nil.
type Column struct {
	Name       string      `json:"name"`
	Number     *Number     `json:"number,omitempty"`
	Categories *Categories `json:"categories,omitempty"`
}

// Number encodes a numeric, boolean or timestamp column as one or two columns.
type Number struct {
	Fill      *float64 `json:"fill,omitempty"`      // put in place of missing; nil keeps NaN
	Indicator bool     `json:"indicator,omitempty"` // adds "<name> missing"
	Shift     float64  `json:"shift"`               // (value − Shift) · Factor
	Factor    float64  `json:"factor"`
}

// Categories encodes a categorical column by one 0/1 column per category. A missing value
// and a category not seen in training are 0 in all of them.
type Categories struct {
	Levels []string `json:"levels"`          // with a column of their own, sorted
	Other  []string `json:"other,omitempty"` // rare ones, sharing the last column
}

// Fit learns the encoding of a table's columns.
func Fit(t *dataset.Table, o Options) (*Encoder, error) {
	if t.Rows() == 0 {
		return nil, fmt.Errorf("no rows to fit an encoding on")
	}
	if o.MaxLevels == 0 {
		o.MaxLevels = defaultMaxLevels
	}
	e := &Encoder{}
	for i := range t.Columns {
		c := &t.Columns[i]
		switch {
		case c.Type == dataset.Text:
			e.Warnings = append(e.Warnings, fmt.Sprintf("column %q is free text and was left out", c.Name))
		case c.Type == dataset.Categorical:
			if categories := fitCategories(c, o); categories != nil {
				e.Columns = append(e.Columns, Column{Name: c.Name, Categories: categories})
			} else {
				e.Warnings = append(e.Warnings, fmt.Sprintf("column %q has no value and was left out", c.Name))
			}
		default:
			number, err := fitNumber(c, o)
			if err != nil {
				return nil, err
			}
			if number != nil {
				e.Columns = append(e.Columns, Column{Name: c.Name, Number: number})
			} else {
				e.Warnings = append(e.Warnings, fmt.Sprintf("column %q has no value and was left out", c.Name))
			}
		}
	}
	return e, nil
}

func fitNumber(c *dataset.Column, o Options) (*Number, error) {
	present := make([]float64, 0, len(c.Values))
	for i, v := range c.Values {
		if math.IsInf(v, 0) {
			return nil, fmt.Errorf("column %q: row %d is infinite; give it a number or leave it empty", c.Name, i+1)
		}
		if !math.IsNaN(v) {
			present = append(present, v)
		}
	}
	if len(present) == 0 {
		return nil, nil
	}
	n := &Number{Factor: 1}
	imputed := present
	if o.Impute {
		fill := median(present)
		n.Fill, n.Indicator = &fill, len(present) < len(c.Values)
		imputed = make([]float64, len(c.Values))
		for i, v := range c.Values {
			imputed[i] = v
			if math.IsNaN(v) {
				imputed[i] = fill
			}
		}
	}
	if o.Scale {
		n.Shift, n.Factor = standardize(imputed)
	}
	return n, nil
}

// standardize returns the mean and the inverse of the population standard deviation, as
// scikit-learn's StandardScaler does. A constant column becomes exactly 0, not the rounding
// error of its mean.
func standardize(x []float64) (shift, factor float64) {
	if slices.Min(x) == slices.Max(x) {
		return x[0], 1
	}
	mean := num.Sum(x) / float64(len(x))
	squares := make([]float64, len(x))
	for i, v := range x {
		squares[i] = float64((v - mean) * (v - mean))
	}
	sd := math.Sqrt(num.Sum(squares) / float64(len(x)))
	// Below the rounding of the mean itself the spread is noise.
	if !(sd > 1e-14*math.Abs(mean)) || math.IsInf(1/sd, 0) || math.IsInf(sd, 0) {
		return mean, 1
	}
	return mean, 1 / sd
}

// median reorders x.
func median(x []float64) float64 {
	sort.Float64s(x)
	if n := len(x); n%2 == 1 {
		return x[n/2]
	}
	return float64(x[len(x)/2-1]/2) + float64(x[len(x)/2]/2)
}

// fitCategories keeps the categories that occur, the most frequent ones by themselves.
func fitCategories(c *dataset.Column, o Options) *Categories {
	counts := make([]int, len(c.Levels))
	for _, code := range c.Codes {
		if code >= 0 {
			counts[code]++
		}
	}
	var seen []int
	for code, count := range counts {
		if count > 0 {
			seen = append(seen, code)
		}
	}
	if len(seen) == 0 {
		return nil
	}
	sort.SliceStable(seen, func(i, j int) bool { return counts[seen[i]] > counts[seen[j]] })
	own := min(len(seen), o.MaxLevels)
	categories := &Categories{}
	for i, code := range seen {
		if i < own {
			categories.Levels = append(categories.Levels, c.Levels[code])
		} else {
			categories.Other = append(categories.Other, c.Levels[code])
		}
	}
	sort.Strings(categories.Levels)
	sort.Strings(categories.Other)
	return categories
}
