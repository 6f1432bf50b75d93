package training

import (
	"context"

	"github.com/foretell-ml/foretell/pkg/internal/par"
)

// News is one thing that happened in a run: the one field that is set.
type News struct {
	Plan       *Plan   // the data has been read
	Round      []Trial // these come next; those that were finished before are among them
	Started    *Trial
	Finished   *Result // now or before
	Concluding bool    // the trials are done, and the final model is being made
}

// Watcher is told what happens in a run. Calls may come from several goroutines at once.
type Watcher func(News)

// Run does all steps of a submitted run in this process: trials side by side, Workers at a
// time. The result is the same as the workflow's. watch may be nil.
func (e *Engine) Run(ctx context.Context, run RunID, watch Watcher) (Verdict, error) {
	if watch == nil {
		watch = func(News) {}
	}
	verdict, state, err := e.run(ctx, run, watch)
	if err != nil {
		return verdict, e.keepFailure(ctx, run, state, err)
	}
	return verdict, nil
}

// run is Run, and tells by the names of the workflow's states which step failed.
func (e *Engine) run(ctx context.Context, run RunID, watch Watcher) (_ Verdict, state string, err error) {
	progress, err := e.Plan(ctx, run)
	if err != nil {
		return Verdict{}, "Plan", err
	}
	var plan Plan
	if err := e.read(ctx, run, "plan.json", &plan); err != nil {
		return Verdict{}, "Plan", err
	}
	watch(News{Plan: &plan})
	// Trials are the better grain for cores than the folds within them.
	single := &Engine{Registry: e.Registry, Source: e.Source, Workers: 1, Now: e.Now}
	for !progress.Done {
		var trials []Trial
		if err := e.read(ctx, run, roundName(progress.Round), &trials); err != nil {
			return Verdict{}, "Trials", err
		}
		watch(News{Round: trials})
		order := plan.Volume.turns(trials, e.Workers)
		err := par.For(ctx, len(trials), e.Workers, func(i int) error {
			t := trials[order[i]]
			watch(News{Started: &t})
			result, err := single.Trial(ctx, t)
			if err == nil {
				watch(News{Finished: &result})
			}
			return err
		})
		if err != nil {
			return Verdict{}, "Trials", err
		}
		if progress, err = e.Advance(ctx, progress); err != nil {
			return Verdict{}, "Advance", err
		}
	}
	watch(News{Concluding: true})
	verdict, err := e.Conclude(ctx, run)
	return verdict, "Conclude", err
}
