package model

import (
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/model/tree"
)

var _ Importance = (*forest)(nil)

// Gains is the mean over trees, by the rows drawn: of squared errors, or of Gini's impurity
// times the rows.
func (m *forest) Gains() []float64 {
	trees, gain := m.trees(), m.record().Gain
	if gain == nil {
		return nil
	}
	gains := make([]float64, m.features)
	for i, n := range trees.Nodes {
		if n.Feature >= 0 {
			gains[n.Feature] = min(gains[n.Feature]+gain[i]/float64(trees.Trees()), math.MaxFloat64)
		}
	}
	return gains
}

func (m *forest) Splits() []int { return m.splits(m.features) }

// explainedForest explains the outputs of a forest, each as the sum of trees that it is.
type explainedForest struct {
	*forest
	of []Explainer // of each score; of two classes the second only, the first being the rest
}

var _ Explainer = (*explainedForest)(nil)

// explainer holds a copy of the nodes for each score, but for one of two classes.
func (m *forest) explainer(background *dataset.Matrix) (Explainer, error) {
	e := &explainedForest{forest: m}
	classes := m.Outputs()
	for k := range classes {
		if classes == 2 && k == 0 {
			continue
		}
		sum := &boosted{objective: squaredError, base: []float64{0}, features: m.features, woods: woods{forest: m.of(k), known: *m.record()}}
		of, err := sum.explainer(background)
		if err != nil {
			return nil, err
		}
		e.of = append(e.of, of)
	}
	return e, nil
}

// of is the forest whose trees sum to output k.
func (m *forest) of(k int) tree.Forest {
	f := *m.trees()
	f.Nodes = slices.Clone(f.Nodes)
	for i := range f.Nodes {
		n := &f.Nodes[i]
		if n.Feature >= 0 {
			continue
		}
		if m.classes > 2 {
			leaf := int(n.Value)
			n.Value = 0
			for s := m.shares.Starts[leaf]; s < m.shares.Starts[leaf+1]; s++ {
				if int(m.shares.Class[s]) == k {
					n.Value = m.shares.Share[s]
				}
			}
		}
		n.Value /= float64(f.Trees())
	}
	return f
}

// Link is that of values, or of probabilities.
func (e *explainedForest) Link() Link {
	if e.classes == 0 {
		return IdentityLink
	}
	return ProbabilityLink
}

func (e *explainedForest) Score(dst []float64, x *dataset.Matrix) { e.Predict(dst, x) }

func (e *explainedForest) Explain(dst []float64, x *dataset.Matrix) {
	outputs, width := e.Outputs(), e.features+1
	mustFit(dst, x, e.features, outputs*width)
	one := make([]float64, x.Rows*width)
	for k, of := range e.of {
		of.Explain(one, x)
		if len(e.of) < outputs {
			k = 1
		}
		for i := range x.Rows {
			copy(dst[(i*outputs+k)*width:], one[i*width:(i+1)*width])
		}
	}
	if len(e.of) == outputs {
		return
	}
	for i := range x.Rows {
		first, second := dst[2*i*width:][:width], dst[(2*i+1)*width:][:width]
		for j, v := range second {
			first[j] = -v
		}
		first[width-1]++
	}
}
