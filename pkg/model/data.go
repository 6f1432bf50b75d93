package model

import (
	"errors"
	"fmt"
	"math"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// ErrNoRows says that there is nothing to fit: no rows at all.
var ErrNoRows = errors.New("no rows to fit")

// ValueError is a value that a learner cannot take, and where it stands.
type ValueError struct {
	Row    int    // 1-based row of the data given to Fit
	Column string // name of the column; "" for the target or the weights
	Value  float64
	Reason string // what is wrong with it, and what would be right
}

func (e *ValueError) Error() string {
	if e.Column == "" {
		return fmt.Sprintf("row %d: %v %s", e.Row, e.Value, e.Reason)
	}
	return fmt.Sprintf("row %d, column %q: %v %s", e.Row, e.Column, e.Value, e.Reason)
}

// TaskError says that a learner was given a task it does not do.
type TaskError struct {
	Learner string
	Task    dataset.Task
	Does    []dataset.Task // what it does do
}

func (e *TaskError) Error() string {
	return fmt.Sprintf("learner %q does %v, not %q", e.Learner, e.Does, e.Task)
}

// SizeError says that a fit would take more memory than a machine should be asked for.
type SizeError struct {
	What   string // what there are too many of
	Count  int
	Most   int
	Advice string
}

func (e *SizeError) Error() string {
	return fmt.Sprintf("%d %s are more than the %d that fit: %s", e.Count, e.What, e.Most, e.Advice)
}

// Panics of Predict: a caller that gets here has not checked its rows against the schema.
const (
	panicColumns = "model: x has not the columns that the model was fitted on"
	panicDst     = "model: dst has not rows × outputs values"
)

// Validate checks what every learner relies on: lengths that agree, at least one row, a
// finite target (for classification an index below Classes), finite non-negative weights
// of which one at least is positive, and features that are finite or missing (NaN).
// It returns the first fault in the order target, weights, offsets, columns; a fault of one value is
// a *ValueError.
func (d Data) Validate() error {
	if d.X == nil || d.X.Rows == 0 {
		return ErrNoRows
	}
	if err := d.validateShape(); err != nil {
		return err
	}
	if err := d.validateTarget(); err != nil {
		return err
	}
	if err := d.validateWeights(); err != nil {
		return err
	}
	for i, v := range d.Offset {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return &ValueError{Row: i + 1, Value: v, Reason: "is not a finite offset: it is the log of an exposure, which is positive"}
		}
	}
	for j, column := range d.X.Columns {
		for i, v := range column {
			if math.IsInf(v, 0) {
				return &ValueError{i + 1, d.X.Names[j], v, "is not a finite number"}
			}
		}
		if d.X.Categorical(j) {
			if err := validateCategories(d.X, j); err != nil {
				return err
			}
		}
	}
	return nil
}

// validateCategories checks that a column of categories holds nothing but their indices.
func validateCategories(x *dataset.Matrix, j int) error {
	n := float64(x.Categories[j])
	for i, v := range x.Columns[j] {
		if v < 0 || v >= n || v != math.Trunc(v) && !math.IsNaN(v) {
			return &ValueError{i + 1, x.Names[j], v, fmt.Sprintf("is not the index of one of %v categories", n)}
		}
	}
	return nil
}

func (d Data) validateShape() error {
	x := d.X
	if len(x.Names) != len(x.Columns) {
		return fmt.Errorf("%d column names for %d columns", len(x.Names), len(x.Columns))
	}
	for j, column := range x.Columns {
		if len(column) != x.Rows {
			return fmt.Errorf("column %q has %d values for %d rows", x.Names[j], len(column), x.Rows)
		}
	}
	if x.Categories != nil && len(x.Categories) != len(x.Columns) {
		return fmt.Errorf("numbers of categories of %d columns for %d columns", len(x.Categories), len(x.Columns))
	}
	if len(d.Y) != x.Rows {
		return fmt.Errorf("target has %d values for %d rows", len(d.Y), x.Rows)
	}
	if d.Weights != nil && len(d.Weights) != x.Rows {
		return fmt.Errorf("%d weights for %d rows", len(d.Weights), x.Rows)
	}
	if d.Offset != nil && len(d.Offset) != x.Rows {
		return fmt.Errorf("%d offsets for %d rows", len(d.Offset), x.Rows)
	}
	if d.Offset != nil && d.Task != dataset.Regression {
		return fmt.Errorf("offsets for %s: only regression with a log link has them", d.Task)
	}
	switch {
	case d.Task == dataset.Regression && d.Classes != 0:
		return fmt.Errorf("regression with %d classes", d.Classes)
	case d.Task == dataset.Binary && d.Classes != 2:
		return fmt.Errorf("binary classification with %d classes", d.Classes)
	case d.Task == dataset.Multiclass && d.Classes < 2:
		return fmt.Errorf("multiclass classification with %d classes", d.Classes)
	case d.Task != dataset.Regression && !d.Task.Classification():
		return fmt.Errorf("unknown task %q", d.Task)
	}
	return nil
}

func (d Data) validateTarget() error {
	for i, y := range d.Y {
		if math.IsNaN(y) || math.IsInf(y, 0) {
			return &ValueError{Row: i + 1, Value: y, Reason: "is not a finite target"}
		}
		if d.Task.Classification() && (y < 0 || y >= float64(d.Classes) || y != math.Trunc(y)) {
			return &ValueError{Row: i + 1, Value: y, Reason: fmt.Sprintf("is not a class index below %d", d.Classes)}
		}
	}
	return nil
}

func (d Data) validateWeights() error {
	if d.Weights == nil {
		return nil
	}
	for i, w := range d.Weights {
		if !(w >= 0) || math.IsInf(w, 1) {
			return &ValueError{Row: i + 1, Value: w, Reason: "is not a finite, non-negative weight"}
		}
	}
	switch sum := num.Sum(d.Weights); {
	case sum == 0:
		return errors.New("all weights are 0")
	case math.IsInf(sum, 1):
		return errors.New("the weights sum to infinity")
	}
	return nil
}

// noOffset refuses offsets, for learners whose predictions are not on a log scale.
func (d Data) noOffset() error {
	if d.Offset != nil {
		return errors.New("this learner has no place for offsets")
	}
	return nil
}

// numbers refuses categories, for learners that would take their indices for numbers.
func (d Data) numbers() error {
	for j := range d.X.Columns {
		if d.X.Categorical(j) {
			return fmt.Errorf("column %q holds categories, which this learner cannot use: encode them as numbers", d.X.Names[j])
		}
	}
	return nil
}

// complete refuses missing features and categories, for learners that cannot use them.
func (d Data) complete() error {
	if err := d.numbers(); err != nil {
		return err
	}
	for j, column := range d.X.Columns {
		for i, v := range column {
			if math.IsNaN(v) {
				return &ValueError{i + 1, d.X.Names[j], v, "is a missing value, which this learner cannot use: impute it"}
			}
		}
	}
	return nil
}

// weighted returns the data without its rows of weight 0, so that such a row is as if it
// were not there, and the weights of the rest (1 if none were given). The receiver is left
// as it is; without zero weights its memory is shared.
func (d Data) weighted() (Data, []float64) {
	if d.Weights == nil {
		ones := make([]float64, len(d.Y))
		for i := range ones {
			ones[i] = 1
		}
		return d, ones
	}
	var rows []int
	for i, w := range d.Weights {
		if w > 0 {
			rows = append(rows, i)
		}
	}
	if len(rows) == len(d.Weights) {
		return d, d.Weights
	}
	kept := d
	kept.X = d.X.Select(rows)
	kept.Y = make([]float64, len(rows))
	kept.Weights = make([]float64, len(rows))
	for i, r := range rows {
		kept.Y[i], kept.Weights[i] = d.Y[r], d.Weights[r]
	}
	if d.Offset != nil {
		kept.Offset = make([]float64, len(rows))
		for i, r := range rows {
			kept.Offset[i] = d.Offset[r]
		}
	}
	return kept, kept.Weights
}

// balance returns the weights times what gives every class that has rows the same sum,
// keeping the sum of all.
func (d Data) balance(weights []float64) []float64 {
	sums := make([]num.Twofold, d.Classes)
	var total num.Twofold
	for i, y := range d.Y {
		sums[int(y)].Add(weights[i])
		total.Add(weights[i])
	}
	present := 0.0
	for _, s := range sums {
		if s.Value() > 0 {
			present++
		}
	}
	balanced := make([]float64, len(weights))
	for i, y := range d.Y {
		balanced[i] = weights[i] * (total.Value() / (present * sums[int(y)].Value()))
	}
	return balanced
}

// mustFit panics unless x has the given number of columns and dst a place for each output
// of each row.
func mustFit(dst []float64, x *dataset.Matrix, columns, outputs int) {
	if len(x.Columns) != columns {
		panic(panicColumns)
	}
	if len(dst) != x.Rows*outputs {
		panic(panicDst)
	}
}
