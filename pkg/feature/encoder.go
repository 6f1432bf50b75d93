package feature

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/par"
)

// Options says what a learner needs of its columns.
type Options struct {
	// Impute replaces a missing number by the median of the training rows (a boolean by the
	// more frequent value) and adds a column that is 1 where it was missing. Without it,
	// missing stays NaN.
	Impute bool
	// Scale brings numbers to comparable size and, beside a skewed one, puts a bent copy
	// without the skew: for learners that multiply and add.
	Scale bool
	// Codes gives categories by their index, for learners that split categories themselves
	// (dataset.Matrix.Categories), rather than by a column each.
	Codes bool
	// MaxLevels is the number of categories of a column, the most frequent ones, that get a
	// column of their own; the rest share one. 0 means 50. Not used with Codes.
	MaxLevels int
	// Columns are the methods of columns, by name, that do not go by Plan. Suits says which can be.
	Columns map[string]Method
	// Workers is the number of columns fitted at a time; 0 means one per core. The encoder
	// does not depend on it.
	Workers int
}

const defaultMaxLevels = 50

// Encoder is a fitted encoding, as data: it marshals to JSON and back without loss. It is
// not changed once made and is safe for concurrent use.
type Encoder struct {
	Columns  []Column `json:"columns"`
	Warnings []string `json:"warnings,omitempty"`

	layout layout // made by Fit and by UnmarshalJSON
}

// Column is one encoding of an input column: exactly one of the pointers is set. A column
// may have several, one behind the other.
type Column struct {
	Name string `json:"name"`
	// Since makes it the encoding of the days from the timestamp of that name to this one.
	Since string `json:"since,omitempty"`
	// Method and Why are what Plan decided, for those who read reports.
	Method Method `json:"method,omitempty"`
	Why    string `json:"why,omitempty"`

	Number     *Number     `json:"number,omitempty"`
	Curve      *Curve      `json:"curve,omitempty"`
	Moment     *Moment     `json:"moment,omitempty"`
	Categories *Categories `json:"categories,omitempty"`
	Codes      *Codes      `json:"codes,omitempty"`
	Means      *Means      `json:"means,omitempty"`
	Text       *Text       `json:"text,omitempty"`
}

// encoding is one way to turn a column into numbers.
type encoding interface {
	// names are the names of the columns it makes of the column of that name.
	names(column string) []string
	// takes reports whether it encodes columns of that type.
	takes(dataset.Type) bool
	// encode writes the rows of c to dst: as many columns as names, of zeros, each as long
	// as c.
	encode(dst [][]float64, c *dataset.Column)
	// check reports what no fitted encoding would have.
	check() error
}

// encodings are those that are set.
func (c *Column) encodings() []encoding {
	var set []encoding
	if c.Number != nil {
		set = append(set, c.Number)
	}
	if c.Curve != nil {
		set = append(set, c.Curve)
	}
	if c.Moment != nil {
		set = append(set, c.Moment)
	}
	if c.Categories != nil {
		set = append(set, c.Categories)
	}
	if c.Codes != nil {
		set = append(set, c.Codes)
	}
	if c.Means != nil {
		set = append(set, c.Means)
	}
	if c.Text != nil {
		set = append(set, c.Text)
	}
	return set
}

// label is what names of encoded columns begin with.
func (c *Column) label() string {
	if c.Since != "" {
		return c.Name + " − " + c.Since
	}
	return c.Name
}

// fitted is what Fit makes of one input column.
type fitted struct {
	columns  []Column
	training [][]float64
	warnings []string
}

// Fit learns the encoding of a table's columns from its rows and y, their targets, and
// returns it with these rows encoded: what a learner is to be fitted on. The seed deals the
// rows into the parts that encodings by target are learned and applied on.
//
// An infinite number is an error that names its row.
func Fit(ctx context.Context, t *dataset.Table, y Target, o Options, seed uint64) (*Encoder, *dataset.Matrix, error) {
	if t.Rows() == 0 {
		return nil, nil, fmt.Errorf("no rows to fit an encoding on")
	}
	if err := y.validate(t.Rows()); err != nil {
		return nil, nil, err
	}
	if err := errors.Join(o.Check(t.Schema())...); err != nil {
		return nil, nil, err
	}
	if o.MaxLevels == 0 {
		o.MaxLevels = defaultMaxLevels
	}
	y = y.unitless()
	folds := y.deal(seed)
	sources := append(inputs(t, o), intervals(t, o)...)
	pieces := make([]fitted, len(sources))
	err := par.For(ctx, len(sources), o.Workers, func(i int) (err error) {
		pieces[i], err = fit(sources[i], y, folds, o)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	e := &Encoder{}
	m := &dataset.Matrix{Rows: t.Rows()}
	for _, piece := range pieces {
		e.Columns = append(e.Columns, piece.columns...)
		e.Warnings = append(e.Warnings, piece.warnings...)
		m.Columns = append(m.Columns, piece.training...)
	}
	e.layout = newLayout(e.Columns)
	m.Names, m.Categories = e.layout.names, e.layout.categories
	return e, m, nil
}

// source is an input column, or the days between two.
type source struct {
	column *dataset.Column
	since  string
	asked  Method // in place of Plan's; "" for none
}

func inputs(t *dataset.Table, o Options) []source {
	all := make([]source, len(t.Columns))
	for i := range t.Columns {
		all[i] = source{column: &t.Columns[i], asked: o.Columns[t.Columns[i].Name]}
	}
	return all
}

// fit plans and fits the encodings of a column.
func fit(s source, y Target, folds []uint8, o Options) (fitted, error) {
	var f fitted
	if s.asked == LeaveOut {
		return f, nil
	}
	values, err := describe(s.column, o, s.asked)
	if err != nil {
		return f, err
	}
	steps := Plan(values.facts, o)
	if s.asked != "" && values.facts.Present > 0 {
		steps = []Step{{s.asked, "as configured"}}
	}
	for _, step := range steps {
		column := Column{Name: s.column.Name, Since: s.since, Method: step.Method, Why: step.Why}
		var training [][]float64
		switch step.Method {
		case LeaveOut:
			if s.since == "" {
				f.warnings = append(f.warnings, fmt.Sprintf("column %q %s and was left out", column.Name, step.Why))
			}
			continue
		case AsIs, Standard, Robust:
			column.Number = fitNumber(values, step.Method, o)
		case Power, Quantile, Uniform:
			column.Curve = fitCurve(values, step.Method, o)
		case Parts, Cyclic:
			column.Moment = fitMoment(s.column, step.Method)
		case OneHot:
			column.Categories = fitCategories(s.column.Levels, values, o)
		case Indices:
			column.Codes = fitCodes(s.column.Levels, values)
		case TargetMean:
			column.Means, training = fitMeans(s.column, y, folds, o)
		case NGrams:
			column.Text, training = fitText(s.column, values.facts, y, folds, o)
		}
		made := column.encodings()
		if len(made) == 0 { // there is nothing to it: no part of time varies, no category is frequent
			if s.asked != "" {
				f.warnings = append(f.warnings, fmt.Sprintf("column %q has nothing to encode by %s and was left out", column.Name, s.asked))
			}
			continue
		}
		if training == nil {
			training = zeros(len(made[0].names("")), s.column.Len())
			made[0].encode(training, s.column)
		}
		f.columns = append(f.columns, column)
		f.training = append(f.training, training...)
	}
	return f, nil
}

// zeros makes columns of zeros that lie behind each other in memory.
func zeros(columns, rows int) [][]float64 {
	flat := make([]float64, columns*rows)
	made := make([][]float64, columns)
	for j := range made {
		made[j] = flat[j*rows : (j+1)*rows : (j+1)*rows]
	}
	return made
}

// UnmarshalJSON reads what json.Marshal wrote. Check says whether it can be used.
func (e *Encoder) UnmarshalJSON(text []byte) error {
	type plain Encoder
	if err := json.Unmarshal(text, (*plain)(e)); err != nil {
		return err
	}
	e.layout = newLayout(e.Columns)
	return nil
}

// Check reports what no encoder that Fit made would have: it is for encoders read from a
// file.
func (e *Encoder) Check() error {
	for i := range e.Columns {
		c := &e.Columns[i]
		set := c.encodings()
		if len(set) != 1 {
			return fmt.Errorf("column %q has %d encodings, want 1", c.Name, len(set))
		}
		if c.Since != "" && !set[0].takes(dataset.Numeric) {
			return fmt.Errorf("column %q: an interval that is not encoded as a number", c.Name)
		}
		if err := set[0].check(); err != nil {
			return fmt.Errorf("column %q %w", c.Name, err)
		}
	}
	return nil
}

// finite reports whether all numbers are.
func finite(values ...float64) bool {
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}
