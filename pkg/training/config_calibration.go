package training

import (
	"fmt"
	"slices"
	"strings"

	"github.com/foretell-ml/foretell/pkg/calibration"
	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/pipeline"
)

// What calibration a config may ask for, besides a method by its name.
const (
	calibrateIfBetter = "auto" // the method that lowers the log loss most, if one does beyond noise
	calibrateNot      = "none"
)

func calibrationFaults(method string, l *faultList) {
	known := []string{calibrateIfBetter, calibrateNot}
	for _, m := range calibration.Methods() {
		known = append(known, string(m))
	}
	if !slices.Contains(known, method) {
		l.add("/calibration", "unknown method %q: want %s", method, strings.Join(known, ", "))
	}
}

// DecisionConfig says which class is served. The default is the likeliest.
type DecisionConfig struct {
	// Maximize is f1, balanced_accuracy or accuracy: of two classes, the second is served from
	// the probability on with which that was the greatest on out-of-fold predictions.
	Maximize string `json:"maximize,omitempty"`
	// Costs[of][as] is what it costs to serve one class for rows of another, classes in their
	// sorted order, in any unit; the class of the least expected cost is served.
	Costs calibration.Costs `json:"costs,omitempty"`
}

// criteria are what a threshold can be chosen for.
var criteria = map[string]calibration.Criterion{
	"accuracy": calibration.Accuracy, "balanced_accuracy": calibration.BalancedAccuracy, "f1": calibration.F1,
}

func (d DecisionConfig) faults(l *faultList) {
	if d.Maximize != "" && criteria[d.Maximize] == nil {
		l.add("/decision/maximize", "unknown criterion %q: want accuracy, balanced_accuracy or f1", d.Maximize)
	}
	if d.Costs != nil {
		if d.Maximize != "" {
			l.add("/decision/costs", "belongs to no threshold: leave out maximize, or costs")
		}
		if err := d.Costs.Check(len(d.Costs)); err != nil {
			l.add("/decision/costs", "%v", err)
		}
	}
}

// served checks what is served against the target, which only the data tells.
func (c Config) served(target pipeline.Target) error {
	var l faultList
	classes := len(target.Classes)
	switch {
	case c.Intervals.Coverage != 0 && classes > 0:
		l.add("/intervals", "are of values; %s has classes, whose probabilities are served", target.Task)
	case classes == 0 && c.Calibration != calibrateIfBetter && c.Calibration != calibrateNot:
		l.add("/calibration", "is of probabilities, which %s has none of", dataset.Regression)
	}
	switch {
	case c.Decision.Maximize != "" && classes != 2:
		l.add("/decision/maximize", "chooses a threshold between two classes; there are %d", classes)
	case c.Decision.Costs != nil && len(c.Decision.Costs) != classes:
		l.add("/decision/costs", "are of %d classes; there are %s", len(c.Decision.Costs), fmt.Sprintf("%d: %.200q", classes, target.Classes))
	}
	if len(l) > 0 {
		return &ConfigError{l}
	}
	return nil
}
