package training

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/document"
	"github.com/foretell-ml/foretell/pkg/model"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/search"
)

// SearchConfig says how many points are tried, and which.
type SearchConfig struct {
	// Strategy is portfolio, grid, random, tpe or halving. Default portfolio; random if the
	// config has configurations of its own.
	Strategy search.Strategy `json:"strategy"`
	// Trials is the number of points, 1 to 10,000. Default 20, and for portfolio 10; for halving,
	// whose points all start on the lowest rung, 27; for grid the most that are allowed, by
	// default 10,000.
	Trials int `json:"trials,omitempty"`
	// Work is the most that trials may take together, in core-seconds as they are predicted, so
	// that the search ends at the same trial everywhere. The first trial is always done. Default:
	// no bound; with it, trials are 1,000 by default.
	Work float64 `json:"work,omitempty"`
	// Batch of tpe is how many trials are proposed at once, 1 to 100: fewer learn more from
	// each other, more can be done side by side. Default 5.
	Batch int `json:"batch,omitempty"`
	// Rungs of halving, 2 to 8, each with Eta times as much as the one below, 2 to 10. Default
	// 3 and 3: a ninth, a third, all. Of Eta trials one goes on.
	Rungs int `json:"rungs,omitempty"`
	Eta   int `json:"eta,omitempty"`
	// Resource of halving is what rungs have a share of: rows (default), or rounds: those of
	// boosting, the trees of forests, the epochs of perceptrons.
	Resource string `json:"resource,omitempty"`
}

// Configuration is a learner with, for each hyperparameter, a value, a list, or a range.
type Configuration struct {
	Learner string         `json:"learner"`
	Params  map[string]any `json:"params,omitempty"`
	// Features say, by column, what the column becomes for the learner: leave out, as is,
	// standard, robust, power, quantile, uniform, parts, cyclic, one-hot, indices, target mean
	// or n-grams. Default: by the column's facts; the artifact says what, and why.
	Features pipeline.Features `json:"features,omitempty"`
}

// featurePointer is where a config says what a column becomes.
func featurePointer(configuration int, column string) string {
	return fmt.Sprintf("/configurations/%d/features/%s", configuration, document.Escape(column))
}

func (s SearchConfig) resolve(configured bool) SearchConfig {
	if s.Strategy == "" {
		s.Strategy = search.PortfolioSearch
		if configured {
			s.Strategy = search.RandomSearch
		}
	}
	usual := func(n *int, value int) {
		if *n == 0 {
			*n = value
		}
	}
	if s.Work > 0 && s.Strategy != search.GridSearch {
		usual(&s.Trials, 1000)
	}
	switch s.Strategy {
	case search.GridSearch:
	case search.PortfolioSearch:
		usual(&s.Trials, 10)
	case search.HalvingSearch:
		usual(&s.Trials, 27)
		usual(&s.Rungs, 3)
		usual(&s.Eta, 3)
		if s.Resource == "" {
			s.Resource = byRows
		}
	case search.TPESearch:
		usual(&s.Batch, 5)
		fallthrough
	default:
		usual(&s.Trials, 20)
	}
	return s
}

// faults checks the section by itself.
func (s SearchConfig) faults(l *faultList) {
	if err := s.Strategy.Validate(); err != nil {
		l.add("/search/strategy", "%v", err)
		return
	}
	between := func(key string, of search.Strategy, n, low, high int) {
		switch {
		case s.Strategy != of && n != 0:
			l.add("/search/"+key, "belongs to strategy %s, not %s", of, s.Strategy)
		case s.Strategy == of && (n < low || n > high):
			l.add("/search/"+key, "want %d to %d, got %d", low, high, n)
		}
	}
	if s.Trials < 0 || s.Trials > 10_000 {
		l.add("/search/trials", "want 1 to 10,000, got %d", s.Trials)
	}
	if s.Work < 0 || math.IsInf(s.Work, 0) || s.Work > 0 && s.Strategy == search.GridSearch {
		l.add("/search/work", "want a number of core-seconds above 0, and a strategy other than grid, which is all or nothing; got %v", s.Work)
	}
	between("batch", search.TPESearch, s.Batch, 1, 100)
	between("rungs", search.HalvingSearch, s.Rungs, 2, 8)
	between("eta", search.HalvingSearch, s.Eta, 2, 10)
	switch {
	case s.Strategy != search.HalvingSearch && s.Resource != "":
		l.add("/search/resource", "belongs to strategy %s, not %s", search.HalvingSearch, s.Strategy)
	case s.Strategy == search.HalvingSearch && s.Resource != byRows && s.Resource != byRounds:
		l.add("/search/resource", "want %s or %s, got %q", byRows, byRounds, s.Resource)
	}
}

// Limits of what a config may explore: anybody who may start a run may post one, and its first
// round is listed before it is accepted.
const (
	maxConfigurations = 100
	maxParams         = 100 // of one configuration
)

// searchFaults lists the first round and builds every learner, so that a parameter out of range
// is an error before anything starts. Of each configuration it reports the first trial that
// cannot be.
func (c Config) searchFaults(l *faultList) {
	before := len(*l)
	c.Search.faults(l)
	if c.Search.Strategy == search.GridSearch && len(c.Configurations) == 0 {
		l.add("/configurations", "is required by strategy grid: the default ones hold ranges, which have no grid")
	}
	if n := len(c.Configurations); n > maxConfigurations {
		l.add("/configurations", "want %d at most, got %d", maxConfigurations, n)
		return
	}
	for i, configuration := range c.Configurations {
		pointer := fmt.Sprintf("/configurations/%d", i)
		for _, column := range slices.Sorted(maps.Keys(configuration.Features)) {
			if err := configuration.Features[column].Validate(); err != nil {
				l.add(featurePointer(i, column), "%v", err)
			}
		}
		if n := len(configuration.Params); n > maxParams {
			l.add(pointer+"/params", "want %d at most, got %d", maxParams, n)
		} else if _, err := search.ParseSpace(configuration.Params); err != nil {
			l.add(pointer+"/params", "%v", err)
		}
		if length, _ := model.Length(configuration.Learner, nil); c.Search.Resource == byRounds && length == "" {
			l.add(pointer+"/learner", "%s has no rounds, trees or epochs for rungs to have a share of; use resource rows", configuration.Learner)
		}
	}
	if len(*l) > before {
		return
	}
	s, err := c.search(c.Data.Task, search.Few)
	if err != nil {
		l.add("/search", "%v", err)
		return
	}
	points, err := s.Round(nil)
	if err != nil {
		l.add("/search", "%v", err)
		return
	}
	faulty := make([]bool, len(c.Configurations))
	for _, t := range c.named("", points) {
		if faulty[t.Configuration] {
			continue // with thousands of trials, thousands of faults
		}
		learner, err := model.New(t.Learner, t.Params)
		if err == nil && c.Data.Offset != "" && !model.TakesOffset(learner) {
			err = fmt.Errorf("%s has no place for data.offset; glm has, and boosting with objective poisson, gamma or tweedie", t.Learner)
		}
		if err != nil {
			faulty[t.Configuration] = true
			l.add(fmt.Sprintf("/configurations/%d", t.Configuration), "%v", err)
		}
	}
}

// search is the one that a config asks for over its configurations, of data of a size. Without a
// task, which the data may have yet to tell, it knows no portfolio.
func (c Config) search(task dataset.Task, size search.Size) (search.Search, error) {
	s := search.Search{Strategy: c.Search.Strategy, Trials: c.Search.Trials, Batch: c.Search.Batch,
		Rungs: c.Search.Rungs, Eta: c.Search.Eta, Seed: c.Seed}
	for i, configuration := range c.Configurations {
		space, err := search.ParseSpace(configuration.Params)
		if err != nil {
			return s, &ConfigError{[]Fault{{Pointer: fmt.Sprintf("/configurations/%d/params", i), Detail: err.Error()}}}
		}
		s.Spaces = append(s.Spaces, space)
	}
	s.First = c.first(task, size, s.Spaces)
	return s, nil
}
