package main

import (
	"encoding/json"
	"io"

	"github.com/foretell-ml/foretell/pkg/training"
)

// trainEvent is a line of `foretell train --json`: what happened, and what there is to say of it.
type trainEvent struct {
	// Event is planned, round, trial, concluding, verdict, or blocked by gates.
	Event string         `json:"event"`
	Run   training.RunID `json:"run,omitempty"`
	// Trials are those of the run: planned, and Finished of them, now or before.
	Trials   int `json:"trials,omitempty"`
	Finished int `json:"finished,omitempty"`
	// Listed names the trials of a round.
	Listed   []string           `json:"listed,omitempty"`
	Quote    *training.Quote    `json:"quote,omitempty"`
	Result   *training.Result   `json:"result,omitempty"` // of a trial
	Standing *training.Standing `json:"standing,omitempty"`
	Gates    *training.Gates    `json:"gates,omitempty"` // why it is blocked
	Verdict  *training.Verdict  `json:"verdict,omitempty"`
}

// event is what a News is in JSON; not ok if there is nothing to tell.
func (f *following) event(n training.News) (e trainEvent, ok bool) {
	switch e.Run = f.plan.Run; {
	case n.Plan != nil:
		e.Event, e.Trials, e.Quote = "planned", f.plan.Trials, &f.quote
	case n.Round != nil:
		e.Event = "round"
		for _, t := range n.Round {
			e.Listed = append(e.Listed, t.ID)
		}
	case n.Finished != nil:
		s := f.plan.Standing(*n.Finished)
		e.Event, e.Trials, e.Finished, e.Result, e.Standing = "trial", f.plan.Trials, f.finished, n.Finished, &s
	case n.Concluding:
		e.Event = "concluding"
	default:
		return e, false
	}
	return e, true
}

// tell writes an event as a line.
func (e trainEvent) tell(w io.Writer) error { return json.NewEncoder(w).Encode(e) }
