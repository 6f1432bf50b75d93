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
	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// The heap of a fit at its highest is within a quarter of what Memory says, measured as
// TestBoostingMemory does, for values that all differ and for classes that are noise.
func TestForestMemory(t *testing.T) {
	for _, c := range []struct {
		rows, columns, classes int
		weighted               bool
		forest                 Forest
	}{
		{30_000, 10, 0, false, Forest{Trees: 5, MinLeafRows: 1, Bootstrap: true, Bins: 255}},
		{30_000, 10, 0, true, Forest{Trees: 5, MinLeafRows: 1, Bootstrap: true, Bins: 255, OutOfBag: true}},
		{50_000, 28, 2, false, Forest{Trees: 5, MinLeafRows: 5, Bootstrap: true, Bins: 255}},
		{20_000, 10, 2, false, Forest{Trees: 8, MinLeafRows: 1, Bootstrap: true, Bins: 255}},
		{20_000, 10, 5, false, Forest{Trees: 8, MinLeafRows: 1, Bins: 255, Extra: true}},
		{100_000, 4, 0, false, Forest{Trees: 8, MinLeafRows: 1, MaxDepth: 6, Bins: 255}},
		{400, 5, 3, false, Forest{Trees: 100, MinLeafRows: 1, Bootstrap: true, Bins: 255}},
	} {
		t.Run(fmt.Sprintf("rows=%d/columns=%d/classes=%d/leaf=%d", c.rows, c.columns, c.classes, c.forest.MinLeafRows), func(t *testing.T) {
			data := generated(c.rows, c.columns, dataset.Regression, 0)
			if c.classes > 0 {
				data.Task, data.Classes = dataset.Multiclass, c.classes
				random := seed.Rand(4)
				for i := range data.Y {
					data.Y[i] = float64(random.IntN(c.classes))
				}
			}
			if c.weighted {
				data.Weights = make([]float64, c.rows)
				for i := range data.Weights {
					data.Weights[i] = 1 + float64(i%5)/8
				}
			}
			defer debug.SetGCPercent(debug.SetGCPercent(-1))
			runtime.GC()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if _, err := c.forest.Fit(context.Background(), data, 1); err != nil {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			measured := float64(after.TotalAlloc - before.TotalAlloc)
			predicted := float64(Memory(c.forest, Shape{Rows: c.rows, Columns: c.columns, Classes: c.classes, Weighted: c.weighted}))
			t.Logf("predicted %.1f MB, measured %.1f MB, ratio %.2f", predicted/1e6, measured/1e6, predicted/measured)
			if ratio := predicted / measured; ratio < 0.8 || ratio > 1.25 {
				t.Errorf("predicted %.1f MB, measured %.1f MB", predicted/1e6, measured/1e6)
			}
		})
	}
}
