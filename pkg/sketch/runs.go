package sketch

import (
	"math"
	"slices"
)

// Runs appends to values the different ones of sorted, which are ascending and not NaN, and to
// counts how often each is there. -0 is 0.
//
// What a sketch has to look at is mostly far fewer values than there are rows: they are found
// once for all sketches of a column, and without a branch on whether two are equal, which in
// data of many short runs no processor foresees.
func Runs(sorted, values []float64, counts []uint64) ([]float64, []uint64) {
	if len(sorted) == 0 {
		return values, counts
	}
	known := len(values)
	values = slices.Grow(values, len(sorted))[:known+len(sorted)]
	counts = slices.Grow(counts, len(sorted))[:known+len(sorted)]
	to, ends := values[known:], counts[known:]
	ends = ends[:len(to)]
	n, last := 0, math.Float64bits(sorted[0]+0)
	for i, v := range sorted {
		v += 0 // -0 + 0 is 0
		key := math.Float64bits(v)
		step := 0
		if key != last {
			step = 1
		}
		n += step
		to[n], ends[n] = v, uint64(i+1)
		last = key
	}
	for i := n; i > 0; i-- {
		ends[i] -= ends[i-1]
	}
	return values[:known+n+1], counts[:known+n+1]
}
