package validate

import (
	"cmp"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// Subsample keeps a share of rows, above 0 and at most 1, ascending: of each class the same
// share, rounded up, where classes holds the class of every row of the data; nil is one class.
// Samples are nested: whoever is in that of a share is in that of any larger one, so that a
// model that got more rows got those as well.
func Subsample(rows, classes []int, share float64, s uint64) []int {
	if share >= 1 {
		return rows
	}
	type drawn struct {
		row int
		lot uint64
	}
	byClass := map[int][]drawn{}
	for _, row := range rows {
		class := 0
		if classes != nil {
			class = classes[row]
		}
		byClass[class] = append(byClass[class], drawn{row, seed.Derive(s, "subsample", row)})
	}
	var kept []int
	for _, of := range byClass { // in any order: sorted below
		slices.SortFunc(of, func(a, b drawn) int { return cmp.Or(cmp.Compare(a.lot, b.lot), a.row-b.row) })
		for _, d := range of[:int(math.Ceil(share*float64(len(of))))] {
			kept = append(kept, d.row)
		}
	}
	slices.Sort(kept)
	return kept
}
