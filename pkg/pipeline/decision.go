package pipeline

import (
	"errors"
	"fmt"

	"github.com/foretell-ml/foretell/pkg/calibration"
)

// Decision is which class is served for the probabilities of a row, where that is not simply
// the likeliest: a threshold for two classes, or what mistakes cost. Exactly one is given.
type Decision struct {
	// Threshold is the probability of class 1 from which on it is served.
	Threshold *float64 `json:"threshold,omitempty"`
	// Maximize names the criterion that the threshold was chosen for.
	Maximize string `json:"maximize,omitempty"`
	// Costs serve the class whose expected cost is the least.
	Costs calibration.Costs `json:"costs,omitempty"`
}

// check returns an error unless a class follows from the probabilities of so many.
func (d *Decision) check(classes int) error {
	switch {
	case (d.Threshold == nil) == (d.Costs == nil):
		return errors.New("want a threshold or costs")
	case d.Costs != nil:
		return d.Costs.Check(classes)
	case classes != 2:
		return fmt.Errorf("a threshold for %d outputs, not two classes", classes)
	case !(*d.Threshold >= 0 && *d.Threshold <= 1):
		return fmt.Errorf("threshold %v is not between 0 and 1", *d.Threshold)
	}
	return nil
}

// Deciding is the pipeline with another decision. One that does not fit its classes is an error.
func (p *Pipeline) Deciding(d *Decision) (*Pipeline, error) {
	if !p.Target.Task.Classification() {
		return nil, errors.New("a decision for what is not classified")
	}
	if err := d.check(p.Target.Outputs()); err != nil {
		return nil, err
	}
	other := *p
	other.Decision = d
	return &other, nil
}

// Decide returns the index of the class that is served for the probabilities of a row: by the
// pipeline's Decision, or else the likeliest, of equally likely ones the first.
func (p *Pipeline) Decide(probabilities []float64) int {
	switch d := p.Decision; {
	case d != nil && d.Costs != nil:
		return d.Costs.Decide(probabilities)
	case d != nil:
		if probabilities[1] >= *d.Threshold {
			return 1
		}
		return 0
	}
	best := 0
	for i, v := range probabilities {
		if v > probabilities[best] {
			best = i
		}
	}
	return best
}
