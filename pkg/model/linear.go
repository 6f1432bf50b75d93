package model

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// Linear is linear regression: it minimizes
//
//	Σ w·(y − c − x·β)² + l1·‖β‖₁ + l2·‖β‖²
//
// without l1 exactly, by QR or, of many rows, products of the columns, with refinement; with it by coordinate descent, until every
// condition of the optimum holds. Dependent columns (duplicates, a full set of one-hot
// columns) are no trouble: of the solutions that fit equally, the one with the least ‖β‖ is
// taken. Missing features are refused.
//
// In terms of scikit-learn: l2 is alpha of Ridge; for Lasso and ElasticNet, which divide the
// squares by twice the weights' sum W, l1 is 2·W·alpha·l1_ratio and l2 is
// W·alpha·(1 − l1_ratio). glmnet's lambda and alpha are scikit-learn's alpha and l1_ratio,
// after glmnet's scaling of columns and target.
type Linear struct {
	// L1 is the penalty on the absolute coefficients in the units of the columns, so columns
	// should be scaled if it is not 0; it sets coefficients to 0. The intercept is not
	// penalized. Finite, ≥ 0; default 0.
	L1 float64 `json:"l1"`
	// L2 is the penalty on the squared coefficients in the units of the columns, so columns
	// should be scaled if it is not 0; the intercept is not penalized. Finite, ≥ 0;
	// default 0: ordinary least squares.
	L2 float64 `json:"l2"`
	// ChooseL2 says that l2 is not as given but the one of least error when each row is
	// predicted by a fit without it, of 100 values spread over all that make a difference.
	// It takes l1 = 0. Default false.
	ChooseL2 bool `json:"choose_l2"`
	// Degree adds the powers of each column up to it, formed without rounding; there are no
	// products of two columns. 1 … 16; default 1: the columns themselves.
	Degree int `json:"degree"`
	// Intercept says whether there is a constant term c. Default true.
	Intercept bool `json:"intercept"`
}

// maxDegree is a power at which the digits of float64 are long spent on any real column.
const maxDegree = 16

var (
	_ Learner  = Linear{}
	_ Warner   = (*linear)(nil)
	_ Inferrer = (*linear)(nil)
	_ Lined    = (*linear)(nil)
)

// DefaultLinear is ordinary least squares with an intercept.
func DefaultLinear() Linear { return Linear{Degree: 1, Intercept: true} }

// Validate reports every param that is out of range, each as a *ParamError.
func (l Linear) Validate() error {
	faults := []error{validPenalty(linearName, "l1", l.L1), validPenalty(linearName, "l2", l.L2)}
	if l.Degree < 1 || l.Degree > maxDegree {
		faults = append(faults, &ParamError{linearName, "degree", fmt.Errorf("%d is not 1 … %d", l.Degree, maxDegree)})
	}
	if l.ChooseL2 && l.L1 > 0 {
		faults = append(faults, &ParamError{linearName, "choose_l2", errors.New("does not go with l1; search over l1 and l2 instead")})
	}
	return errors.Join(faults...)
}

func validPenalty(learner, param string, v float64) error {
	if !(v >= 0) || math.IsInf(v, 1) {
		return &ParamError{learner, param, fmt.Errorf("%v is not a finite number ≥ 0", v)}
	}
	return nil
}

// validate checks params and data.
func (l Linear) validate(data Data) error {
	if err := errors.Join(l.Validate(), data.Validate()); err != nil {
		return fmt.Errorf("linear: %w", err)
	}
	if data.Task != dataset.Regression {
		return &TaskError{linearName, data.Task, []dataset.Task{dataset.Regression}}
	}
	if err := errors.Join(data.complete(), data.noOffset()); err != nil {
		return fmt.Errorf("linear: %w", err)
	}
	return nil
}

// Fit solves for the coefficients; seed is not used.
func (l Linear) Fit(ctx context.Context, data Data, _ uint64) (Model, error) {
	if err := l.validate(data); err != nil {
		return nil, err
	}
	kept, weights := data.weighted()
	x, low, err := powers(kept.X, l.Degree)
	if err != nil {
		return nil, fmt.Errorf("linear: %w", err)
	}
	kept.X = x
	m := &linear{linearParams: linearParams{Degree: l.Degree}}
	if l.L1 > 0 {
		err = l.fitElastic(ctx, m, kept, weights)
	} else {
		err = l.fitSquares(ctx, m, kept, weights, low)
	}
	if err == nil && checkFinite("", append([]float64{m.intercept}, m.coefficients...)) != nil {
		err = errors.New("coefficients overflow: bring the target and the columns to comparable sizes")
	}
	if err != nil {
		return nil, fmt.Errorf("linear: %w", err)
	}
	return m, nil
}

func (l Linear) fitElastic(ctx context.Context, m *linear, kept Data, weights []float64) error {
	e, err := newElastic(ctx, kept, weights, l)
	if err != nil {
		return err
	}
	var converged bool
	if m.coefficients, m.intercept, converged, err = e.descend(ctx); err != nil {
		return err
	}
	if !converged {
		m.Warned = append(m.Warned, "coordinate descent did not reach the optimum; scale the columns or raise l2")
	}
	return nil
}

func (l Linear) fitSquares(ctx context.Context, m *linear, kept Data, weights []float64, low [][]float64) error {
	if l.ChooseL2 {
		var err error
		if l.L2, err = l.bestL2(ctx, kept, weights); err != nil {
			return err
		}
	}
	s := &leastSquares{columns: kept.X.Columns, low: low, names: kept.X.Names, y: kept.Y, weights: weights,
		l2: l.L2, intercept: l.Intercept}
	var err error
	if m.coefficients, m.intercept, err = s.solve(ctx); err != nil {
		return err
	}
	if l.L2 == 0 && len(m.coefficients) > 0 {
		m.Statistics, m.Warned = s.infer()
	}
	return nil
}

type linear struct {
	linearParams
	coefficients []float64 // one per column, for each degree
	intercept    float64
}

// linearParams are all zero values, and then not stored, for a model of before they were.
type linearParams struct {
	Degree     int               `json:"degree,omitempty"`
	Statistics *linearStatistics `json:"statistics,omitempty"`
	Warned     []string          `json:"warnings,omitempty"`
}

func (m *linear) Warnings() []string { return m.Warned }

func (m *linear) Inputs() int { return len(m.coefficients) / max(1, m.Degree) }

func (m *linear) Outputs() int { return 1 }

// Predict gives NaN for a row with a missing feature.
func (m *linear) Predict(dst []float64, x *dataset.Matrix) {
	mustFit(dst, x, m.Inputs(), 1)
	n := m.Inputs()
	score(dst, 1, m.coefficients[:n], m.intercept, x)
	if m.Degree <= 1 {
		return
	}
	power := make([]float64, x.Rows)
	for j, column := range x.Columns {
		copy(power, column)
		for d := 1; d < m.Degree; d++ {
			for i, v := range column {
				power[i] = bounded(float64(power[i] * v))
				dst[i] += bounded(float64(power[i] * m.coefficients[d*n+j]))
			}
		}
	}
}

// Lines are none with powers of columns, which are added up in another order.
func (m *linear) Lines() []Line {
	if m.Degree > 1 {
		return nil
	}
	return []Line{{m.intercept, m.coefficients}}
}

// Finish has nothing to do: the sum is the value.
func (m *linear) Finish([]float64) {}

// score writes intercept + x·coefficients of each row to every stride-th place of dst. The
// sum runs in column order, so a row's score does not depend on the rows around it.
func score(dst []float64, stride int, coefficients []float64, intercept float64, x *dataset.Matrix) {
	for i := range x.Rows {
		dst[i*stride] = intercept
	}
	for j, b := range coefficients {
		for i, v := range x.Columns[j] {
			dst[i*stride] += float64(v * b)
		}
	}
	// Far from what was fitted terms may overflow, and infinities of both signs would make NaN.
	for i := range x.Rows {
		if at := dst[i*stride]; math.IsNaN(at) || math.IsInf(at, 0) {
			dst[i*stride] = intercept
			for j, b := range coefficients {
				dst[i*stride] += bounded(float64(x.Columns[j][i] * b))
			}
			if !math.IsInf(intercept, 0) { // of a class without rows it is
				dst[i*stride] = min(max(dst[i*stride], -math.MaxFloat64), math.MaxFloat64)
			}
		}
	}
}

// bounded is v, or what is nearest to it of what some 100,000 of can be summed; NaN is NaN.
func bounded(v float64) float64 { return min(max(v, -1e303), 1e303) }

func (m *linear) State() State {
	params, _ := json.Marshal(m.linearParams) // numbers that are finite: always marshals
	return State{Learner: linearName, Params: params, Tensors: tensorsOfLine(m.coefficients, m.intercept)}
}

func loadLinear(s State) (Model, error) {
	var p linearParams
	if len(s.Params) > 0 { // models of the first releases have none
		if err := decodeStateParams(s, &p); err != nil {
			return nil, err
		}
	}
	coefficients, intercept, err := line(s)
	if err != nil {
		return nil, err
	}
	if math.IsInf(intercept, -1) {
		return nil, errors.New("the intercept is not finite")
	}
	if p.Degree < 0 || p.Degree > maxDegree || len(coefficients)%max(1, p.Degree) != 0 {
		return nil, fmt.Errorf("%d coefficients of degree %d", len(coefficients), p.Degree)
	}
	if p.Statistics != nil {
		if err := p.Statistics.validate(len(coefficients)); err != nil {
			return nil, err
		}
	}
	return &linear{linearParams: p, coefficients: coefficients, intercept: intercept}, nil
}
