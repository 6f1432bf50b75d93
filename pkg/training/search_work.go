package training

import "github.com/foretell-ml/foretell/pkg/search"

// coreSeconds is what a trial of a search is predicted to take on one core, over all folds: by
// formula, so that a budget of it ends a search at the same trial everywhere.
func (p *Plan) coreSeconds(t search.Trial) float64 {
	d, err := p.Volume.demand(p.Config.named(p.Run, []search.Trial{t})[0])
	if err != nil {
		return 0 // a learner that is wrong fails at once
	}
	return d.work
}

// affords is about how many trials a budget has room for, going by those that are listed.
func (p *Plan) affords(listed []Trial, most int) (int, error) {
	if p.Config.Search.Work == 0 || len(listed) == 0 {
		return most, nil
	}
	sum := 0.0
	for _, t := range listed {
		d, err := p.Volume.demand(t)
		if err != nil {
			return 0, err
		}
		sum += d.work
	}
	return min(most, max(len(listed), int(p.Config.Search.Work/sum*float64(len(listed))))), nil
}
