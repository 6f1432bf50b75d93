package training

import (
	"context"
	"errors"
	"math"

	"github.com/foretell-ml/foretell/pkg/internal/par"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
	"github.com/foretell-ml/foretell/pkg/metric"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/validate"
)

// Result is runs/<run>/trials/<trial>.json, the ledger's entry of a finished trial.
type Result struct {
	Trial   string         `json:"trial"`
	Learner string         `json:"learner"`
	Params  map[string]any `json:"params"`
	// Scores are by metric, then by fold. A metric that is not defined on a fold (the AUC
	// of a single class) is absent.
	Scores map[string][]float64 `json:"scores,omitempty"`
	// Error is why the configuration cannot be judged; it is a finished trial all the same.
	Error string `json:"error,omitempty"`
}

// Trial judges one configuration on every fold and enters the result in the ledger. If the
// ledger has the trial already it returns that result and computes nothing.
//
// A configuration that the learner cannot fit is a Result with an Error. An error of Trial
// itself (the store, the deadline) leaves no entry, and the trial can be done again.
func (e *Engine) Trial(ctx context.Context, t Trial) (Result, error) {
	key := t.Run.trialKey(t.ID)
	var done Result
	_, err := registry.ReadJSON(ctx, e.Registry.Store, key, &done)
	if !errors.Is(err, registry.ErrNotFound) {
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
	result := Result{Trial: t.ID, Learner: t.Learner, Params: t.Params}
	scores, err := e.crossValidate(ctx, data, plan, pipeline.Configuration{Learner: t.Learner, Params: t.Params})
	switch {
	case ctx.Err() != nil:
		return Result{}, ctx.Err()
	case err != nil:
		result.Error = err.Error()
	default:
		result.Scores = scores
	}
	return result, e.write(ctx, key, result)
}

// crossValidate fits a configuration on each fold and scores it on the fold's test rows.
func (e *Engine) crossValidate(ctx context.Context, data *prepared, plan Plan, c pipeline.Configuration) (map[string][]float64, error) {
	metrics := metric.For(plan.Target.Task)
	byFold := make([][]float64, len(data.folds)) // NaN: not defined on the fold
	err := par.For(ctx, len(data.folds), e.Workers, func(f int) error {
		fitted, err := fitFold(ctx, data, data.folds[f], plan, c, seed.Derive(plan.Config.Seed, "fold", f))
		if err != nil {
			return err
		}
		test := data.Select(data.folds[f].Test)
		predicted, err := fitted.Predict(test.Inputs)
		if err != nil {
			return err
		}
		byFold[f] = make([]float64, len(metrics))
		for m := range metrics {
			score, err := metrics[m].Score(test.Y, predicted, test.Weights, plan.Target.Outputs())
			if err != nil {
				if metrics[m].Name == plan.Metric {
					return err
				}
				score = math.NaN()
			}
			byFold[f][m] = score
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	scores := map[string][]float64{}
	for m := range metrics {
		column := make([]float64, len(byFold))
		defined := true
		for f := range byFold {
			column[f] = byFold[f][m]
			defined = defined && !math.IsNaN(column[f]) && !math.IsInf(column[f], 0)
		}
		if defined {
			scores[metrics[m].Name] = column
		}
	}
	if scores[plan.Metric] == nil {
		return nil, errors.New(plan.Metric + " is not a finite number: the predictions diverged")
	}
	return scores, nil
}

// fitFold fits encoder and learner on a fold's training rows: nothing that is learned knows the
// rows that judge it.
func fitFold(ctx context.Context, data *prepared, fold validate.Fold, plan Plan, c pipeline.Configuration, s uint64) (*pipeline.Pipeline, error) {
	return pipeline.Fit(ctx, data.Select(fold.Train), plan.Target, c, s)
}
