package training

import (
	"context"

	"github.com/foretell-ml/foretell/pkg/search"
)

// choice is a selection among candidates.
type choice struct {
	members []int
	weights []float64
	steps   []search.Step
}

// chooser says how an ensemble is chosen.
type chooser struct {
	config  EnsembleConfig
	fits    func(members []int) bool
	workers int
}

// choose selects by the rows of j.
func (c chooser) choose(ctx context.Context, j *judged) (choice, error) {
	selection, err := search.Ensemble{Size: c.config.Size, Score: j.score, Better: j.by.Better, Fits: c.fits, Workers: c.workers}.Select(ctx, j.candidates)
	if err != nil {
		return choice{}, err
	}
	found := choice{selection.Members(), selection.Weights(), selection.Steps}
	if !c.config.Stack || len(found.members) == 1 {
		return found, nil
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
	return stacked, nil
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
