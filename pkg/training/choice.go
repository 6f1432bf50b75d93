package training

import (
	"context"
	"slices"

	"github.com/foretell-ml/foretell/pkg/metric"
	"github.com/foretell-ml/foretell/pkg/search"
)

// choice is a selection among candidates.
type choice struct {
	members []int
	weights []float64
	steps   []search.Step
	doubted bool // the last member is the baseline beside what may be sure
}

// several says whether more than one was chosen, the baseline beside them left aside.
func (c choice) several() bool {
	if c.doubted {
		return len(c.members) > 2
	}
	return len(c.members) > 1
}

// chooser says how an ensemble is chosen.
type chooser struct {
	config  EnsembleConfig
	fits    func(members []int) bool
	workers int
	// sure tells of candidates that they may say a class cannot be; nil: it costs no more than any other
	// error. doubt is the candidate that never does, or -1.
	sure  []bool
	doubt int
}

// doubtWeight is what the baseline weighs beside models that may be sure: as much as one tree of the 300
// that forests of the portfolio have.
const doubtWeight = 1. / 300

// doubts says which candidates may be sure: trees down to single rows, and neighbours, give a class that they
// never saw a probability of 0, which costs a log loss without bound where it comes. The baseline's
// shares of classes keep it from that.
func (c *chooser) doubts(by string, list []Standing) {
	c.doubt = -1
	if by != metric.Default(multiclass).Name || c.config.Size == 1 {
		return
	}
	for i, s := range list {
		c.sure = append(c.sure, s.Learner == "forest" || s.Learner == "knn")
		if s.Learner == "baseline" {
			c.doubt = i
		}
	}
}

// doubted is a choice with the baseline, if all that it has may be sure.
func (c chooser) doubted(of choice) choice {
	if c.sure == nil || c.doubt < 0 || slices.ContainsFunc(of.members, func(m int) bool { return !c.sure[m] }) {
		return of
	}
	members := append(slices.Clone(of.members), c.doubt)
	if c.fits != nil && !c.fits(members) {
		return of
	}
	with := choice{members: members, steps: of.steps, doubted: true}
	for _, w := range of.weights {
		with.weights = append(with.weights, float64(w*(1-doubtWeight)))
	}
	with.weights = append(with.weights, doubtWeight)
	return with
}

// choose selects by the rows of j.
func (c chooser) choose(ctx context.Context, j *judged) (choice, error) {
	selection, err := search.Ensemble{Size: c.config.Size, Score: j.score, Better: j.by.Better, Fits: c.fits, Workers: c.workers}.Select(ctx, j.candidates)
	if err != nil {
		return choice{}, err
	}
	found := choice{members: selection.Members(), weights: selection.Weights(), steps: selection.Steps}
	if !c.config.Stack || len(found.members) == 1 {
		return c.doubted(found), nil
	}
	chosen := make([][]float64, len(found.members))
	for i, m := range found.members {
		chosen[i] = j.candidates[m]
	}
	stacked := choice{steps: found.steps}
	for i, w := range search.Stacked(chosen, j.y, j.weights, j.outputs) {
		if w > 0 {
			stacked.members, stacked.weights = append(stacked.members, found.members[i]), append(stacked.weights, w)
		}
	}
	return c.doubted(stacked), nil
}

// mean is what the chosen predict together, as a pipeline of them adds it up.
func (c choice) mean(j *judged) []float64 {
	if len(c.members) == 1 {
		return j.candidates[c.members[0]]
	}
	mean := make([]float64, len(j.candidates[0]))
	for i, m := range c.members {
		for at, v := range j.candidates[m] {
			mean[at] += float64(c.weights[i] * v)
		}
	}
	return mean
}

// crossFitted is what would be predicted for each row had its part not been there to choose by.
type crossFitted struct {
	choices   []choice // of each part
	predicted []float64
}

// crossFit chooses for each part by the others.
func (c chooser) crossFit(ctx context.Context, j *judged) (crossFitted, error) {
	f := crossFitted{predicted: make([]float64, len(j.rows)*j.outputs)}
	for part := range j.parts() {
		chosen, err := c.choose(ctx, j.at(j.places(part, false)))
		if err != nil {
			return f, err
		}
		f.choices = append(f.choices, chosen)
		j.put(f.predicted, part, chosen.mean)
	}
	return f, nil
}

// put writes what is predicted for the rows of a part.
func (j *judged) put(predicted []float64, part int, predict func(*judged) []float64) {
	places := j.places(part, true)
	of := predict(j.at(places))
	for i, at := range places {
		copy(predicted[at*j.outputs:(at+1)*j.outputs], of[i*j.outputs:(i+1)*j.outputs])
	}
}
