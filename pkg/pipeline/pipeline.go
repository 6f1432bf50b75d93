package pipeline

import (
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/calibration"
	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/feature"
	"github.com/foretell-ml/foretell/pkg/profile"
)

// Pipeline is one model or several, each behind its encoder, with what is needed to use and to
// judge them. It is not changed once made and is safe for concurrent use.
type Pipeline struct {
	Schema dataset.Schema // the input columns
	Target Target
	// Members are the models, one at least. A prediction is the weighted mean of theirs.
	Members []Member
	// Calibration makes better probabilities of the members' mean; nil leaves them as they are.
	Calibration *calibration.Calibration
	// Conformal makes intervals of predicted values; nil: there are none.
	Conformal *calibration.Conformal
	// Decision is which class is served; nil: the likeliest.
	Decision *Decision
	// Reference is the profile of the training data, to compare later data with.
	Reference *profile.Profile
	Lineage   Lineage

	golden            *dataset.Table
	goldenPredictions []float64
	size              int64 // of the artifact
}

// Lineage says what a pipeline was made from. It names contents, not places or times, so
// that the same data, config and seed make the same artifact wherever they are trained.
type Lineage struct {
	Data   dataset.Digest     `json:"data"` // of the data set's bytes
	Rows   int                `json:"rows"` // trained on
	Metric string             `json:"metric"`
	Scores map[string]float64 `json:"scores"` // mean over the folds, by metric
	Seed   uint64             `json:"seed"`
	// Accepted are the reasons not to train that it was trained in spite of.
	Accepted []string `json:"accepted,omitempty"`
}

// Predict returns rows × Target.Outputs values, row by row: the value, or the probability
// of each class. Where the target has an offset, values are for the exposure of the row; a row
// whose offset is missing has an exposure of 1. The table must have the columns of Schema (see
// dataset.Table.Conform); others are ignored.
func (p *Pipeline) Predict(t *dataset.Table) ([]float64, error) {
	predictions, err := p.mean(t)
	if err != nil {
		return nil, err
	}
	if p.Calibration != nil {
		p.Calibration.Apply(predictions)
	}
	if p.Target.Offset != "" {
		offsets, err := p.Target.offsets(t)
		if err != nil {
			return nil, err
		}
		expose(predictions, offsets)
	}
	return predictions, nil
}

// mean is the weighted mean of what the members predict, added up in their order.
func (p *Pipeline) mean(t *dataset.Table) ([]float64, error) {
	mean := make([]float64, t.Rows()*p.Target.Outputs())
	of := mean // of one member
	if len(p.Members) > 1 {
		of = make([]float64, len(mean))
	}
	encoded := map[*feature.Encoder]*dataset.Matrix{}
	for _, m := range p.Members {
		x := encoded[m.Encoder]
		if x == nil {
			var err error
			if x, err = m.Encoder.Transform(t); err != nil {
				return nil, err
			}
			encoded[m.Encoder] = x
		}
		m.Model.Predict(of, x)
		if len(p.Members) > 1 {
			for i, v := range of {
				mean[i] += float64(m.Weight * v)
			}
		}
	}
	return mean, nil
}

// Intervals are those of values that Predict returned, low and high of each, which hold the
// truth with the coverage of Conformal; nil without it.
func (p *Pipeline) Intervals(predictions []float64) [][2]float64 {
	if p.Conformal == nil {
		return nil
	}
	intervals := make([][2]float64, len(predictions))
	for i, v := range predictions {
		low, high := p.Conformal.Around(v)
		intervals[i] = [2]float64{max(low, -math.MaxFloat64), min(high, math.MaxFloat64)}
	}
	return intervals
}

// Warnings are what the encoders have to say of the columns, each once.
func (p *Pipeline) Warnings() []string {
	var all []string
	for _, m := range p.Members {
		for _, w := range m.Encoder.Warnings {
			if !slices.Contains(all, w) {
				all = append(all, w)
			}
		}
	}
	return all
}
