package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/model/tree"
)

// boosted is a fitted Boosting. Tree t adds to score t modulo len(base).
type boosted struct {
	objective boostingObjective
	base      []float64
	features  int
	curve     [][]float64 // losses after each round, of rows fitted and held out
	warned    []string
	woods
}

var _ Model = (*boosted)(nil)

// Inputs is the number of columns it was fitted on.
func (m *boosted) Inputs() int { return m.features }

// Outputs is 1 for regression, else the number of classes.
func (m *boosted) Outputs() int {
	if m.objective == logLoss {
		return 2
	}
	return len(m.base)
}

// Predict goes by pieces of rows, on all cores.
func (m *boosted) Predict(dst []float64, x *dataset.Matrix) {
	mustFit(dst, x, m.features, m.Outputs())
	inPieces(m, dst, x)
}

// predictRows writes scores where their outputs come to stand, in front if these are more.
func (m *boosted) predictRows(dst []float64, columns [][]float64, begin, end int) {
	outputs, width := m.Outputs(), len(m.base)
	m.score(dst, columns, begin, end)
	for i := end - begin - 1; i >= 0; i-- { // from behind: no score is overwritten
		m.finish(dst[i*outputs:(i+1)*outputs], dst[i*width:])
	}
}

// scores writes the scores of all rows, row by row.
func (m *boosted) scores(dst []float64, x *dataset.Matrix) {
	width := len(m.base)
	inRows(x.Rows, func(begin, end int) { m.score(dst[begin*width:], x.Columns, begin, end) })
}

// score writes the scores of rows [begin, end), adding trees in their order as Fit did.
func (m *boosted) score(scores []float64, columns [][]float64, begin, end int) {
	width := len(m.base)
	for i := range end - begin {
		copy(scores[i*width:(i+1)*width], m.base)
	}
	m.walks().Add(scores, width, columns, begin, end)
}

// finish turns a row's scores into its outputs, which may be in the same place.
func (m *boosted) finish(dst, scores []float64) {
	switch m.objective.link() {
	case IdentityLink:
		dst[0] = scores[0]
	case LogLink:
		dst[0] = num.Exp(min(scores[0], maxScore))
	case LogitLink:
		dst[1] = probabilityAt(scores[0])
		dst[0] = 1 - dst[1]
	default:
		copy(dst, scores)
		softmaxRow(dst)
	}
}

type boostedParams struct {
	Objective boostingObjective `json:"objective"`
	Base      []float64         `json:"base"` // the shortest decimals that read back equal
	Features  int               `json:"features"`
	Trees     int               `json:"trees"`
	Warned    []string          `json:"warnings,omitempty"`
}

// State stores the forest as one tensor per field of its nodes.
func (m *boosted) State() State {
	params, err := json.Marshal(boostedParams{m.objective, m.base, m.features, m.count(), m.warned})
	if err != nil {
		panic("model: " + err.Error()) // base scores are finite, the rest always marshals
	}
	tensors := m.trees().Tensors()
	m.record().Tensors(tensors)
	if m.curve != nil {
		tensors["curve"] = fromRows(m.curve, 2)
	}
	return State{Learner: boostingName, Params: params, Tensors: tensors}
}

// loadBoosting is the inverse of State, for states that may be damaged or hostile.
func loadBoosting(s State) (Model, error) {
	var p boostedParams
	if err := decodeStateParams(s, &p); err != nil {
		return nil, err
	}
	switch {
	case !p.Objective.known():
		return nil, fmt.Errorf("unknown objective %q", p.Objective)
	case p.Objective == softmaxLoss && len(p.Base) < 2:
		return nil, fmt.Errorf("softmax with %d base scores, want one per class", len(p.Base))
	case p.Objective != softmaxLoss && len(p.Base) != 1:
		return nil, fmt.Errorf("%s with %d base scores, want 1", p.Objective, len(p.Base))
	}
	for _, b := range p.Base {
		if math.IsNaN(b) || math.IsInf(b, 0) {
			return nil, errors.New("a base score is not finite")
		}
	}
	if p.Features < 0 || p.Features > math.MaxInt32 {
		return nil, fmt.Errorf("%d features", p.Features)
	}
	trees, err := tree.Load(s.Tensors, p.Features)
	if err != nil {
		return nil, err
	}
	if trees.Trees() != p.Trees || p.Trees%len(p.Base) != 0 {
		return nil, fmt.Errorf("%d trees stored, %d announced, for %d scores", trees.Trees(), p.Trees, len(p.Base))
	}
	m := &boosted{objective: p.Objective, base: p.Base, features: p.Features, woods: woods{stored: trees}, warned: p.Warned}
	if _, ok := s.Tensors["curve"]; ok {
		if m.curve, err = matrixF64(s, "curve"); err != nil {
			return nil, err
		}
		if len(m.curve) > 0 && len(m.curve[0]) != 2 {
			return nil, fmt.Errorf("%d losses a round, want 2", len(m.curve[0]))
		}
		for _, losses := range m.curve {
			if err := checkFinite("curve", losses); err != nil {
				return nil, err
			}
		}
	}
	return m, nil
}
