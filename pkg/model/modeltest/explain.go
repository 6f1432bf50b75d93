package modeltest

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/model"
)

// explanations are what model.ExplainerOf promises of models that have one. One that has none
// says so by model.ErrNotExplained.
var explanations = []check{
	{"explanation sums to the score", func(t *testing.T, s suite) {
		s.explained(t, func(t *testing.T, m model.Model, e model.Explainer) {
			x := s.data(2).X
			got, scores := explain(m, e, x), scoresOf(m, e, x)
			for i, score := range scores {
				sum := 0.0
				for _, v := range got[i*(m.Inputs()+1) : (i+1)*(m.Inputs()+1)] {
					sum += v
				}
				near(t, []float64{sum}, []float64{score}, 1e-9)
			}
		})
	}},
	{"scores are of the prediction", func(t *testing.T, s suite) {
		s.explained(t, func(t *testing.T, m model.Model, e model.Explainer) {
			x := s.data(2).X
			near(t, linked(e.Link(), scoresOf(m, e, x), m.Outputs()), predict(m, x), 1e-12)
		})
	}},
	{"a row is explained alone as among others", func(t *testing.T, s suite) {
		s.explained(t, func(t *testing.T, m model.Model, e model.Explainer) {
			x := s.data(2).X
			together := explain(m, e, x)
			width := len(together) / rows
			for i := 0; i < rows; i += 37 {
				same(t, explain(m, e, x.Select([]int{i})), together[i*width:(i+1)*width])
			}
		})
	}},
	{"a column that is not used explains nothing", func(t *testing.T, s suite) {
		d := s.data(1)
		d.X = matrix(append(slices.Clone(d.X.Columns), ones(rows))...)
		s.explainedOn(t, d, func(t *testing.T, m model.Model, e model.Explainer) {
			got := explain(m, e, d.X)
			for i := 3; i < len(got); i += 5 {
				if math.Abs(got[i]) > 1e-12 {
					t.Fatalf("a constant column contributes %v", got[i])
				}
			}
		})
	}},
	{"base is the score of the background", func(t *testing.T, s suite) {
		d := s.data(1)
		m := s.fit(t, d)
		background := s.data(2).X.Select([]int{5})
		e, err := model.ExplainerOf(m, background)
		if errors.Is(err, model.ErrNotExplained) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		// Against itself a row has nothing to explain.
		got, scores := explain(m, e, background), scoresOf(m, e, background)
		for k, score := range scores {
			near(t, got[k*4:(k+1)*4], []float64{0, 0, 0, score}, 1e-9)
		}
	}},
	{"background of wrong shape", func(t *testing.T, s suite) {
		m, x := s.fit(t, s.data(1)), s.data(2).X
		for _, bad := range []*dataset.Matrix{x.Select(nil), matrix(x.Columns[0])} {
			if e, err := model.ExplainerOf(m, bad); err == nil || e != nil {
				t.Errorf("got %v and error %v, want an error", e, err)
			}
		}
	}},
}

// explained runs the test on what explains the learner's model, without and with background.
func (s suite) explained(t *testing.T, test func(*testing.T, model.Model, model.Explainer)) {
	s.explainedOn(t, s.data(1), test)
}

func (s suite) explainedOn(t *testing.T, d model.Data, test func(*testing.T, model.Model, model.Explainer)) {
	t.Helper()
	m := s.fit(t, d)
	for _, background := range []*dataset.Matrix{nil, d.X.Select([]int{1, 2, 30, 100})} {
		e, err := model.ExplainerOf(m, background)
		if errors.Is(err, model.ErrNotExplained) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		test(t, m, e)
	}
}

func explain(m model.Model, e model.Explainer, x *dataset.Matrix) []float64 {
	dst := nans(x.Rows * e.Link().Scores(m.Outputs()) * (m.Inputs() + 1))
	e.Explain(dst, x)
	return dst
}

func scoresOf(m model.Model, e model.Explainer, x *dataset.Matrix) []float64 {
	dst := nans(x.Rows * e.Link().Scores(m.Outputs()))
	e.Score(dst, x)
	return dst
}

// nans is a place of which what is not written shows.
func nans(n int) []float64 {
	dst := make([]float64, n)
	for i := range dst {
		dst[i] = math.NaN()
	}
	return dst
}

// linked turns scores into predictions.
func linked(link model.Link, scores []float64, outputs int) []float64 {
	var p []float64
	switch link {
	case model.IdentityLink, model.ProbabilityLink:
		return scores
	case model.LogLink:
		for _, s := range scores {
			p = append(p, math.Exp(s))
		}
	case model.LogitLink:
		for _, s := range scores {
			p = append(p, 1/(1+math.Exp(s)), 1/(1+math.Exp(-s)))
		}
	default:
		for i := 0; i < len(scores); i += outputs {
			row, sum := scores[i:i+outputs], 0.0
			for _, s := range row {
				sum += math.Exp(s - slices.Max(row))
			}
			for _, s := range row {
				p = append(p, math.Exp(s-slices.Max(row))/sum)
			}
		}
	}
	return p
}
