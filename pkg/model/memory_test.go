package model

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// What Memory says is within a quarter of the heap of a fit at its highest. Looks at it may come
// between the heights, so that a fit whose heap seems lower is looked at again.
// TestBoostingMemory and TestForestMemory hold those two.
func TestMemory(t *testing.T) {
	few := DefaultMLP()
	few.Epochs, few.Members = 1, 2
	for _, c := range []struct {
		learner Learner
		task    dataset.Task
		classes int
	}{
		{DefaultBayes(), dataset.Binary, 2}, {DefaultBayes(), dataset.Multiclass, 5},
		{DefaultLinear(), dataset.Regression, 0}, {Linear{Degree: 1, Intercept: true, L1: 1}, dataset.Regression, 0},
		{Linear{Degree: 1, Intercept: true, L2: 1}, dataset.Regression, 0}, {Linear{Degree: 3, Intercept: true}, dataset.Regression, 0},
		{DefaultGLM(), dataset.Regression, 0},
		{DefaultLogistic(), dataset.Binary, 2}, {DefaultLogistic(), dataset.Multiclass, 4}, {Logistic{L1: 1}, dataset.Binary, 2},
		{DefaultKNN(), dataset.Binary, 2}, {few, dataset.Regression, 0}, {few, dataset.Multiclass, 4},
	} {
		for _, shape := range []Shape{{Rows: 60_000, Columns: 20}, {Rows: 20_000, Columns: 80}, {Rows: 150_000, Columns: 5}} {
			shape.Classes = c.classes
			t.Run(fmt.Sprintf("%T/classes=%d/rows=%d/columns=%d", c.learner, c.classes, shape.Rows, shape.Columns), func(t *testing.T) {
				data := generated(shape.Rows, shape.Columns, c.task, c.classes)
				for i := range data.Y {
					data.Y[i] = max(data.Y[i], 0) // a count, for those that want one
				}
				predicted, highest := float64(Memory(c.learner, shape)), 0.0
				for look := 0; look < 8 && predicted > 1.25*highest; look++ {
					highest = max(highest, heap(t, c.learner, data))
				}
				t.Logf("predicted %.1f MB, highest %.1f MB, ratio %.2f", predicted/1e6, highest/1e6, predicted/highest)
				if ratio := predicted / highest; ratio < 0.8 || ratio > 1.25 {
					t.Errorf("predicted %.1f MB, highest %.1f MB", predicted/1e6, highest/1e6)
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

// heap is what a fit takes at its highest, with a collector that leaves little lying about. It is
// looked at several times a millisecond, and whenever the fit looks whether it is to end.
func heap(t *testing.T, learner Learner, data Data) float64 {
	defer debug.SetGCPercent(debug.SetGCPercent(4))
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	look := &lookout{Context: t.Context()}
	stop, stopped := make(chan bool), make(chan bool)
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			case <-time.After(200 * time.Microsecond):
				_ = look.Err()
			}
		}
	}()
	m, err := learner.Fit(look, data, 1)
	_ = look.Err()
	runtime.KeepAlive(m)
	close(stop)
	<-stopped
	if err != nil {
		t.Fatal(err)
	}
	return float64(look.most.Load()) - float64(before.HeapAlloc)
}

// lookout is a context that sees how high the heap is when it is asked.
type lookout struct {
	context.Context
	most atomic.Uint64
}

func (l *lookout) Err() error {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	for {
		most := l.most.Load()
		if m.HeapAlloc <= most || l.most.CompareAndSwap(most, m.HeapAlloc) {
			return l.Context.Err()
		}
	}
}
