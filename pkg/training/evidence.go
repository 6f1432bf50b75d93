package training

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
	"github.com/foretell-ml/foretell/pkg/metric"
	"github.com/foretell-ml/foretell/pkg/model"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/report"
)

// How much is computed for a page at most: importance takes columns × repeats predictions of the
// rows, and dependence one for each value. Of large models it is less: see showing.
const (
	importanceRows    = 2_000
	importanceLeast   = 200
	importanceRepeats = 5
	// importanceBudget bounds columns × repeats × rows.
	importanceBudget = 1_000_000
	// refitRows is up to which number of rows a model is fitted again without a fold, for its
	// importance, where no rows are held out.
	refitRows       = 10_000
	dependenceRows  = 500
	dependenceLeast = 50
	dependsOn       = 6  // columns
	dependsAt       = 20 // values
	dependsLevels   = 12
	dependsClasses  = 4
)

// evidence adds to the page how the final model does on rows that it did not learn from.
func (e *Engine) evidence(ctx context.Context, c concluded, served *pipeline.Pipeline, r *report.Run) (err error) {
	if r.Judged, err = e.judgedRows(ctx, c, served); err != nil {
		return err
	}
	asked, rows, on, err := e.unlearned(ctx, c, served)
	if err != nil || rows.Inputs == nil {
		return err
	}
	by, err := metric.ByName(c.plan.Metric)
	if err != nil {
		return err
	}
	show, err := c.plan.showing(configurations(c.ensemble.Members))
	if err != nil {
		return err
	}
	rows = rows.Select(evenly(len(rows.Y), show.importance))
	score := func(predicted []float64) float64 {
		score, err := by.Score(rows.Y, predicted, rows.Weights, c.plan.Target.Outputs())
		switch {
		case err != nil:
			return math.NaN()
		case !by.Greater:
			return -score
		}
		return score
	}
	permuted, err := asked.Permute(ctx, rows.Inputs, score, model.Permutation{Repeats: importanceRepeats, Confidence: 0.95}, seed.Derive(c.plan.Config.Seed, "importance"))
	if err != nil {
		return err
	}
	permuted = slices.DeleteFunc(permuted, func(p model.Permuted) bool { return math.IsNaN(p.Drop) || math.IsInf(p.Drop, 0) })
	sort.SliceStable(permuted, func(i, j int) bool { return permuted[i].Drop > permuted[j].Drop })
	r.ImportanceOf = fmt.Sprintf("%d %s rows", len(rows.Y), on)
	for _, p := range permuted {
		r.Importance = append(r.Importance, report.Importance{Column: asked.Schema[p.Column].Name, Drop: p.Drop, Low: p.Low, High: p.High})
	}
	if r.Swarms, err = swarms(ctx, asked, rows.Inputs.Select(evenly(len(rows.Y), show.swarm)), c.data.Inputs, permuted, c.plan.Config.Seed); err != nil {
		return err
	}
	r.SwarmOf = fmt.Sprintf("%d %s rows, compared with %d that were learned from", min(len(rows.Y), show.swarm), on, min(len(c.data.Y), swarmBackground))
	if r.Learning, err = learningCurves(ctx, c, e.Workers); err != nil {
		return err
	}
	rows = rows.Select(evenly(len(rows.Y), show.dependence))
	for _, p := range permuted[:min(len(permuted), dependsOn)] {
		d, err := dependence(ctx, asked, rows.Inputs, asked.Schema[p.Column].Name, served)
		if err != nil {
			return err
		}
		if d != nil {
			r.Dependence = append(r.Dependence, *d)
		}
	}
	return nil
}

// judgedRows are those that were held out, or else those that folds test, with what is
// predicted for them by models that did not learn from them.
func (e *Engine) judgedRows(ctx context.Context, c concluded, served *pipeline.Pipeline) (*report.Judged, error) {
	plan, data := c.plan, c.data
	outputs := plan.Target.Outputs()
	j := &report.Judged{On: string(HeldOut), Threshold: math.NaN()}
	var err error
	if data.test.Inputs != nil {
		j.Y, j.Weights = data.test.Y, data.test.Weights
		var shaped *dataset.Table
		if shaped, _, err = data.test.Inputs.Conform(served.Schema); err == nil {
			j.Predicted, j.Intervals, err = served.PredictIntervals(shaped)
		}
	} else {
		j.On = string(OutOfFold)
		var all []float64
		all, err = e.predictions(ctx, plan.Run, finalPredictions, len(data.Y), outputs)
		var rows []int
		for row := 0; err == nil && row < len(data.Y); row++ {
			if !math.IsNaN(all[row*outputs]) { // else no fold tests it
				rows = append(rows, row)
			}
		}
		of := data.Select(rows)
		j.Y, j.Weights, j.Predicted = of.Y, of.Weights, ofRows(all, rows, outputs)
	}
	if err != nil {
		return nil, err
	}
	if plan.Target.Task == dataset.Regression {
		if served.Conformal != nil && j.Intervals == nil {
			j.Intervals = served.Conformal.Intervals(j.Predicted)
		}
		if j.Intervals != nil {
			j.Coverage = served.Coverage()
		}
		return j, nil
	}
	j.Decision = decisionOf(served)
	if outputs == 2 {
		j.Threshold = 0.5
	}
	if d := served.Decision; d != nil {
		if j.Threshold = math.NaN(); d.Threshold != nil {
			j.Threshold = *d.Threshold
		}
	}
	j.Decided = make([]int, len(j.Y))
	for row := range j.Decided {
		j.Decided[row] = served.Decide(j.Predicted[row*outputs : (row+1)*outputs])
	}
	return j, nil
}

// decisionOf says in words which class is served.
func decisionOf(p *pipeline.Pipeline) string {
	switch d := p.Decision; {
	case d == nil:
		return "The likeliest class is served."
	case d.Threshold == nil:
		return "The class of the least expected cost is served."
	case d.Maximize != "":
		return fmt.Sprintf("Class %q is served from a probability of %.4g on, chosen to maximize %s.", p.Target.Classes[1], *d.Threshold, d.Maximize)
	default:
		return fmt.Sprintf("Class %q is served from a probability of %.4g on.", p.Target.Classes[1], *d.Threshold)
	}
}

// unlearned are a model and rows that it did not learn from: the served one and those that were
// held out; or else what the same configurations learn without the first fold, and its rows.
// Where that is too much work there are no rows.
func (e *Engine) unlearned(ctx context.Context, c concluded, served *pipeline.Pipeline) (*pipeline.Pipeline, pipeline.Data, string, error) {
	if c.data.test.Inputs != nil {
		return served, c.data.test, string(HeldOut), nil
	}
	if len(c.data.Y) > refitRows {
		return served, pipeline.Data{}, "", nil
	}
	fold := c.data.folds[0]
	var weights []float64
	for _, m := range c.ensemble.Members {
		weights = append(weights, m.Weight)
	}
	cs := configurations(c.ensemble.Members)
	workers, err := c.plan.Volume.sideBySide(cs, e.Workers)
	if err != nil {
		return nil, pipeline.Data{}, "", err
	}
	p, err := pipeline.FitMembers(ctx, c.data.Select(fold.Train), c.plan.Target, cs, weights, workers, foldSeed(c.plan, 0))
	if err != nil {
		if ctx.Err() != nil {
			return nil, pipeline.Data{}, "", ctx.Err()
		}
		return served, pipeline.Data{}, "", nil // it has fewer rows than those that were enough
	}
	p.Calibration, p.Conformal, p.CVPlus, p.Decision = served.Calibration, served.Conformal, served.CVPlus, served.Decision
	return p, c.data.Select(fold.Test), "out-of-fold", nil
}

// evenly are at most so many of n rows at an even stride.
func evenly(n, most int) []int {
	most = min(n, most)
	rows := make([]int, most)
	for i := range rows {
		rows[i] = i * n / most
	}
	return rows
}
