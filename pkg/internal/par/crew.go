package par

import (
	"runtime"
	"sync/atomic"
)

// Crew is a number of goroutines that wait for work which takes microseconds, thousands of
// times in a row, where starting goroutines each time would take longer than the work. It
// spins between two pieces, but only for some microseconds before it sleeps, since whoever
// pays for a core pays for spinning too. A Crew is used by one goroutine and must be closed.
type Crew struct {
	workers int
	work    func(worker int)
	turn    atomic.Uint32 // counts calls of Do; the workers' signal to begin
	busy    atomic.Int32  // workers that are not done
	seats   []seat        // of workers 1, 2, …; worker 0 is the caller
	caller  seat
}

// seat is where a goroutine sleeps.
type seat struct {
	asleep atomic.Bool
	wake   chan struct{}
	_      [48]byte // keeps seats on cache lines of their own
}

// A goroutine looks for its signal glances × looks times before it sleeps, about 20 µs, and
// after so many looks lets others have the core.
const glances, looks = 64, 256

// NewCrew starts workers-1 goroutines (0: one worker per core).
func NewCrew(workers int) *Crew {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	c := &Crew{workers: workers, seats: make([]seat, workers-1)}
	c.caller.wake = make(chan struct{}, 1)
	for i := range c.seats {
		c.seats[i].wake = make(chan struct{}, 1)
		go c.serve(i + 1)
	}
	return c
}

// Workers is the number of workers, the caller among them.
func (c *Crew) Workers() int { return c.workers }

// Do calls work(w) for every worker w at once and waits for all of them.
func (c *Crew) Do(work func(worker int)) {
	if len(c.seats) > 0 {
		c.work = work
		c.busy.Store(int32(len(c.seats)))
		c.turn.Add(1)
		for i := range c.seats {
			c.seats[i].rouse()
		}
	}
	if work != nil {
		work(0)
	}
	c.caller.await(func() bool { return c.busy.Load() == 0 })
}

// Close ends the goroutines.
func (c *Crew) Close() { c.Do(nil) }

func (c *Crew) serve(worker int) {
	s := &c.seats[worker-1]
	for turn := uint32(1); ; turn++ {
		s.await(func() bool { return c.turn.Load() == turn })
		work := c.work
		if work != nil {
			work(worker)
		}
		if c.busy.Add(-1) == 0 {
			c.caller.rouse()
		}
		if work == nil {
			return
		}
	}
}

// await returns when ready holds. Whoever makes it hold calls rouse afterwards.
func (s *seat) await(ready func() bool) {
	for range glances {
		for range looks {
			if ready() {
				return
			}
		}
		runtime.Gosched()
	}
	for !ready() {
		s.asleep.Store(true)
		if ready() && s.asleep.CompareAndSwap(true, false) {
			return
		}
		<-s.wake
	}
}

// rouse wakes the one who sleeps.
func (s *seat) rouse() {
	if s.asleep.Load() && s.asleep.CompareAndSwap(true, false) {
		s.wake <- struct{}{}
	}
}
