// Package validate decides which rows a model learns from and which it is judged on. Splits
// depend on the seed and the targets alone, so that every trial of a run, wherever it runs,
// sees the same folds.
package validate

import (
	"fmt"
	"math"
	"sort"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// Fold is one split: row indices, ascending, that together name every row once.
type Fold struct {
	Train []int `json:"train"`
	Test  []int `json:"test"`
}

// KFold deals n rows at random into k test sets whose sizes differ by at most one.
func KFold(n, k int, s uint64) ([]Fold, error) {
	if k < 2 || k > n {
		return nil, fmt.Errorf("%d folds of %d rows: folds must be at least 2 and at most the rows", k, n)
	}
	assigned := make([]int, n)
	for i, row := range seed.Rand(seed.Derive(s, "kfold")).Perm(n) {
		assigned[row] = i % k
	}
	return Folds(assigned, k), nil
}

// StratifiedKFold deals the rows of each class in turn into k test sets, so that class
// shares and set sizes both differ by as little as they can. classes holds class indices.
// A class with fewer rows than folds is spread as far as it goes.
func StratifiedKFold(classes []int, k int, s uint64) ([]Fold, error) {
	if k < 2 || k > len(classes) {
		return nil, fmt.Errorf("%d folds of %d rows: folds must be at least 2 and at most the rows", k, len(classes))
	}
	assigned := make([]int, len(classes))
	for i, row := range byClass(classes, s) {
		assigned[row] = i % k
	}
	return Folds(assigned, k), nil
}

// Holdout keeps a share of n rows, in (0, 1), for testing: at least one row on either side.
func Holdout(n int, share float64, s uint64) (Fold, error) {
	rows := seed.Rand(seed.Derive(s, "holdout")).Perm(n)
	return holdout(rows, share)
}

// StratifiedHoldout keeps the same share of every class, as far as whole rows allow.
func StratifiedHoldout(classes []int, share float64, s uint64) (Fold, error) {
	// Rows come class by class; taking them at an even stride takes the share of each.
	return holdout(byClass(classes, s), share)
}

// holdout tests on the rows at which i·share passes a whole number: an even stride.
func holdout(rows []int, share float64) (Fold, error) {
	n := len(rows)
	if n < 2 || !(share > 0 && share < 1) {
		return Fold{}, fmt.Errorf("a test share of %v of %d rows: share must lie between 0 and 1, with 2 rows or more", share, n)
	}
	tests := min(max(int(math.Round(float64(n)*share)), 1), n-1)
	var f Fold
	for i, row := range rows {
		if (i+1)*tests/n > i*tests/n {
			f.Test = append(f.Test, row)
		} else {
			f.Train = append(f.Train, row)
		}
	}
	sort.Ints(f.Train)
	sort.Ints(f.Test)
	return f, nil
}

// byClass lists all rows, class after class, shuffled within each.
func byClass(classes []int, s uint64) []int {
	rows := seed.Rand(seed.Derive(s, "stratified")).Perm(len(classes))
	sort.SliceStable(rows, func(i, j int) bool { return classes[rows[i]] < classes[rows[j]] })
	return rows
}

// Folds makes k folds of the fold that tests on each row; a row of −1 is tested by none.
func Folds(assigned []int, k int) []Fold {
	tests := make([]int, k)
	for _, own := range assigned {
		if own >= 0 {
			tests[own]++
		}
	}
	folds := make([]Fold, k)
	for f := range folds {
		fold := Fold{Train: make([]int, 0, len(assigned)-tests[f]), Test: make([]int, 0, tests[f])}
		for row, own := range assigned {
			if own == f {
				fold.Test = append(fold.Test, row)
			} else {
				fold.Train = append(fold.Train, row)
			}
		}
		folds[f] = fold
	}
	return folds
}
