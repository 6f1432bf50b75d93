package training

import (
	"context"
	"fmt"

	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/topology"
)

// Host does the one step of a run that the environment names, in a task that the workflow has
// started since no function has room for it: a trial, or conclude. What it writes is what a function
// would have written. As many folds run side by side as in a function, which is what its memory is
// planned for.
func (e *Engine) Host(ctx context.Context, getenv func(string) string) error {
	e.Workers = trainFunction().CPUs()
	run := RunID(getenv(topology.EnvRun))
	switch step := getenv(topology.EnvStep); step {
	case "trial":
		name := getenv(topology.EnvTrial)
		trials, err := e.listed(ctx, run, 0)
		if err != nil {
			return err
		}
		for _, t := range trials {
			if t.ID == name {
				_, err := e.Trial(ctx, t)
				return err
			}
		}
		return &registry.NotFoundError{Kind: "trial", Name: fmt.Sprintf("%.80q of run %s", name, run)}
	case "conclude":
		_, err := e.Conclude(ctx, run)
		return err
	default:
		return fmt.Errorf("%s is %q: outside of Lambda this does the step of a run that a workflow tells it, trial or conclude", topology.EnvStep, step)
	}
}
