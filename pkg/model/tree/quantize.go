package tree

import (
	"errors"
	"math"
	"math/bits"
)

// Of more than fineRows rows, derivatives are rounded so that both and the number of rows fit
// a word: the gradient above the hessian above the number. Every row is at most ±2^13 in
// gradient, 2^11 in hessian and 1 in number, so that the fields hold the sums of 8191 rows.
const (
	gradientBits = 13
	hessianBits  = 11
	packedRows   = 1<<hessianAt - 1
	hessianAt    = 13
	gradientAt   = hessianAt + 24
)

// fineRows is the most rows whose derivatives keep all the bits that exact sums have room for,
// about 35, in cells of two words: so few rows are fast anyway, and errors of rounding average
// out over more only.
const fineRows = 1 << 16

// fine reports whether rows of these weights are few. Integer weights up to the least number
// of rows in a leaf count like repeats.
func (w *weights) fine() bool { return w.counted <= fineRows }

// packed reports whether the sums of rows are words.
func (w *weights) packed() bool { return w.uniform && !w.fine() }

func pack(gradient, hessian int64) uint64 {
	return uint64(gradient)<<gradientAt | uint64(hessian)<<hessianAt | 1
}

// unpack returns the sums of a word, the number of rows below the given bit.
func unpack(word uint64, shift int) cell {
	const hessians, counts = 1<<(gradientAt-hessianAt) - 1, 1<<hessianAt - 1
	return cell{int64(word) >> gradientAt, word>>hessianAt&hessians<<(shift&63) | word&counts}
}

// ErrNotFinite says that a gradient or hessian is infinite or NaN.
var ErrNotFinite = errors.New("a gradient is not a finite number")

// quantizer turns gradients into integers, so that their sums are exact and depend neither
// on the order of rows nor on how these are shared among workers.
type quantizer struct {
	weights *weights
	// The powers of two that derivatives are scaled by, and weights on top of that.
	gradient, hessian             float64
	gradientWeight, hessianWeight float64
	shift                         int // where hessians begin in the cells of weighted rows
}

// newQuantizer returns the quantizer for derivatives of at most the given absolute values.
func newQuantizer(w *weights, gradient, hessian float64) (quantizer, error) {
	q := quantizer{weights: w, shift: bits.Len64(w.counted)}
	// Bits for the sums of a row's scaled derivatives.
	total := bits.Len64(w.total)
	forGradient, forHessian := 51-total, min(51, 62-q.shift)-total
	gradientSize, hessianSize := gradientBits, hessianBits
	switch {
	case w.fine():
		gradientSize, hessianSize = forGradient, max(hessianBits, forHessian)
	case w.uniform: // more than 2^25 rows have to do with fewer
		hessianSize = min(hessianBits, forHessian)
	}
	q.gradient, q.hessian = scaleTo(gradientSize, gradient), scaleTo(hessianSize, hessian)
	if q.gradient == 0 || q.hessian == 0 {
		return q, ErrNotFinite
	}
	q.gradientWeight, q.hessianWeight = 1, 1
	if !w.packed() {
		q.gradientWeight = math.Ldexp(1, forGradient-gradientSize)
		q.hessianWeight = math.Ldexp(1, forHessian-hessianSize)
	}
	return q, nil
}

// scaleTo returns the power of two, within 2^±1000, that brings the largest value below
// 2^size; 0 if the value is not finite.
func scaleTo(size int, largest float64) float64 {
	if math.IsNaN(largest) || math.IsInf(largest, 0) {
		return 0
	}
	if largest == 0 {
		return 1
	}
	_, e := math.Frexp(largest)
	return math.Ldexp(1, max(-1000, min(size-e, 1000)))
}

// round rounds x up or down, to the nearer more often, so that the errors of many values
// cancel. The choice is made by the bits of the value itself: rows of the same gradient are
// rounded alike wherever they stand, and rows of weight 2 like two.
func round(v, scale float64) int64 {
	const odd = 0x9e3779b97f4a7c15 // 2^64 over the golden ratio (Knuth, TAOCP 3, 6.4)
	up := float64(float64(int64(math.Float64bits(v)*odd>>40)) * 0x1p-24)
	const positive = 1 << 20 // truncation is the floor of what is positive
	return int64(float64(v*scale)+(up+positive)) - positive
}

// record writes the derivatives of rows, named by the last lane, to the lanes of gradients.
func (q *quantizer) record(r lanes, begin, end int, first, second []float64) {
	numbers := r[len(r)-1][begin:end]
	words := r[0][begin:end]
	if q.weights.packed() {
		for i, number := range numbers {
			row := number >> 32
			words[i] = pack(round(first[row], q.gradient), round(second[row], q.hessian))
		}
		return
	}
	rests := r[1][begin:end]
	for i, number := range numbers {
		row := number >> 32
		w, count := 1.0, uint64(1)
		if !q.weights.uniform {
			w, count = q.weights.scaled[row], uint64(q.weights.counts[row])
		}
		g, h := q.round(first[row], second[row])
		words[i] = uint64(weigh(float64(w*q.gradientWeight), g))
		rests[i] = uint64(weigh(float64(w*q.hessianWeight), h))<<(q.shift&63) | count
	}
}

// round rounds the derivatives of a row that is summed as cells.
func (q *quantizer) round(first, second float64) (g, h float64) {
	if q.weights.fine() {
		return math.RoundToEven(float64(first * q.gradient)), math.RoundToEven(float64(second * q.hessian))
	}
	return float64(round(first, q.gradient)), float64(round(second, q.hessian))
}

func weigh(weight, v float64) int64 {
	return int64(math.RoundToEven(float64(weight * v)))
}

// limits returns the rules of a tree in the units of its cells.
func (q *quantizer) limits(p Params) limits {
	gradient, hessian := float64(q.gradient*q.gradientWeight), float64(q.hessian*q.hessianWeight)
	weight := math.Ldexp(1, q.weights.exponent)
	inHessian := func(v float64) float64 { return float64(float64(v*weight) * hessian) }
	l := limits{
		shift:      q.shift,
		rows:       uint64(p.MinLeafRows),
		hessian:    inHessian(p.MinLeafHessian),
		l1:         float64(float64(p.L1*weight) * gradient),
		l2:         inHessian(p.L2),
		bounded:    p.L1 > 0 || p.MaxValue > 0 || p.Monotone != nil,
		categories: categoryLimits{inHessian(p.CategorySmooth), inHessian(p.CategoryL2)},
	}
	if p.MinGain > 0 {
		l.minScore = float64(float64(float64(p.MinGain*weight)*gradient)*gradient) / hessian
	}
	return l
}

// unit is the unit of values, gradients over hessians, in a tree.
func (q *quantizer) unit() float64 {
	return float64(q.hessian*q.hessianWeight) / float64(q.gradient*q.gradientWeight)
}

// exact sums derivatives in fixed point of 52 bits, for the values of leaves: finer than
// histograms, whose resolution touches only the choice of splits.
type exact struct {
	weights           *weights
	gradient, hessian float64 // powers of two
}

func newExact(w *weights, gradient, hessian float64) exact {
	size := 51 - bits.Len64(w.total)
	return exact{w, scaleTo(size, gradient), scaleTo(size, hessian)}
}

// leafSum is the sum over the rows of a leaf.
type leafSum struct{ gradient, hessian int64 }

// add adds a row. Derivatives are rounded before they are weighted, so that an integer weight
// gives exactly so many times what a weight of 1 gives.
func (e *exact) add(s *leafSum, row uint32, first, second float64) {
	g, h := math.RoundToEven(float64(first*e.gradient)), math.RoundToEven(float64(second*e.hessian))
	if !e.weights.uniform {
		w := e.weights.scaled[row]
		g, h = math.RoundToEven(float64(w*g)), math.RoundToEven(float64(w*h))
	}
	s.gradient += int64(g)
	s.hessian += int64(h)
}

// value is the value of a leaf, -ΣG/(ΣH+λ), the gradient brought closer to 0 by L1.
func (e *exact) value(s leafSum, p *Params) float64 {
	g, h := float64(s.gradient)/e.gradient, float64(s.hessian)/e.hessian
	if p.L1 > 0 {
		g = math.Copysign(max(0, math.Abs(g)-math.Ldexp(p.L1, e.weights.exponent)), g)
	}
	return -g / (h + math.Ldexp(p.L2, e.weights.exponent))
}
