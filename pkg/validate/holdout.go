package validate

import (
	"fmt"
	"math"
	"sort"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// Holdout keeps a share of the rows, in (0, 1), for testing: at least one row on either side,
// and of every class the same share as far as whole rows allow. With groups it comes as near
// to that as the sizes of the groups let it.
func Holdout(r Rows, share float64, s uint64) (Fold, error) {
	groups, single := r.units(seed.Derive(s, "holdout"))
	if n := len(groups) + len(single); n < 2 || !(share > 0 && share < 1) {
		what := "rows"
		if r.Groups != nil {
			what = "different rows or groups"
		}
		return Fold{}, fmt.Errorf("a test share of %v of %d %s: share must lie between 0 and 1, with 2 or more", share, n, what)
	}
	h := holding{rows: r, share: share, sizes: r.classSizes()}
	h.tested = make([]int, len(h.sizes))
	for _, group := range groups {
		h.group(group)
	}
	h.singles(single, min(max(int(math.Round(float64(r.N)*share)), 1), r.N-1))
	if len(h.fold.Test) == 0 { // all are groups larger than the share: the smallest, which came last
		h.fold.Train, h.fold.Test = without(h.fold.Train, groups[len(groups)-1]), groups[len(groups)-1]
	} else if len(h.fold.Train) == 0 {
		h.fold.Test, h.fold.Train = without(h.fold.Test, groups[len(groups)-1]), groups[len(groups)-1]
	}
	sort.Ints(h.fold.Train)
	sort.Ints(h.fold.Test)
	return h.fold, nil
}

// holding is the state of holding out.
type holding struct {
	rows   Rows
	share  float64
	sizes  []int // of the classes
	tested []int // rows of each class that are tested
	fold   Fold
}

// group tests a group if that brings the tested rows of its classes nearer to their share.
func (h *holding) group(group []int) {
	gain := 0.0
	for _, c := range h.rows.counts(group) {
		of := float64(h.sizes[c.class])
		now := float64(h.tested[c.class])/of - h.share
		then := float64(h.tested[c.class]+c.rows)/of - h.share
		gain += float64(now*now) - float64(then*then)
	}
	if gain <= 0 {
		h.fold.Train = append(h.fold.Train, group...)
		return
	}
	h.fold.Test = append(h.fold.Test, group...)
	for _, row := range group {
		h.tested[h.rows.class(row)]++
	}
}

// singles tests rows that are by themselves, at an even stride through each class, so that the
// rows tested become the given number.
func (h *holding) singles(single []int, tests int) {
	left := make([]int, len(h.sizes)) // of each class
	for _, row := range single {
		left[h.rows.class(row)]++
	}
	wanted := make([]float64, len(h.sizes)) // of each class
	sum := 0.0
	for c, n := range h.sizes {
		wanted[c] = min(max(float64(float64(n)*h.share)-float64(h.tested[c]), 0), float64(left[c]))
		sum += wanted[c]
	}
	tests = min(max(tests-len(h.fold.Test), 0), len(single))
	taken, passed := 0, 0.0
	for i, row := range single {
		c := h.rows.class(row)
		passed += wanted[c] / float64(left[c])
		take := float64(tests)*passed >= (float64(taken)+1-1e-9)*sum && sum > 0
		// What rounding left over is taken from the last rows.
		if take = take && taken < tests || tests-taken >= len(single)-i; take {
			taken++
			h.fold.Test = append(h.fold.Test, row)
		} else {
			h.fold.Train = append(h.fold.Train, row)
		}
	}
}

// without returns rows less those of a group.
func without(rows, group []int) []int {
	gone := make(map[int]bool, len(group))
	for _, row := range group {
		gone[row] = true
	}
	var kept []int
	for _, row := range rows {
		if !gone[row] {
			kept = append(kept, row)
		}
	}
	return kept
}
