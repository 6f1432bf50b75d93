package training

import (
	"context"
	"slices"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
	"github.com/foretell-ml/foretell/pkg/metric"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// testConfidence is that of the intervals around the scores of a final model.
const testConfidence = 0.95

// tested judges the final model on the rows that were held out: the only score that nothing
// was chosen by. It is nil if no rows were. Scores that are not defined on these rows are left
// out. The run's metric has an interval, and so has what needs no thousand draws for it.
func tested(ctx context.Context, plan Plan, data *prepared, p *pipeline.Pipeline) (*registry.Tested, error) {
	test := data.test
	if test.Inputs == nil {
		return nil, nil
	}
	predicted, err := p.Predict(test.Inputs)
	if err != nil {
		return nil, err
	}
	found := &registry.Tested{Rows: len(test.Y), Confidence: testConfidence, Scores: map[string]float64{}, Intervals: map[string][2]float64{}}
	for _, m := range plan.metrics() {
		score, err := m.Score(test.Y, predicted, test.Weights, plan.Target.Outputs())
		if err != nil {
			continue
		}
		found.Scores[m.Name] = score
		if m.Name != plan.Metric && m.Bootstrapped() {
			continue
		}
		in, err := m.Interval(ctx, test.Y, predicted, test.Weights, plan.Target.Outputs(), testConfidence, seed.Derive(plan.Config.Seed, "tested"))
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err == nil {
			found.Intervals[m.Name] = [2]float64{in.Low, in.High}
		}
	}
	return found, nil
}

// metrics are all that the run's predictions are judged by: those of the task, and the run's
// own if its name holds a parameter.
func (p *Plan) metrics() []metric.Metric {
	all := metric.For(p.Target.Task)
	if !slices.ContainsFunc(all, func(m metric.Metric) bool { return m.Name == p.Metric }) {
		if own, err := metric.ByName(p.Metric); err == nil {
			all = append(all, own)
		}
	}
	return all
}
