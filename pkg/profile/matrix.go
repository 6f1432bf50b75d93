package profile

import (
	"cmp"
	"math"
	"slices"
)

// most keeps of the strengths of all pairs those between the n columns that go together with
// any other most, of equal ones the first: kept is their positions, in their order. A map of
// hundreds of columns could not be read, and those that go with nothing would not be missed.
func most(all [][]float64, n int) (kept []int, strengths [][]float64) {
	greatest := make([]float64, len(all))
	kept = make([]int, len(all))
	for i, row := range all {
		kept[i] = i
		for j, s := range row {
			greatest[i] = max(greatest[i], math.Abs(s))
			greatest[j] = max(greatest[j], math.Abs(s))
		}
	}
	slices.SortStableFunc(kept, func(a, b int) int { return cmp.Compare(greatest[b], greatest[a]) })
	kept = kept[:min(n, len(kept))]
	slices.Sort(kept)
	for i, a := range kept {
		row := make([]float64, i)
		for j, b := range kept[:i] {
			row[j] = all[a][b]
		}
		strengths = append(strengths, row)
	}
	return kept, strengths
}
