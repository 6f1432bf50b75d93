package training

import (
	"cmp"
	"math"

	"github.com/foretell-ml/foretell/pkg/internal/nearest"
	"github.com/foretell-ml/foretell/pkg/monitoring"
)

// PromoteConfig is the promotion rule: when the alias champion moves to the version that a run
// made. The first version of a model has nobody to be compared with and is promoted by every
// rule but never, if it keeps the bound of SegmentsConfig.
type PromoteConfig struct {
	// When is better (default): the new version is proven better than champion on the same
	// rows, by minimum_gain at least; not-worse: it is not proven worse; always; or never.
	When string `json:"when"`
	// MinimumGain in the unit of the metric, for better: the whole confidence interval of the
	// gain must lie above it. Default 0.
	MinimumGain float64 `json:"minimum_gain,omitempty"`
	// Confidence of the interval of the gain, in (0.5, 1). Default 0.95.
	Confidence float64 `json:"confidence"`
	// Window is a source of fresh rows with targets, read as data.source is; or outcomes: the rows
	// that the model was asked about, with what was posted as true of them, as far as capture kept
	// rows. Both versions are compared on it too, and the rule has to hold there as well.
	Window string `json:"window,omitempty"`
	// WindowDays of outcomes is how many days are looked at, up to the last on which outcomes came: 1
	// to 30. Default 30.
	WindowDays int `json:"window_days,omitempty"`
	// WindowRows of outcomes is how many rows there must be to be compared on, 30 or more: with fewer,
	// the rule goes by the other rows alone, and a warning says so. Default 30.
	WindowRows int `json:"window_rows,omitempty"`
}

// windowOutcomes is the window that is not a source.
const windowOutcomes = "outcomes"

// Outcomes tells whether the window is what came true of predictions, and no source.
func (p PromoteConfig) Outcomes() bool { return p.Window == windowOutcomes }

// The promotion rules.
const (
	whenBetter   = "better"
	whenNotWorse = "not-worse"
	whenAlways   = "always"
	whenNever    = "never"
)

func (p PromoteConfig) resolve() PromoteConfig {
	if p.When == "" {
		p.When = whenBetter
	}
	if p.Confidence == 0 {
		p.Confidence = 0.95
	}
	if p.Outcomes() {
		p.WindowDays, p.WindowRows = cmp.Or(p.WindowDays, monitoring.LookBack), cmp.Or(p.WindowRows, commonRows)
	}
	return p
}

func (p PromoteConfig) faults(l *faultList) {
	switch rules := []string{whenBetter, whenNotWorse, whenAlways, whenNever}; p.When {
	case whenBetter, whenNotWorse, whenAlways, whenNever:
	default:
		l.add("/promote/when", "unknown rule %q%s: want better, not-worse, always or never", p.When, nearest.Hint(p.When, rules))
	}
	if !(p.MinimumGain >= 0) || p.MinimumGain > 1e150 {
		l.add("/promote/minimum_gain", "want 0 or more, got %v: a gain is positive whether the metric is to be great or small", p.MinimumGain)
	}
	if p.MinimumGain != 0 && p.When != whenBetter {
		l.add("/promote/minimum_gain", "belongs to rule better, not %s", p.When)
	}
	if !(p.Confidence > 0.5 && p.Confidence < 1) {
		l.add("/promote/confidence", "want a share between 0.5 and 1, got %v", p.Confidence)
	}
	if p.Window != "" && (p.When == whenAlways || p.When == whenNever) {
		l.add("/promote/window", "is not looked at by rule %s", p.When)
	}
	for _, of := range []struct {
		name        string
		value       int
		least, most int
	}{{"window_days", p.WindowDays, 1, monitoring.LookBack}, {"window_rows", p.WindowRows, commonRows, math.MaxInt32}} {
		switch {
		case p.Outcomes() && (of.value < of.least || of.value > of.most):
			l.add("/promote/"+of.name, "want %d or more, and %d at most, got %d", of.least, of.most, of.value)
		case !p.Outcomes() && of.value != 0:
			l.add("/promote/"+of.name, "belongs to window: %s", windowOutcomes)
		}
	}
}
