package model

import (
	"context"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/internal/num"
)

const (
	// maxBlock is the largest number of parameters whose Hessian is factorized; for more, its
	// diagonal must do as preconditioner.
	maxBlock = 512
	// jitter, relative to the diagonal, keeps the blocks of dependent columns invertible.
	jitter = 1e-10
)

// preconditioner is an approximation of the Hessian that is easily inverted.
type preconditioner interface {
	solve(b [][]float64) [][]float64 // per set
	exact() bool                     // the Hessian itself, but for the jitter
	patience() int                   // after how many products with the Hessian another is better
}

// precondition takes, for several sets, what the Hessian would be if all rows bent the loss alike,
// as long as steps are found by that soon (without a penalty they must be Newton's own, which alone
// tell that there is no optimum); then the whole Hessian if it can be factorized, else each
// set's own block, or the diagonals.
func (s *newton) precondition(ctx context.Context) (preconditioner, error) {
	sets, n := len(s.state), len(s.x)
	if 1 < sets && sets <= maxKronecker && n <= maxBlock && !s.uneven && slices.Max(s.l2) > 0 {
		if m, err := s.kronecker(ctx); m != nil || err != nil {
			return m, err
		}
	}
	if sets*n <= maxBlock {
		lower, err := s.hessian(ctx, s.x, s.l2)
		if err != nil {
			return nil, err
		}
		if loose(lower); cholesky(lower) {
			return joint(lower), nil
		}
	}
	blocks := make(blocks, sets)
	h := s.moved[0]
	for k := range blocks {
		err := s.rows(ctx, func(_, from, to int) { s.loss.bend(h, k, k, s.state, from, to) })
		if err != nil {
			return nil, err
		}
		if blocks[k], err = s.blockOf(ctx, h); err != nil {
			return nil, err
		}
	}
	return blocks, nil
}

// hessian is the lower triangle of the second derivative by the parameters of the given
// columns, set after set.
func (s *newton) hessian(ctx context.Context, columns [][]float64, l2 []float64) ([][]float64, error) {
	sets, n := len(s.state), len(columns)
	lower := lowerTriangle(sets * n)
	h := s.moved[0]
	for k := range sets {
		for l := range k + 1 {
			err := s.rows(ctx, func(_, from, to int) { s.loss.bend(h, k, l, s.state, from, to) })
			if err != nil {
				return nil, err
			}
			g, err := gram(ctx, columns, h)
			if err != nil {
				return nil, err
			}
			for i, row := range g {
				copy(lower[k*n+i][l*n:], row)
				for j := range row {
					if l < k {
						lower[k*n+j][l*n+i] = row[j]
					}
				}
			}
		}
		for j, penalty := range l2 {
			lower[k*n+j][k*n+j] += penalty
		}
	}
	return lower, nil
}

// loose adds the jitter to the diagonal of a lower triangle.
func loose(lower [][]float64) {
	largest := 0.0
	for j, row := range lower {
		largest = max(largest, row[j])
	}
	if largest == 0 { // the loss is flat here: every probability is 0 or 1
		largest = 1
	}
	for j, row := range lower {
		row[j] += float64(jitter * max(row[j], min(largest, 1)))
	}
}

// joint is the Cholesky factor of the whole Hessian.
type joint [][]float64

func (joint) exact() bool { return true }

func (joint) patience() int { return math.MaxInt }

func (m joint) solve(b [][]float64) [][]float64 {
	var all []float64
	for _, set := range b {
		all = append(all, set...)
	}
	substitute(m, all)
	z, n := make([][]float64, len(b)), len(b[0])
	for k := range z {
		z[k] = all[k*n : (k+1)*n : (k+1)*n]
	}
	return z
}

// blocks are the preconditioners of the sets.
type blocks []block

func (blocks) exact() bool { return false }

func (blocks) patience() int { return math.MaxInt }

func (m blocks) solve(b [][]float64) [][]float64 {
	z := copyAll(b)
	for k := range z {
		m[k].solve(z[k])
	}
	return z
}

// block is the preconditioner of one set: the Cholesky factor of its block of the Hessian,
// row by row, or its diagonal alone.
type block struct {
	lower    [][]float64
	diagonal []float64
}

// blockOf is the preconditioner of the block xᵀ·diag(h)·x + l2.
func (s *newton) blockOf(ctx context.Context, h []float64) (block, error) {
	n := len(s.x)
	diagonal := make([]float64, n)
	if n <= maxBlock {
		lower, err := gram(ctx, s.x, h)
		if err != nil {
			return block{}, err
		}
		for j, row := range lower {
			row[j] += s.l2[j]
		}
		loose(lower)
		for j, row := range lower {
			diagonal[j] = row[j]
		}
		if cholesky(lower) {
			return block{lower: lower}, nil
		}
		return block{diagonal: diagonal}, nil
	}
	v := make([]float64, len(h))
	largest := 0.0
	for j, column := range s.x {
		if err := ctx.Err(); err != nil {
			return block{}, err
		}
		for i, x := range column {
			v[i] = x * h[i]
		}
		diagonal[j] = num.Dot(v, column) + s.l2[j]
		largest = max(largest, diagonal[j])
	}
	if largest == 0 { // the loss is flat here: every probability is 0 or 1
		largest = 1
	}
	for j := range diagonal {
		diagonal[j] += float64(jitter * largest)
	}
	return block{diagonal: diagonal}, nil
}

// cholesky overwrites the lower triangle of a positive definite matrix with its factor; it
// reports whether the matrix was one.
func cholesky(a [][]float64) bool {
	for i, row := range a {
		for j := range row {
			v := row[j] - num.Dot(row[:j], a[j][:j])
			if j < i {
				row[j] = v / a[j][j]
			} else if row[i] = math.Sqrt(v); !(row[i] > 0) {
				return false
			}
		}
	}
	return true
}

// solve overwrites b with M⁻¹·b.
func (m block) solve(b []float64) {
	if m.lower != nil {
		substitute(m.lower, b)
		return
	}
	for j := range b {
		b[j] /= m.diagonal[j]
	}
}

// substitute overwrites b with (L·Lᵀ)⁻¹·b.
func substitute(lower [][]float64, b []float64) {
	for i, row := range lower {
		b[i] = (b[i] - num.Dot(row[:i], b[:i])) / row[i]
	}
	for i := len(b) - 1; i >= 0; i-- {
		b[i] /= lower[i][i]
		addScaled(b[:i], b[:i], -b[i], lower[i][:i])
	}
}
