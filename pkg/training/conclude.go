package training

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// Verdict is runs/<run>/verdict.json, the end of a run.
type Verdict struct {
	Run     RunID              `json:"run"`
	Model   registry.ModelName `json:"model"`
	Version int                `json:"version"`
	Digest  string             `json:"digest"`
	// Trial is the best alone. Learner, Params, Features and Members are those of the version.
	Trial    string            `json:"trial"`
	Learner  string            `json:"learner"`
	Params   map[string]any    `json:"params,omitempty"`
	Features pipeline.Features `json:"features,omitempty"`
	Members  []registry.Member `json:"members"`
	Metric   string            `json:"metric"`
	// Score is the mean over the folds, cross-fitted for an ensemble; Tested is how the final
	// model did on rows that no trial saw, if any were held out.
	Score  float64          `json:"score"`
	Tested *registry.Tested `json:"tested,omitempty"`
	// Contest is how the new version did beside champion.
	Contest  *Contest `json:"contest,omitempty"`
	Promoted bool     `json:"promoted"`
	Reason   string   `json:"reason"`
	Warnings []string `json:"warnings,omitempty"`
	// Cost is what the run took beside what it was quoted at; nil if it was not timed.
	Cost *Cost `json:"cost,omitempty"`
}

// Conclude ranks the trials, chooses an ensemble of them, fits it, registers it and moves the
// alias. Concluded before, it answers what it answered then; interrupted, it goes on: the
// leaderboard that was written stands, also if trials that were missing have a result by now,
// as does the ensemble; the version is found by its run and digest, and the alias is moved only
// if it is not there yet.
func (e *Engine) Conclude(ctx context.Context, run RunID) (Verdict, error) {
	var verdict Verdict
	if err := e.read(ctx, run, "verdict.json", &verdict); !errors.Is(err, registry.ErrNotFound) {
		return verdict, err
	}
	var plan Plan
	if err := e.read(ctx, run, "plan.json", &plan); err != nil {
		return Verdict{}, err
	}
	board, err := e.standings(ctx, plan)
	if err != nil {
		return Verdict{}, err
	}
	data, err := e.data(ctx, run)
	if err != nil {
		return Verdict{}, err
	}
	ensemble, err := e.ensemble(ctx, plan, board, data)
	if err != nil {
		return Verdict{}, err
	}
	manifest, served, broken, err := e.register(ctx, plan, ensemble, data)
	if err != nil {
		return Verdict{}, err
	}
	verdict = Verdict{Run: run, Model: plan.Model, Version: manifest.Version, Digest: manifest.Digest, Trial: board.Standings[0].Trial,
		Learner: manifest.Learner, Params: manifest.Params, Members: manifest.Members, Metric: plan.Metric, Score: manifest.Score,
		Tested: manifest.Tested, Warnings: slices.Concat(plan.Warnings, ensemble.Warnings), Cost: board.Cost}
	if len(ensemble.Members) == 1 {
		verdict.Features = configuration(ensemble.Members[0]).Features
	}
	if n := len(board.Missing); n > 0 {
		verdict.Warnings = append(verdict.Warnings, fmt.Sprintf("%d of %d trials have no result", n, n+len(board.Standings)))
	}
	stop, err := e.budgetStop(ctx, run)
	if err != nil {
		return Verdict{}, err
	}
	if stop != nil {
		verdict.Warnings = append(verdict.Warnings, stop.String())
	}
	verdict.Warnings = append(verdict.Warnings, served.Warnings()...)
	if err := e.keepFinalPredictions(ctx, plan, ensemble); err != nil {
		return Verdict{}, err
	}
	contest, err := e.contest(ctx, plan, manifest, served)
	if err != nil {
		return Verdict{}, err
	}
	if broken != "" {
		contest.Promote, contest.Reason = false, broken
	}
	verdict.Contest = &contest
	verdict.Warnings = append(verdict.Warnings, contest.Warnings...)
	promoted, err := e.promotion(ctx, plan, manifest, contest)
	if err != nil {
		return Verdict{}, err
	}
	verdict.Promoted, verdict.Reason = promoted.Promoted, promoted.Reason
	if err := e.show(ctx, concluded{plan, board, ensemble, manifest, verdict, data, served}); err != nil {
		return Verdict{}, err
	}
	if err := e.write(ctx, run.key("verdict.json"), verdict); err != nil {
		return verdict, err
	}
	e.measure(verdict)
	return verdict, nil
}
