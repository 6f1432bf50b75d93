package training

import (
	"context"
	"errors"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/internal/par"
	"github.com/foretell-ml/foretell/pkg/metric"
	"github.com/foretell-ml/foretell/pkg/model"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/report"
	"github.com/foretell-ml/foretell/pkg/validate"
)

// learningShares are of the rows of a fold that a learning curve is made at.
var learningShares = []float64{0.1, 0.2, 0.4, 0.7, 1}

const (
	// learningWork is how much the fits of a learning curve may take, in core-seconds as they are
	// predicted; without room for one fold there is none.
	learningWork   = 5
	learningRows   = 2_000 // of those learned from that are scored
	learningStages = 24    // of rounds
)

// learningCurves are those of the member of the most weight: by rows and, if it is built up in
// rounds, by rounds. So many folds are fitted side by side as workers.
func learningCurves(ctx context.Context, c concluded, workers int) ([]report.Learning, error) {
	m := c.ensemble.Members[0]
	for _, other := range c.ensemble.Members {
		if other.Weight > m.Weight {
			m = other
		}
	}
	d, err := c.plan.Volume.demand(Trial{Learner: m.Learner, Params: m.Params})
	if err != nil {
		return nil, err
	}
	folds := c.data.folds
	perFold := d.work * num.Sum(learningShares) / float64(len(folds))
	if n := int(learningWork / max(perFold, 1e-9)); n < len(folds) {
		folds = folds[:n]
	}
	if len(folds) == 0 {
		return nil, nil
	}
	by, err := metric.ByName(c.plan.Metric)
	if err != nil {
		return nil, err
	}
	s := scorer{c.plan, c.data, by}
	workers, err = c.plan.Volume.sideBySide(slices.Repeat([]pipeline.Configuration{configuration(m)}, len(learningShares)*len(folds)), workers)
	if err != nil {
		return nil, err
	}
	byRows, last, err := s.byRows(ctx, m, len(folds), workers)
	if err != nil || byRows == nil {
		return nil, err
	}
	curves := []report.Learning{*byRows}
	if staged, is := last.Members[0].Model.(model.Staged); is {
		byRounds, err := s.byRounds(ctx, last, staged, folds[0])
		if err != nil {
			return nil, err
		}
		byRounds.Trial = m.Trial
		curves = append([]report.Learning{byRounds}, curves...)
	}
	return curves, nil
}

// scorer scores what is fitted on folds.
type scorer struct {
	plan Plan
	data *prepared
	by   metric.Metric
}

// both scores rows that were learned from, and those that a fold tests; NaN where the metric is
// not defined.
func (s scorer) both(p *pipeline.Pipeline, fold validate.Fold) (fitted, judged float64, err error) {
	score := func(rows []int) (float64, error) {
		data := s.data.Select(rows)
		predicted, err := p.Predict(data.Inputs)
		if err != nil {
			return 0, err
		}
		score, err := s.by.Score(data.Y, predicted, data.Weights, s.plan.Target.Outputs())
		if err != nil || math.IsInf(score, 0) {
			score = math.NaN()
		}
		return score, nil
	}
	if fitted, err = score(pick(fold.Train, evenly(len(fold.Train), learningRows))); err != nil {
		return 0, 0, err
	}
	judged, err = score(fold.Test)
	return fitted, judged, err
}

// byRows fits a member on shares of the first folds. It returns what was fitted on all of the
// first; nil if a share is too little for the learner.
func (s scorer) byRows(ctx context.Context, m registry.Member, folds, workers int) (*report.Learning, *pipeline.Pipeline, error) {
	l := &report.Learning{Folds: folds, Trial: m.Trial}
	n := len(learningShares)
	parts := make([]*prepared, n)
	for i, share := range learningShares {
		parts[i] = s.data.at(&Rung{Number: i, Of: n, Share: share, Resource: byRows}, s.plan)
	}
	fits, whole := make([]learned, n*folds), (n-1)*folds // of a share, fold by fold
	err := par.For(ctx, len(fits), workers, func(i int) (err error) {
		fits[i], err = s.learn(ctx, m, parts[i/folds], i%folds)
		if i != whole {
			fits[i].model = nil // its memory may go
		}
		return err
	})
	if errors.Is(err, errTooFew) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	for i := range learningShares {
		rows, fitted, judged := make([]float64, folds), make([]float64, folds), make([]float64, folds)
		for f, at := range fits[i*folds : (i+1)*folds] {
			rows[f], fitted[f], judged[f] = float64(len(parts[i].folds[f].Train)), at.fitted, at.judged
		}
		mean := num.Sum(judged) / float64(folds)
		l.At, l.Fitted, l.Judged = append(l.At, num.Sum(rows)/float64(folds)), append(l.Fitted, num.Sum(fitted)/float64(folds)), append(l.Judged, mean)
		if folds > 1 {
			e := standardError(judged, mean)
			l.Low, l.High = append(l.Low, mean-e), append(l.High, mean+e)
		}
	}
	return l, fits[whole].model, nil
}

// learned is what a member learned from a share of a fold, and its scores.
type learned struct {
	model          *pipeline.Pipeline
	fitted, judged float64
}

// errTooFew says that a share of the rows is too little for a learner.
var errTooFew = errors.New("too few rows")

// learn fits a member on the training rows of a fold.
func (s scorer) learn(ctx context.Context, m registry.Member, data *prepared, fold int) (l learned, err error) {
	p, err := pipeline.Fit(ctx, data.Select(data.folds[fold].Train), s.plan.Target, configuration(m), foldSeed(s.plan, fold))
	if ctx.Err() != nil {
		return l, ctx.Err()
	}
	if err != nil {
		return l, errTooFew
	}
	l.model = p
	l.fitted, l.judged, err = s.both(p, data.folds[fold])
	return l, err
}

// byRounds scores what was fitted on a fold as it was after its first rounds.
func (s scorer) byRounds(ctx context.Context, p *pipeline.Pipeline, staged model.Staged, fold validate.Fold) (report.Learning, error) {
	l := report.Learning{Rounds: true, Folds: 1}
	rounds := staged.Rounds()
	for i := range min(learningStages, rounds) {
		if ctx.Err() != nil {
			return l, ctx.Err()
		}
		n := (i + 1) * rounds / min(learningStages, rounds)
		before := *p
		before.Members = []pipeline.Member{p.Members[0]}
		before.Members[0].Model = staged.After(n)
		fitted, judged, err := s.both(&before, fold)
		if err != nil {
			return l, err
		}
		l.At, l.Fitted, l.Judged = append(l.At, float64(n)), append(l.Fitted, fitted), append(l.Judged, judged)
	}
	return l, nil
}
