package workflow

import (
	"context"
	"fmt"

	"github.com/foretell-ml/foretell/pkg/registry"
)

// Execution is the part of the context object that says whose step is done.
type Execution struct {
	ID       string `json:"Id"` // ARN
	Redrives int    `json:"RedriveCount"`
}

// Caught is the part of a step's input that a state which failed has left there.
type Caught struct {
	Failed struct {
		State   string `json:"state"`
		Failure struct {
			Error string `json:"Error"`
			Cause string `json:"Cause"`
		} `json:"failure"`
		// Execution is as it was when the state failed.
		Execution Execution `json:"execution"`
	} `json:"failed"`
}

// FailedError ends an execution whose failure is recorded.
type FailedError struct{ Failure Failure }

func (e *FailedError) Error() string {
	return fmt.Sprintf("%s failed: %s: %s", e.Failure.State, e.Failure.Error, e.Failure.Cause)
}

// Record is the last step of an execution that failed: it records why below prefix, and returns a
// *FailedError. In an execution that was redriven since, it returns nil: the workflow goes on.
//
// Where the state failed because of a map's children, which it does not say, maps is where those
// are listed. An empty prefix says that there is nothing to record the failure with.
func (c Caught) Record(ctx context.Context, store registry.Store, prefix, maps string, now Execution) error {
	if now.Redrives > c.Failed.Execution.Redrives {
		return nil
	}
	f := Failure{Execution: now.ID, Redrives: now.Redrives, State: c.Failed.State,
		Error: c.Failed.Failure.Error, Cause: Message(c.Failed.Failure.Cause)}
	if maps != "" {
		lost, err := Lost(ctx, store, maps)
		if err != nil {
			return fmt.Errorf("why %s failed: %w", f.State, err)
		}
		if n := len(lost); n > 0 {
			f.Cause = fmt.Sprintf("%s; failed items: %d, the first: %s", f.Cause, n, lost[0])
		}
	}
	if prefix != "" {
		if err := f.Put(ctx, store, prefix); err != nil {
			return fmt.Errorf("record that %s failed: %w", f.State, err)
		}
	}
	return &FailedError{f}
}

// Maps is the prefix below which the workflows list what became of the children of their maps: of a
// run below runs/r/ that is maps/runs/r/. Nothing there is overwritten, but Step Functions writes
// without a condition, so it cannot lie among the objects that the bucket wants to be written once.
const Maps = "maps/"
