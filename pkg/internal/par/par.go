// Package par runs independent pieces of work on several cores: For once, a Crew for pieces so
// short and many that starting goroutines would take longer. It is the only way that
// Foretell goes parallel: each piece writes its own slot, and the caller reduces the slots
// in index order, so that results do not depend on the number of workers.
package par

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// For calls work(i) for every i in [0, n) on at most workers goroutines (0: one per core)
// and waits for all of them. Once a piece fails or ctx ends, no new piece starts. It
// returns the error of the lowest index that failed, else ctx's error if pieces were left.
func For(ctx context.Context, n, workers int, work func(i int) error) error {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	workers = min(workers, n)
	errs := make([]error, max(n, 0))
	var next, done atomic.Int64
	var stop atomic.Bool
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for !stop.Load() && ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if errs[i] = work(i); errs[i] != nil {
					stop.Store(true)
				}
				done.Add(1)
			}
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	if int(done.Load()) < n {
		return ctx.Err()
	}
	return nil
}
