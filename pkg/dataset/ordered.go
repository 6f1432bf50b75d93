package dataset

import (
	"context"
	"runtime"
	"sync"
)

// ordered runs tasks side by side and finishes them in the order in which they were
// submitted. produce submits them from a goroutine of its own; submit returns false when no
// more are wanted. work runs on one of the workers (0: one per core), and finish, given
// work's error, on the goroutine that called ordered. The first error of finish, or after
// all tasks that of produce, ends it. No more than workers+3 tasks are alive at a time:
// one more than they can work on while the first is finished and the next is made, so that none
// of them waits for either.
func ordered(ctx context.Context, workers int, produce func(ctx context.Context, submit func(work func() error, finish func(error) error) bool) error) error {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	type task struct {
		work   func() error
		finish func(error) error
		done   chan error
	}
	ctx, cancel := context.WithCancel(ctx)
	waiting := make(chan task, 1)       // to be worked on
	queue := make(chan task, workers+1) // to be finished, in order
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()

	var produced error
	group.Go(func() {
		defer close(queue)
		defer close(waiting)
		produced = produce(ctx, func(work func() error, finish func(error) error) bool {
			t := task{work, finish, make(chan error, 1)}
			select {
			case queue <- t:
			case <-ctx.Done():
				return false
			}
			select {
			case waiting <- t:
			case <-ctx.Done():
				t.done <- ctx.Err()
				return false
			}
			return true
		})
	})
	for range workers {
		group.Go(func() {
			for t := range waiting {
				t.done <- t.work()
			}
		})
	}
	for t := range queue {
		if err := t.finish(<-t.done); err != nil {
			return err
		}
	}
	return produced
}
