package model

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/safetensors"
)

// Baseline looks at no feature: it predicts the weighted mean of the target, or each
// class's share of the weights. It is what any other learner must beat, and takes missing
// features. It has no parameters.
type Baseline struct{}

var _ Learner = Baseline{}

// Validate has nothing to check.
func (Baseline) Validate() error { return nil }

// Fit takes means; seed is not used.
func (Baseline) Fit(ctx context.Context, data Data, _ uint64) (Model, error) {
	if err := errors.Join(data.Validate(), data.noOffset()); err != nil {
		return nil, fmt.Errorf("baseline: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	kept, weights := data.weighted()
	m := &baseline{columns: len(data.X.Columns)}
	if data.Task == dataset.Regression {
		m.values = []float64{mean(kept.Y, weights)}
		return m, nil
	}
	var total num.Twofold
	shares := make([]num.Twofold, data.Classes)
	for i, y := range kept.Y {
		shares[int(y)].Add(weights[i])
		total.Add(weights[i])
	}
	m.values = make([]float64, data.Classes)
	for class, share := range shares {
		m.values[class] = share.Value() / total.Value()
	}
	return m, nil
}

// mean is Σ w·y / Σ w. Both are first scaled by powers of two, which is exact, so that
// neither the products nor the sums overflow.
func mean(y, w []float64) float64 {
	fy, fw := unitScale(y), unitScale(w)
	var sum, total num.Twofold
	for i := range y {
		v := float64(w[i] * fw)
		sum.AddProduct(v, float64(y[i]*fy))
		total.Add(v)
	}
	return sum.Value() / total.Value() / fy
}

// unitScale is the power of two that brings the largest magnitude of x to [1, 2), or as
// near to it as float64 allows; 1 if x is all zeros.
func unitScale(x []float64) float64 {
	return math.Ldexp(1, -exponent(x))
}

// exponent is that of the largest magnitude of x, kept within what Ldexp can undo.
func exponent(x []float64) int {
	largest := 0.0
	for _, v := range x {
		largest = max(largest, math.Abs(v))
	}
	if largest == 0 {
		return 0
	}
	return max(-1000, min(1000, math.Ilogb(largest)))
}

type baseline struct {
	columns int       // of the data it was fitted on
	values  []float64 // one per output
}

type baselineParams struct {
	Columns int `json:"columns"`
}

func (m *baseline) Inputs() int { return m.columns }

func (m *baseline) Outputs() int { return len(m.values) }

func (m *baseline) Predict(dst []float64, x *dataset.Matrix) {
	mustFit(dst, x, m.columns, len(m.values))
	for i := 0; i < len(dst); i += len(m.values) {
		copy(dst[i:], m.values)
	}
}

func (m *baseline) State() State {
	params, _ := json.Marshal(baselineParams{m.columns}) // an int always marshals
	return State{
		Learner: baselineName,
		Params:  params,
		Tensors: map[string]safetensors.Tensor{"values": safetensors.FromF64(m.values, len(m.values))},
	}
}

func loadBaseline(s State) (Model, error) {
	var p baselineParams
	if err := decodeStateParams(s, &p); err != nil {
		return nil, err
	}
	if p.Columns < 0 {
		return nil, fmt.Errorf("%d columns", p.Columns)
	}
	values, err := tensorF64(s, "values")
	if err != nil {
		return nil, err
	}
	if len(values) == 0 {
		return nil, fmt.Errorf("no values")
	}
	if len(values) > 1 {
		if err := checkProbabilities(values); err != nil {
			return nil, err
		}
	} else if err := checkFinite("values", values); err != nil {
		return nil, err
	}
	return &baseline{p.Columns, values}, nil
}
