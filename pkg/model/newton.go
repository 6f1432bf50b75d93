package model

import (
	"context"
	"math"

	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// rowLoss is a sum over rows of a convex function of the row's scores, one per set of
// parameters. Its methods work on rows from … to-1, so that parts of the rows run side by
// side.
type rowLoss interface {
	sets() int
	// derive returns the weighted loss at scores z, and writes its derivative by each score to
	// pull, and to state what curve and bend need of this place: all three are made of the same
	// exponentials, and the place looked at is nearly always the next to go on from.
	derive(z, pull, state [][]float64, from, to int) float64
	// curve overwrites z, the scores of a direction, with the second derivative times it.
	curve(z, state [][]float64, from, to int)
	// bend writes to h the second derivative by scores k and l.
	bend(h []float64, k, l int, state [][]float64, from, to int)
}

// newton minimizes a loss plus l2/2·‖β‖² over a design, by Newton's method.
type newton struct {
	*design
	loss rowLoss

	z, pull, state [][]float64 // at θ, by set and row; the last two at the last place looked at
	along          [][]float64 // scores of the last step
	trial, moved   [][]float64 // scratch: parameters, scores

	steady  bool  // the second derivative of the loss does not change
	played  []int // columns of the last proximal step, and their Hessian
	playedH [][]float64

	m         preconditioner
	products  [][]float64 // xᵀ·diag(w)·x, once it is known
	uneven    bool        // rows bend the loss too differently for one mean of them to do
	decrement float64     // squared, of the last step
	fell      float64     // by what factor it did
}

const (
	// maxNewton bounds the steps; a problem with a finite optimum takes 5 to 15.
	maxNewton = 100
	// enoughDecrement is the squared Newton decrement (the step's length in the metric of
	// the Hessian) at which a step is the last: convergence is quadratic, so what is left
	// after it is below rounding. The preconditioned gradient, which estimates it, serves too.
	enoughDecrement = 1e-20
	// staysGood is the squared decrement below which the next step may use the same Hessian:
	// it changes by the step's length, so what is left shrinks by that factor still. That
	// holds near an optimum, where decrements fall by squares, and not on the way to infinity,
	// where each is a third of the one before.
	staysGood = 1e-9
	// invisible is the fall of the objective, relative to it, that rounding may hide: so near
	// the optimum a full step is right.
	invisible = 1e-13
)

func newNewton(d *design, loss rowLoss) *newton {
	k, n := loss.sets(), len(d.w)
	return &newton{design: d, loss: loss, z: zeros(k, n), pull: zeros(k, n), state: zeros(k, n),
		along: zeros(k, n), moved: zeros(k, n), trial: zeros(k, len(d.x))}
}

// minimize moves θ to the optimum, balanced, and reports whether it got there.
func (s *newton) minimize(ctx context.Context, theta [][]float64) (converged bool, err error) {
	value, err := s.start(ctx, theta)
	if err != nil {
		return false, err
	}
	for range maxNewton {
		if value, converged, err = s.step(ctx, theta, value); err != nil {
			return false, err
		}
		if converged {
			break
		}
	}
	s.balance(theta)
	return converged, nil
}

// step moves θ, where the objective is before, by one step of Newton's method, shortened
// until the objective falls. It returns the objective there and whether that was the last.
func (s *newton) step(ctx context.Context, theta [][]float64, before float64) (value float64, done bool, err error) {
	gradient, err := s.gradient(ctx, theta)
	if err != nil {
		return 0, false, err
	}
	if s.m == nil || s.decrement > staysGood || s.fell > 0.01 {
		if s.m, err = s.precondition(ctx); err != nil {
			return 0, false, err
		}
	}
	var step [][]float64
	last, former := false, s.decrement
	if s.m.exact() {
		step = s.m.solve(gradient)
		for k := range step {
			addScaled(step[k], make([]float64, len(step[k])), -1, step[k])
		}
		s.decrement = -dotAll(gradient, step)
	} else if step, last, err = s.conjugate(ctx, gradient); err != nil {
		return 0, false, err
	}
	slope := dotAll(gradient, step)
	if !(slope < 0) {
		return before, true, nil // at the optimum to the last digit
	}
	last = last || s.decrement <= enoughDecrement
	s.fell = s.decrement / former
	value, moved, err := s.search(ctx, theta, step, before, slope)
	return value, last || !moved, err
}

// search moves θ along a step by the longest of 1, ½, ¼ … at which the objective falls by
// some of what slope promises. If none does, θ is the optimum as far as rounding lets it be
// seen.
func (s *newton) search(ctx context.Context, theta, step [][]float64, before, slope float64) (float64, bool, error) {
	if err := s.scoresOf(ctx, s.along, step); err != nil {
		return 0, false, err
	}
	for t := 1.0; t > 1e-12; t /= 2 {
		for k := range theta {
			addScaled(s.trial[k], theta[k], t, step[k])
		}
		value, err := s.derive(ctx, s.trial, s.moved, func(from, to int) {
			for k := range s.moved {
				addScaled(s.moved[k][from:to], s.z[k][from:to], t, s.along[k][from:to])
			}
		})
		if err != nil {
			return 0, false, err
		}
		if value <= before+float64(1e-4*t*slope)+float64(invisible*math.Abs(before)) {
			for k := range theta {
				copy(theta[k], s.trial[k])
			}
			s.z, s.moved = s.moved, s.z
			return value, true, nil
		}
	}
	return before, false, nil
}

func (s *newton) scoresOf(ctx context.Context, z, theta [][]float64) error {
	return s.rows(ctx, func(_, from, to int) { s.scores(z, theta, from, to) })
}

// start puts the fit at θ and returns the objective there.
func (s *newton) start(ctx context.Context, theta [][]float64) (float64, error) {
	return s.derive(ctx, theta, s.z, func(from, to int) { s.scores(s.z, theta, from, to) })
}

// derive is the objective at θ, whose scores z are as fill leaves them for rows from … to-1. It
// leaves pull and state at that place.
func (s *newton) derive(ctx context.Context, theta, z [][]float64, fill func(from, to int)) (float64, error) {
	parts := make([]float64, s.parts())
	err := s.rows(ctx, func(part, from, to int) {
		var sum num.Twofold
		for ; from < to; from += rowBlock {
			end := min(from+rowBlock, to)
			fill(from, end)
			sum.Add(s.loss.derive(z, s.pull, s.state, from, end))
		}
		parts[part] = sum.Value()
	})
	if err != nil {
		return 0, err
	}
	var sum num.Twofold
	for _, part := range parts {
		sum.Add(part)
	}
	for _, set := range theta {
		for j, b := range set {
			sum.Add(float64(s.l2[j] / 2 * float64(b*b)))
			sum.Add(float64(s.l1[j] * math.Abs(b)))
		}
	}
	return sum.Value(), nil
}

// gradient of the objective without its l1, per set, at θ, which is the last place derived.
func (s *newton) gradient(ctx context.Context, theta [][]float64) ([][]float64, error) {
	g, err := s.transposeAll(ctx, s.pull, func(int, int) {})
	if err != nil {
		return nil, err
	}
	s.penalize(g, theta)
	s.balance(g)
	return g, nil
}

// times is the Hessian at s.state times direction d; scratch holds its scores.
func (s *newton) times(ctx context.Context, d, scratch [][]float64) ([][]float64, error) {
	h, err := s.transposeAll(ctx, scratch, func(from, to int) {
		s.scores(scratch, d, from, to)
		s.loss.curve(scratch, s.state, from, to)
	})
	if err != nil {
		return nil, err
	}
	s.penalize(h, d)
	return h, nil
}

func (s *newton) penalize(g, theta [][]float64) {
	for k, set := range theta {
		for j, b := range set {
			g[k][j] += float64(s.l2[j] * b)
		}
	}
}

// transposeAll returns xᵀ·v per set, v as fill leaves it for rows from … to-1.
func (s *newton) transposeAll(ctx context.Context, v [][]float64, fill func(from, to int)) ([][]float64, error) {
	parts := make([][][]float64, s.parts())
	err := s.rows(ctx, func(part, from, to int) {
		parts[part] = zeros(len(v), len(s.x))
		for ; from < to; from += rowBlock {
			end := min(from+rowBlock, to)
			fill(from, end)
			s.transpose(parts[part], v, from, end)
		}
	})
	if err != nil {
		return nil, err
	}
	for _, part := range parts[1:] {
		for k := range part {
			addScaled(parts[0][k], parts[0][k], 1, part[k])
		}
	}
	return parts[0], nil
}

// balance makes what is not penalized sum to 0 over the sets: a shift common to all changes
// no probability, so without it such parameters would drift by rounding.
func (s *newton) balance(theta [][]float64) {
	if len(theta) == 1 {
		return
	}
	for j := range s.l2 {
		if s.l1[j] > 0 || s.l2[j] > 0 {
			continue
		}
		sum := 0.0
		for k := range theta {
			sum += theta[k][j]
		}
		for k := range theta {
			theta[k][j] -= sum / float64(len(theta))
		}
	}
}

// conjugate solves H·step = −gradient, to a residual that shrinks with the gradient so that
// Newton's convergence stays superlinear (Dembo, Eisenstat and Steihaug, "Inexact Newton
// methods", SIAM J. Numer. Anal. 19, 1982), so that the full Hessian is never formed. It
// reports whether the gradient is small enough for the step to be the last.
func (s *newton) conjugate(ctx context.Context, gradient [][]float64) (step [][]float64, last bool, err error) {
	step, left := zeros(len(gradient), len(s.x)), zeros(len(gradient), len(s.x))
	for k := range step {
		addScaled(left[k], left[k], -1, gradient[k])
	}
	inverse := s.m.solve(left)
	direction := copyAll(inverse)
	size := dotAll(left, inverse)
	last = size <= enoughDecrement
	target := size * max(1e-10, min(0.01, size))
	if last {
		target = size * 0.01
	}
	s.decrement = 0
	for at := range 10 * len(step) * len(s.x) {
		if err := ctx.Err(); err != nil {
			return nil, false, err
		}
		if !(size > target) {
			break
		}
		if s.m.patience() <= at {
			s.uneven = true
			break // such a step is a good one too
		}
		curved, err := s.times(ctx, direction, s.moved)
		if err != nil {
			return nil, false, err
		}
		bend := dotAll(direction, curved)
		if !(bend > 0) {
			break // what is left lies where nothing changes
		}
		length := size / bend
		for k := range step {
			addScaled(step[k], step[k], length, direction[k])
			addScaled(left[k], left[k], -length, curved[k])
		}
		s.decrement += float64(length * size)
		inverse = s.m.solve(left)
		next := dotAll(left, inverse)
		for k := range direction {
			addScaled(direction[k], inverse[k], next/size, direction[k])
		}
		size = next
	}
	return step, last, nil
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
