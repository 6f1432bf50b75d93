package validate

import (
	"fmt"
	"slices"
)

// Predefined makes a fold of each different value, in ascending order, that tests the rows
// which have it and learns from all others. Rows of −1 are tested by none and learned from by
// all. The values need not follow each other.
func Predefined(fold []int) ([]Fold, error) {
	values := slices.Sorted(slices.Values(fold))
	values = slices.Compact(values)
	if len(values) > 0 && values[0] < -1 {
		return nil, fmt.Errorf("fold %d is negative", values[0])
	}
	if len(values) > 0 && values[0] == -1 {
		values = values[1:]
	}
	assigned := make([]int, len(fold))
	for row, v := range fold {
		at, found := slices.BinarySearch(values, v)
		if !found {
			at = -1
		}
		assigned[row] = at
	}
	folds := Folds(assigned, len(values))
	for i, f := range folds {
		if len(f.Train) == 0 {
			return nil, fmt.Errorf("fold %d has all rows, and none is left to learn from", values[i])
		}
	}
	if len(folds) == 0 {
		return nil, fmt.Errorf("no row is of any fold")
	}
	return folds, nil
}
