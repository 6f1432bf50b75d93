package model

import (
	"context"
	"math"

	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// squares is half the sum of squared differences from y.
type squares struct{ y, w []float64 }

var _ rowLoss = squares{}

func (squares) sets() int { return 1 }

func (s squares) derive(z, pull, _ [][]float64, from, to int) float64 {
	var sum num.Twofold
	for i := from; i < to; i++ {
		left := z[0][i] - s.y[i]
		pull[0][i] = s.w[i] * left
		sum.Add(float64(s.w[i] / 2 * float64(left*left)))
	}
	return sum.Value()
}

func (s squares) curve(z, _ [][]float64, from, to int) {
	for i := from; i < to; i++ {
		z[0][i] *= s.w[i]
	}
}

func (s squares) bend(h []float64, _, _ int, _ [][]float64, from, to int) {
	copy(h[from:to], s.w[from:to])
}

// elastic minimizes Σ w·(y − c − x·β)² + l1·‖β‖₁ + l2·‖β‖², one pair of penalties after the
// other: from where the last optimum was the way to the next is short.
type elastic struct {
	*newton
	l1    []float64 // of the penalties given, in the coordinates of the design
	l2    []float64
	theta [][]float64
	unitY float64 // y is scaled by it, less its mean
	meanY float64
	names []string
}

// pathStep is the ratio of neighbours on the way from the penalty at which all coefficients
// are 0 to the one wanted.
const pathStep = 0.5

func newElastic(ctx context.Context, d Data, weights []float64, l Linear) (*elastic, error) {
	design, err := newDesign(ctx, d.X, weights, l.L1/2, l.L2, l.Intercept)
	if err != nil {
		return nil, err
	}
	e := &elastic{names: d.X.Names}
	low, high := bounds(d.Y)
	e.unitY = unitScale([]float64{low, high})
	if l.Intercept {
		e.meanY = mean(d.Y, weights) * e.unitY
	}
	loss := squares{make([]float64, len(d.Y)), design.w}
	for i, y := range d.Y {
		loss.y[i] = float64(y*e.unitY) - e.meanY
	}
	for j := range design.l1 {
		design.l1[j] *= e.unitY
	}
	if !l.Intercept {
		clear(design.x[0]) // of ones: the parameter stays 0
	}
	e.newton = newNewton(design, loss)
	e.steady, e.theta = true, zeros(1, len(design.x))
	e.l1, e.l2 = append([]float64(nil), design.l1...), append([]float64(nil), design.l2...)
	return e, nil
}

// at returns coefficients and intercept with both penalties times factor.
func (e *elastic) at(ctx context.Context, factor float64) (coefficients []float64, intercept float64, converged bool, err error) {
	for j := range e.l1 {
		e.newton.design.l1[j], e.newton.design.l2[j] = e.l1[j]*factor, e.l2[j]*factor
	}
	e.played = nil // l2 is in its Hessian
	if converged, err = e.minimizeL1(ctx, e.theta); err != nil {
		return nil, 0, false, err
	}
	coefficients = make([]float64, e.columns)
	set := append([]float64(nil), e.theta[0]...)
	set[0] += e.meanY
	intercept, err = e.unscaleBy(coefficients, set)
	return coefficients, intercept, converged, err
}

func (e *elastic) unscaleBy(coefficients, set []float64) (float64, error) {
	intercept, err := e.unscale(coefficients, set, e.names)
	for j := range coefficients {
		coefficients[j] /= e.unitY
	}
	return intercept / e.unitY, err
}

// largest is the factor of the penalties above which every coefficient is 0.
func (e *elastic) largest(ctx context.Context) (float64, error) {
	zero := zeros(1, len(e.x))
	if _, err := e.start(ctx, zero); err != nil {
		return 0, err
	}
	g, err := e.gradient(ctx, zero)
	if err != nil {
		return 0, err
	}
	top := 0.0
	for j, v := range g[0] {
		if e.l1[j] > 0 {
			top = max(top, math.Abs(v)/e.l1[j])
		}
	}
	return top, nil
}

// descend is at(1), from the top of the path: with many columns few are then ever in play.
func (e *elastic) descend(ctx context.Context) (coefficients []float64, intercept float64, converged bool, err error) {
	if len(e.x) > maxBlock {
		top, err := e.largest(ctx)
		if err != nil {
			return nil, 0, false, err
		}
		for factor := min(top, 1e12) * pathStep; factor > 1; factor *= pathStep {
			if _, _, _, err := e.at(ctx, factor); err != nil {
				return nil, 0, false, err
			}
		}
	}
	return e.at(ctx, 1)
}
