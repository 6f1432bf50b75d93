package validate

import (
	"fmt"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// KFold deals rows at random into k test sets.
//
// Without groups the sizes of the sets differ by at most one row, and so does what they have
// of each class. With groups they differ as little as it gets by putting the largest groups
// first, each where its classes and rows are fewest. A class or group scarcer than folds is
// spread as far as it goes.
func KFold(r Rows, k int, s uint64) ([]Fold, error) {
	groups, single := r.units(s)
	if n := len(groups) + len(single); k < 2 || k > n {
		what := "rows"
		if r.Groups != nil {
			what = "groups"
		}
		return nil, fmt.Errorf("%d folds of %d %s: folds must be at least 2 and at most the %s", k, n, what, what)
	}
	d := deal{rows: r, sizes: r.classSizes(), total: make([]int, k), assigned: make([]int, r.N)}
	d.perClass = make([][]int, k)
	for f := range d.perClass {
		d.perClass[f] = make([]int, len(d.sizes))
	}
	for _, group := range groups {
		d.put(group)
	}
	for i := range single {
		d.put(single[i : i+1])
	}
	return Folds(d.assigned, k), nil
}

// Repeated is KFold again and again, dealt anew each time: repeats × k folds, repeat after
// repeat.
func Repeated(r Rows, k, repeats int, s uint64) ([]Fold, error) {
	var all []Fold
	for i := range repeats {
		folds, err := KFold(r, k, seed.Derive(s, "repeat", i))
		if err != nil {
			return nil, err
		}
		all = append(all, folds...)
	}
	return all, nil
}

// deal is the state of dealing.
type deal struct {
	rows     Rows
	sizes    []int   // of the classes
	perClass [][]int // rows of each class by fold
	total    []int   // rows by fold
	assigned []int
}

// put gives rows to one fold.
func (d *deal) put(unit []int) {
	counts := []count{{d.rows.class(unit[0]), 1}}
	if len(unit) > 1 {
		counts = d.rows.counts(unit)
	}
	f := d.emptiest(counts)
	for _, row := range unit {
		d.assigned[row] = f
	}
	for _, c := range counts {
		d.perClass[f][c.class] += c.rows
	}
	d.total[f] += len(unit)
}

// emptiest is the fold with the least of the classes; of several that with the fewest rows,
// and of these the first.
func (d *deal) emptiest(counts []count) int {
	best, least := 0, 0.0
	for f := range d.total {
		load := d.load(f, counts)
		if f == 0 || load < least || load == least && d.total[f] < d.total[best] {
			best, least = f, load
		}
	}
	return best
}

// load is by how much more the squared shares of classes and rows, summed over the folds, grow
// if the counted rows go to fold f than if they went to an empty one. That sum is least when
// every fold has the same of everything. A row by itself goes by its class alone, which keeps
// every class even to the row.
func (d *deal) load(f int, counts []count) float64 {
	if len(counts) == 1 && counts[0].rows == 1 {
		return float64(d.perClass[f][counts[0].class])
	}
	load, rows := 0.0, 0
	for _, c := range counts {
		of := float64(d.sizes[c.class])
		load += float64(float64(d.perClass[f][c.class]) / of * (float64(c.rows) / of))
		rows += c.rows
	}
	of := float64(d.rows.N)
	return load + float64(float64(d.total[f])/of*(float64(rows)/of))
}
