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
//	Σ w·(−log p(class of the row)) + l1·Σ‖β‖₁ + l2/2·Σ‖β‖²
//
// where p is the sigmoid of c + x·β for two classes, and for more the softmax of c_k + x·β_k
// with one set of coefficients per class. In terms of scikit-learn's LogisticRegression, C is
// 1/(l1 + l2) and l1_ratio is l1/(l1 + l2); in those of glmnet, which divides the loss by the
// weights' sum W and whose penalty is lambda·(alpha·‖β‖₁ + (1 − alpha)/2·‖β‖²), l1 is
// W·lambda·alpha and l2 is W·lambda·(1 − alpha). Missing features are refused. A class
// without rows gets probability 0.
//
// The method is Newton's: by conjugate gradients for three classes and more with l2, as long as
// they take less time than the whole Hessian; else with that where all sets have up to 512
// parameters together, and by conjugate gradients beyond; with l1, the quadratic model of each step is
// minimized by coordinate descent. The fit ends when a step gains nothing any more, or after
// 100 of them, which happens only where no finite optimum exists: no penalty and classes that
// can be separated. State says which it was ("converged"), and Warnings say it in words.
type Logistic struct {
	// L1 is the penalty on the absolute coefficients in the units of the columns, so columns
	// should be scaled; it sets coefficients to 0. Intercepts are not penalized. Finite, ≥ 0;
	// default 0.
	L1 float64 `json:"l1"`
	// L2 is the penalty on the squared coefficients in the units of the columns, so columns
	// should be scaled; intercepts are not penalized. Finite, ≥ 0; default 1.
	L2 float64 `json:"l2"`
	// Balanced gives all classes the same weight in sum, as scikit-learn's
	// class_weight="balanced" does: probabilities are then those of equally frequent classes.
	// Default false.
	Balanced bool `json:"balanced"`
}

var (
	_ Learner = Logistic{}
	_ Warner  = (*logistic)(nil)
	_ Lined   = (*logistic)(nil)
)

// DefaultLogistic penalizes with l2 = 1.
func DefaultLogistic() Logistic { return Logistic{L2: 1} }

// Validate reports every param that is out of range, each as a *ParamError.
func (l Logistic) Validate() error {
	return errors.Join(validPenalty(logisticName, "l1", l.L1), validPenalty(logisticName, "l2", l.L2))
}

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
	m, err := l.fit(ctx, data)
	if err != nil {
		return nil, fmt.Errorf("logistic: %w", err)
	}
	return m, nil
}

func (l Logistic) fit(ctx context.Context, data Data) (*logistic, error) {
	kept, weights := data.weighted()
	if l.Balanced {
		weights = kept.balance(weights)
	}
	m := &logistic{logisticParams: logisticParams{Classes: data.Classes, Converged: true}}
	sets := data.Classes
	if sets == 2 {
		sets = 1
	}
	present := classesOf(kept)
	// A class that is not there has an intercept of −∞, which is where the optimum lies.
	m.coefficients = zeros(sets, len(data.X.Columns))
	for range sets {
		m.intercepts = append(m.intercepts, math.Inf(-1))
	}
	switch {
	case len(present) == 1 && sets == 1:
		m.intercepts[0] = math.Inf(2*present[0] - 1)
		return m, ctx.Err()
	case len(present) == 1:
		m.intercepts[present[0]] = 0
		return m, ctx.Err()
	}
	d, err := newDesign(ctx, kept.X, weights, l.L1, l.L2, true)
	if err != nil {
		return nil, err
	}
	loss := newSoftmax(kept, d.w, present, sets == 1)
	p := newNewton(d, loss)
	theta := zeros(loss.sets(), len(d.x))
	minimize := p.minimize
	if l.L1 > 0 {
		minimize = p.minimizeL1
	}
	if m.Converged, err = minimize(ctx, theta); err != nil {
		return nil, err
	}
	for k, set := range theta {
		to := 0
		if sets > 1 {
			to = present[k]
		}
		if m.intercepts[to], err = p.unscale(m.coefficients[to], set, kept.X.Names); err != nil {
			return nil, err
		}
	}
	if l.L1 == 0 && l.L2 == 0 && separated(p, loss) {
		m.Converged = false
		m.Warned = append(m.Warned, "the columns tell the classes apart without error, or some of them (separation): without a penalty the coefficients have no finite optimum, and these are where the fit stopped; set l2 above 0")
	} else if !m.Converged {
		m.Warned = append(m.Warned, fmt.Sprintf("no optimum was reached in %d steps; scale the columns or raise l2", maxNewton))
	}
	return m, nil
}

// separated reports whether the last step of Newton's method is a direction in which no row's
// own class falls behind another and some gain on all others, which proves that the loss has
// no finite optimum (Albert and Anderson, "On the existence of maximum likelihood estimates
// in logistic regression models", Biometrika 71, 1984). Where classes are separated the steps
// tend to such a direction and do not get shorter.
func separated(p *newton, loss *softmax) bool {
	least, most := math.Inf(1), 0.0
	for i := range loss.class {
		m := loss.margin(p.along, i)
		least, most = min(least, m), max(most, m)
	}
	// Near a finite optimum steps are below 1e-9, and what direction they have is chance.
	return most > 1e-6 && least >= -1e-6*most
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
	logisticParams
	// One set per class; for two classes a single one, of class 1 against class 0.
	coefficients [][]float64
	intercepts   []float64 // −∞ for a class without rows; of a single set also +∞
}

type logisticParams struct {
	Classes   int      `json:"classes"`
	Converged bool     `json:"converged"`
	Warned    []string `json:"warnings,omitempty"`
}

func (m *logistic) Warnings() []string { return m.Warned }

func (m *logistic) Inputs() int { return len(m.coefficients[0]) }

func (m *logistic) Outputs() int { return m.Classes }

// Predict gives NaN for a row with a missing feature.
func (m *logistic) Predict(dst []float64, x *dataset.Matrix) {
	mustFit(dst, x, m.Inputs(), m.Classes)
	first := m.Classes - len(m.coefficients) // a single set scores class 1
	for k, b := range m.coefficients {
		score(dst[min(first+k, len(dst)):], m.Classes, b, m.intercepts[k], x)
	}
	m.Finish(dst)
}

func (m *logistic) Lines() []Line {
	lines := make([]Line, len(m.coefficients))
	for k, b := range m.coefficients {
		lines[k] = Line{m.intercepts[k], b}
	}
	return lines
}

// Finish makes probabilities of the scores of each class, or of class 1 of two.
func (m *logistic) Finish(dst []float64) {
	for i := 0; i < len(dst); i += m.Classes {
		p := dst[i : i+m.Classes]
		if len(m.coefficients) == 1 {
			p[0], p[1] = probabilityAt(-p[1]), probabilityAt(p[1])
		} else {
			softmaxRow(p)
		}
	}
}

func (m *logistic) State() State {
	params, _ := json.Marshal(m.logisticParams) // always marshals
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
	return &logistic{p, coefficients, intercepts}, nil
}
