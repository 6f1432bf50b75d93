package tree

import "math"

// bounds are the least and the greatest value of a node, in the units of a tree.
type bounds struct{ low, high float64 }

func (b bounds) clamp(v float64) float64 { return max(b.low, min(v, b.high)) }

// soften brings a gradient sum closer to 0 by the L1 penalty.
func (l *limits) soften(g float64) float64 {
	if l.l1 == 0 {
		return g
	}
	return math.Copysign(max(0, math.Abs(g)-l.l1), g)
}

// scoreAt is twice what value v takes off the loss of a node: G²/(H+λ) at the best v.
func scoreAt(g, h, v float64) float64 {
	return -(float64(float64(2*g)*v) + float64(h*float64(v*v)))
}

// sideValues returns the values of both sides of a split and their joint score; ok is false if the
// split breaks a rule, one of them that values rise (1) or fall (-1) from left to right.
func (l *limits) sideValues(left, right cell, b bounds, monotone int8) (low, high, score float64, ok bool) {
	gl, hl := l.value(left)
	gr, hr := l.value(right)
	if hl < l.hessian || hr < l.hessian {
		return 0, 0, 0, false
	}
	gl, gr, hl, hr = l.soften(gl), l.soften(gr), hl+l.l2, hr+l.l2
	low, high = b.clamp(-gl/hl), b.clamp(-gr/hr)
	if monotone > 0 && low > high || monotone < 0 && low < high {
		return 0, 0, 0, false
	}
	score = scoreAt(gl, hl, low) + scoreAt(gr, hr, high)
	return low, high, score, math.Abs(score) <= math.MaxFloat64 // NaN is none
}

// scanBounded is scan with an L1 penalty, bounds and monotone columns.
func (l *limits) scanBounded(bins []cell, left cell, of *node, monotone int8, best *split) (improved bool) {
	all := l.count(of.total)
	for b := range bins {
		left.add(bins[b])
		n := l.count(left)
		if n < l.rows {
			continue
		}
		if all-n < l.rows {
			break
		}
		if _, _, score, ok := l.sideValues(left, of.total.minus(left), of.bounds, monotone); ok && score > best.score {
			best.score, best.bin, best.left = score, b, left
			improved = true
		}
	}
	return improved
}

// part returns the bounds of the children of a split: with a monotone column, both stop at
// the middle of their values, so that no later split can turn them round (LightGBM calls this the basic method).
func (l *limits) part(of *node, s *split, monotone int8) (left, right bounds) {
	left, right = of.bounds, of.bounds
	if monotone == 0 {
		return left, right
	}
	low, high, _, _ := l.sideValues(s.left, of.total.minus(s.left), of.bounds, monotone)
	middle := float64(low/2) + float64(high/2)
	if monotone > 0 {
		left.high, right.low = middle, middle
	} else {
		left.low, right.high = middle, middle
	}
	return left, right
}
