package training

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/workflow"
)

// The states of a run. A store does not tell whether somebody works on a run; who knows of
// its workflow says Running or Failed of an Unfinished one.
const (
	Submitted  = "submitted"  // recorded, and its data has not been read
	Unfinished = "unfinished" // it has a plan and no verdict
	Running    = "running"
	Succeeded  = "succeeded" // it has a verdict
	Failed     = "failed"    // that is the last that is known of it: why, or that its data is not as it has to be
)

// Status is how far a run has come, as the store tells it.
type Status struct {
	Run      RunID              `json:"run"`
	Model    registry.ModelName `json:"model"`
	State    string             `json:"state"`
	Trials   int                `json:"trials"`   // planned; 0 until the data has been read
	Finished int                `json:"finished"` // trials in the ledger
	// Submitted and Updated are when the run was recorded and when it last came further, by the
	// clock of the store.
	Submitted time.Time `json:"submitted"`
	Updated   time.Time `json:"updated"`
	Verdict   *Verdict  `json:"verdict,omitempty"`
	// Failure is how it failed, unless it went on since.
	Failure *workflow.Failure `json:"failure,omitempty"`
	// Gates are why nothing is trained, or the reasons not to that were accepted.
	Gates *Gates `json:"gates,omitempty"`
}

// Ended tells whether nothing more happens unless the run is started again.
func (s Status) Ended() bool { return s.State == Succeeded || s.State == Failed }

// Status reads how far a run has come. It lists the ledger and does not read it.
func (e *Engine) Status(ctx context.Context, run RunID) (Status, error) {
	var s submission
	info, err := e.readInfo(ctx, run, "config.json", &s)
	if err != nil {
		return Status{}, err
	}
	status := Status{Run: run, Model: s.Config.Model, State: Submitted, Submitted: info.Modified, Updated: info.Modified}
	var plan Plan
	info, err = e.readInfo(ctx, run, "plan.json", &plan)
	if errors.Is(err, registry.ErrNotFound) {
		if status.Gates, err = e.gates(ctx, run); status.Gates != nil && len(status.Gates.Blocking) > 0 {
			status.State = Failed
		}
		if err == nil {
			err = e.fails(ctx, &status)
		}
		return status, err
	} else if err != nil {
		return Status{}, err
	}
	status.State, status.Trials, status.Updated = Unfinished, plan.Trials, info.Modified
	if len(plan.Accepted) > 0 {
		status.Gates = &Gates{Accepted: plan.Accepted}
	}
	for info, err := range e.Registry.Store.List(ctx, run.key("trials/")) {
		if err != nil {
			return Status{}, err
		}
		if strings.HasSuffix(info.Key, ".json") {
			status.Finished++
			status.Updated = later(status.Updated, info.Modified)
		}
	}
	var verdict Verdict
	if info, err = e.readInfo(ctx, run, "verdict.json", &verdict); err == nil {
		status.State, status.Verdict, status.Updated = Succeeded, &verdict, later(status.Updated, info.Modified)
		return status, nil
	} else if !errors.Is(err, registry.ErrNotFound) {
		return Status{}, err
	}
	return status, e.fails(ctx, &status)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Leaderboard returns the leaderboard of a run: that of its end or, before, the trials so far.
// Without one finished trial, or without such a run, it is a *registry.NotFoundError that says
// which.
func (e *Engine) Leaderboard(ctx context.Context, run RunID) (Leaderboard, error) {
	var board Leaderboard
	err := e.read(ctx, run, "leaderboard.json", &board)
	if !errors.Is(err, registry.ErrNotFound) {
		return board, err
	}
	var s submission
	if err := e.read(ctx, run, "config.json", &s); err != nil {
		return board, err
	}
	none := &registry.NotFoundError{Kind: registry.KindLeaderboard, Name: "of run " + string(run)}
	var plan Plan
	if err := e.read(ctx, run, "plan.json", &plan); errors.Is(err, registry.ErrNotFound) {
		return board, none
	} else if err != nil {
		return board, err
	}
	if board, err = e.rank(ctx, plan); errors.Is(err, errNoResults) {
		return Leaderboard{}, none
	}
	board.SoFar = true
	return board, err
}
