package batch

import (
	"math"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/pipeline"
)

// TestFiniteKeepsIntervals: a row whose prediction is no number is a fault, and those behind it keep
// their own intervals.
func TestFiniteKeepsIntervals(t *testing.T) {
	b := &block{
		consumer: &consumer{Scan: Scan{Pipeline: &pipeline.Pipeline{Target: pipeline.Target{Task: dataset.Regression}}}},
		rows:     4, bad: make([]bool, 4), good: []int{0, 2, 3},
		predicted: []float64{1, math.Inf(1), 3},
		intervals: [][2]float64{{0, 2}, {0, math.MaxFloat64}, {2, 4}},
	}
	b.finite()
	if !slices.Equal(b.good, []int{0, 3}) || !slices.Equal(b.predicted, []float64{1, 3}) || !slices.Equal(b.intervals, [][2]float64{{0, 2}, {2, 4}}) {
		t.Errorf("rows %v predict %v in %v", b.good, b.predicted, b.intervals)
	}
	if len(b.faults) != 1 || b.faults[0].row != 2 || b.faulty != 1 {
		t.Errorf("faults %+v", b.faults)
	}
}
