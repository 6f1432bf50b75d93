package model

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/internal/par"
	"github.com/foretell-ml/foretell/pkg/model/tree"
)

// renew replaces the values of leaves, which are Newton's steps, where the loss knows better.
// Quantiles are of all rows that come to a leaf, in the sample or not.
func (l *boostingLoss) renew(nodes []tree.Node, t tree.Tree, scores []float64, masses []int64) {
	switch {
	case l.objective.ordered():
		l.renewOrdered(nodes, t, scores, masses)
	case l.objective.logarithmic():
		for _, node := range t.Leaves {
			nodes[node].Value = l.damped(nodes[node].Value)
		}
	}
}

// damped is the lesser of Newton's step and the step to the least deviance of a leaf's rows,
// which is where its pull, that a step v scales by e^((1-p)v), equals its push, scaled by
// e^((2-p)v). It rises with the step, so that it keeps the order of monotone leaves. Newton's
// step alone may be so large that a mean overflows, where a leaf's rows are far from theirs.
func (l *boostingLoss) damped(step float64) float64 {
	up, down := float64((2-l.power)*step), float64((l.power-1)*step)
	if up <= -1 || down >= 1 {
		return step // the least deviance is at an infinite step
	}
	best := num.Log1p(up) - num.Log1p(-down)
	if step > 0 {
		return min(step, best)
	}
	return max(step, best)
}

// renewOrdered sets each leaf to the quantile of its residuals; for Huber's loss to the median
// and from there the mean of residuals cut off at alpha (Friedman 2001, algorithm 4).
func (l *boostingLoss) renewOrdered(nodes []tree.Node, t tree.Tree, scores []float64, masses []int64) {
	// Rows by leaf: first how many, then where.
	starts := make([]int, len(t.Leaves)+1)
	for _, leaf := range t.LeafOf {
		starts[leaf+1]++
	}
	for k := range t.Leaves {
		starts[k+1] += starts[k]
	}
	residuals, weights := make([]float64, len(l.y)), []int64(nil)
	if masses != nil {
		weights = make([]int64, len(l.y))
	}
	next := slices.Clone(starts)
	for i, leaf := range t.LeafOf {
		at := next[leaf]
		next[leaf]++
		residuals[at] = l.y[i] - scores[i]
		if masses != nil {
			weights[at] = masses[i]
		}
	}
	// Neither the pieces nor the context can fail.
	_ = par.For(context.Background(), len(t.Leaves), 0, func(k int) error {
		of, mass := residuals[starts[k]:starts[k+1]], []int64(nil)
		if masses != nil {
			mass = weights[starts[k]:starts[k+1]]
		}
		nodes[t.Leaves[k]].Value = l.leaf(of, mass)
		return nil
	})
}

// leaf is the best constant for residuals, whose order it changes.
func (l *boostingLoss) leaf(residuals []float64, masses []int64) float64 {
	if l.objective != huberLoss {
		return weightedQuantile(residuals, masses, l.alpha)
	}
	median := weightedQuantile(residuals, masses, 0.5)
	cut, ones := make([]float64, len(residuals)), make([]float64, len(residuals))
	for i, r := range residuals {
		cut[i], ones[i] = max(-l.alpha, min(r-median, l.alpha)), 1
		if masses != nil {
			ones[i] = float64(masses[i])
		}
	}
	return median + fixedSum(cut, ones)/fixedSum(repeat(1, len(ones)), ones)
}

// weightedQuantile is the least value at or below which the given share of the masses lies,
// or the middle between it and the next if it is exactly that share, as the median of an even
// number is: so a mass of 2 is as two values. masses nil is 1 for each. It changes the order
// of both.
func weightedQuantile(values []float64, masses []int64, share float64) float64 {
	if masses == nil {
		return quantileOf(values, share)
	}
	type pair struct {
		value float64
		mass  int64
	}
	pairs := make([]pair, len(values))
	total := int64(0)
	for i, v := range values {
		pairs[i] = pair{v, masses[i]}
		total += masses[i]
	}
	slices.SortFunc(pairs, func(a, b pair) int { return cmp.Compare(a.value, b.value) })
	wanted, below := float64(share*float64(total)), int64(0)
	for i, p := range pairs {
		below += p.mass
		switch {
		case float64(below) > wanted || i == len(pairs)-1:
			return p.value
		case float64(below) == wanted:
			return float64(p.value/2) + float64(pairs[i+1].value/2)
		}
	}
	return math.NaN() // of no values
}

// quantileOf selects instead of sorting.
func quantileOf(values []float64, share float64) float64 {
	n := len(values)
	keys := make([]uint64, n)
	for i, v := range values {
		// Of the same order as integers, zeros alike.
		b := math.Float64bits(v + 0)
		keys[i] = b ^ (uint64(int64(b)>>63) | 1<<63)
	}
	at := func(rank int) float64 { // from 0, ascending
		k := num.NthLargest(keys, n-rank)
		return math.Float64frombits(k ^ (uint64(^int64(k)>>63) | 1<<63))
	}
	wanted := float64(share * float64(n))
	rank := int(wanted)
	if rank >= n {
		return at(n - 1)
	}
	if float64(rank) == wanted && rank > 0 {
		return float64(at(rank-1)/2) + float64(at(rank)/2)
	}
	return at(rank)
}

// integers turns weights into integers of that unit, with sums below 2^52; nil if all are 1.
func integers(weights []float64) (masses []int64, unit float64) {
	if !slices.ContainsFunc(weights, func(w float64) bool { return w != 1 }) {
		return nil, 1
	}
	f := fixedScale(repeat(1, len(weights)), weights, fixedBits)
	masses = make([]int64, len(weights))
	for i, w := range weights {
		masses[i] = max(1, f.fix(1, w))
	}
	return masses, f.inverse
}
