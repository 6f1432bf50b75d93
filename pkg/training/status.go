package training

import (
	"context"
	"errors"
	"strings"

	"github.com/foretell-ml/foretell/pkg/registry"
)

// Status is how far a run has come, as the store tells it.
type Status struct {
	Run      RunID              `json:"run"`
	Model    registry.ModelName `json:"model"`
	Trials   int                `json:"trials"`   // planned; 0 until the data has been read
	Finished int                `json:"finished"` // trials in the ledger
	Verdict  *Verdict           `json:"verdict,omitempty"`
	// Gates are why nothing is trained, or the reasons not to that were accepted.
	Gates *Gates `json:"gates,omitempty"`
}

// Status reads how far a run has come. It lists the ledger and does not read it.
func (e *Engine) Status(ctx context.Context, run RunID) (Status, error) {
	var s submission
	if err := e.read(ctx, run, "config.json", &s); err != nil {
		return Status{}, err
	}
	status := Status{Run: run, Model: s.Config.Model}
	var plan Plan
	if err := e.read(ctx, run, "plan.json", &plan); errors.Is(err, registry.ErrNotFound) {
		status.Gates, err = e.gates(ctx, run)
		return status, err
	} else if err != nil {
		return Status{}, err
	}
	status.Trials = plan.Trials
	if len(plan.Accepted) > 0 {
		status.Gates = &Gates{Accepted: plan.Accepted}
	}
	for info, err := range e.Registry.Store.List(ctx, run.key("trials/")) {
		if err != nil {
			return Status{}, err
		}
		if strings.HasSuffix(info.Key, ".json") {
			status.Finished++
		}
	}
	var verdict Verdict
	if err := e.read(ctx, run, "verdict.json", &verdict); err == nil {
		status.Verdict = &verdict
	} else if !errors.Is(err, registry.ErrNotFound) {
		return Status{}, err
	}
	return status, nil
}

// Leaderboard returns the leaderboard of a concluded run. Before that, or without such a run,
// it is a *registry.NotFoundError that says which.
func (e *Engine) Leaderboard(ctx context.Context, run RunID) (Leaderboard, error) {
	var board Leaderboard
	err := e.read(ctx, run, "leaderboard.json", &board)
	if errors.Is(err, registry.ErrNotFound) {
		var s submission
		if err := e.read(ctx, run, "config.json", &s); err != nil {
			return board, err
		}
		return board, &registry.NotFoundError{Kind: registry.KindLeaderboard, Name: "of run " + string(run)}
	}
	return board, err
}
