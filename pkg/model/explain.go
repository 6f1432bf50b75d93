package model

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/internal/par"
)

// Link says what scores, in which columns add up, are to predictions.
type Link string

const (
	IdentityLink Link = "identity" // the score is the value predicted
	LogLink      Link = "log"      // the value predicted is e^score
	LogitLink    Link = "logit"    // the score is the log odds of class 1 of two
	SoftmaxLink  Link = "softmax"  // a score for each class; probabilities are their softmax
	// ProbabilityLink: a score for each class, which is its probability.
	ProbabilityLink Link = "probability"
)

// Scores is the number of scores of a row whose prediction has so many outputs.
func (l Link) Scores(outputs int) int {
	if l == SoftmaxLink || l == ProbabilityLink {
		return outputs
	}
	return 1
}

// Explainer says what each column adds to the scores of a row.
type Explainer interface {
	Link() Link
	// Score writes the scores of each row, row by row: x.Rows × Link().Scores(Outputs).
	Score(dst []float64, x *dataset.Matrix)
	// Explain writes for each row, and within it for each score, what each of the columns
	// contributes and, last, the base: x.Rows × scores × (Inputs + 1). They sum to the score,
	// up to rounding. It panics if dst or the columns of x have the wrong length.
	Explain(dst []float64, x *dataset.Matrix)
}

// ErrNotExplained says that a model's predictions are no sum of what its columns contribute,
// or that it does not know what to compare them with.
var ErrNotExplained = errors.New("this model cannot be explained by contributions of columns")

// ExplainerOf returns what explains a model, or ErrNotExplained and why there is nothing.
//
// Contributions are Shapley values: of all orders in which the columns of a row may become
// known, the mean of what each changes in the score. What is not yet known is taken from the
// rows of background, if it is given, and the base is the mean score of these rows
// ("interventional"): columns that the model does not use contribute nothing. Without
// background (nil), trees send a row both ways at a split on what is not known, by the shares
// of their training rows ("path-dependent"), which costs less; and linear scores are compared
// with a row of zeros, which is the mean row if columns are scaled.
func ExplainerOf(m Model, background *dataset.Matrix) (Explainer, error) {
	explained, is := m.(interface {
		explainer(background *dataset.Matrix) (Explainer, error)
	})
	if !is {
		return nil, ErrNotExplained
	}
	if background != nil {
		if background.Rows == 0 {
			return nil, errors.New("the background has no rows")
		}
		if len(background.Columns) != m.Inputs() {
			return nil, fmt.Errorf("the background has %d columns, want %d", len(background.Columns), m.Inputs())
		}
	}
	return explained.explainer(background)
}

// additive explains scores that are sums: of each score an intercept, and a coefficient times
// what a column has more than the background.
type additive struct {
	link         Link
	coefficients [][]float64 // of each score
	intercepts   []float64
	means        []float64 // of the background
}

var _ Explainer = (*additive)(nil)

func newAdditive(link Link, coefficients [][]float64, intercepts []float64, background *dataset.Matrix) (Explainer, error) {
	a := &additive{link, coefficients, intercepts, make([]float64, len(coefficients[0]))}
	if background == nil {
		return a, nil
	}
	for j, column := range background.Columns {
		for i, v := range column {
			if math.IsNaN(v) {
				return nil, &ValueError{i + 1, background.Names[j], v, "is a missing value in the background, which this model cannot use"}
			}
		}
		a.means[j] = mean(column, repeat(1, len(column)))
	}
	return a, nil
}

func (a *additive) Link() Link { return a.link }

func (a *additive) Score(dst []float64, x *dataset.Matrix) {
	scores := len(a.coefficients)
	mustFit(dst, x, len(a.means), scores)
	for k, b := range a.coefficients {
		score(dst[min(k, len(dst)):], scores, b, a.intercepts[k], x)
	}
}

func (a *additive) Explain(dst []float64, x *dataset.Matrix) {
	scores, columns := len(a.coefficients), len(a.means)
	mustFit(dst, x, columns, scores*(columns+1))
	for k, b := range a.coefficients {
		base := a.intercepts[k] + num.Dot(b, a.means)
		for i := range x.Rows {
			to := dst[(i*scores+k)*(columns+1):][:columns+1]
			for j := range columns {
				to[j] = float64(b[j] * (x.Columns[j][i] - a.means[j]))
			}
			to[columns] = base
		}
	}
}

func (m *linear) explainer(background *dataset.Matrix) (Explainer, error) {
	return newAdditive(IdentityLink, [][]float64{m.coefficients}, []float64{m.intercept}, background)
}

func (m *glm) explainer(background *dataset.Matrix) (Explainer, error) {
	return newAdditive(LogLink, [][]float64{m.coefficients}, []float64{m.intercept}, background)
}

func (m *logistic) explainer(background *dataset.Matrix) (Explainer, error) {
	link := SoftmaxLink
	if len(m.coefficients) == 1 {
		link = LogitLink
	}
	return newAdditive(link, m.coefficients, m.intercepts, background)
}

// constant explains scores that no column adds to, missing or not.
type constant struct {
	link    Link
	base    []float64 // of each score
	columns int
}

var _ Explainer = (*constant)(nil)

// explainer of a baseline has nothing but a base.
func (m *baseline) explainer(*dataset.Matrix) (Explainer, error) {
	switch len(m.values) {
	case 1:
		return &constant{IdentityLink, m.values, m.columns}, nil
	case 2:
		return &constant{LogitLink, []float64{num.Log(m.values[1]) - num.Log(m.values[0])}, m.columns}, nil
	}
	c := &constant{SoftmaxLink, make([]float64, len(m.values)), m.columns}
	for k, share := range m.values {
		c.base[k] = num.Log(share)
	}
	return c, nil
}

// AsProbabilities is a model's explainer with the probabilities of classes for scores, if it can have them: the
// shares of a baseline, to which no column adds, stand beside a forest's so.
func AsProbabilities(m Model) (Explainer, bool) {
	b, is := m.(*baseline)
	if !is || len(b.values) < 2 {
		return nil, false
	}
	return &constant{ProbabilityLink, b.values, b.columns}, true
}

func (c *constant) Link() Link { return c.link }

func (c *constant) Score(dst []float64, x *dataset.Matrix) {
	mustFit(dst, x, c.columns, len(c.base))
	for i := range x.Rows {
		copy(dst[i*len(c.base):], c.base)
	}
}

func (c *constant) Explain(dst []float64, x *dataset.Matrix) {
	mustFit(dst, x, c.columns, len(c.base)*(c.columns+1))
	clear(dst)
	for i := range dst[:x.Rows*len(c.base)] {
		dst[i*(c.columns+1)+c.columns] = c.base[i%len(c.base)]
	}
}

// blended explains the weighted mean of values by that of its members' contributions.
type blended struct {
	members []Explainer
	weights []float64
	columns int
}

var _ Explainer = (*blended)(nil)

// explainer of a blend wants members whose scores are what is blended: values. The mean of
// probabilities, or of exponentials, is no sum of scores.
func (b *blend) explainer(background *dataset.Matrix) (Explainer, error) {
	e := &blended{weights: b.weights, columns: b.Inputs()}
	for i, m := range b.members {
		of, err := ExplainerOf(m, background)
		if err != nil {
			return nil, fmt.Errorf("model %d of the blend: %w", i+1, err)
		}
		if len(b.members) == 1 {
			return of, nil
		}
		if of.Link() != IdentityLink {
			return nil, fmt.Errorf("model %d of the blend has scores by link %q, whose predictions do not add up: %w", i+1, of.Link(), ErrNotExplained)
		}
		e.members = append(e.members, of)
	}
	return e, nil
}

func (e *blended) Link() Link { return IdentityLink }

func (e *blended) Score(dst []float64, x *dataset.Matrix) {
	mustFit(dst, x, e.columns, 1)
	e.mean(dst, func(m Explainer, dst []float64) { m.Score(dst, x) })
}

func (e *blended) Explain(dst []float64, x *dataset.Matrix) {
	mustFit(dst, x, e.columns, e.columns+1)
	e.mean(dst, func(m Explainer, dst []float64) { m.Explain(dst, x) })
}

func (e *blended) mean(dst []float64, of func(Explainer, []float64)) {
	one := make([]float64, len(dst))
	clear(dst)
	for i, m := range e.members {
		of(m, one)
		for j, v := range one {
			dst[j] += float64(e.weights[i] * v)
		}
	}
}

// inRows calls work for short runs of n rows that make up all of them, on all cores.
func inRows(n int, work func(begin, end int)) {
	const block = 32
	// Neither the pieces nor the context can fail.
	_ = par.For(context.Background(), (n+block-1)/block, 0, func(i int) error {
		work(i*block, min(n, (i+1)*block))
		return nil
	})
}
