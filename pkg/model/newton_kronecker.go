package model

import (
	"context"
	"math"

	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// kronecker stands for the Hessian of several sets: S ⊗ G + l2, where S, sets by sets, is the mean
// over the rows of the second derivative by the scores, and G = xᵀ·diag(w)·x. It is the Hessian
// itself where all rows bend the loss alike, as at the start, and near it where columns tell little
// of the classes. G is summed once in a fit, where the Hessian has sets·(sets+1)/2 such sums at
// each step. By the eigenvectors of S it falls apart into a matrix per eigenvalue.
type kronecker struct {
	basis [][]float64   // eigenvectors of S
	lower [][][]float64 // Cholesky factors of eigenvalue·G + l2
	most  int
}

// maxKronecker is how many sets there are at most, whose eigenvectors are found by rotations.
const maxKronecker = 64

func (*kronecker) exact() bool { return false }

// patience is how many products with the Hessian take as long as to sum and to factorize it.
func (m *kronecker) patience() int { return m.most }

// kronecker returns nil if there is none.
func (s *newton) kronecker(ctx context.Context) (preconditioner, error) {
	sets, n := len(s.state), len(s.x)
	if s.products == nil {
		var err error
		if s.products, err = gram(ctx, s.x, s.w); err != nil {
			return nil, err
		}
	}
	mean, err := s.meanBend(ctx)
	if err != nil {
		return nil, err
	}
	m := &kronecker{basis: zeros(sets, sets), most: max(8, (sets+1)*n/8)}
	for k := range sets {
		m.basis[k][k] = 1
	}
	if err := orthogonalize(ctx, mean, m.basis); err != nil {
		return nil, err
	}
	largest, values := 0.0, make([]float64, sets)
	for k, v := range mean {
		values[k] = math.Sqrt(num.Dot(v, v))
		largest = max(largest, values[k])
	}
	if !(largest > 0) {
		return nil, nil
	}
	for _, value := range values {
		if value < 1e-9*largest { // a shift of all sets, which has no part in any gradient
			value = largest
		}
		lower := lowerTriangle(n)
		for i, row := range s.products {
			addScaled(lower[i], lower[i], value, row)
			lower[i][i] += s.l2[i]
		}
		loose(lower)
		if !cholesky(lower) {
			return nil, nil
		}
		m.lower = append(m.lower, lower)
	}
	return m, nil
}

// meanBend is the mean over the rows of the second derivative of the loss by scores k and l.
func (s *newton) meanBend(ctx context.Context) ([][]float64, error) {
	sets, total := len(s.state), num.Sum(s.w)
	mean, h, parts := zeros(sets, sets), s.moved[0], make([]float64, s.parts())
	for k := range sets {
		for l := range k + 1 {
			err := s.rows(ctx, func(part, from, to int) {
				s.loss.bend(h, k, l, s.state, from, to)
				sum := 0.0
				for _, v := range h[from:to] {
					sum += v
				}
				parts[part] = sum
			})
			if err != nil {
				return nil, err
			}
			mean[k][l] = num.Sum(parts) / total
			mean[l][k] = mean[k][l]
		}
	}
	return mean, nil
}

func (m *kronecker) solve(b [][]float64) [][]float64 {
	turned, z := zeros(len(b), len(b[0])), zeros(len(b), len(b[0]))
	for k, vector := range m.basis {
		for l, v := range vector {
			addScaled(turned[k], turned[k], v, b[l])
		}
		substitute(m.lower[k], turned[k])
		for l, v := range vector {
			addScaled(z[l], z[l], v, turned[k])
		}
	}
	return z
}
