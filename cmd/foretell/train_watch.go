package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/foretell-ml/foretell/pkg/training"
)

// following is how far a run in this process has come. It is safe for concurrent use.
type following struct {
	now  func() time.Time
	news func(training.News) // told besides; may be nil

	mu         sync.Mutex
	plan       *training.Plan
	quote      training.Quote
	running    []runningTrial // in order of their start
	finished   int
	best       *training.Standing
	dollars    float64   // what the finished trials would cost in the cloud
	began      time.Time // of the first trial
	concluding bool
	fault      error // of telling
	// Quoted seconds of the trials that were done here and now, and of those done before, by
	// which the time left is guessed.
	done, before float64
}

type runningTrial struct {
	training.Trial
	at time.Time
}

// saw takes in what happened.
func (f *following) saw(n training.News) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case n.Plan != nil:
		f.plan = n.Plan
	case n.Started != nil:
		if f.began.IsZero() {
			f.began = f.now()
		}
		f.running = append(f.running, runningTrial{*n.Started, f.now()})
	case n.Finished != nil:
		f.finish(*n.Finished)
	case n.Concluding:
		f.concluding = true
	}
	if f.news != nil {
		f.news(n)
	}
}

// finish takes a trial from those that run. One that took less time now than the ledger says was
// finished before.
func (f *following) finish(r training.Result) {
	f.finished++
	for i, t := range f.running {
		if t.ID != r.Trial {
			continue
		}
		if u := r.Usage; u != nil && f.now().Sub(t.at).Seconds() < u.Seconds/2 {
			f.before += f.quoted(r.Trial)
		} else {
			f.done += f.quoted(r.Trial)
		}
		f.running = append(f.running[:i], f.running[i+1:]...)
		break
	}
	if r.Usage != nil {
		f.dollars += r.Usage.Dollars()
	}
	s := f.plan.Standing(r)
	if r.Error == "" && (f.best == nil || f.plan.Ahead(s, *f.best)) {
		f.best = &s
	}
}

// quoted is how many seconds a trial was predicted to take: the mean of the others if it was not
// known then.
func (f *following) quoted(trial string) float64 {
	sum := 0.0
	for _, t := range f.quote.Trials {
		if t.Trial == trial {
			return t.Seconds
		}
		sum += t.Seconds
	}
	return sum / float64(max(1, len(f.quote.Trials)))
}

// left guesses the time until the trials are done; not ok before one is.
func (f *following) left() (left time.Duration, ok bool) {
	if f.done == 0 {
		return 0, false
	}
	all := f.quoted("") * float64(f.plan.Trials)
	return time.Duration(f.now().Sub(f.began).Seconds() / f.done * max(0, all-f.done-f.before) * float64(time.Second)), true
}

// frame is the live table.
func (f *following) frame() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.plan == nil {
		return "reading the data\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "trials  %s %d of %d", gauge(f.finished, f.plan.Trials, 24), f.finished, f.plan.Trials)
	if !f.began.IsZero() {
		fmt.Fprintf(&b, "   %s gone", age(f.now().Sub(f.began)))
	}
	if left, ok := f.left(); ok && !f.concluding {
		fmt.Fprintf(&b, ", about %s left", age(left))
	}
	if f.dollars > 0 {
		fmt.Fprintf(&b, "   $%.5f in the cloud so far", f.dollars)
	}
	if f.best != nil {
		fmt.Fprintf(&b, "\nbest    %s, %s %s", f.best.Trial, f.plan.Metric, score(*f.best))
	}
	if f.concluding {
		b.WriteString("\nnow     making the final model")
	}
	for i, t := range f.running {
		label := "now     "
		if i > 0 {
			label = "        "
		}
		fmt.Fprintf(&b, "\n%s%-*s  %-10s %s", label, f.longest(), t.ID, t.Learner, age(f.now().Sub(t.at)))
	}
	return b.String() + "\n"
}

// longest is the width of the names of the trials that run.
func (f *following) longest() int {
	width := 0
	for _, t := range f.running {
		width = max(width, len(t.ID))
	}
	return width
}

// line is the table in a line, for a log.
func (f *following) line() string {
	line := fmt.Sprintf("trials %d of %d", f.finished, f.plan.Trials)
	if f.best != nil {
		line += fmt.Sprintf(", best %s %s (%s)", f.plan.Metric, score(*f.best), f.best.Trial)
	}
	return line
}

// logTo has a line written now and then: six of a run, and whenever ten minutes went by.
func (f *following) logTo(w io.Writer) {
	shown, at := 0, f.now()
	f.news = func(n training.News) {
		if n.Finished == nil {
			return
		}
		step := (f.plan.Trials + 5) / 6
		if f.finished == f.plan.Trials || f.finished >= shown+step || f.now().Sub(at) > 10*time.Minute {
			shown, at = f.finished, f.now()
			fmt.Fprintln(w, f.line())
		}
	}
}

// drawOn keeps the table on a screen until the returned function takes it off.
func (f *following) drawOn(s *screen) (stop func()) {
	over, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-over:
				s.clear()
				return
			case <-tick.C:
				s.draw(f.frame())
			}
		}
	}()
	return func() { close(over); <-gone }
}
