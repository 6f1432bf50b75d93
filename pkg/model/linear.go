package model

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/safetensors"
)

// Linear is linear regression: it minimizes
//
//	Σ w·(y − c − x·β)² + l2·‖β‖²
//
// exactly, by QR with refinement. Dependent columns (duplicates, a full set of one-hot
// columns) are no trouble: of the solutions that fit equally, the one with the least ‖β‖ is
// taken. Missing features are refused.
type Linear struct {
	// L2 is the penalty on the squared coefficients in the units of the columns, so columns
	// should be scaled if it is not 0; the intercept is not penalized. It is alpha of
	// scikit-learn's Ridge. Finite, ≥ 0; default 0: ordinary least squares.
	L2 float64 `json:"l2"`
	// Intercept says whether there is a constant term c. Default true.
	Intercept bool `json:"intercept"`
}

var _ Learner = Linear{}

// DefaultLinear is ordinary least squares with an intercept.
func DefaultLinear() Linear { return Linear{Intercept: true} }

// Validate reports every param that is out of range, each as a *ParamError.
func (l Linear) Validate() error { return validPenalty(linearName, l.L2) }

func validPenalty(learner string, l2 float64) error {
	if !(l2 >= 0) || math.IsInf(l2, 1) {
		return &ParamError{learner, "l2", fmt.Errorf("%v is not a finite number ≥ 0", l2)}
	}
	return nil
}

// Fit solves for the coefficients; seed is not used.
func (l Linear) Fit(ctx context.Context, data Data, _ uint64) (Model, error) {
	if err := errors.Join(l.Validate(), data.Validate()); err != nil {
		return nil, fmt.Errorf("linear: %w", err)
	}
	if data.Task != dataset.Regression {
		return nil, &TaskError{linearName, data.Task, []dataset.Task{dataset.Regression}}
	}
	if err := data.complete(); err != nil {
		return nil, fmt.Errorf("linear: %w", err)
	}
	kept, weights := data.weighted()
	s := &leastSquares{columns: kept.X.Columns, names: kept.X.Names, y: kept.Y, weights: weights,
		l2: l.L2, intercept: l.Intercept}
	coefficients, intercept, err := s.solve(ctx)
	if err != nil {
		return nil, fmt.Errorf("linear: %w", err)
	}
	return &linear{coefficients, intercept}, nil
}

type linear struct {
	coefficients []float64 // one per column
	intercept    float64
}

func (m *linear) Inputs() int { return len(m.coefficients) }

func (m *linear) Outputs() int { return 1 }

// Predict gives NaN for a row with a missing feature.
func (m *linear) Predict(dst []float64, x *dataset.Matrix) {
	mustFit(dst, x, m.Inputs(), 1)
	score(dst, 1, m.coefficients, m.intercept, x)
}

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
}

func (m *linear) State() State {
	return State{Learner: linearName, Tensors: map[string]safetensors.Tensor{
		"coefficients": safetensors.FromF64(m.coefficients, len(m.coefficients)),
		"intercept":    safetensors.FromF64([]float64{m.intercept}, 1),
	}}
}

func loadLinear(s State) (Model, error) {
	coefficients, err := tensorF64(s, "coefficients")
	if err != nil {
		return nil, err
	}
	intercept, err := tensorF64(s, "intercept")
	if err != nil {
		return nil, err
	}
	if len(intercept) != 1 {
		return nil, fmt.Errorf("%d intercepts, want 1", len(intercept))
	}
	if err := errors.Join(checkFinite("coefficients", coefficients), checkFinite("intercept", intercept)); err != nil {
		return nil, err
	}
	return &linear{coefficients, intercept[0]}, nil
}
