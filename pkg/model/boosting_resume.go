package model

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Partial is how far a fit had come when its context ended.
type Partial struct {
	// Rounds are those that were done; some may have left no trees.
	Rounds int
	// Kept is how many trees there were when the loss of the rows held out was least; 0 without such.
	Kept int
	// State is that of the model of all rounds done, which Load takes.
	State State
}

// Resumer is a Learner whose fit can go on where one was stopped.
type Resumer interface {
	Learner
	// Resume is Fit from where one on the same data, params and seed had come to, or from the
	// beginning if that is nil or of another fit. If ctx ends it returns how far it came, nil if
	// that is nowhere, with ctx's error. However often it is stopped, the model in the end is Fit's,
	// bit for bit.
	Resume(ctx context.Context, data Data, from *Partial, seed uint64) (Model, *Partial, error)
}

var _ Resumer = Boosting{}

// Resume goes on after whole rounds: of one that is not finished, nothing is kept. Draws go by the
// number of the round and scores are summed in the order of the trees, so that nothing else needs
// to be known of the rounds before.
func (b Boosting) Resume(ctx context.Context, data Data, from *Partial, seed uint64) (Model, *Partial, error) {
	run, err := b.begin(data, seed)
	if err != nil {
		return nil, nil, fmt.Errorf("boosting: %w", err)
	}
	if from != nil {
		run.resume(from)
	}
	if err := run.rounds(ctx, b.Rounds); err != nil {
		return nil, run.stopped(err), fmt.Errorf("boosting: %w", err)
	}
	return run.model, nil, nil
}

// stopped is how far a run came that ended with an error: nowhere unless it is a context's.
func (r *boostingRun) stopped(err error) *Partial {
	if r.done == 0 || !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	p := &Partial{Rounds: r.done}
	if r.held != nil {
		r.model.curve, p.Kept = r.held.curve, r.held.kept
	}
	p.State = r.model.State()
	return p
}

// resume has a run go on from there, unless that is of another fit.
func (r *boostingRun) resume(p *Partial) {
	loaded, err := Load(p.State)
	before, is := loaded.(*boosted)
	if err != nil || !is || !slices.Equal(before.base, r.model.base) || p.Rounds > r.params.Rounds || before.Rounds() > p.Rounds {
		return
	}
	curve, losses, watch := before.curve, 0, r.held
	if watch != nil {
		losses = p.Rounds
	}
	if len(curve) != losses || p.Kept < 0 || p.Kept > before.count() || p.Kept%len(before.base) != 0 {
		return
	}
	if before.curve = nil; r.from(before) != nil {
		return
	}
	r.done = p.Rounds
	if watch != nil {
		r.held.resume(watch.best, p.Kept, curve)
	}
}

// resume has a watch go on that had seen these losses: the least of them, or the one before the
// first round, is the best.
func (w *boostingWatch) resume(first float64, kept int, curve [][]float64) {
	w.best, w.kept, w.since, w.curve = first, kept, len(curve), curve
	for round, losses := range curve {
		if losses[1] < w.best {
			w.best, w.since = losses[1], len(curve)-1-round
		}
	}
}
