//go:build !race

// The race detector keeps memory of its own, so what is measured under it is not what is stated.

package model

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// The heap of a fit at its highest is within a quarter of what Memory says. Without the
// collector nothing is given back, so the highest is the sum of what was allocated; the few
// rounds allocate little that a collector would take.
func TestBoostingMemory(t *testing.T) {
	for _, c := range []struct {
		rows, columns, outputs, leaves int
		task                           dataset.Task
		weighted                       bool
	}{
		{200_000, 28, 1, 31, dataset.Binary, false},
		{200_000, 28, 1, 31, dataset.Regression, true},
		{60_000, 100, 3, 255, dataset.Multiclass, false},
		{400_000, 4, 1, 15, dataset.Regression, false},
		{20_000, 300, 1, 127, dataset.Regression, false},
	} {
		t.Run(fmt.Sprintf("rows=%d/columns=%d/outputs=%d/leaves=%d", c.rows, c.columns, c.outputs, c.leaves), func(t *testing.T) {
			classes := 0
			if c.task.Classification() {
				classes = max(2, c.outputs)
			}
			data := generated(c.rows, c.columns, c.task, classes)
			if c.weighted {
				data.Weights = make([]float64, c.rows)
				for i := range data.Weights {
					data.Weights[i] = 1 + float64(i%5)/4
				}
			}
			learner := DefaultBoosting()
			learner.Rounds, learner.Leaves = 2, c.leaves
			defer debug.SetGCPercent(debug.SetGCPercent(-1))
			runtime.GC()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if _, err := learner.Fit(context.Background(), data, 1); err != nil {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			measured := float64(after.TotalAlloc - before.TotalAlloc)
			predicted := float64(learner.Memory(c.rows, c.columns, c.outputs, c.weighted))
			t.Logf("predicted %.1f MB, measured %.1f MB, ratio %.2f", predicted/1e6, measured/1e6, predicted/measured)
			if ratio := predicted / measured; ratio < 0.8 || ratio > 1.25 {
				t.Errorf("predicted %.1f MB, measured %.1f MB", predicted/1e6, measured/1e6)
			}
		})
	}
}
