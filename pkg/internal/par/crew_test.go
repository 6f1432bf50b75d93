package par

import (
	"sync/atomic"
	"testing"
	"time"
)

func TestCrewDoesEveryPieceOnce(t *testing.T) {
	for workers := 1; workers <= 5; workers++ {
		crew := NewCrew(workers)
		counts := make([]int, workers)
		for turn := range 300 {
			var sum atomic.Int64
			crew.Do(func(w int) {
				counts[w]++
				sum.Add(int64(w))
				if turn%100 == 0 && w == turn/100%workers {
					time.Sleep(time.Millisecond) // the others fall asleep
				}
			})
			if got, want := int(sum.Load()), workers*(workers-1)/2; got != want {
				t.Fatalf("%d workers, turn %d: Do came back when workers of sum %d of %d were done", workers, turn, got, want)
			}
			if turn%100 == 50 {
				time.Sleep(time.Millisecond) // all fall asleep
			}
		}
		crew.Close()
		for w, n := range counts {
			if n != 300 || crew.Workers() != workers {
				t.Errorf("worker %d of %d worked %d times of 300", w, workers, n)
			}
		}
	}
}
