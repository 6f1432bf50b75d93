package training

import (
	"slices"
	"strings"
)

// LearnerQuote sums up the trials of a learner.
type LearnerQuote struct {
	Learner  string
	Trials   int
	Seconds  [2]float64 // of a trial, least and most
	MemoryMB [2]float64
	Dollars  float64 // in all
	Places   string
}

// ByLearner sums up a quote by learner, in the order of the first trial of each.
func (q Quote) ByLearner() []LearnerQuote {
	var all []LearnerQuote
	places := map[string][]string{}
	for _, t := range q.Trials {
		i := slices.IndexFunc(all, func(l LearnerQuote) bool { return l.Learner == t.Learner })
		if i < 0 {
			i = len(all)
			all = append(all, LearnerQuote{Learner: t.Learner, Seconds: [2]float64{t.Seconds, t.Seconds}, MemoryMB: [2]float64{float64(t.MemoryMB), float64(t.MemoryMB)}})
		}
		l := &all[i]
		l.Trials++
		l.Dollars += t.Dollars
		l.Seconds = [2]float64{min(l.Seconds[0], t.Seconds), max(l.Seconds[1], t.Seconds)}
		l.MemoryMB = [2]float64{min(l.MemoryMB[0], float64(t.MemoryMB)), max(l.MemoryMB[1], float64(t.MemoryMB))}
		if !slices.Contains(places[t.Learner], string(t.PlacedOn)) {
			places[t.Learner] = append(places[t.Learner], string(t.PlacedOn))
		}
	}
	for i := range all {
		all[i].Places = strings.Join(places[all[i].Learner], ", ")
	}
	return all
}
