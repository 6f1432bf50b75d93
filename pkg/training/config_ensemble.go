package training

// EnsembleConfig says how the trials' configurations become the model that is served.
type EnsembleConfig struct {
	// Size is the most steps of the greedy selection, 1 to 100. Each adds a configuration to a
	// mean, or gives one more weight, as long as that gains on rows that no model of it has
	// seen. 1 is the best configuration alone. Default 25.
	Size int `json:"size"`
	// Bagged keeps the models of the folds, each of which knows all rows but its own fold's,
	// in place of one that is fitted on all rows: k times the size and latency, often better,
	// and exactly what was validated.
	Bagged bool `json:"bagged,omitempty"`
	// Stack weighs the chosen configurations anew, to the least squared error or log loss,
	// in place of how often each was added.
	Stack bool `json:"stack,omitempty"`
}

const mostSteps = 100

func (c EnsembleConfig) resolve() EnsembleConfig {
	if c.Size == 0 {
		c.Size = 25
	}
	return c
}

func (c EnsembleConfig) faults(l *faultList) {
	if c.Size < 1 || c.Size > mostSteps {
		l.add("/ensemble/size", "want 1 to %d, got %d", mostSteps, c.Size)
	}
	if c.Stack && c.Size == 1 {
		l.add("/ensemble/stack", "there is nothing to weigh with size 1")
	}
}
