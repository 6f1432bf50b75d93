package modeltest

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/model"
)

// refusals are the data that no learner may fit, and the context that has ended.
var refusals = []check{
	{"no rows", func(t *testing.T, s suite) {
		d := pick(s.data(1), nil)
		if _, err := s.learner.Fit(t.Context(), d, fitSeed); !errors.Is(err, model.ErrNoRows) {
			t.Errorf("got %v, want ErrNoRows", err)
		}
		d.X = nil
		if _, err := s.learner.Fit(t.Context(), d, fitSeed); !errors.Is(err, model.ErrNoRows) {
			t.Errorf("no matrix: got %v, want ErrNoRows", err)
		}
	}},
	{"infinite feature", func(t *testing.T, s suite) {
		for _, v := range []float64{math.Inf(1), math.Inf(-1)} {
			d := clone(s.data(1))
			d.X.Columns[1][6] = v
			s.refuses(t, d, 7, "second")
		}
	}},
	{"missing feature", takesOrRefusesMissing},
	{"infinite or missing target", func(t *testing.T, s suite) {
		for _, v := range []float64{math.Inf(1), math.NaN()} {
			d := clone(s.data(1))
			d.Y[3] = v
			s.refuses(t, d, 4, "")
		}
	}},
	{"target that is no class", func(t *testing.T, s suite) {
		if s.classes == 0 {
			return // every finite number is a target
		}
		for _, v := range []float64{-1, 0.5, float64(s.classes)} {
			d := clone(s.data(1))
			d.Y[9] = v
			s.refuses(t, d, 10, "")
		}
	}},
	{"bad weight", func(t *testing.T, s suite) {
		for _, v := range []float64{-1, math.NaN(), math.Inf(1)} {
			d := clone(s.data(1))
			d.Weights = ones(rows)
			d.Weights[5] = v
			s.refuses(t, d, 6, "")
		}
	}},
	{"weights without a sum", func(t *testing.T, s suite) {
		for _, v := range []float64{0, math.MaxFloat64} {
			d := s.data(1)
			d.Weights = make([]float64, rows)
			for i := range d.Weights {
				d.Weights[i] = v
			}
			s.refusesSomehow(t, d)
		}
	}},
	{"bad offset", func(t *testing.T, s suite) {
		d := s.data(1)
		d.Offset = ones(rows)
		if s.classes > 0 { // which have no log link
			s.refusesSomehow(t, d)
			return
		}
		for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			d.Offset = ones(rows)
			d.Offset[6] = v
			s.refuses(t, d, 7, "")
		}
		d.Offset = ones(rows - 1)
		s.refusesSomehow(t, d)
	}},
	{"lengths that differ", func(t *testing.T, s suite) {
		d := clone(s.data(1))
		d.Y = d.Y[1:]
		s.refusesSomehow(t, d)
		d = clone(s.data(1))
		d.Weights = ones(rows - 1)
		s.refusesSomehow(t, d)
		d = clone(s.data(1))
		d.X.Columns[2] = d.X.Columns[2][1:]
		s.refusesSomehow(t, d)
		d = clone(s.data(1))
		d.X.Names = d.X.Names[1:]
		s.refusesSomehow(t, d)
	}},
	{"classes that do not fit the task", func(t *testing.T, s suite) {
		d := s.data(1)
		d.Classes = 1
		s.refusesSomehow(t, d)
		d.Task = "clustering"
		s.refusesSomehow(t, d)
	}},
	{"cancelled", func(t *testing.T, s suite) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if m, err := s.learner.Fit(ctx, s.data(1), fitSeed); !errors.Is(err, context.Canceled) || m != nil {
			t.Errorf("got model %v and error %v, want context.Canceled", m, err)
		}
	}},
}

// refuses fails the test unless Fit's error is a *model.ValueError of that row and column.
func (s suite) refuses(t *testing.T, d model.Data, row int, column string) {
	t.Helper()
	m, err := s.learner.Fit(t.Context(), d, fitSeed)
	var at *model.ValueError
	if !errors.As(err, &at) {
		t.Fatalf("got %v, want a *model.ValueError", err)
	}
	if at.Row != row || at.Column != column {
		t.Errorf("%v: at row %d, column %q; want row %d, column %q", err, at.Row, at.Column, row, column)
	}
	if m != nil {
		t.Error("a model beside the error")
	}
}

func (s suite) refusesSomehow(t *testing.T, d model.Data) {
	t.Helper()
	if m, err := s.learner.Fit(t.Context(), d, fitSeed); err == nil || m != nil {
		t.Errorf("got model %v and error %v, want an error", m, err)
	}
}

// takesOrRefusesMissing: a learner either refuses missing features with their position, and
// then its models answer NaN for such a row and nothing else, or uses them.
func takesOrRefusesMissing(t *testing.T, s suite) {
	d := clone(s.data(1))
	d.X.Columns[2][8] = math.NaN()
	d.X.Columns[0][50] = math.NaN()
	m, err := s.learner.Fit(t.Context(), d, fitSeed)
	if err == nil {
		s.valid(t, predict(m, d.X))
		none := matrix([]float64{math.NaN()}, []float64{math.NaN()}, []float64{math.NaN()})
		s.valid(t, predict(m, none))
		return
	}
	s.refuses(t, d, 51, "first")
	m = s.fit(t, s.data(1))
	whole, holed := predict(m, s.data(1).X), predict(m, d.X)
	for i := range holed {
		row := i / m.Outputs()
		if missing := row == 8 || row == 50; missing != math.IsNaN(holed[i]) {
			t.Fatalf("row %d: predicts %v", row, holed[i])
		} else if !missing {
			same(t, holed[i:i+1], whole[i:i+1])
		}
	}
}

func ones(n int) []float64 {
	w := make([]float64, n)
	for i := range w {
		w[i] = 1
	}
	return w
}

// degenerates are data that say little or nothing, from which no NaN may come.
var degenerates = []check{
	{"one row", func(t *testing.T, s suite) {
		d := pick(s.data(1), []int{4})
		p := predict(s.fit(t, d), d.X)
		s.valid(t, p)
		if s.classes == 0 {
			near(t, p, d.Y, rounding)
		}
	}},
	{"two rows", func(t *testing.T, s suite) {
		d := pick(s.data(1), []int{0, 1})
		s.valid(t, predict(s.fit(t, d), s.data(2).X))
	}},
	{"one column", func(t *testing.T, s suite) {
		d := s.data(1)
		d.X = matrix(d.X.Columns[0])
		s.valid(t, predict(s.fit(t, d), d.X))
	}},
	{"no column", func(t *testing.T, s suite) {
		d := s.data(1)
		d.X = &dataset.Matrix{Rows: rows}
		p := predict(s.fit(t, d), d.X)
		s.valid(t, p)
		for i := range p {
			same(t, p[i:i+1], p[i%max(1, s.classes):][:1])
		}
	}},
	{"constant columns", func(t *testing.T, s suite) {
		d := s.data(1)
		three, tenth := make([]float64, rows), make([]float64, rows)
		for i := range three {
			three[i], tenth[i] = 3, 0.1
		}
		d.X = matrix(three, tenth)
		s.valid(t, predict(s.fit(t, d), d.X))
		d.X = matrix(three, s.data(1).X.Columns[0], tenth)
		s.valid(t, predict(s.fit(t, d), d.X))
	}},
	{"more columns than rows", func(t *testing.T, s suite) {
		d := pick(s.data(1), []int{0, 1, 2, 3})
		wide := []int{0, 1, 2, 0, 1, 2}
		d.X = matrix(pickColumns(d.X, wide)...)
		s.valid(t, predict(s.fit(t, d), matrix(pickColumns(s.data(2).X, wide)...)))
	}},
	{"constant target", func(t *testing.T, s suite) {
		d := clone(s.data(1))
		for i := range d.Y {
			d.Y[i] = 1
		}
		p := predict(s.fit(t, d), s.data(2).X)
		s.valid(t, p)
		for i := 0; i < len(p); i += max(1, s.classes) {
			if s.classes == 0 {
				near(t, p[i:i+1], []float64{1}, rounding)
			} else if p[i+1] < 0.9 {
				t.Fatalf("the only class that there is has probability %v", p[i+1])
			}
		}
	}},
	{"class without rows", func(t *testing.T, s suite) {
		if s.classes < 3 {
			return // that is the constant target
		}
		d := clone(s.data(1))
		for i := range d.Y {
			d.Y[i] = math.Max(1, d.Y[i])
		}
		p := predict(s.fit(t, d), d.X)
		s.valid(t, p)
		for i := 0; i < len(p); i += s.classes {
			if p[i] > 0.1 {
				t.Fatalf("row %d: a class without rows has probability %v", i/s.classes, p[i])
			}
		}
	}},
	{"huge and tiny units", func(t *testing.T, s suite) {
		d := clone(s.data(1))
		for i := range rows {
			d.X.Columns[0][i] *= 1e200
			d.X.Columns[1][i] *= 1e-200
		}
		// An error that says so is fine too; a model that predicts NaN is not.
		if m, err := s.learner.Fit(t.Context(), d, fitSeed); err == nil {
			s.valid(t, predict(m, d.X))
		}
	}},
}

func pickColumns(x *dataset.Matrix, indices []int) [][]float64 {
	var columns [][]float64
	for _, j := range indices {
		columns = append(columns, x.Columns[j])
	}
	return columns
}
