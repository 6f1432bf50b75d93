// Package calibration makes probabilities that can be believed of those that a model gives,
// and decisions of probabilities. Of the rows that are given 0.8, four in five should be of
// the class: trees, ensembles of them and naive Bayes are often far from that, and a
// threshold or a price on mistakes is worth nothing then.
//
// Order of use: Fit a Calibration on predictions for rows that the model has not been fitted
// on (out-of-fold ones), Apply it to every prediction. ChooseThreshold and Costs.Decide turn
// the probabilities into classes.
//
// Its opinion: temperature is the choice for few rows and many classes, since it cannot
// overfit and keeps the order; isotonic for a thousand rows of each class and more, since it
// can take any rising shape; Platt's line between them. None of them makes up for rows that
// the model has seen.
package calibration

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// Method is a way to calibrate.
type Method string

const (
	// Temperature raises all probabilities to one power and scales them to sum to 1 (Guo,
	// Pleiss, Sun & Weinberger 2017).
	Temperature Method = "temperature"
	// Platt passes the log odds of each class through a line (Platt 1999).
	Platt Method = "platt"
	// Isotonic passes the probability of each class through a rising function (Zadrozny &
	// Elkan 2002).
	Isotonic Method = "isotonic"
)

// Methods are all of them.
func Methods() []Method { return []Method{Temperature, Platt, Isotonic} }

// Calibration is a fitted map of probabilities to better ones, as data. With two classes it
// works on class 1; with more, Platt and Isotonic work on every class against the others and
// scale to sum to 1.
type Calibration struct {
	Method  Method `json:"method"`
	Outputs int    `json:"outputs"` // classes
	// Inverse is 1/temperature, the power: below 1 probabilities were too bold.
	Inverse float64 `json:"inverse,omitempty"`
	Lines   []Line  `json:"lines,omitempty"` // of Platt: of class 1, or of every class
	Steps   []Steps `json:"steps,omitempty"` // of Isotonic: likewise
}

// certain is how near probabilities come to 0 and 1 before their logarithms are taken.
const certain = 0x1p-52

// RowError is a row that cannot be calibrated with.
type RowError struct {
	Row int // index, from 0
	Err error
}

func (e *RowError) Error() string { return fmt.Sprintf("row %d: %v", e.Row, e.Err) }

func (e *RowError) Unwrap() error { return e.Err }

// Fit calibrates the probabilities of rows, outputs of them per row, of which y is the class,
// 0 … outputs-1. Weights are non-negative and finite; nil means 1 for all. Every class has to
// occur. The slices are not changed; it panics if their lengths do not agree.
func Fit(method Method, y, probabilities, weights []float64, outputs int) (*Calibration, error) {
	if !slices.Contains(Methods(), method) {
		return nil, fmt.Errorf("no calibration %q: there are %v", method, Methods())
	}
	r, err := newRows(y, probabilities, weights, outputs)
	if err != nil {
		return nil, fmt.Errorf("%s calibration: %w", method, err)
	}
	c := &Calibration{Method: method, Outputs: outputs}
	if method == Temperature {
		c.Inverse = fitTemperature(r)
		return c, nil
	}
	for _, class := range c.classes() {
		of, is := r.against(class)
		if method == Isotonic {
			c.Steps = append(c.Steps, fitSteps(of, is, r.weights))
		} else {
			c.Lines = append(c.Lines, fitLine(of, is, r.weights))
		}
	}
	return c, nil
}

// classes are those that have a map of their own.
func (c *Calibration) classes() []int {
	if c.Outputs == 2 {
		return []int{1}
	}
	all := make([]int, c.Outputs)
	for k := range all {
		all[k] = k
	}
	return all
}

// Apply calibrates probabilities in place, Outputs of them per row. They are as a model gives
// them: each between 0 and 1, summing to 1. It panics if their number is no multiple of Outputs.
func (c *Calibration) Apply(probabilities []float64) {
	if len(probabilities)%c.Outputs != 0 {
		panic("calibration: not so many probabilities per row")
	}
	for i := 0; i < len(probabilities); i += c.Outputs {
		row := probabilities[i : i+c.Outputs]
		switch {
		case c.Method == Temperature:
			c.temper(row)
		case c.Outputs == 2:
			row[1] = c.one(0, row[1])
			row[0] = 1 - row[1]
		default:
			for k, p := range row {
				row[k] = c.one(k, p)
			}
			total := num.Sum(row)
			for k := range row {
				row[k] /= total // above 0: neither map gives one
			}
		}
	}
}

// one passes a probability through map k.
func (c *Calibration) one(k int, p float64) float64 {
	if c.Method == Isotonic {
		return c.Steps[k].at(p)
	}
	return c.Lines[k].at(p)
}

// Check returns an error unless Apply gives probabilities: of a Calibration from a file.
func (c *Calibration) Check() error {
	var errs []error
	if c.Outputs < 2 {
		errs = append(errs, fmt.Errorf("%d classes", c.Outputs))
	}
	lines, steps := 0, 0
	switch c.Method {
	case Temperature:
		if !(c.Inverse > 0) || math.IsInf(c.Inverse, 0) {
			errs = append(errs, fmt.Errorf("1/temperature is %v", c.Inverse))
		}
	case Platt:
		lines = len(c.classes())
	case Isotonic:
		steps = len(c.classes())
	default:
		errs = append(errs, fmt.Errorf("no calibration %q", c.Method))
	}
	if len(c.Lines) != lines || len(c.Steps) != steps {
		errs = append(errs, fmt.Errorf("%d lines and %d steps, want %d and %d", len(c.Lines), len(c.Steps), lines, steps))
	}
	for _, l := range c.Lines {
		errs = append(errs, l.check())
	}
	for _, s := range c.Steps {
		errs = append(errs, s.check())
	}
	return errors.Join(errs...)
}
