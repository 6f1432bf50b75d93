package modeltest

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
	"github.com/foretell-ml/foretell/pkg/model"
)

// kinds is how many categories the first column of categorical has, of which the last is in no
// row.
const kinds = 6

// categories are what learners owe that take columns of categories; the others refuse them.
var categories = []check{
	{"categories that matter", func(t *testing.T, s suite) {
		m, ok := s.takesCategories(t, s.categorical(1))
		if !ok {
			return
		}
		d, unseen := s.categorical(1), s.categorical(2)
		baseline, err := model.Baseline{}.Fit(t.Context(), d, fitSeed)
		if err != nil {
			t.Fatal(err)
		}
		got, floor := s.loss(predict(m, unseen.X), unseen.Y), s.loss(predict(baseline, unseen.X), unseen.Y)
		if _, is := s.learner.(model.Baseline); is {
			floor = 2 * floor // it only has to match itself
		}
		if got > 2*floor/3 {
			t.Errorf("loss on unseen rows is %v, want two thirds of the baseline's %v or less", got, floor)
		}
	}},
	{"category not seen in training", func(t *testing.T, s suite) {
		m, ok := s.takesCategories(t, s.categorical(1))
		if !ok {
			return
		}
		loaded, err := model.Load(throughFile(t, m.State()))
		if err != nil {
			t.Fatal(err)
		}
		// One that a row could have had, some beyond them, and none.
		x := s.categorical(2).X.Select([]int{0, 0, 0, 0, 0})
		for i, v := range []float64{kinds - 1, math.NaN(), kinds, 1e6, math.MaxInt32 + 1} {
			x.Columns[0][i] = v
		}
		p := predict(m, x)
		s.valid(t, p)
		same(t, predict(loaded, x), p)
		if _, is := s.learner.(model.Bayes); is {
			return // by whose smoothing a class of few rows may have any category, but a missing one says nothing
		}
		n := m.Outputs()
		same(t, p[:n], p[n:2*n])
	}},
	{"missing category", func(t *testing.T, s suite) {
		d := s.categorical(1)
		for i := range rows {
			if i%5 == 0 {
				d.X.Columns[0][i] = math.NaN()
			}
		}
		m, ok := s.takesCategories(t, d)
		if !ok {
			return
		}
		x := s.categorical(2).X
		x.Columns[0][3] = math.NaN()
		s.valid(t, predict(m, x))
	}},
}

// takesCategories fits the data, or says that the learner refuses categories.
func (s suite) takesCategories(t *testing.T, d model.Data) (model.Model, bool) {
	t.Helper()
	m, err := s.learner.Fit(t.Context(), d, fitSeed)
	if err == nil {
		return m, true
	}
	if _, refused := s.learner.Fit(t.Context(), s.data(1), fitSeed); refused != nil {
		t.Fatalf("refuses numbers too: %v", refused)
	}
	var at *model.ValueError
	if errors.As(err, &at) || !strings.Contains(err.Error(), `"kind"`) {
		t.Fatalf("got %v, want an error that the column is one of categories", err)
	}
	return nil, false
}

// categorical is data whose first column holds categories in an order that says nothing of
// their effect, and whose second is a number that says little.
func (s suite) categorical(draw int) model.Data {
	random := seed.Rand(seed.Derive(7, "categories of modeltest", draw))
	effects := [kinds - 1]float64{2, -2, 4, -4, 0}
	x := &dataset.Matrix{Rows: rows, Names: []string{"kind", "number"}, Categories: []int{kinds, 0},
		Columns: [][]float64{make([]float64, rows), make([]float64, rows)}}
	d := model.Data{X: x, Y: make([]float64, rows), Task: s.task, Classes: s.classes}
	for i := range d.Y {
		kind := random.IntN(len(effects))
		x.Columns[0][i], x.Columns[1][i] = float64(kind), random.NormFloat64()
		signal := effects[kind] + 0.3*x.Columns[1][i] + 0.3*random.NormFloat64()
		switch {
		case s.task == dataset.Regression:
			d.Y[i] = 20 + signal
		case s.task == dataset.Binary && signal > 1:
			d.Y[i] = 1
		case s.task == dataset.Multiclass:
			d.Y[i] = math.Min(2, math.Max(0, math.Floor((signal+6)/4)))
		}
	}
	return d
}
