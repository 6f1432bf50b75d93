package workflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/foretell-ml/foretell/pkg/registry"
)

// Failure is <prefix>failures/<n>.json, n from 1: how an execution of a workflow, or a run in one
// process, came to its end before it was done.
type Failure struct {
	Execution string `json:"execution,omitempty"` // ARN; empty if it was no workflow's
	Redrives  int    `json:"redrives,omitempty"`  // of the execution, before it failed
	State     string `json:"state"`               // of the workflow: Plan, Trials, …
	Error     string `json:"error"`               // its name
	Cause     string `json:"cause"`               // for people, without a stack trace
	// At is when it was recorded, by the clock of the store. It is no part of the object.
	At time.Time `json:"at,omitzero"`
}

// Put records a failure of what lies below a prefix. Recorded already, as after a call that was
// delivered twice, it is not recorded again.
func (f Failure) Put(ctx context.Context, store registry.Store, prefix string) error {
	f.At = time.Time{}
	for {
		n, err := count(ctx, store, prefix)
		if err != nil {
			return err
		}
		if n > 0 && f.Execution != "" {
			last, err := read(ctx, store, prefix, n)
			if err != nil || last.Execution == f.Execution && last.Redrives == f.Redrives {
				return err
			}
		}
		_, err = registry.WriteJSON(ctx, store, failureKey(prefix, n+1), f, registry.Condition{Absent: true})
		if !errors.Is(err, registry.ErrConflict) {
			return err
		}
	}
}

// Last returns the last failure below a prefix; nil if there is none.
func Last(ctx context.Context, store registry.Store, prefix string) (*Failure, error) {
	n, err := count(ctx, store, prefix)
	if err != nil || n == 0 {
		return nil, err
	}
	f, err := read(ctx, store, prefix, n)
	return &f, err
}

func failureKey(prefix string, n int) string { return fmt.Sprintf("%sfailures/%d.json", prefix, n) }

func count(ctx context.Context, store registry.Store, prefix string) (n int, err error) {
	for info, err := range store.List(ctx, prefix+"failures/") {
		if err != nil {
			return 0, err
		}
		if strings.HasSuffix(info.Key, ".json") {
			n++
		}
	}
	return n, nil
}

func read(ctx context.Context, store registry.Store, prefix string, n int) (f Failure, err error) {
	info, err := registry.ReadJSON(ctx, store, failureKey(prefix, n), &f)
	f.At = info.Modified
	return f, err
}

// Message is what a cause says to people: that of a function is JSON with a stack trace, which is
// no business of theirs, and that of a task of ECS is JSON of all that it was; another one is text
// already.
func Message(cause string) string {
	var document struct {
		Message string `json:"errorMessage"`
		stopped
	}
	if json.Unmarshal([]byte(cause), &document) != nil {
		return cause
	}
	switch {
	case document.Message != "":
		return document.Message
	case document.StoppedReason != "":
		return document.stopped.String()
	}
	return cause
}

// stopped is a task that came to an end, as DescribeTasks describes it and Step Functions hands it on
// (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html).
type stopped struct {
	StoppedReason string
	Memory        string // MiB, of the task
	Containers    []struct {
		Name     string
		ExitCode *int
		Reason   string
	}
}

// String tells what became of each container that did not end well, and the memory that they had: of a
// container that was killed for it nothing else is left.
func (s stopped) String() string {
	parts := []string{s.StoppedReason}
	for _, c := range s.Containers {
		if c.ExitCode != nil && *c.ExitCode != 0 {
			parts = append(parts, fmt.Sprintf("container %s ended with exit code %d", c.Name, *c.ExitCode))
		}
		if c.Reason != "" {
			parts = append(parts, c.Reason)
		}
	}
	if s.Memory != "" {
		parts = append(parts, "the task had "+s.Memory+" MB")
	}
	return strings.Join(parts, "; ")
}
