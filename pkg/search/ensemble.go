package search

import (
	"context"
	"errors"
	"math"

	"github.com/foretell-ml/foretell/pkg/internal/par"
)

// Ensemble chooses models whose mean predicts better than each of them, by what they predict
// for rows that they did not learn from: the greedy selection of Caruana, Niculescu-Mizil, Crew
// & Ksikes (2004). It starts with the best alone and adds, one at a time, whichever candidate
// makes the mean best; one may be added again, which gives it more weight. It stops where
// nothing is gained, so that what is worthless gets no weight at all, and with few steps it
// cannot fit much noise: that is why it is preferred to fitted weights on few rows.
type Ensemble struct {
	// Size is the most steps, at least 1: with 1 it is the best alone.
	Size int
	// Score judges the predictions of a mean; NaN is worse than all.
	Score func(mean []float64) float64
	// Better reports whether score a is better than b; no score is better than itself or NaN.
	Better func(a, b float64) bool
	// Fits reports whether candidates can be served together, each named once, in the order in
	// which they were added; nil: all can. One that does not fit is passed over.
	Fits func(members []int) bool
	// Workers is the number of candidates tried at a time; 0 is one per core. What is chosen
	// does not depend on it.
	Workers int
}

// Selection is what an Ensemble chose.
type Selection struct {
	// Counts is how often each candidate was added. Divided by the number of steps they are
	// its weight.
	Counts []int
	Steps  []Step
}

// Step is a candidate that was added, and the score of the mean with it.
type Step struct {
	Candidate int
	Score     float64
}

// ErrNoneFits says that no candidate alone can be served.
var ErrNoneFits = errors.New("no candidate fits")

// Members are the candidates that were chosen, in the order in which they were added first.
func (s Selection) Members() []int {
	var members []int
	seen := make([]bool, len(s.Counts))
	for _, step := range s.Steps {
		if !seen[step.Candidate] {
			members, seen[step.Candidate] = append(members, step.Candidate), true
		}
	}
	return members
}

// Weights are those of Members, in their order; they sum to 1.
func (s Selection) Weights() []float64 {
	var weights []float64
	for _, c := range s.Members() {
		weights = append(weights, float64(s.Counts[c])/float64(len(s.Steps)))
	}
	return weights
}

// Select chooses among candidates, each the predictions of one model for the same rows. Of
// equally good ones the first is added. It is an error wrapping ErrNoneFits if none may start.
func (e Ensemble) Select(ctx context.Context, candidates [][]float64) (Selection, error) {
	s := Selection{Counts: make([]int, len(candidates))}
	if len(candidates) == 0 {
		return s, ErrNoneFits
	}
	sum := make([]float64, len(candidates[0]))
	last := math.NaN()
	for len(s.Steps) < max(1, e.Size) {
		scores, err := e.try(ctx, s, sum, candidates)
		if err != nil {
			return s, err
		}
		best := -1
		for c, score := range scores {
			if !math.IsNaN(score) && (best < 0 || e.Better(score, scores[best])) {
				best = c
			}
		}
		switch {
		case best < 0 && len(s.Steps) == 0:
			return s, ErrNoneFits
		case best < 0 || len(s.Steps) > 0 && !e.Better(scores[best], last):
			return s, nil
		}
		for i, v := range candidates[best] {
			sum[i] += v
		}
		last = scores[best]
		s.Counts[best]++
		s.Steps = append(s.Steps, Step{best, last})
	}
	return s, nil
}

// try scores the mean with each candidate added; NaN for one that does not fit.
func (e Ensemble) try(ctx context.Context, s Selection, sum []float64, candidates [][]float64) ([]float64, error) {
	scores := make([]float64, len(candidates))
	members := s.Members()
	n := float64(len(s.Steps) + 1)
	err := par.For(ctx, len(candidates), e.Workers, func(c int) error {
		scores[c] = math.NaN()
		if s.Counts[c] == 0 && e.Fits != nil && !e.Fits(append(members[:len(members):len(members)], c)) {
			return nil
		}
		mean := make([]float64, len(sum))
		for i, v := range candidates[c] {
			mean[i] = (sum[i] + v) / n
		}
		scores[c] = e.Score(mean)
		return nil
	})
	return scores, err
}
