package training

import (
	"context"

	"github.com/foretell-ml/foretell/pkg/internal/par"
)

// Watcher is told of every trial of a run as it finishes. Calls may come from several
// goroutines at once.
type Watcher func(result Result, total int)

// Run does all steps of a submitted run in this process: trials side by side, Workers at a
// time. The result is the same as the workflow's.
func (e *Engine) Run(ctx context.Context, run RunID, watch Watcher) (Verdict, error) {
	progress, err := e.Plan(ctx, run)
	if err != nil {
		return Verdict{}, err
	}
	var plan Plan
	if err := e.read(ctx, run, "plan.json", &plan); err != nil {
		return Verdict{}, err
	}
	// Trials are the better grain for cores than the folds within them.
	single := &Engine{Registry: e.Registry, Source: e.Source, Workers: 1, Now: e.Now}
	for !progress.Done {
		var trials []Trial
		if err := e.read(ctx, run, roundName(progress.Round), &trials); err != nil {
			return Verdict{}, err
		}
		err := par.For(ctx, len(trials), e.Workers, func(i int) error {
			result, err := single.Trial(ctx, trials[i])
			if err == nil && watch != nil {
				watch(result, plan.Trials)
			}
			return err
		})
		if err != nil {
			return Verdict{}, err
		}
		if progress, err = e.Advance(ctx, progress); err != nil {
			return Verdict{}, err
		}
	}
	return e.Conclude(ctx, run)
}
