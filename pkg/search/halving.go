package search

import "math"

// halving is successive halving (Jamieson & Talwalkar 2016) with the rungs of Hyperband's
// brackets (Li et al. 2018): all points on the lowest rung, of each eta the best one on the
// next. Rungs are synchronous: ASHA (Li et al. 2020) promotes whoever is good among those that
// happen to be finished, which keeps more workers busy but gives another list each time.
func (s Search) halving(past []Outcome) []Trial {
	rung := 0
	for _, o := range past {
		rung = max(rung, o.Rung)
	}
	if rung >= s.Rungs {
		return nil
	}
	var trials []Trial
	if rung == 0 {
		trials = s.draw(s.Start, s.Trials)
	} else {
		trials = s.promoted(past, rung)
	}
	for i := range trials {
		trials[i].Rung, trials[i].Share = rung+1, s.share(rung+1)
	}
	// Every rung is about as much work as any other, so each may take its part of the budget.
	bound := float64(s.Budget*float64(rung+1)) / float64(max(s.Rungs, 1))
	return s.affordable(trials, cost(s, past), bound)
}

// promoted are the best points of a rung, by number.
func (s Search) promoted(past []Outcome, rung int) (trials []Trial) {
	var reached []Outcome
	for _, o := range past {
		if o.Rung == rung {
			reached = append(reached, o)
		}
	}
	most := max(len(reached)/s.Eta, 1)
	for _, o := range best(reached) {
		if len(trials) < most && !math.IsNaN(o.Loss) {
			trials = append(trials, o.Trial)
		}
	}
	return byNumber(trials)
}

// share is what a rung has of the whole: 1 on the last, eta times less on each below.
func (s Search) share(rung int) float64 {
	share := 1.0
	for range s.Rungs - rung {
		share /= float64(s.Eta)
	}
	return share
}

// Total is how many trials a search has at most over all rounds, of which the first lists some.
func (s Search) Total(first int) int {
	switch s.Strategy {
	case TPESearch:
		if first < min(startup, s.Trials) {
			return first // the spaces hold no more
		}
		return s.Trials
	case HalvingSearch:
		total, n := 0, first
		for range s.Rungs {
			total += n
			n = max(n/s.Eta, 1)
		}
		return total
	}
	return first
}
