package training

// IntervalsConfig asks for an interval of each predicted value.
type IntervalsConfig struct {
	// Coverage is the share of intervals that hold the true value, between 0.5 and 1, such as
	// 0.9. Default 0: no intervals.
	Coverage float64 `json:"coverage,omitempty"`
}

func (c IntervalsConfig) faults(l *faultList) {
	if c.Coverage != 0 && !(c.Coverage >= 0.5 && c.Coverage < 1) {
		l.add("/intervals/coverage", "want 0.5 to below 1, such as 0.9, got %v", c.Coverage)
	}
}
