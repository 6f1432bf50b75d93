package model

import (
	"cmp"
	"math"
	"slices"
)

// canonical is an order of columns and rows that follows from the values alone: for learners
// that draw at random what belongs to a column or a batch. Rows that are equal throughout,
// target included, are one, with the sum of their weights, so that repeats are weights.
// Columns and rows are ordered by hashes, and only what is equal keeps the order given.
func canonical(d Data, weights []float64) (columns, rows []int, sums []float64) {
	targets := make([]uint64, len(d.Y))
	scale := 1.0
	if d.Classes == 0 {
		scale = unitScale(d.Y) // in units of 2ⁿ, the same
	}
	for i, y := range d.Y {
		targets[i] = bitsOf(float64(y * scale))
	}
	keys := make([]uint64, len(d.X.Columns))
	for j, column := range d.X.Columns {
		columns = append(columns, j)
		for i, v := range column {
			// A sum knows no order; a whole weight is so many terms, what is left one of its own.
			whole := math.Trunc(min(weights[i], 1<<53))
			h := mix(mix(bitsOf(v)) ^ targets[i])
			keys[j] += uint64(whole)*h + (h^0x9e3779b97f4a7c15)*mix(bitsOf(weights[i]-whole))
		}
	}
	slices.SortStableFunc(columns, func(a, b int) int { return cmp.Compare(keys[a], keys[b]) })

	hashes := make([]uint64, len(d.Y))
	copy(hashes, targets)
	for _, j := range columns {
		for i, v := range d.X.Columns[j] {
			hashes[i] = mix(hashes[i] ^ bitsOf(v))
		}
	}
	order := make([]int, len(d.Y))
	for i := range order {
		order[i] = i
	}
	compare := func(a, b int) int {
		if c := cmp.Compare(hashes[a], hashes[b]); c != 0 {
			return c
		}
		for _, j := range columns {
			if c := cmp.Compare(d.X.Columns[j][a], d.X.Columns[j][b]); c != 0 {
				return c
			}
		}
		return cmp.Compare(d.Y[a], d.Y[b])
	}
	slices.SortStableFunc(order, compare)
	rows, sums = make([]int, 0, len(order)), make([]float64, 0, len(order))
	for n, i := range order {
		if n > 0 && compare(order[n-1], i) == 0 {
			sums[len(sums)-1] += weights[i]
			continue
		}
		rows, sums = append(rows, i), append(sums, weights[i])
	}
	return columns, rows, sums
}

// bitsOf is the same for both zeros.
func bitsOf(v float64) uint64 { return math.Float64bits(v + 0) }

// mix is the last step of MurmurHash3 after a product: every bit of h counts for every bit of
// the result.
func mix(h uint64) uint64 {
	h = (h ^ h>>32) * 0x9e3779b97f4a7c15
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
