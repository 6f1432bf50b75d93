package model

import (
	"context"
	"math"

	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// shorten moves the solution along the null space of dependent columns, where predictions
// do not change, to the least ‖β‖ in the units of the data. Duplicates then share their
// coefficient, whatever order the columns came in, and a full set of one-hot columns gives
// an unseen category the average effect rather than that of whichever column was dropped.
func (s *leastSquares) shorten(ctx context.Context) error {
	f, fixed := s.factor, s.fixed()
	// The unit of a coefficient is that of the target by that of the column; only the
	// columns' matter here, relative to the smallest, so that none overflows.
	weight := make([]float64, len(s.active))
	largest := 0.0
	for _, u := range s.unit {
		largest = max(largest, u)
	}
	for a, u := range s.unit {
		weight[a] = u / largest
	}
	// One null vector per dependent column: −R⁻¹·(its part in the span), and 1 at itself.
	directions := make([][]float64, 0, len(f.columns)-f.rank) // scaled β of each
	offsets := make([]float64, 0, len(f.columns)-f.rank)      // scaled intercept of each
	for k := f.rank; k < len(f.columns); k++ {
		z := append([]float64(nil), f.columns[k][:f.rank]...)
		f.solve(z)
		beta := make([]float64, len(s.active))
		offset := 0.0
		for i, v := range z {
			if f.order[i] < fixed {
				offset -= v / math.Sqrt(num.Dot(s.root, s.root))
			} else {
				a := f.order[i] - fixed
				beta[a] = -v / s.norm[a]
			}
		}
		own := f.order[k] - fixed
		beta[own] = 1 / s.norm[own]
		directions = append(directions, beta)
		offsets = append(offsets, offset-num.Dot(s.mean, beta))
	}
	steps, err := s.shortestSteps(ctx, directions, weight)
	if err != nil {
		return err
	}
	for l, t := range steps {
		for a, v := range directions[l] {
			s.beta[a].AddProduct(t, v)
			s.beta[a].Normal()
		}
		s.c.AddProduct(t, offsets[l])
		s.c.Normal()
	}
	return nil
}

// shortestSteps minimizes ‖D·(β + Σ t·direction)‖ over t, D the diagonal of weight.
func (s *leastSquares) shortestSteps(ctx context.Context, directions [][]float64, weight []float64) ([]float64, error) {
	columns := make([][]float64, len(directions))
	norms := make([]float64, len(directions))
	for l, d := range directions {
		column := make([]float64, len(d))
		for a, v := range d {
			column[a] = v * weight[a]
		}
		norms[l] = math.Sqrt(num.Dot(column, column))
		if norms[l] == 0 {
			norms[l] = 1
		}
		for a := range column {
			column[a] /= norms[l]
		}
		columns[l] = column
	}
	f, err := factorize(ctx, columns, 0, make([]float64, len(columns)))
	if err != nil {
		return nil, err
	}
	target := make([]float64, len(weight))
	for a := range target {
		target[a] = -s.beta[a].Value() * weight[a]
	}
	f.multiplyT(target)
	z := target[:f.rank]
	f.solve(z)
	steps := make([]float64, len(directions))
	for k, v := range z {
		steps[f.order[k]] = v / norms[f.order[k]]
	}
	return steps, nil
}
