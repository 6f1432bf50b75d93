package model

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// PathPoint is a linear model at one strength of its penalty.
type PathPoint struct {
	L1, L2       float64
	Coefficients []float64 // one per column, for each degree
	Intercept    float64
	// LeaveOneOut is the weighted mean squared error when each row is predicted by a fit to
	// the others; NaN with l1, for which it has no closed form.
	LeaveOneOut float64
}

// Path fits with both penalties times each of the factors, which are finite and ≥ 0 (> 0 with
// l1), and returns a point for each in their order. Without l1 one singular value
// decomposition does for all, of at most 1,024 rows or columns; with it, each fit starts
// from the solution of the next larger factor. choose_l2 plays no part.
func (l Linear) Path(ctx context.Context, data Data, factors []float64) ([]PathPoint, error) {
	l.ChooseL2 = false
	if err := l.validate(data); err != nil {
		return nil, err
	}
	for i, f := range factors {
		if !(f >= 0) || math.IsInf(f, 1) || f == 0 && l.L1 > 0 {
			return nil, fmt.Errorf("linear: factor %d of the path, %v, is not in the range of factors", i+1, f)
		}
	}
	kept, weights := data.weighted()
	x, _, err := powers(kept.X, l.Degree)
	if err != nil {
		return nil, fmt.Errorf("linear: %w", err)
	}
	kept.X = x
	at, err := l.pathOf(ctx, kept, weights)
	if err != nil {
		return nil, fmt.Errorf("linear: %w", err)
	}
	order := make([]int, len(factors))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case factors[a] > factors[b]:
			return -1
		case factors[a] < factors[b]:
			return 1
		}
		return 0
	})
	points := make([]PathPoint, len(factors))
	for _, i := range order {
		if points[i], err = at(factors[i]); err != nil {
			return nil, fmt.Errorf("linear: %w", err)
		}
	}
	return points, nil
}

// pathOf returns what fits with the penalties times a factor.
func (l Linear) pathOf(ctx context.Context, kept Data, weights []float64) (func(factor float64) (PathPoint, error), error) {
	if l.L1 > 0 {
		e, err := newElastic(ctx, kept, weights, l)
		return func(factor float64) (p PathPoint, err error) {
			p = PathPoint{L1: l.L1 * factor, L2: l.L2 * factor, LeaveOneOut: math.NaN()}
			p.Coefficients, p.Intercept, _, err = e.at(ctx, factor)
			return p, err
		}, err
	}
	r, err := newRidge(ctx, kept, weights, l.Intercept)
	return func(factor float64) (p PathPoint, err error) {
		p = PathPoint{L2: l.L2 * factor}
		errs, err := r.leaveOneOut(ctx, []float64{p.L2})
		if err != nil {
			return p, err
		}
		p.LeaveOneOut = errs[0]
		p.Coefficients, p.Intercept, err = r.at(p.L2)
		return p, err
	}, err
}
