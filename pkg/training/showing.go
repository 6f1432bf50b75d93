package training

import (
	"github.com/foretell-ml/foretell/pkg/pipeline"
)

// How much what a page shows of a model may take, in core-seconds as they are predicted: a large
// ensemble is shown by fewer rows, the same on every machine.
const (
	importanceWork = 3
	swarmWork      = 1.5
	dependenceWork = 1.5
)

// showing is of how many rows a page shows the importance of columns, what these add to predictions,
// and how predictions depend on them.
type showing struct {
	importance, swarm, dependence int
	seconds                       float64 // that all of it is predicted to take on one core
}

// showing is that of a model of some configurations, of data with so many input columns.
func (p *Plan) showing(cs []pipeline.Configuration) (s showing, err error) {
	each, err := p.Volume.predicting(cs)
	if err != nil {
		return s, err
	}
	if p.Config.Ensemble.Bagged {
		each *= float64(max(1, p.Volume.Folds))
	}
	columns, there := max(1, p.Volume.Columns), p.Volume.Test
	if there == 0 {
		there = p.Volume.Judge // those of a fold
	}
	rows := func(predictions, least, most int, work float64) int {
		least, most = min(least, there), min(most, there)
		n := most
		if of := float64(predictions) * each; float64(of*float64(most)) > work {
			n = max(least, int(work/of))
		}
		s.seconds += float64(float64(n*predictions) * each)
		return n
	}
	most := min(max(importanceBudget/(importanceRepeats*columns), importanceLeast), importanceRows)
	s.importance = rows(importanceRepeats*columns, importanceLeast, most, importanceWork)
	s.swarm = rows(2*swarmBackground*(min(columns, swarmColumns)+2), swarmLeast, swarmRows, swarmWork)
	s.dependence = rows(min(columns, dependsOn)*dependsAt, dependenceLeast, dependenceRows, dependenceWork)
	return s, nil
}
