package training

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// sides are rows with what a new version and champion predict for them.
type sides struct {
	on            Rows
	y, weights    []float64
	own, champion []float64
}

// sides predicts the rows that versions are compared on: those that were held out or, where
// none were, those that both runs learned from, out of fold; and the fresh ones.
func (e *Engine) sides(ctx context.Context, plan Plan, challenger *pipeline.Pipeline, champion registry.Alias, c *Contest) ([]sides, error) {
	other, err := e.pipeline(ctx, plan.Model, champion.Digest)
	if ctx.Err() == nil && err != nil {
		err = incomparable(fmt.Sprintf("version %d does not load: %v", champion.Version, err))
	}
	if err != nil {
		return nil, err
	}
	if a, b := challenger.Target, other.Target; a.Task != b.Task || !slices.Equal(a.Classes, b.Classes) || a.Name != b.Name {
		return nil, incomparable(fmt.Sprintf("version %d predicts something else: %s", champion.Version, b.Describe()))
	}
	data, err := e.data(ctx, plan.Run)
	if err != nil {
		return nil, err
	}
	var all []sides
	predicted := func(on Rows, rows pipeline.Data) error {
		s := sides{on: on, y: rows.Y, weights: rows.Weights}
		if s.own, err = predictions(challenger, rows.Inputs); err != nil {
			return err
		}
		if s.champion, err = predictions(other, rows.Inputs); err != nil {
			return incomparable(fmt.Sprintf("version %d cannot predict the %s rows: %v", champion.Version, on, err))
		}
		all = append(all, s)
		return nil
	}
	if data.test.Inputs != nil {
		var rows pipeline.Data
		if rows, err = e.unseen(ctx, plan, data, champion, c); err == nil {
			err = predicted(HeldOut, rows)
		}
	} else {
		var s sides
		s, err = e.outOfFold(ctx, plan, data, champion)
		all = append(all, s)
	}
	if err != nil || plan.Config.Promote.Window == "" {
		return all, err
	}
	if plan.Config.Promote.Outcomes() {
		live, err := e.live(ctx, plan, challenger, other, champion, c)
		if err == nil && live != nil {
			all = append(all, *live)
		}
		return all, err
	}
	fresh, err := e.window(ctx, plan)
	if err != nil {
		return nil, err
	}
	return all, predicted(Fresh, fresh)
}

// pipeline loads an artifact.
func (e *Engine) pipeline(ctx context.Context, model registry.ModelName, digest string) (*pipeline.Pipeline, error) {
	artifact, err := e.Registry.Artifact(ctx, model, digest)
	if err != nil {
		return nil, err
	}
	return pipeline.Decode(artifact)
}

// predictions are a pipeline's, of rows that it was not made with.
func predictions(p *pipeline.Pipeline, rows *dataset.Table) ([]float64, error) {
	shaped, _, err := rows.Conform(p.Schema)
	if err != nil {
		return nil, err
	}
	return p.Predict(shaped)
}

// commonRows is how many rows two runs must have in common for their predictions to be
// compared.
const commonRows = 30

// outOfFold finds the rows that this run and that of champion both learned from, by their
// content, and what each run's final model predicts for them out of fold.
func (e *Engine) outOfFold(ctx context.Context, plan Plan, data *prepared, champion registry.Alias) (sides, error) {
	outputs := plan.Target.Outputs()
	own, err := e.predictions(ctx, plan.Run, finalPredictions, len(data.Y), outputs)
	if err != nil {
		return sides{}, err
	}
	before, err := e.Registry.Version(ctx, plan.Model, champion.Version)
	if err != nil {
		return sides{}, err
	}
	var theirs []float64
	old, err := e.readPrepared(ctx, RunID(before.Run))
	if err == nil {
		theirs, err = e.predictions(ctx, RunID(before.Run), finalPredictions, len(old.Y), outputs)
	}
	if errors.Is(err, registry.ErrNotFound) {
		return sides{}, incomparable(fmt.Sprintf("no rows were held out (validation.test), and run %s, which made version %d, is gone", before.Run, champion.Version))
	}
	if err != nil {
		return sides{}, err
	}
	s := sides{on: OutOfFold}
	for _, pair := range common(data, old) {
		p, q := own[pair.row*outputs:][:outputs], theirs[pair.old*outputs:][:outputs]
		if math.IsNaN(p[0]) || math.IsNaN(q[0]) {
			continue // no fold tests it
		}
		s.y, s.own, s.champion = append(s.y, data.Y[pair.row]), append(s.own, p...), append(s.champion, q...)
		if data.Weights != nil {
			s.weights = append(s.weights, data.Weights[pair.row])
		}
	}
	if len(s.y) < commonRows {
		return sides{}, incomparable(fmt.Sprintf("no rows were held out (validation.test), and the runs have %d rows in common; %d are needed", len(s.y), commonRows))
	}
	return s, nil
}

// sameRow is a row of a run and the same row of an older one.
type sameRow struct{ row, old int }

// common finds the rows with the same inputs and target, each of them once.
func common(data, old *prepared) []sameRow {
	rows := map[uint64][]int{}
	for row, content := range old.Inputs.Contents() {
		rows[content] = append(rows[content], row)
	}
	var pairs []sameRow
	for row, content := range data.Inputs.Contents() {
		at := slices.IndexFunc(rows[content], func(candidate int) bool { return old.Y[candidate] == data.Y[row] })
		if at >= 0 {
			pairs = append(pairs, sameRow{row, rows[content][at]})
			rows[content] = slices.Delete(rows[content], at, at+1)
		}
	}
	return pairs
}

// window reads the fresh rows of promote.window.
func (e *Engine) window(ctx context.Context, plan Plan) (pipeline.Data, error) {
	c := plan.Config
	fail := func(err error) (pipeline.Data, error) {
		return pipeline.Data{}, fmt.Errorf("promote.window %s: %w", c.Promote.Window, err)
	}
	source, err := e.Source(ctx, c.Promote.Window)
	if err != nil {
		return fail(err)
	}
	options, err := c.Data.Options()
	if err != nil {
		return fail(err)
	}
	options.Workers = e.Workers
	table, _, err := dataset.Read(ctx, source, options)
	if err != nil {
		return fail(err)
	}
	column := table.Column(plan.Target.Name)
	if column == nil {
		return fail(&dataset.ColumnError{Column: plan.Target.Name, Err: errors.New("is missing: the window needs targets")})
	}
	weights, err := c.Data.weights(table)
	if err != nil {
		return fail(err)
	}
	var discarded Plan // what it warns of is of the window, not of what was learned from
	all := pipeline.Data{Inputs: c.Inputs(table), Y: plan.Target.Values(column), Weights: weights}
	rows := discarded.told(all, steering{})
	if len(rows) == 0 {
		return fail(errors.New("no row has a target of a known class"))
	}
	return all.Select(rows), nil
}
