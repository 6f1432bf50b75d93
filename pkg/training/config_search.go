package training

import (
	"fmt"

	"github.com/foretell-ml/foretell/pkg/model"
	"github.com/foretell-ml/foretell/pkg/search"
)

// SearchConfig says how many points are tried, and which.
type SearchConfig struct {
	// Strategy is random (default) or grid.
	Strategy search.Strategy `json:"strategy"`
	// Trials is the number of points, 1 to 10,000. Default 20 for random; for grid the
	// most that are allowed, by default 10,000.
	Trials int `json:"trials,omitempty"`
}

// Configuration is a learner with, for each hyperparameter, a value, a list, or a range.
type Configuration struct {
	Learner string         `json:"learner"`
	Params  map[string]any `json:"params,omitempty"`
}

func (s SearchConfig) resolve() SearchConfig {
	if s.Strategy == "" {
		s.Strategy = search.RandomSearch
	}
	if s.Strategy == search.RandomSearch && s.Trials == 0 {
		s.Trials = 20
	}
	return s
}

// Limits of what a config may explore: anybody who may start a run may post one, and it is
// drawn in full before it is accepted.
const (
	maxConfigurations = 100
	maxParams         = 100 // of one configuration
)

// searchFaults draws the trials and builds every learner, so that a parameter out of range
// is an error before anything starts. Of each configuration it reports the first trial that
// cannot be.
func (c Config) searchFaults(l *faultList) {
	if c.Search.Strategy == search.GridSearch && len(c.Configurations) == 0 {
		l.add("/configurations", "is required by strategy grid: the default ones hold ranges, which have no grid")
		return
	}
	if n := len(c.Configurations); n > maxConfigurations {
		l.add("/configurations", "want %d at most, got %d", maxConfigurations, n)
		return
	}
	if c.Search.Trials < 0 || c.Search.Trials > 10_000 {
		l.add("/search/trials", "want 1 to 10,000, got %d", c.Search.Trials)
		return
	}
	before := len(*l)
	for i, configuration := range c.Configurations {
		if n := len(configuration.Params); n > maxParams {
			l.add(fmt.Sprintf("/configurations/%d/params", i), "want %d at most, got %d", maxParams, n)
		} else if _, err := search.ParseSpace(configuration.Params); err != nil {
			l.add(fmt.Sprintf("/configurations/%d/params", i), "%v", err)
		}
	}
	if len(*l) > before {
		return
	}
	trials, err := listTrials(c, c.Configurations)
	if err != nil {
		l.add("/search", "%v", err)
		return
	}
	faulty := make([]bool, len(c.Configurations))
	for _, t := range trials {
		if faulty[t.configuration] {
			continue // with thousands of trials, thousands of faults
		}
		learner, err := model.New(t.Learner, t.Params)
		if err == nil && c.Data.Offset != "" && !model.TakesOffset(learner) {
			err = fmt.Errorf("%s has no place for data.offset; glm has, and boosting with objective poisson, gamma or tweedie", t.Learner)
		}
		if err != nil {
			faulty[t.configuration] = true
			l.add(fmt.Sprintf("/configurations/%d", t.configuration), "%v", err)
		}
	}
}
