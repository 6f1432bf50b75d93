package search

import (
	"encoding/json"
	"fmt"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// Strategy is a way to choose trials from spaces.
type Strategy string

// The strategies.
const (
	GridSearch   Strategy = "grid"   // every combination of every space
	RandomSearch Strategy = "random" // draws, the spaces taking turns
)

// Trial is one point to try: the index of its space and concrete parameters.
type Trial struct {
	Space  int
	Params Params
}

// Trials lists what to try. For grid, n bounds the number of combinations (0: 10,000) and
// more than n is an error rather than a silent cut. For random, n is the number of trials;
// a space without anything to vary is tried once, and a combination never twice, so fewer
// than n come back when the spaces hold no more, or so few more that 50 draws in a row miss
// them.
func Trials(strategy Strategy, spaces []Space, n int, s uint64) ([]Trial, error) {
	switch strategy {
	case GridSearch:
		return gridTrials(spaces, n)
	case RandomSearch:
		return randomTrials(spaces, n, s), nil
	default:
		return nil, fmt.Errorf("unknown strategy %q: want grid or random", strategy)
	}
}

func gridTrials(spaces []Space, n int) ([]Trial, error) {
	var trials []Trial
	for i, space := range spaces {
		grid, err := space.Grid()
		if err != nil {
			return nil, fmt.Errorf("configuration %d: %w", i+1, err)
		}
		if len(trials)+len(grid) > maxGrid {
			return nil, fmt.Errorf("configuration %d: the grids exceed %d combinations together", i+1, maxGrid)
		}
		for _, params := range grid {
			trials = append(trials, Trial{i, params})
		}
	}
	if n > 0 && len(trials) > n {
		return nil, fmt.Errorf("the grid has %d combinations, more than the %d trials allowed", len(trials), n)
	}
	return trials, nil
}

// redraws is how often a repeated combination is drawn again before its space counts as
// exhausted.
const redraws = 50

func randomTrials(spaces []Space, n int, s uint64) []Trial {
	var trials []Trial
	exhausted := make([]bool, len(spaces))
	seen := map[string]bool{}
	draws := make([]int, len(spaces))
	for left := len(spaces); len(trials) < n && left > 0; {
		for i, space := range spaces {
			if exhausted[i] || len(trials) == n {
				continue
			}
			params, fresh := drawFresh(space, i, s, &draws[i], seen)
			if fresh {
				trials = append(trials, Trial{i, params})
			}
			if !fresh || space.Fixed() {
				exhausted[i] = true
				left--
			}
		}
	}
	return trials
}

// drawFresh draws from a space until it meets a combination that was not seen before. Each
// draw has a stream of its own, so a longer search starts like a shorter one.
func drawFresh(space Space, i int, s uint64, draws *int, seen map[string]bool) (Params, bool) {
	for range redraws {
		params := space.Draw(seed.Rand(seed.Derive(s, "search", i, *draws)))
		*draws++
		text, _ := json.Marshal(params) // numbers, texts and booleans always marshal
		key := fmt.Sprint(i, string(text))
		if !seen[key] {
			seen[key] = true
			return params, true
		}
	}
	return nil, false
}
