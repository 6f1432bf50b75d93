package model

import (
	"fmt"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/model/tree"
)

// explainedTrees explains the scores of a boosted model.
type explainedTrees struct {
	*boosted
	background *dataset.Matrix // nil: path-dependent
	base       []float64       // of each score
}

var _ Explainer = (*explainedTrees)(nil)

func (m *boosted) explainer(background *dataset.Matrix) (Explainer, error) {
	e := &explainedTrees{m, background, append([]float64(nil), m.base...)}
	width := len(m.base)
	if background != nil {
		scores := make([]float64, background.Rows*width)
		m.scores(scores, background)
		for k := range e.base {
			of := make([]float64, background.Rows)
			for i := range of {
				of[i] = scores[i*width+k]
			}
			e.base[k] = mean(of, repeat(1, len(of)))
		}
		return e, nil
	}
	if m.record().Cover == nil && len(m.trees().Nodes) > 0 {
		return nil, fmt.Errorf("it was fitted before training rows were counted: give a background, or fit it again: %w", ErrNotExplained)
	}
	s := tree.NewShapley(m.trees(), m.record().Cover)
	for t := range m.count() {
		e.base[t%width] += s.Mean(t)
	}
	return e, nil
}

func (e *explainedTrees) Link() Link { return e.objective.link() }

func (e *explainedTrees) Score(dst []float64, x *dataset.Matrix) {
	mustFit(dst, x, e.features, len(e.boosted.base))
	e.scores(dst, x)
}

func (e *explainedTrees) Explain(dst []float64, x *dataset.Matrix) {
	width, stride := len(e.base), e.features+1
	mustFit(dst, x, e.features, width*stride)
	clear(dst)
	inRows(x.Rows, func(begin, end int) {
		// Trees outside, rows inside: what is prepared for a tree stays in the cache.
		of := func(i, t int) []float64 { return dst[(i*width+t%width)*stride:][:e.features] }
		if e.background == nil {
			s := tree.NewShapley(e.trees(), e.record().Cover)
			for t := range e.count() {
				s.Prepare(t)
				for i := begin; i < end; i++ {
					s.Add(of(i, t), t, x.Columns, i)
				}
			}
		} else {
			e.contrast(of, x, begin, end)
		}
		for i := begin; i < end; i++ {
			for k, base := range e.base {
				dst[(i*width+k)*stride+e.features] = base
			}
		}
	})
}

// contrast adds up the contributions against each row of the background, and takes the mean.
func (e *explainedTrees) contrast(of func(i, t int) []float64, x *dataset.Matrix, begin, end int) {
	c := tree.NewContrast(e.trees(), e.features)
	for t := range e.count() {
		for i := begin; i < end; i++ {
			to := of(i, t)
			for other := range e.background.Rows {
				c.Add(to, t, x.Columns, i, e.background.Columns, other)
			}
		}
	}
	for i := begin; i < end; i++ {
		for k := range min(len(e.base), e.count()) {
			to := of(i, k)
			for j := range to {
				to[j] /= float64(e.background.Rows)
			}
		}
	}
}
