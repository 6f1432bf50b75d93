package training

import (
	"context"
	"errors"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/internal/par"
	"github.com/foretell-ml/foretell/pkg/model"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/validate"
)

// Result is runs/<run>/trials/<trial>.json, the ledger's entry of a finished trial.
type Result struct {
	Trial    string            `json:"trial"`
	Learner  string            `json:"learner"`
	Params   map[string]any    `json:"params"`
	Features pipeline.Features `json:"features,omitempty"`
	Rung     *Rung             `json:"rung,omitempty"`
	// Scores are by metric, then by fold. A metric that is not defined on a fold (the AUC
	// of a single class) is absent.
	Scores map[string][]float64 `json:"scores,omitempty"`
	// Rows is how many rows the folds learned from, summed over them.
	Rows int `json:"rows,omitempty"`
	// Warnings are those of the encoders and models of the folds, each once, in the order of
	// the folds.
	Warnings []string `json:"warnings,omitempty"`
	// Usage is what the trial took; nil if no clock ran.
	Usage *Usage `json:"usage,omitempty"`
	// Served is what the model of the first fold takes to serve.
	Served *Served `json:"served,omitempty"`
	// Error is why the configuration cannot be judged; it is a finished trial all the same.
	Error string `json:"error,omitempty"`
}

// Trial judges one configuration on every fold, stores what it predicts for the rows that the
// folds test, and enters the result in the ledger. If the ledger has the trial already it
// returns that result and computes nothing.
//
// A configuration that the learner cannot fit is a Result with an Error. An error of Trial
// itself (the store, the deadline) leaves no entry, and the trial can be done again: after an
// *UnfinishedError it goes on from the folds that are finished, and the rounds of those that are not.
func (e *Engine) Trial(ctx context.Context, t Trial) (Result, error) {
	key := t.Run.trialKey(t.ID)
	var done Result
	_, err := registry.ReadJSON(ctx, e.Registry.Store, key, &done)
	if !errors.Is(err, registry.ErrNotFound) {
		return done, err
	}
	if done, is, err := e.takeOver(ctx, t); is || err != nil {
		return done, err
	}
	var plan Plan
	if err := e.read(ctx, t.Run, "plan.json", &plan); err != nil {
		return Result{}, err
	}
	data, err := e.data(ctx, t.Run)
	if err != nil {
		return Result{}, err
	}
	began := e.now()
	data = data.at(t.Rung, plan)
	folds, err := e.checkpoints(ctx, t, plan, data.folds)
	if err != nil {
		return Result{}, err
	}
	inTime, stop := e.inTime(ctx)
	defer stop()
	result := Result{Trial: t.ID, Learner: t.Learner, Params: t.Params, Features: t.Features, Rung: t.Rung}
	err = e.judgeFolds(inTime, data, plan, t.configuration(), folds)
	if err != nil && inTime.Err() != nil {
		return Result{}, e.keep(inTime, t, folds, began)
	}
	var predicted []float64
	if err == nil {
		predicted, err = result.gather(data, plan, folds.found)
	}
	if err != nil {
		result.Scores, result.Served, result.Error = nil, nil, err.Error()
	} else {
		if err := e.writePredictions(ctx, t, predicted, plan.Target.Outputs()); err != nil {
			return Result{}, err
		}
	}
	if result.Usage = e.usage(began); result.Usage != nil {
		result.Usage.Seconds += folds.seconds
	}
	return result, e.write(ctx, key, result)
}

// foldResult is what a fold found.
type foldResult struct {
	served    Served
	predicted []float64 // of its test rows
	scores    []float64 // by metric; NaN: not defined on the fold
	warnings  []string
}

// judgeFolds fits a configuration on the training rows of each fold that is left, encoder and
// learner, and scores it on its test rows, of which nothing that was learned knows.
func (e *Engine) judgeFolds(ctx context.Context, data *prepared, plan Plan, c pipeline.Configuration, folds *foldsSoFar) error {
	workers := e.Workers
	if folds.alone {
		workers = 1
	}
	return par.For(ctx, len(data.folds), workers, func(f int) error {
		if folds.found[f] != nil {
			return nil
		}
		fitted, came, err := pipeline.Resume(ctx, data.Select(data.folds[f].Train), plan.Target, c, folds.begun[f], foldSeed(plan, f))
		if err != nil {
			if came != nil {
				folds.begun[f] = came
			}
			return err
		}
		found, err := judgeFold(data, data.folds[f], plan, fitted)
		if err == nil {
			folds.found[f] = &found
		}
		return err
	})
}

// gather notes in the result what the folds found, and returns the out-of-fold predictions.
func (r *Result) gather(data *prepared, plan Plan, byFold []*foldResult) ([]float64, error) {
	predicted := make([][]float64, len(byFold))
	for f, found := range byFold {
		predicted[f] = found.predicted
		r.Rows += len(data.folds[f].Train)
		for _, w := range found.warnings {
			if !slices.Contains(r.Warnings, w) {
				r.Warnings = append(r.Warnings, w)
			}
		}
	}
	r.Served = &byFold[0].served
	r.Scores = map[string][]float64{}
	for m, by := range plan.metrics() {
		column := make([]float64, len(byFold))
		defined := true
		for f := range byFold {
			column[f] = byFold[f].scores[m]
			defined = defined && !math.IsNaN(column[f]) && !math.IsInf(column[f], 0)
		}
		if defined {
			r.Scores[by.Name] = column
		}
	}
	if r.Scores[plan.Metric] == nil {
		return nil, errors.New(plan.Metric + " is not a finite number: the predictions diverged")
	}
	return outOfFold(data.folds, predicted, len(data.Y), plan.Target.Outputs()), nil
}

// judgeFold scores what was fitted on a fold's training rows on its test rows.
func judgeFold(data *prepared, fold validate.Fold, plan Plan, fitted *pipeline.Pipeline) (found foldResult, err error) {
	test := data.Select(fold.Test)
	found.warnings = fitted.Warnings()
	for _, m := range fitted.Members {
		if w, ok := m.Model.(model.Warner); ok {
			found.warnings = append(found.warnings, w.Warnings()...)
		}
	}
	if found.predicted, err = fitted.Predict(test.Inputs); err != nil {
		return foldResult{}, err
	}
	if found.served, err = servedBy(fitted); err != nil {
		return foldResult{}, err
	}
	for _, m := range plan.metrics() {
		score, err := m.Score(test.Y, found.predicted, test.Weights, plan.Target.Outputs())
		if err != nil {
			if m.Name == plan.Metric {
				return foldResult{}, err
			}
			score = math.NaN()
		}
		found.scores = append(found.scores, score)
	}
	return found, nil
}
