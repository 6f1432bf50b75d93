package validate

import (
	"math"
	"slices"
	"testing"
)

// TestSubsample: of each class its share, within larger samples, and another seed is another
// sample.
func TestSubsample(t *testing.T) {
	classes := make([]int, 1000)
	var rows []int
	for i := range classes {
		if i%10 == 0 {
			classes[i] = 1
		}
		if i%7 == 0 {
			classes[i] = 2
		}
		if i%5 != 0 {
			rows = append(rows, i)
		}
	}
	count := func(rows []int, class int) (n int) {
		for _, row := range rows {
			if classes[row] == class {
				n++
			}
		}
		return n
	}
	var smaller []int
	for _, share := range []float64{1e-9, 1.0 / 9, 1.0 / 3, 0.5, 1} {
		kept := Subsample(rows, classes, share, 3)
		if !slices.IsSorted(kept) || len(slices.Compact(slices.Clone(kept))) != len(kept) {
			t.Fatalf("share %v: %v", share, kept)
		}
		for class := range 3 {
			if got, want := count(kept, class), int(math.Ceil(share*float64(count(rows, class)))); got != want {
				t.Errorf("share %v: %d rows of class %d, want %d", share, got, class, want)
			}
		}
		for _, row := range smaller {
			if !slices.Contains(kept, row) {
				t.Errorf("share %v lacks row %d of a smaller one", share, row)
			}
		}
		for _, row := range kept {
			if row%5 == 0 {
				t.Errorf("row %d was not among those to draw from", row)
			}
		}
		smaller = kept
	}
	if a, b := Subsample(rows, nil, 0.1, 1), Subsample(rows, nil, 0.1, 2); len(a) != 80 || len(b) != 80 || slices.Equal(a, b) {
		t.Errorf("%d and %d rows, equal: %t", len(a), len(b), slices.Equal(a, b))
	}
}
