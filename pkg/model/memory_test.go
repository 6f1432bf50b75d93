package model

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// What Memory says lies between the heap of a fit at its highest, which looks at it every
// millisecond may miss by a little, and all that it allocates, each within a factor of 1.6.
// TestBoostingMemory and TestForestMemory hold those to more.
func TestMemory(t *testing.T) {
	const factor = 1.6
	few := DefaultMLP()
	few.Epochs, few.Members = 2, 2
	for _, c := range []struct {
		learner Learner
		task    dataset.Task
		classes int
	}{
		{DefaultBayes(), dataset.Binary, 2}, {DefaultBayes(), dataset.Multiclass, 5},
		{DefaultLinear(), dataset.Regression, 0}, {Linear{Degree: 1, Intercept: true, L1: 1}, dataset.Regression, 0},
		{DefaultGLM(), dataset.Regression, 0},
		{DefaultLogistic(), dataset.Binary, 2}, {DefaultLogistic(), dataset.Multiclass, 4}, {Logistic{L1: 1}, dataset.Binary, 2},
		{DefaultKNN(), dataset.Binary, 2}, {few, dataset.Regression, 0}, {few, dataset.Multiclass, 4},
	} {
		for _, shape := range []Shape{{Rows: 60_000, Columns: 20}, {Rows: 20_000, Columns: 80}} {
			shape.Classes = c.classes
			t.Run(fmt.Sprintf("%T/classes=%d/rows=%d/columns=%d", c.learner, c.classes, shape.Rows, shape.Columns), func(t *testing.T) {
				data := generated(shape.Rows, shape.Columns, c.task, c.classes)
				for i := range data.Y {
					data.Y[i] = max(data.Y[i], 0) // a count, for those that want one
				}
				highest, all := heap(t, c.learner, data)
				predicted := float64(Memory(c.learner, shape))
				t.Logf("predicted %.1f MB, highest %.1f MB, allocated %.1f MB", predicted/1e6, highest/1e6, all/1e6)
				if predicted < highest/factor || predicted > all*factor {
					t.Errorf("predicted %.1f MB, highest %.1f MB, allocated %.1f MB", predicted/1e6, highest/1e6, all/1e6)
				}
			})
		}
	}
	if m := Memory(Baseline{}, Shape{Rows: 1000, Columns: 5, Classes: 2}); m < 8000 || m > 16_000 {
		t.Errorf("baseline: %d", m)
	}
	if b := DefaultBoosting(); Memory(b, Shape{Rows: 1000, Columns: 5, Classes: 3}) != b.Memory(1000, 5, 3, false) {
		t.Error("boosting knows by itself, and is not asked")
	}
}

// heap is what a fit takes at its highest, with a collector that leaves nothing lying about, and
// what it allocates in all.
func heap(t *testing.T, learner Learner, data Data) (highest, all float64) {
	defer debug.SetGCPercent(debug.SetGCPercent(5))
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	stop, seen := make(chan bool), make(chan uint64)
	go func() {
		most := uint64(0)
		for {
			select {
			case <-stop:
				seen <- most
				return
			case <-time.After(time.Millisecond):
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
			}
		}
	}()
	_, err := learner.Fit(t.Context(), data, 1)
	stop <- true
	most := <-seen
	if err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&now)
	return float64(most) - float64(before.HeapAlloc), float64(now.TotalAlloc - before.TotalAlloc)
}
