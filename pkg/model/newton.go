package model

import (
	"context"
	"math"

	"github.com/foretell-ml/foretell/pkg/internal/num"
)

const (
	// maxNewton bounds the steps; a problem with a finite optimum takes 5 to 15.
	maxNewton = 100
	// enoughDecrement is the squared Newton decrement (the step's length in the metric of
	// the Hessian) at which a step is the last: convergence is quadratic, so what is left
	// after it is below rounding. The preconditioned gradient, which estimates it, serves too.
	enoughDecrement = 1e-20
	// maxBlock is the largest number of parameters of a set whose block of the Hessian is
	// factorized; for more, its diagonal must do as preconditioner.
	maxBlock = 512
	// invisible is the fall of the objective, relative to it, that rounding may hide: so near
	// the optimum a full step is right.
	invisible = 1e-13
	// jitter, relative to the diagonal, keeps the blocks of dependent columns invertible.
	jitter = 1e-10
)

// newton moves θ by one step of Newton's method, shortened until the objective falls, and
// reports whether that was the last. The step comes from conjugate gradients, so the full
// Hessian of all sets is never formed; preconditioned with each set's own block, which for
// two classes is the whole Hessian, they need one or two iterations there, and some
// tens for more classes.
func (s *softmax) newton(ctx context.Context, theta [][]float64) (done bool, err error) {
	z := s.scores(theta)
	before := s.loss(theta, z)
	p := make([][]float64, s.sets)
	for k := range p {
		p[k] = append([]float64(nil), z[k]...)
	}
	s.probabilities(p)
	gradient := s.gradient(theta, p)
	blocks, err := s.precondition(ctx, p)
	if err != nil {
		return false, err
	}
	step, last, err := s.conjugate(ctx, gradient, p, blocks)
	if err != nil {
		return false, err
	}
	slope := dotAll(gradient, step)
	if !(slope < 0) {
		return true, nil // at the optimum to the last digit
	}
	along := s.scores(step)
	trial, moved := copyAll(theta), copyAll(z)
	for t := 1.0; t > 1e-12; t /= 2 {
		for k := range theta {
			addScaled(trial[k], theta[k], t, step[k])
			addScaled(moved[k], z[k], t, along[k])
		}
		if s.loss(trial, moved) <= before+float64(1e-4*t*slope)+float64(invisible*before) {
			for k := range theta {
				copy(theta[k], trial[k])
			}
			return last, nil
		}
	}
	return true, nil // no step falls any more: the optimum, as far as rounding lets it be seen
}

// conjugate solves H·step = −gradient, to a residual that shrinks with the gradient so that
// Newton's convergence stays superlinear (Dembo, Eisenstat and Steihaug, "Inexact Newton
// methods", SIAM J. Numer. Anal. 19, 1982), and reports whether
// the step is small enough to be the last.
func (s *softmax) conjugate(ctx context.Context, gradient, p [][]float64, m []block) (step [][]float64, last bool, err error) {
	step = make([][]float64, s.sets)
	left := make([][]float64, s.sets)
	for k := range step {
		step[k] = make([]float64, len(s.x))
		left[k] = make([]float64, len(s.x))
		addScaled(left[k], left[k], -1, gradient[k])
	}
	inverse := solveAll(m, left)
	direction := copyAll(inverse)
	size := dotAll(left, inverse)
	enough := size <= enoughDecrement
	target := size * max(1e-10, min(0.01, size))
	decrement := 0.0
	for range 10 * s.sets * len(s.x) {
		if err := ctx.Err(); err != nil {
			return nil, false, err
		}
		if !(size > target) {
			break
		}
		curved := s.curve(direction, p)
		bend := dotAll(direction, curved)
		if !(bend > 0) {
			break // what is left lies where nothing changes
		}
		length := size / bend
		for k := range step {
			addScaled(step[k], step[k], length, direction[k])
			addScaled(left[k], left[k], -length, curved[k])
		}
		decrement += float64(length * size)
		inverse = solveAll(m, left)
		next := dotAll(left, inverse)
		for k := range direction {
			addScaled(direction[k], inverse[k], next/size, direction[k])
		}
		size = next
	}
	return step, enough || decrement <= enoughDecrement, nil
}

// block is the preconditioner of one set: the Cholesky factor of its block of the Hessian,
// row by row, or its diagonal alone.
type block struct {
	lower    [][]float64
	diagonal []float64
}

func (s *softmax) precondition(ctx context.Context, p [][]float64) ([]block, error) {
	blocks := make([]block, s.sets)
	h := make([]float64, len(s.w))
	for k := range blocks {
		for i, w := range s.w {
			h[i] = w * p[k][i] * (1 - p[k][i])
		}
		var err error
		if blocks[k], err = s.blockOf(ctx, h); err != nil {
			return nil, err
		}
	}
	return blocks, nil
}

// blockOf is the preconditioner of the block xᵀ·diag(h)·x + penalty.
func (s *softmax) blockOf(ctx context.Context, h []float64) (block, error) {
	n := len(s.x)
	lower := make([][]float64, n)
	diagonal := make([]float64, n)
	v := make([]float64, len(h))
	largest := 0.0
	for j, column := range s.x {
		if err := ctx.Err(); err != nil {
			return block{}, err
		}
		for i, x := range column {
			v[i] = x * h[i]
		}
		if n > maxBlock {
			diagonal[j] = num.Dot(v, column) + s.penalty[j]
		} else {
			lower[j] = make([]float64, j+1)
			dots(lower[j], v, s.x[:j+1])
			lower[j][j] += s.penalty[j]
			diagonal[j] = lower[j][j]
		}
		largest = max(largest, diagonal[j]-s.penalty[j])
	}
	if largest == 0 { // every probability is 0 or 1
		largest = 1
	}
	for j := range diagonal {
		diagonal[j] += float64(jitter * largest)
		if n <= maxBlock {
			lower[j][j] += float64(jitter * largest)
		}
	}
	if n > maxBlock || !cholesky(lower) {
		return block{diagonal: diagonal}, nil
	}
	return block{lower: lower}, nil
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

// solve returns M⁻¹·b.
func (m block) solve(b []float64) []float64 {
	z := append([]float64(nil), b...)
	if m.lower == nil {
		for j := range z {
			z[j] /= m.diagonal[j]
		}
		return z
	}
	for i, row := range m.lower {
		z[i] = (z[i] - num.Dot(row[:i], z[:i])) / row[i]
	}
	for i := len(z) - 1; i >= 0; i-- {
		z[i] /= m.lower[i][i]
		for j := range i {
			z[j] -= float64(m.lower[i][j] * z[i])
		}
	}
	return z
}

func solveAll(m []block, b [][]float64) [][]float64 {
	z := make([][]float64, len(b))
	for k := range b {
		z[k] = m[k].solve(b[k])
	}
	return z
}

func dotAll(a, b [][]float64) float64 {
	sum := 0.0
	for k := range a {
		sum += num.Dot(a[k], b[k])
	}
	return sum
}

func copyAll(a [][]float64) [][]float64 {
	c := make([][]float64, len(a))
	for k := range a {
		c[k] = append([]float64(nil), a[k]...)
	}
	return c
}

// addScaled writes x + t·y to dst.
func addScaled(dst, x []float64, t float64, y []float64) {
	for i := range dst {
		dst[i] = x[i] + float64(t*y[i])
	}
}
