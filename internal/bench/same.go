package main

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/metric"
	"github.com/foretell-ml/foretell/pkg/model"
	"github.com/foretell-ml/foretell/pkg/validate"
)

// sameTolerance is how far scores on the same columns may differ, as a share: solvers stop when
// coefficients have some eight digits.
const sameTolerance = 1e-6

// scoreSame is score without a pipeline: the learner gets what its peer in
// testdata/peers/bench_accuracy.py gets, the columns of numbers that no row misses, less their mean
// and over their deviation in the rows fitted. So what differs is the learner alone.
func (p problem) scoreSame(ctx context.Context, folder string, c contest, m metric.Metric) ([]float64, error) {
	learner, err := model.New(c.ours.Learner, c.ours.Params)
	if err != nil {
		return nil, err
	}
	table, target, y, err := p.read(ctx, folder, p.file)
	if err != nil {
		return nil, err
	}
	rows := len(y)
	columns := map[string][]float64{}
	var names []string
	for _, c := range table.Columns {
		if c.Type == dataset.Numeric {
			columns[c.Name] = slices.Clone(c.Values)
			names = append(names, c.Name)
		}
	}
	fit := make([]int, 0, rows)
	if p.test != "" {
		published, _, testedY, err := p.read(ctx, folder, p.test)
		if err != nil {
			return nil, err
		}
		for name := range columns {
			columns[name] = append(columns[name], published.Column(name).Values...)
		}
		for i := range rows {
			fit = append(fit, i)
		}
		y = append(slices.Clone(y), testedY...)
	}
	names = slices.DeleteFunc(names, func(name string) bool { return slices.ContainsFunc(columns[name], math.IsNaN) })
	assigned := make([]int, len(y)-len(fit))
	for i := range assigned {
		assigned[i] = i % foldCount
	}
	var scores []float64
	for _, fold := range validate.Folds(assigned, foldCount) {
		train, test := fold.Train, fold.Test
		if p.test != "" {
			train = fit
			for i := range test {
				test[i] += rows
			}
		}
		x := &dataset.Matrix{Rows: len(train)}
		tested := &dataset.Matrix{Rows: len(test)}
		for _, name := range names {
			fitted, held := pick(columns[name], train), pick(columns[name], test)
			standardizeBoth(fitted, held)
			x.Names, x.Columns = append(x.Names, name), append(x.Columns, fitted)
			tested.Names, tested.Columns = append(tested.Names, name), append(tested.Columns, held)
		}
		of, err := learner.Fit(ctx, model.Data{X: x, Y: pick(y, train), Task: p.task, Classes: len(target.Classes)}, 1)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		predicted := make([]float64, len(test)*of.Outputs())
		of.Predict(predicted, tested)
		score, err := m.Score(pick(y, test), predicted, nil, of.Outputs())
		if err != nil {
			return nil, err
		}
		scores = append(scores, score)
	}
	return scores, nil
}

// standardizeBoth takes the mean of the rows fitted off both, and divides by their deviation, of n
// rows and not n-1.
func standardizeBoth(fitted, held []float64) {
	n := float64(len(fitted))
	mean, squares := 0.0, 0.0
	for _, v := range fitted {
		mean += v / n
	}
	for _, v := range fitted {
		squares += (v - mean) * (v - mean) / n
	}
	deviation := math.Sqrt(squares)
	for _, of := range [][]float64{fitted, held} {
		for i := range of {
			of[i] = (of[i] - mean) / deviation
		}
	}
}

// equalScores says whether the scores of all folds are those of the peer.
func equalScores(ours []float64, peer scored) string {
	farthest := 0.0
	for i, v := range ours {
		farthest = max(farthest, math.Abs(v/peer.folds[i]-1))
	}
	return fmt.Sprintf(" farthest=%.1g equal=%v", farthest, farthest <= sameTolerance)
}
