package search

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/internal/nearest"
)

// Strategy is a way to choose trials from spaces.
type Strategy string

// The strategies.
const (
	PortfolioSearch Strategy = "portfolio" // points that were good on other data, then draws
	GridSearch      Strategy = "grid"      // every combination of every space
	RandomSearch    Strategy = "random"    // draws, the spaces taking turns
	TPESearch       Strategy = "tpe"       // draws, then points like the best ones so far
	HalvingSearch   Strategy = "halving"   // many draws on little, the best of them on more
)

// Strategies lists them all.
func Strategies() []Strategy {
	return []Strategy{PortfolioSearch, GridSearch, RandomSearch, TPESearch, HalvingSearch}
}

// Validate reports a strategy that there is none of.
func (s Strategy) Validate() error {
	if slices.Contains(Strategies(), s) {
		return nil
	}
	var names []string
	for _, known := range Strategies() {
		names = append(names, string(known))
	}
	suggestion := ""
	if near := nearest.Name(string(s), names); near != "" {
		suggestion = fmt.Sprintf("did you mean %q? ", near)
	}
	return fmt.Errorf("unknown strategy %q: %sthere are portfolio, grid, random, tpe and halving", s, suggestion)
}

// Search is a strategy with all that it goes by. It keeps no state: what comes next follows
// from the outcomes so far, so a search that was killed goes on as it would have.
type Search struct {
	Strategy Strategy
	Spaces   []Space
	// Start are points that every strategy but grid tries before all others.
	Start []Point
	// First are points that portfolio tries before it draws, and that tpe starts from, best
	// first. Others take no notice of them.
	First []Point
	// Trials is how many there are at most; of halving it is how many start, on the lowest
	// rung. For grid 0 is no bound but 10,000, and more combinations than Trials are an error
	// rather than a silent cut.
	Trials int
	// Batch is how many trials tpe proposes at once, at least 1.
	Batch int
	// Rungs are how many there are in halving, at least 2, and Eta is how many times as much
	// each has as the one below, at least 2: of eta trials one goes on.
	Rungs, Eta int
	// Budget is how much the trials may cost in sum, by Cost; 0 is no bound. A first trial is
	// always affordable.
	Budget float64
	Cost   func(Trial) float64
	Seed   uint64
}

// Point is one combination of hyperparameters of one space.
type Point struct {
	Space  int // index
	Params Params
}

// key is the same for points that are the same.
func (p Point) key() string {
	text, _ := json.Marshal(p.Params) // numbers, texts and booleans always marshal
	return fmt.Sprint(p.Space, string(text))
}

// Trial is a point to try.
type Trial struct {
	Point
	// Number counts the points of a search from 1. In halving, trials of one point have one
	// number.
	Number int
	// Rung, from 1, and the share of the whole that a trial there has; both 0 without rungs.
	Rung  int
	Share float64
}

// Outcome is a finished trial and how it went.
type Outcome struct {
	Trial
	Loss float64 // the lower the better; NaN if the trial failed
}

// Round lists the trials of the next round, in order of their numbers, from the outcomes of
// all earlier ones, in any order. The search is over when none are left.
func (s Search) Round(past []Outcome) (trials []Trial, err error) {
	if err := s.Strategy.Validate(); err != nil {
		return nil, err
	}
	switch {
	case s.Strategy == TPESearch:
		trials = s.tpe(past)
	case s.Strategy == HalvingSearch:
		return s.halving(past), nil // shares its budget out by itself
	case len(past) > 0:
		return nil, nil // the others know all of their trials from the beginning
	case s.Strategy == GridSearch:
		if trials, err = s.grid(); err != nil {
			return nil, err
		}
	case s.Strategy == PortfolioSearch:
		trials = s.draw(slices.Concat(s.Start, s.First), s.Trials)
	default:
		trials = s.draw(s.Start, s.Trials)
	}
	return s.affordable(trials, cost(s, past), s.Budget), nil
}

// affordable cuts a list before the first trial with which the sum spent would exceed a bound.
func (s Search) affordable(trials []Trial, spent, bound float64) []Trial {
	if s.Budget == 0 {
		return trials
	}
	for i, t := range trials {
		before := spent
		spent += s.Cost(t)
		if spent > bound && (i > 0 || before > 0) {
			return trials[:i]
		}
	}
	return trials
}

// cost is what the past has cost, in order of its trials' names: sums depend on their order.
func cost(s Search, past []Outcome) (sum float64) {
	if s.Budget == 0 {
		return 0
	}
	for _, o := range ordered(past) {
		sum += s.Cost(o.Trial)
	}
	return sum
}

// ordered sorts outcomes by rung and number.
func ordered(past []Outcome) []Outcome {
	return slices.SortedFunc(slices.Values(past), func(a, b Outcome) int {
		if a.Rung != b.Rung {
			return a.Rung - b.Rung
		}
		return a.Number - b.Number
	})
}

// best sorts outcomes by loss, those that failed last; of equal ones the lower number is first.
func best(past []Outcome) []Outcome {
	return slices.SortedFunc(slices.Values(past), func(a, b Outcome) int {
		failedA, failedB := math.IsNaN(a.Loss), math.IsNaN(b.Loss)
		switch {
		case failedA != failedB && failedB, a.Loss < b.Loss:
			return -1
		case failedA != failedB, a.Loss > b.Loss:
			return 1
		}
		return a.Number - b.Number
	})
}

// numbered makes trials of points.
func numbered(points []Point) []Trial {
	trials := make([]Trial, len(points))
	for i, p := range points {
		trials[i] = Trial{Point: p, Number: i + 1}
	}
	return trials
}

// byNumber sorts trials by their numbers.
func byNumber(trials []Trial) []Trial {
	slices.SortFunc(trials, func(a, b Trial) int { return a.Number - b.Number })
	return trials
}
