package profile

import (
	"math"
	"sort"
)

// ranks are ascending values, and how many of all values are at most each of them.
type ranks struct {
	values []float64
	until  []uint64
	err    float64 // of a rank, as a share; 0: these are all values
}

// ranks returns all values, or those that a sketch of them holds.
func (n *numbers) ranks() ranks {
	var r ranks
	all, total := n.Table.All(), uint64(0)
	if n.Quantiles != nil {
		all, r.err = n.Quantiles.All(), n.Quantiles.RankError()
	}
	for v, count := range all {
		total += count
		if last := len(r.values) - 1; last >= 0 && r.values[last] == v {
			r.until[last] = total
		} else {
			r.values, r.until = append(r.values, v), append(r.until, total)
		}
	}
	return r
}

// at is the value of rank i, from 0.
func (r *ranks) at(i uint64) float64 {
	return r.values[sort.Search(len(r.until)-1, func(j int) bool { return r.until[j] > i })]
}

// quantile is the value below which the share q lies.
func (r *ranks) quantile(q float64) float64 {
	position := float64(float64(r.until[len(r.until)-1]-1) * q)
	below := uint64(position)
	above := min(below+1, r.until[len(r.until)-1]-1)
	return between(r.at(below), r.at(above), position-float64(below))
}

// below is how many values are less than v.
func (r *ranks) below(v float64) int {
	if i := sort.SearchFloat64s(r.values, v); i > 0 {
		return int(r.until[i-1])
	}
	return 0
}

// between is the point at the share t of the way from a to b, a ≤ b. It is a for t = 0 and
// b for t = 1, never outside, and finite when a and b are.
func between(a, b, t float64) float64 {
	step := b - a
	if math.IsInf(step, 0) {
		return float64(a*(1-t)) + float64(b*t)
	}
	if t < 0.5 {
		return a + float64(step*t)
	}
	return b - float64(step*(1-t))
}
