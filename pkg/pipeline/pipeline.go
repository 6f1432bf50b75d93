package pipeline

import (
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
	// Conformal makes intervals of predicted values, or CVPlus does of what the models of each
	// fold predict, whose members then stand one fold after the other. Both nil: there are none.
	Conformal *calibration.Conformal
	CVPlus    *calibration.CVPlus
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
	predictions, err := p.mean(t, nil)
	if err != nil {
		return nil, err
	}
	return predictions, p.adjust(predictions, t)
}

// adjust makes what Predict returns of the members' mean.
func (p *Pipeline) adjust(predictions []float64, t *dataset.Table) error {
	if p.Calibration != nil {
		p.Calibration.Apply(predictions)
	}
	if p.Target.Offset != "" {
		offsets, err := p.Target.offsets(t)
		if err != nil {
			return err
		}
		expose(predictions, offsets)
	}
	return nil
}

// mean is the weighted mean of what the members predict, added up in their order. Each is told
// what every member predicts, if it is not nil.
func (p *Pipeline) mean(t *dataset.Table, each func(member int, of []float64)) ([]float64, error) {
	mean := make([]float64, t.Rows()*p.Target.Outputs())
	of := mean // of one member
	if len(p.Members) > 1 {
		of = make([]float64, len(mean))
	}
	encoded := map[*feature.Encoder]*dataset.Matrix{}
	for n := range p.Members {
		m := &p.Members[n]
		if err := m.write(of, t, encoded); err != nil {
			return nil, err
		}
		if each != nil {
			each(n, of)
		}
		if len(p.Members) > 1 {
			for i, v := range of {
				mean[i] += float64(m.Weight * v)
			}
		}
	}
	return mean, nil
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
