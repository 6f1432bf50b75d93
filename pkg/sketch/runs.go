package sketch

import "slices"

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
	n := runEnds(to, ends, sorted)
	to[n], ends[n] = sorted[len(sorted)-1]+0, uint64(len(sorted)) // -0 + 0 is 0
	for i := n; i > 0; i-- {
		ends[i] -= ends[i-1]
	}
	return values[:known+n+1], counts[:known+n+1]
}

// runEndsGo goes on, at value i, to put the values that another one follows into values, and where it
// does into ends. It returns how many there are, n before.
func runEndsGo(values []float64, ends []uint64, sorted []float64, i, n int) int {
	values, ends = values[:len(sorted)], ends[:len(sorted)]
	last := sorted[i-1]
	for ; i < len(sorted); i++ {
		v := sorted[i]
		values[n], ends[n] = last+0, uint64(i)
		step := 0
		if v != last {
			step = 1
		}
		n += step
		last = v
	}
	return n
}
