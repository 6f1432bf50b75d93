package pipeline

import (
	"errors"
	"fmt"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// Coverage is the share of intervals that hold the truth; 0 if the pipeline makes none.
func (p *Pipeline) Coverage() float64 {
	switch {
	case p.Conformal != nil:
		return p.Conformal.Coverage
	case p.CVPlus != nil:
		return p.CVPlus.Coverage
	}
	return 0
}

// PredictIntervals is Predict, with the low and high end of the interval of each value, which
// hold the truth with Coverage; nil if the pipeline makes none.
func (p *Pipeline) PredictIntervals(t *dataset.Table) (predictions []float64, intervals [][2]float64, err error) {
	if p.CVPlus == nil {
		if predictions, err = p.Predict(t); err != nil || p.Conformal == nil {
			return predictions, nil, err
		}
		return predictions, p.Conformal.Intervals(predictions), nil
	}
	folds := p.CVPlus.Folds()
	byFold := make([][]float64, folds)
	for f := range byFold {
		byFold[f] = make([]float64, t.Rows())
	}
	members := len(p.Members) / folds // of each fold
	predictions, err = p.mean(t, func(member int, of []float64) {
		sum := byFold[member/members]
		for i, v := range of {
			sum[i] += float64(float64(p.Members[member].Weight*float64(folds)) * v)
		}
	})
	if err == nil {
		err = p.adjust(predictions, t)
	}
	if err != nil {
		return nil, nil, err
	}
	intervals = make([][2]float64, len(predictions))
	of := make([]float64, folds)
	for f := range byFold {
		if err := p.adjust(byFold[f], t); err != nil {
			return nil, nil, err
		}
	}
	for i := range intervals {
		for f := range of {
			of[f] = byFold[f][i]
		}
		intervals[i][0], intervals[i][1] = p.CVPlus.Around(of)
	}
	return predictions, intervals, nil
}

// checkIntervals returns an error unless what makes intervals suits the target and the members.
func (p *Pipeline) checkIntervals() error {
	if p.Conformal == nil && p.CVPlus == nil {
		return nil
	}
	if c := p.Conformal; c != nil {
		if err := c.Check(); err != nil {
			return fmt.Errorf("conformal intervals: %w", err)
		}
	}
	if c := p.CVPlus; c != nil {
		if err := c.Check(); err != nil {
			return fmt.Errorf("CV+ intervals: %w", err)
		}
		if len(p.Members)%c.Folds() != 0 {
			return fmt.Errorf("CV+ intervals of %d folds of %d members", c.Folds(), len(p.Members))
		}
		if p.Conformal != nil {
			return errors.New("both conformal and CV+ intervals")
		}
	}
	if p.Target.Task.Classification() {
		return fmt.Errorf("conformal intervals of %s", p.Target.Task)
	}
	return nil
}
