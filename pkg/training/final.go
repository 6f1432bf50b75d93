package training

import (
	"context"
	"fmt"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// register fits what is to be served and registers the artifact. It returns what that loads as;
// broken says which bound of the config it breaks, if it does.
func (e *Engine) register(ctx context.Context, plan Plan, made Ensemble, data *prepared) (m registry.Manifest, served *pipeline.Pipeline, broken string, err error) {
	fail := func(err error) (registry.Manifest, *pipeline.Pipeline, string, error) {
		return registry.Manifest{}, nil, "", err
	}
	fitted, err := made.fit(ctx, plan, data, e.Workers)
	if err != nil {
		return fail(fmt.Errorf("final fit: %w", err))
	}
	judged, err := tested(ctx, plan, data, fitted)
	if err != nil {
		return fail(fmt.Errorf("test of the final model: %w", err))
	}
	lineage := pipeline.Lineage{Data: plan.Data, Rows: plan.Rows, Metric: plan.Metric, Scores: made.Scores, Seed: plan.Config.Seed, Accepted: plan.accepted()}
	if err := fitted.Finish(ctx, data.Inputs, lineage); err != nil {
		return fail(err)
	}
	artifact, err := fitted.Encode()
	if err != nil {
		return fail(err)
	}
	if served, err = pipeline.Decode(artifact); err != nil { // before anybody relies on it
		return fail(fmt.Errorf("the new artifact does not load: %w", err))
	}
	m = registry.Manifest{
		Run: string(plan.Run), Task: plan.Target.Task, Target: plan.Target.Name, Learner: made.learner(), Members: made.Members,
		Metric: plan.Metric, Score: made.Score, Scores: made.Scores, Tested: judged, DataDigest: string(plan.Data), Rows: plan.Rows,
		Schema: fitted.Schema, Offset: plan.Target.Offset, Classes: plan.Target.Classes, Accepted: plan.accepted(),
	}
	if len(made.Members) == 1 {
		m.Params = made.Members[0].Params
	}
	if made.Calibration != nil {
		m.Calibration = string(made.Calibration.Method)
	}
	if made.Decision != nil {
		m.Threshold = made.Decision.Threshold
	}
	m.Coverage = fitted.Coverage()
	if broken, err = e.breach(plan, data, fitted, int64(len(artifact))); err != nil {
		return fail(err)
	}
	m, err = e.Registry.Register(ctx, plan.Model, artifact, m)
	return m, served, broken, err
}

// fit fits the members: on all rows that trials saw or, bagged, on those of each fold, which are
// the models whose predictions the ensemble was chosen by.
func (m *Ensemble) fit(ctx context.Context, plan Plan, data *prepared, workers int) (*pipeline.Pipeline, error) {
	weights := make([]float64, len(m.Members))
	for i, member := range m.Members {
		weights[i] = member.Weight
	}
	cs := configurations(m.Members)
	workers, err := plan.Volume.sideBySide(cs, workers)
	if err != nil {
		return nil, err
	}
	fit := func(rows pipeline.Data, s uint64) (*pipeline.Pipeline, error) {
		return pipeline.FitMembers(ctx, rows, plan.Target, cs, weights, workers, s)
	}
	var fitted *pipeline.Pipeline
	if plan.Config.Ensemble.Bagged {
		parts := make([]*pipeline.Pipeline, len(data.folds))
		for f, fold := range data.folds {
			if parts[f], err = fit(data.Select(fold.Train), foldSeed(plan, f)); err != nil {
				return nil, err
			}
		}
		fitted, err = pipeline.Join(parts)
	} else {
		fitted, err = fit(data.Data, seed.Derive(plan.Config.Seed, "refit"))
	}
	if err != nil {
		return nil, err
	}
	fitted.Calibration, fitted.Conformal, fitted.CVPlus, fitted.Decision = m.Calibration, m.Conformal, m.CVPlus, m.Decision
	return fitted, nil
}

// foldSeed is what a fold's models are fitted with, in trials and in a bagged ensemble.
func foldSeed(plan Plan, fold int) uint64 { return seed.Derive(plan.Config.Seed, "fold", fold) }
