package model

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/safetensors"
)

// Logistic is logistic regression: it minimizes
//
//	Σ w·(−log p(class of the row)) + l2/2·Σ‖β‖²
//
// where p is the sigmoid of c + x·β for two classes, and for more the softmax of c_k + x·β_k
// with one set of coefficients per class. It is scikit-learn's LogisticRegression with
// C = 1/l2. Missing features are refused. A class without rows gets probability 0.
//
// The fit ends when a Newton step gains nothing any more, or after 100 of them, which
// happens only where no finite optimum exists: l2 = 0 and classes that can be separated.
// State says which it was ("converged").
type Logistic struct {
	// L2 is the penalty on the squared coefficients in the units of the columns, so columns
	// should be scaled; intercepts are not penalized. Finite, ≥ 0; default 1.
	L2 float64 `json:"l2"`
}

var _ Learner = Logistic{}

// DefaultLogistic penalizes with l2 = 1.
func DefaultLogistic() Logistic { return Logistic{L2: 1} }

// Validate reports every param that is out of range, each as a *ParamError.
func (l Logistic) Validate() error { return validPenalty(logisticName, l.L2) }

// Fit finds the coefficients; seed is not used.
func (l Logistic) Fit(ctx context.Context, data Data, _ uint64) (Model, error) {
	if err := errors.Join(l.Validate(), data.Validate()); err != nil {
		return nil, fmt.Errorf("logistic: %w", err)
	}
	if !data.Task.Classification() {
		return nil, &TaskError{logisticName, data.Task, []dataset.Task{dataset.Binary, dataset.Multiclass}}
	}
	if err := data.complete(); err != nil {
		return nil, fmt.Errorf("logistic: %w", err)
	}
	kept, weights := data.weighted()
	columns := len(data.X.Columns)
	m := &logistic{classes: data.Classes, converged: true}
	sets := data.Classes
	if sets == 2 {
		sets = 1
	}
	present := classesOf(kept)
	// A class that is not there has an intercept of −∞, which is where the optimum lies.
	for range sets {
		m.coefficients = append(m.coefficients, make([]float64, columns))
		m.intercepts = append(m.intercepts, math.Inf(-1))
	}
	switch {
	case len(present) == 1 && sets == 1:
		m.intercepts[0] = math.Inf(2*present[0] - 1)
		return m, nil
	case len(present) == 1:
		m.intercepts[present[0]] = 0
		return m, nil
	}
	d, err := newDesign(ctx, kept.X, weights, 0, l.L2, true)
	if err != nil {
		return nil, fmt.Errorf("logistic: %w", err)
	}
	p := newNewton(d, newSoftmax(kept, d.w, present, sets == 1))
	theta := zeros(p.loss.sets(), len(d.x))
	converged, err := p.minimize(ctx, theta)
	if err != nil {
		return nil, fmt.Errorf("logistic: %w", err)
	}
	m.converged = converged
	for k, set := range theta {
		to := 0
		if sets > 1 {
			to = present[k]
		}
		if m.intercepts[to], err = p.unscale(m.coefficients[to], set, kept.X.Names); err != nil {
			return nil, fmt.Errorf("logistic: %w", err)
		}
	}
	return m, nil
}

// classesOf lists the classes that have rows, ascending.
func classesOf(d Data) []int {
	has := make([]bool, d.Classes)
	for _, y := range d.Y {
		has[int(y)] = true
	}
	var present []int
	for class, ok := range has {
		if ok {
			present = append(present, class)
		}
	}
	return present
}

type logistic struct {
	classes int
	// One set per class; for two classes a single one, of class 1 against class 0.
	coefficients [][]float64
	intercepts   []float64 // −∞ for a class without rows; of a single set also +∞
	converged    bool
}

type logisticParams struct {
	Classes   int  `json:"classes"`
	Converged bool `json:"converged"`
}

func (m *logistic) Inputs() int { return len(m.coefficients[0]) }

func (m *logistic) Outputs() int { return m.classes }

// Predict gives NaN for a row with a missing feature.
func (m *logistic) Predict(dst []float64, x *dataset.Matrix) {
	mustFit(dst, x, m.Inputs(), m.classes)
	first := m.classes - len(m.coefficients) // a single set scores class 1
	for k, b := range m.coefficients {
		score(dst[min(first+k, len(dst)):], m.classes, b, m.intercepts[k], x)
	}
	for i := 0; i < len(dst); i += m.classes {
		p := dst[i : i+m.classes]
		if first == 1 {
			p[0], p[1] = probabilityAt(-p[1]), probabilityAt(p[1])
		} else {
			softmaxRow(p)
		}
	}
}

func (m *logistic) State() State {
	params, _ := json.Marshal(logisticParams{m.classes, m.converged}) // always marshals
	return State{Learner: logisticName, Params: params, Tensors: map[string]safetensors.Tensor{
		"coefficients": fromRows(m.coefficients, len(m.coefficients[0])),
		"intercepts":   safetensors.FromF64(m.intercepts, len(m.intercepts)),
	}}
}

func loadLogistic(s State) (Model, error) {
	var p logisticParams
	if err := decodeStateParams(s, &p); err != nil {
		return nil, err
	}
	coefficients, err := matrixF64(s, "coefficients")
	if err != nil {
		return nil, err
	}
	intercepts, err := tensorF64(s, "intercepts")
	if err != nil {
		return nil, err
	}
	sets := p.Classes
	if sets == 2 {
		sets = 1
	}
	if p.Classes < 2 || len(coefficients) != sets || len(intercepts) != sets {
		return nil, fmt.Errorf("%d classes with %d sets of coefficients and %d intercepts", p.Classes, len(coefficients), len(intercepts))
	}
	possible := sets == 1
	for k, c := range intercepts {
		if math.IsNaN(c) || math.IsInf(c, 1) && sets > 1 {
			return nil, fmt.Errorf("tensor %q holds %v at %d", "intercepts", c, k)
		}
		possible = possible || !math.IsInf(c, 0)
		if err := checkFinite("coefficients", coefficients[k]); err != nil {
			return nil, err
		}
	}
	if !possible {
		return nil, errors.New("no class is possible")
	}
	return &logistic{p.Classes, coefficients, intercepts, p.Converged}, nil
}
