package sketch

import (
	"math"
	"slices"
	"testing"
)

func TestRuns(t *testing.T) {
	negative := math.Copysign(0, -1)
	for _, c := range []struct {
		sorted, values []float64
		counts         []uint64
	}{
		{nil, []float64{9}, []uint64{9}},
		{[]float64{4}, []float64{9, 4}, []uint64{9, 1}},
		{[]float64{9, 9}, []float64{9, 9}, []uint64{9, 2}}, // what was there is left alone
		{[]float64{-1, negative, 0, 0, 2, 2}, []float64{9, -1, 0, 2}, []uint64{9, 1, 3, 2}},
		{[]float64{math.Inf(-1), 1, math.Inf(1), math.Inf(1)}, []float64{9, math.Inf(-1), 1, math.Inf(1)}, []uint64{9, 1, 1, 2}},
	} {
		values, counts := Runs(c.sorted, []float64{9}, []uint64{9})
		if !slices.EqualFunc(values, c.values, func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }) {
			t.Errorf("different values of %v are %v, not %v", c.sorted, values[1:], c.values[1:])
		}
		if !slices.Equal(counts, c.counts) {
			t.Errorf("counts of %v are %v, not %v", c.sorted, counts[1:], c.counts[1:])
		}
	}
}
