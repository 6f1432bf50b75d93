// Package modeltest is the conformance suite of pkg/model: what every learner owes to those
// who use it, whatever is inside. A learner that passes refuses bad data with its position,
// takes degenerate data without NaN, does not see how rows, columns and weights are
// written down, gives the same model for the same seed, and survives hostile states.
//
// Use: modeltest.Run(t, learner, tasks...) in a test of the learner, with all the tasks that
// it does. model's own test runs it on every learner that model.Learners names.
package modeltest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
	"github.com/foretell-ml/foretell/pkg/model"
)

const (
	// rounding is the tolerance where two fits differ only in the order of their sums.
	rounding = 1e-7
	// sumToOne is how far the probabilities of a row may sum from 1.
	sumToOne = 1e-12
	rows     = 240
	fitSeed  = 11
)

// check is one thing that a learner is tested for.
type check struct {
	name string
	test func(t *testing.T, s suite)
}

// suite is a learner with one of its tasks.
type suite struct {
	learner model.Learner
	task    dataset.Task
	classes int
}

// Run tests the learner on each of its tasks. The learner should be deterministic in more
// than its seed: params that sample rows break the tests of row order and weights.
func Run(t *testing.T, learner model.Learner, tasks ...dataset.Task) {
	t.Helper()
	if len(tasks) == 0 {
		t.Fatal("modeltest: no tasks")
	}
	for _, task := range []dataset.Task{dataset.Regression, dataset.Binary, dataset.Multiclass} {
		s := suite{learner, task, classesOf(task)}
		if !slices.Contains(tasks, task) {
			t.Run(string(task)+"/refused", func(t *testing.T) { refusesTask(t, s) })
			continue
		}
		for _, c := range checks() {
			t.Run(string(task)+"/"+c.name, func(t *testing.T) { c.test(t, s) })
		}
	}
}

func checks() []check {
	var all []check
	all = append(all, refusals...)
	all = append(all, degenerates...)
	all = append(all, invariances...)
	all = append(all, predictions...)
	all = append(all, categories...)
	all = append(all, explanations...)
	all = append(all, extras...)
	return append(all, states...)
}

func classesOf(task dataset.Task) int {
	switch task {
	case dataset.Binary:
		return 2
	case dataset.Multiclass:
		return 3
	}
	return 0
}

func refusesTask(t *testing.T, s suite) {
	_, err := s.learner.Fit(context.Background(), s.data(1), fitSeed)
	var refused *model.TaskError
	if !errors.As(err, &refused) {
		t.Fatalf("got %v, want a *model.TaskError", err)
	}
	if refused.Task != s.task || slices.Contains(refused.Does, s.task) || len(refused.Does) == 0 {
		t.Errorf("error is %+v for task %s", refused, s.task)
	}
}

// data makes a problem that can be learned: three columns of which two matter, with noise.
// Different draws are different rows of the same problem.
func (s suite) data(draw int) model.Data {
	random := seed.Rand(seed.Derive(7, "modeltest", draw))
	x := &dataset.Matrix{Rows: rows, Names: []string{"first", "second", "idle"}}
	for range x.Names {
		column := make([]float64, rows)
		for i := range column {
			column[i] = random.Float64()*4 - 2
		}
		x.Columns = append(x.Columns, column)
	}
	d := model.Data{X: x, Y: make([]float64, rows), Task: s.task, Classes: s.classes}
	for i := range d.Y {
		signal := 3*x.Columns[0][i] - 2*x.Columns[1][i] + 0.5*random.NormFloat64()
		switch {
		case s.task == dataset.Regression:
			d.Y[i] = 20 + signal // positive, for those that want it
		case s.task == dataset.Binary && signal > 0.5:
			d.Y[i] = 1
		case s.task == dataset.Multiclass:
			d.Y[i] = math.Min(2, math.Max(0, math.Floor((signal+6)/4)))
		}
	}
	return d
}

// fit fits or fails the test.
func (s suite) fit(t *testing.T, d model.Data) model.Model {
	t.Helper()
	m, err := s.learner.Fit(t.Context(), d, fitSeed)
	if err != nil {
		t.Fatalf("fit: %v", err)
	}
	if m.Inputs() != len(d.X.Columns) {
		t.Fatalf("Inputs() is %d for %d columns", m.Inputs(), len(d.X.Columns))
	}
	if want := max(1, d.Classes); m.Outputs() != want {
		t.Fatalf("Outputs() is %d, want %d", m.Outputs(), want)
	}
	return m
}

func predict(m model.Model, x *dataset.Matrix) []float64 {
	dst := nans(x.Rows * m.Outputs())
	m.Predict(dst, x)
	return dst
}

// valid fails the test unless predictions are finite and, for classes, probabilities.
func (s suite) valid(t *testing.T, p []float64) {
	t.Helper()
	if err := s.faultOf(p); err != nil {
		t.Fatal(err)
	}
}

func (s suite) faultOf(p []float64) error {
	for i, v := range p {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("prediction %d is %v", i, v)
		}
	}
	if s.classes == 0 {
		return nil
	}
	for i := 0; i < len(p); i += s.classes {
		sum := 0.0
		for _, v := range p[i : i+s.classes] {
			if v < 0 || v > 1 {
				return fmt.Errorf("row %d: probability %v", i/s.classes, v)
			}
			sum += v
		}
		if math.Abs(sum-1) > sumToOne {
			return fmt.Errorf("row %d: probabilities sum to %v", i/s.classes, sum)
		}
	}
	return nil
}

// near fails the test if predictions differ by more than the tolerance, relative above 1.
func near(t *testing.T, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d predictions, want %d", len(got), len(want))
	}
	for i := range got {
		if d := math.Abs(got[i] - want[i]); !(d <= tolerance*math.Max(1, math.Abs(want[i]))) {
			t.Fatalf("prediction %d is %v, want %v", i, got[i], want[i])
		}
	}
}

// same fails the test unless predictions agree in every bit.
func same(t *testing.T, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d predictions, want %d", len(got), len(want))
	}
	for i := range got {
		if math.Float64bits(got[i]) != math.Float64bits(want[i]) {
			t.Fatalf("prediction %d is %v, want the very same %v", i, got[i], want[i])
		}
	}
}

// matrix has the given columns, named x1, x2, …
func matrix(columns ...[]float64) *dataset.Matrix {
	x := &dataset.Matrix{Columns: columns}
	for j, c := range columns {
		x.Rows = len(c)
		x.Names = append(x.Names, fmt.Sprintf("x%d", j+1))
	}
	return x
}

// clone copies data, so that a test may change it.
func clone(d model.Data) model.Data {
	x := &dataset.Matrix{Rows: d.X.Rows, Names: append([]string(nil), d.X.Names...)}
	for _, c := range d.X.Columns {
		x.Columns = append(x.Columns, append([]float64(nil), c...))
	}
	d.X = x
	d.Y = append([]float64(nil), d.Y...)
	d.Weights = append([]float64(nil), d.Weights...)
	d.Offset = append([]float64(nil), d.Offset...)
	return d
}

// pick returns the given rows of data.
func pick(d model.Data, indices []int) model.Data {
	picked := d
	picked.X = d.X.Select(indices)
	picked.Y, picked.Weights, picked.Offset = nil, nil, nil
	for _, i := range indices {
		picked.Y = append(picked.Y, d.Y[i])
		if d.Weights != nil {
			picked.Weights = append(picked.Weights, d.Weights[i])
		}
		if d.Offset != nil {
			picked.Offset = append(picked.Offset, d.Offset[i])
		}
	}
	return picked
}
