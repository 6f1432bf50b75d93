package training

import (
	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/pipeline"
)

// Members that an ensemble has as a rule at most, whatever it may have, how many more rows each learns
// from than in a fold, how often it is tried to add one, and nanoseconds to score a prediction of a mean.
const (
	usualMembers = 5
	wholeShare   = 1.25
	usualSteps   = 6
	scoreTime    = 30
)

// concluding is what it takes to conclude a run, in seconds on one core: to read its data, to choose an
// ensemble, again for each fold, to fit the final model, and to show what it does. Its members are
// taken to be the dearest configurations, since they tend to be the best.
func (q *Quote) concluding(plan Plan, trials []Trial) (seconds float64, err error) {
	v, c := q.Volume, plan.Config.Ensemble
	folds := float64(max(1, v.Folds))
	seconds = float64(2 * float64(v.Prepared) * byteSeconds)
	outputs := max(1, v.Classes)
	candidates := min(shortlisted, len(trials)+q.More)
	if c.Size > 1 {
		tried := candidates * min(c.Size, usualSteps) * (v.Folds + 1)
		seconds += float64(float64(tried) * float64(v.Rows*outputs) * scoreTime * 1e-9)
	}
	var cs []pipeline.Configuration
	dearest := q.dearest(min(c.Size, usualMembers, (len(trials)+q.More+1)/2))
	for i, t := range dearest {
		fold := t.CoreSeconds / folds
		switch {
		case c.Bagged:
			seconds += t.CoreSeconds
		default:
			seconds += float64(fold * wholeShare)
		}
		if v.Test == 0 && v.Rows <= refitRows {
			seconds += fold // without a fold, for what is shown
		}
		if curve := float64(fold * num.Sum(learningShares)); i == 0 && curve > 0 {
			seconds += float64(curve * float64(min(v.Folds, int(learningWork/curve))))
		}
		for _, trial := range trials {
			if trial.ID == t.Trial {
				cs = append(cs, trial.configuration())
			}
		}
	}
	if v.Test == 0 && v.Rows > refitRows {
		return seconds, nil // nothing is shown of rows that were learned from
	}
	show, err := plan.showing(cs)
	return seconds + show.seconds, err
}
