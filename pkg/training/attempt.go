package training

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/foretell-ml/foretell/pkg/registry"
)

// Attempt is runs/<run>/attempts/<n>.json, n from 1: an execution of the workflow that was
// started for the run. The last one tells whether the run is going on.
type Attempt struct {
	Execution string `json:"execution"` // ARN
}

// Attempts returns the number of a run's attempts, and the last of them.
func (e *Engine) Attempts(ctx context.Context, run RunID) (n int, last Attempt, err error) {
	for info, err := range e.Registry.Store.List(ctx, run.key("attempts/")) {
		if err != nil {
			return 0, Attempt{}, err
		}
		if strings.HasSuffix(info.Key, ".json") {
			n++
		}
	}
	if n == 0 {
		return 0, Attempt{}, nil
	}
	_, err = registry.ReadJSON(ctx, e.Registry.Store, run.attemptKey(n), &last)
	return n, last, err
}

// RecordAttempt records an execution as attempt n of a run, unless there is an attempt n
// already.
func (e *Engine) RecordAttempt(ctx context.Context, run RunID, n int, execution string) error {
	return e.write(ctx, run.attemptKey(n), Attempt{execution})
}

func (r RunID) attemptKey(n int) string { return r.key(fmt.Sprintf("attempts/%d.json", n)) }

// recordScheduled records the execution that a schedule started, so that its failure can be
// seen at the run. Delivered twice it is recorded once; a run that has its verdict goes
// without, as nothing is done for it.
func (e *Engine) recordScheduled(ctx context.Context, run RunID, execution string) error {
	if _, err := e.Registry.Store.Stat(ctx, run.key("verdict.json")); !errors.Is(err, registry.ErrNotFound) {
		return err
	}
	for {
		n, last, err := e.Attempts(ctx, run)
		if err != nil || last.Execution == execution {
			return err
		}
		_, err = registry.WriteJSON(ctx, e.Registry.Store, run.attemptKey(n+1), Attempt{execution}, registry.Condition{Absent: true})
		if !errors.Is(err, registry.ErrConflict) {
			return err
		}
	}
}
