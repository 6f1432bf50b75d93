package validate

import (
	"slices"
	"sort"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// Rows is what a split goes by.
type Rows struct {
	N int
	// Classes are class indices of the rows, from 0, to keep the shares of classes; nil: there
	// are none.
	Classes []int
	// Groups are group indices of the rows, from 0, all in use. Rows of a group stay together.
	// nil: each row is by itself.
	Groups []int
}

// class of a row.
func (r Rows) class(row int) int {
	if r.Classes == nil {
		return 0
	}
	return r.Classes[row]
}

// classSizes are the numbers of rows by class.
func (r Rows) classSizes() []int {
	sizes := []int{0}
	for row := range r.N {
		for c := r.class(row); c >= len(sizes); {
			sizes = append(sizes, 0)
		}
		sizes[r.class(row)]++
	}
	return sizes
}

// units returns what is dealt: groups of several rows, the largest first, those of one size
// shuffled; and rows that are by themselves, class after class, shuffled within each.
func (r Rows) units(s uint64) (groups [][]int, single []int) {
	label := "kfold"
	if r.Classes != nil {
		label = "stratified"
	}
	order := seed.Rand(seed.Derive(s, label)).Perm(r.N)
	if r.Groups != nil {
		groups, order = r.together(order)
	}
	sort.SliceStable(order, func(i, j int) bool { return r.class(order[i]) < r.class(order[j]) })
	return groups, order
}

// together takes rows of groups of several out of an order of the rows.
func (r Rows) together(order []int) (groups [][]int, single []int) {
	sizes := make([]int, 0, r.N)
	for _, g := range r.Groups {
		for g >= len(sizes) {
			sizes = append(sizes, 0)
		}
		sizes[g]++
	}
	at := make([]int, len(sizes)) // 1 + the index in groups
	for _, row := range order {
		g := r.Groups[row]
		if sizes[g] == 1 {
			single = append(single, row)
			continue
		}
		if at[g] == 0 {
			groups = append(groups, make([]int, 0, sizes[g]))
			at[g] = len(groups)
		}
		groups[at[g]-1] = append(groups[at[g]-1], row)
	}
	slices.SortStableFunc(groups, func(a, b []int) int { return len(b) - len(a) })
	return groups, single
}

// count is how many rows of a class there are among some.
type count struct{ class, rows int }

// counts are the classes of the rows of a group, ascending.
func (r Rows) counts(group []int) []count {
	classes := make([]int, len(group))
	for i, row := range group {
		classes[i] = r.class(row)
	}
	slices.Sort(classes)
	var all []count
	for _, c := range classes {
		if n := len(all); n > 0 && all[n-1].class == c {
			all[n-1].rows++
		} else {
			all = append(all, count{c, 1})
		}
	}
	return all
}
