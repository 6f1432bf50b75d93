package model

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// GLM is a generalized linear model with a log link, for counts, costs and durations: the
// mean is exposure·e^(c + x·β), the variance is proportional to a power of the mean. It
// minimizes
//
//	Σ w·deviance/2 + l2/2·‖β‖²
//
// by Newton's method with steps halved until the deviance falls. It is scikit-learn's
// TweedieRegressor with link="log" and alpha = l2/Σw. Effects multiply: e^β is by how much a
// unit of a column multiplies the mean. Missing features and targets below 0 are refused, for
// power 2 also targets of 0. See Data.Offset for exposures.
type GLM struct {
	// Power is that of the mean in the variance: 1 for counts (Poisson), 2 for positive
	// amounts whose deviation grows with them (gamma), between for amounts that are often 0
	// (Tweedie; 1.5 is usual). 1 … 2; default 1.
	Power float64 `json:"power"`
	// L2 is the penalty on the squared coefficients in the units of the columns, so columns
	// should be scaled; the intercept is not penalized. Finite, ≥ 0; default 1.
	L2 float64 `json:"l2"`
}

var (
	_ Learner = GLM{}
	_ Warner  = (*glm)(nil)
	_ Lined   = (*glm)(nil)
)

// DefaultGLM is Poisson regression with l2 = 1.
func DefaultGLM() GLM { return GLM{Power: 1, L2: 1} }

// Validate reports every param that is out of range, each as a *ParamError.
func (g GLM) Validate() error {
	err := validPenalty(glmName, "l2", g.L2)
	if !(g.Power >= 1 && g.Power <= 2) {
		err = errors.Join(err, &ParamError{glmName, "power", fmt.Errorf("%v is not 1 … 2", g.Power)})
	}
	return err
}

func (g GLM) takesOffset() bool { return true }

// Fit finds the coefficients; seed is not used.
func (g GLM) Fit(ctx context.Context, data Data, _ uint64) (Model, error) {
	if err := errors.Join(g.Validate(), data.Validate()); err != nil {
		return nil, fmt.Errorf("glm: %w", err)
	}
	if data.Task != dataset.Regression {
		return nil, &TaskError{glmName, data.Task, []dataset.Task{dataset.Regression}}
	}
	if err := errors.Join(data.complete(), g.inRange(data)); err != nil {
		return nil, fmt.Errorf("glm: %w", err)
	}
	m, err := g.fit(ctx, data)
	if err != nil {
		return nil, fmt.Errorf("glm: %w", err)
	}
	return m, nil
}

// inRange refuses targets that the distribution cannot give.
func (g GLM) inRange(data Data) error {
	for i, y := range data.Y {
		if data.Weights != nil && data.Weights[i] == 0 {
			continue
		}
		if y < 0 {
			return &ValueError{Row: i + 1, Value: y, Reason: "is a target below 0, which this learner cannot have: take linear"}
		}
		if y == 0 && g.Power == 2 {
			return &ValueError{Row: i + 1, Value: y, Reason: "is a target that is not above 0, as power 2 wants: take a power below 2"}
		}
	}
	return nil
}

func (g GLM) fit(ctx context.Context, data Data) (*glm, error) {
	kept, weights := data.weighted()
	m := &glm{coefficients: make([]float64, len(data.X.Columns))}
	start, unit, err := startOf(kept, weights)
	if err != nil {
		return nil, err
	}
	if math.IsInf(start, -1) { // nothing but zeros: the mean is 0 whatever the columns say
		m.intercept = start
		return m, ctx.Err()
	}
	// Targets in another unit make the deviance another, but for power 2.
	deviation := num.Exp(float64((2 - g.Power) * float64(math.Ln2*float64(math.Ilogb(unit)))))
	d, err := newDesign(ctx, kept.X, weights, 0, min(g.L2*deviation, math.MaxFloat64), true)
	if err != nil {
		return nil, err
	}
	loss := &tweedie{power: g.Power, y: make([]float64, len(kept.Y)), w: d.w, offset: kept.Offset}
	for i, y := range kept.Y {
		loss.y[i] = y * unit
	}
	p := newNewton(d, loss)
	theta := zeros(1, len(d.x))
	theta[0][0] = start
	if m.Null, err = p.devianceAt(ctx, loss, theta); err != nil {
		return nil, err
	}
	converged, err := p.minimize(ctx, theta)
	if err != nil {
		return nil, err
	}
	if m.Deviance, err = p.devianceAt(ctx, loss, theta); err != nil {
		return nil, err
	}
	m.Null, m.Deviance = m.Null/deviation/d.scale, m.Deviance/deviation/d.scale
	if math.IsInf(m.Null, 0) || math.IsInf(m.Deviance, 0) {
		return nil, errors.New("the deviance is beyond what a number holds; scale the target")
	}
	if m.intercept, err = d.unscale(m.coefficients, theta[0], kept.X.Names); err != nil {
		return nil, err
	}
	m.intercept -= float64(math.Ln2 * float64(math.Ilogb(unit)))
	if !converged {
		m.Warned = append(m.Warned, fmt.Sprintf("no optimum was reached in %d steps; scale the columns or raise l2", maxNewton))
	}
	return m, nil
}

// startOf is the intercept of a model without columns, for targets times unit, a power of two
// that brings their mean near 1; −∞ if all targets are 0.
func startOf(d Data, weights []float64) (start, unit float64, err error) {
	m := mean(d.Y, weights)
	if m == 0 {
		return math.Inf(-1), 1, nil
	}
	unit = unitScale([]float64{m})
	if d.Offset == nil {
		return num.Log(m * unit), unit, nil
	}
	exposure := make([]float64, len(d.Offset))
	for i, o := range d.Offset {
		exposure[i] = num.Exp(o)
	}
	rate := m * unit / mean(exposure, weights)
	if !(rate > 0) || math.IsInf(rate, 0) {
		return 0, 0, errors.New("the offsets are no logs of exposures: their exponentials are beyond what a number holds")
	}
	return num.Log(rate), unit, nil
}

func (s *newton) devianceAt(ctx context.Context, t *tweedie, theta [][]float64) (float64, error) {
	if err := s.scoresOf(ctx, s.moved, theta); err != nil {
		return 0, err
	}
	d := t.deviance(s.moved)
	if math.IsNaN(d) {
		return 0, errors.New("the deviance is not a number; scale the columns or the offsets")
	}
	return d, nil
}

type glm struct {
	glmParams
	coefficients []float64 // one per column
	intercept    float64   // −∞ if the mean is 0
}

type glmParams struct {
	Deviance float64  `json:"deviance"`
	Null     float64  `json:"null_deviance"` // without columns
	Warned   []string `json:"warnings,omitempty"`
}

func (m *glm) Warnings() []string { return m.Warned }

// Deviances are those of the fit and of a fit without columns, of the data fitted, with
// dispersion 1: Σ w·2·(log-likelihood at the target itself less that at the mean predicted).
func (m *glm) Deviances() (fitted, null float64) { return m.glmParams.Deviance, m.Null }

func (m *glm) Inputs() int { return len(m.coefficients) }

func (m *glm) Outputs() int { return 1 }

// maxScore is the largest score whose exponential is finite: means end there.
const maxScore = 709

// Predict gives the mean for an exposure of 1, and NaN for a row with a missing feature.
func (m *glm) Predict(dst []float64, x *dataset.Matrix) {
	mustFit(dst, x, m.Inputs(), 1)
	score(dst, 1, m.coefficients, m.intercept, x)
	m.Finish(dst)
}

func (m *glm) Lines() []Line { return []Line{{m.intercept, m.coefficients}} }

// Finish makes means of scores.
func (m *glm) Finish(dst []float64) {
	for i, v := range dst {
		dst[i] = num.Exp(min(v, maxScore))
	}
}

func (m *glm) State() State {
	params, _ := json.Marshal(m.glmParams) // finite: always marshals
	return State{Learner: glmName, Params: params, Tensors: tensorsOfLine(m.coefficients, m.intercept)}
}

func loadGLM(s State) (Model, error) {
	var p glmParams
	if err := decodeStateParams(s, &p); err != nil {
		return nil, err
	}
	coefficients, intercept, err := line(s)
	if err != nil {
		return nil, err
	}
	return &glm{p, coefficients, intercept}, nil
}
