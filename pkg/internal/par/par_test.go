package par

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
)

func TestEveryPieceOnce(t *testing.T) {
	for _, n := range []int{0, 1, 7, 1000} {
		for workers := range 5 {
			done := make([]atomic.Int32, n)
			if err := For(context.Background(), n, workers, func(i int) error {
				done[i].Add(1)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			for i := range done {
				if done[i].Load() != 1 {
					t.Errorf("n %d, %d workers: piece %d was done %d times", n, workers, i, done[i].Load())
				}
			}
		}
	}
}

func TestNoMoreWorkersThanAsked(t *testing.T) {
	var now, most atomic.Int32
	gate := make(chan struct{}, 1)
	err := For(context.Background(), 100, 3, func(int) error {
		n := now.Add(1)
		gate <- struct{}{}
		if n > most.Load() {
			most.Store(n)
		}
		<-gate
		now.Add(-1)
		return nil
	})
	if err != nil || most.Load() > 3 {
		t.Errorf("%d at once, %v", most.Load(), err)
	}
}

func TestFirstErrorWins(t *testing.T) {
	low, high := errors.New("low"), errors.New("high")
	started := make(chan struct{})
	err := For(context.Background(), 2, 2, func(i int) error {
		if i == 1 {
			close(started)
			return high
		}
		<-started
		return low
	})
	if err != low {
		t.Errorf("got %v", err)
	}
	count := 0
	err = For(context.Background(), 100, 1, func(i int) error {
		count++
		if i == 4 {
			return low
		}
		return nil
	})
	if err != low || count != 5 {
		t.Errorf("%v after %d pieces", err, count)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	count := 0
	err := For(ctx, 100, 1, func(i int) error {
		if count++; i == 2 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || count != 3 {
		t.Errorf("%v after %d pieces", err, count)
	}
	// All pieces done: a context that ends with the last one is no failure.
	ctx, cancel = context.WithCancel(context.Background())
	if err := For(ctx, 1, 1, func(int) error { cancel(); return nil }); err != nil {
		t.Errorf("got %v", err)
	}
}
