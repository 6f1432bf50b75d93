package training

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/workflow"
)

// failed records how an execution failed, and ends it with an error; redriven since, it answers
// what plan is to start with.
func (e *Engine) failed(ctx context.Context, event Event) (start, error) {
	var in struct {
		start
		Round int `json:"round"` // of the trials, if they are what failed
		workflow.Caught
	}
	if err := json.Unmarshal(event.Input, &in); err != nil {
		return start{}, fmt.Errorf("failed: %w", err)
	}
	run := in.Run
	if run == "" && in.Schedule != "" {
		// A retrain that cannot be submitted is no run: its execution alone tells why.
		run, _ = e.submitScheduled(ctx, in.Schedule)
	}
	if !runForm.MatchString(string(run)) {
		return in.start, in.Record(ctx, e.Registry.Store, "", "", event.Execution)
	}
	maps := ""
	if in.Failed.State == "Trials" {
		maps = run.results(in.Round) + "/"
	}
	return in.start, in.Record(ctx, e.Registry.Store, run.key(""), maps, event.Execution)
}

// Failure returns how a run failed last; nil if it never did.
func (e *Engine) Failure(ctx context.Context, run RunID) (*workflow.Failure, error) {
	return workflow.Last(ctx, e.Registry.Store, run.key(""))
}

// fails marks the run as failed if that is the last that happened to it.
func (e *Engine) fails(ctx context.Context, s *Status) error {
	f, err := e.Failure(ctx, s.Run)
	if f == nil || err != nil {
		return err
	}
	latest := s.Updated
	for info, err := range e.Registry.Store.List(ctx, s.Run.key("attempts/")) {
		if err != nil {
			return err
		}
		latest = later(latest, info.Modified)
	}
	if !latest.After(f.At) {
		s.State, s.Failure, s.Updated = Failed, f, f.At
	}
	return nil
}

// keepFailure records that a step of Run failed, for who looks at the run later, and returns the
// error. That a run was interrupted, or that there is none, is no failure of it, and its gates are
// recorded already. Where the failure cannot be recorded either, the error tells of the store.
func (e *Engine) keepFailure(ctx context.Context, run RunID, state string, err error) error {
	var missing *registry.NotFoundError
	var blocked *BlockedError
	if ctx.Err() != nil || errors.As(err, &missing) && missing.Kind == registry.KindRun || errors.As(err, &blocked) {
		return err
	}
	name := fmt.Sprintf("%T", err) // as the train function's errors are named: ConfigError
	f := workflow.Failure{State: state, Error: name[strings.LastIndexAny(name, "*.")+1:], Cause: err.Error()}
	_ = f.Put(ctx, e.Registry.Store, run.key(""))
	return err
}
