package pipeline

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/feature"
	"github.com/foretell-ml/foretell/pkg/model"
	"github.com/foretell-ml/foretell/pkg/profile"
)

// Configuration is a learner's name and its hyperparameters.
type Configuration struct {
	Learner string         `json:"learner"`
	Params  map[string]any `json:"params,omitempty"`
}

// Pipeline is a fitted encoder and model with what is needed to use and to judge them. It
// is not changed once made and is safe for concurrent use.
type Pipeline struct {
	Schema  dataset.Schema // the input columns
	Target  Target
	Encoder *feature.Encoder
	Model   model.Model
	// Reference is the profile of the training data, to compare later data with.
	Reference *profile.Profile
	Lineage   Lineage

	golden            *dataset.Table
	goldenPredictions []float64
}

// Lineage says what a pipeline was made from. It names contents, not places or times, so
// that the same data, config and seed make the same artifact wherever they are trained.
type Lineage struct {
	Data          dataset.Digest     `json:"data"` // of the data set's bytes
	Rows          int                `json:"rows"` // trained on
	Configuration Configuration      `json:"configuration"`
	Metric        string             `json:"metric"`
	Scores        map[string]float64 `json:"scores"` // mean over the folds, by metric
	Seed          uint64             `json:"seed"`
}

// Fit fits an encoder and a learner to data. The pipeline has no Reference and no golden rows
// yet: Finish adds them to the one that is kept.
func Fit(ctx context.Context, data Data, target Target, c Configuration, seed uint64) (*Pipeline, error) {
	learner, err := model.New(c.Learner, c.Params)
	if err != nil {
		return nil, err
	}
	data = data.weighed()
	offsets, err := target.offsets(data.Inputs)
	if err != nil {
		return nil, err
	}
	inputs := data.Inputs
	if target.Offset != "" {
		inputs = inputs.Without(target.Offset)
	}
	encoder, x, err := feature.Fit(ctx, inputs, feature.Target{Values: data.Y, Classes: len(target.Classes)},
		encoding(model.NeedsOf(c.Learner)), seed)
	if err != nil {
		return nil, err
	}
	fitted, err := learner.Fit(ctx, model.Data{X: x, Y: data.Y, Weights: data.Weights, Offset: offsets,
		Task: target.Task, Classes: len(target.Classes)}, seed)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Learner, err)
	}
	return &Pipeline{Schema: schema(data.Inputs), Target: target, Encoder: encoder, Model: fitted}, nil
}

// schema describes the inputs, less the content of text columns: free text is where personal
// data hides, and no encoder asks for the texts that training saw.
func schema(inputs *dataset.Table) dataset.Schema {
	s := inputs.Schema()
	for i := range s {
		if s[i].Type == dataset.Text {
			s[i].Levels = nil
		}
	}
	return s
}

// encoding puts what a learner needs into the words of package feature.
func encoding(n model.Needs) feature.Options {
	return feature.Options{Impute: n.Complete, Scale: n.Scale, Codes: n.Categories}
}

// Predict returns rows × Target.Outputs values, row by row: the value, or the probability
// of each class. Where the target has an offset, values are for the exposure of the row; a row
// whose offset is missing has an exposure of 1. The table must have the columns of Schema (see
// dataset.Table.Conform); others are ignored.
func (p *Pipeline) Predict(t *dataset.Table) ([]float64, error) {
	x, err := p.Encoder.Transform(t)
	if err != nil {
		return nil, err
	}
	predictions := make([]float64, t.Rows()*p.Model.Outputs())
	p.Model.Predict(predictions, x)
	if p.Target.Offset != "" {
		offsets, err := p.Target.offsets(t)
		if err != nil {
			return nil, err
		}
		expose(predictions, offsets)
	}
	return predictions, nil
}

// goldenRows is how many rows of its training data an artifact carries to check itself.
const goldenRows = 16

// Finish adds what an artifact needs besides the fit: lineage, the profile of the inputs,
// and golden rows, taken at an even stride from the inputs.
func (p *Pipeline) Finish(ctx context.Context, inputs *dataset.Table, lineage Lineage) error {
	reference, err := profile.New(ctx, inputs, profile.Options{})
	if err != nil {
		return fmt.Errorf("profile of the training data: %w", err)
	}
	reference = reference.Compact()
	reference.Alerts, reference.Pairs = nil, nil // for those who trained; alerts quote values
	for i := range reference.Columns {
		if reference.Columns[i].Type == dataset.Text {
			reference.Columns[i].Top = nil // as in schema: counts, but no content
			reference.Columns[i].Text = nil
		}
	}
	var rows []int
	n := min(goldenRows, inputs.Rows())
	for i := range n {
		rows = append(rows, i*inputs.Rows()/n)
	}
	golden := withoutText(inputs.Select(rows))
	predictions, err := p.Predict(golden)
	if err != nil {
		return fmt.Errorf("golden rows: %w", err)
	}
	for i, v := range predictions {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("golden rows: the model predicts %v for row %d of the training data", v, rows[i/p.Model.Outputs()]+1)
		}
	}
	p.Reference, p.Lineage = reference, lineage
	p.golden, p.goldenPredictions = golden, predictions
	return nil
}

// withoutText returns the table with every free text missing.
func withoutText(t *dataset.Table) *dataset.Table {
	columns := slices.Clone(t.Columns)
	for i := range columns {
		if c := &columns[i]; c.Type == dataset.Text {
			c.Levels, c.Codes = nil, slices.Repeat([]int32{-1}, len(c.Codes))
		}
	}
	bare, err := dataset.NewTable(columns...)
	if err != nil {
		panic("pipeline: columns of a table make no table: " + err.Error())
	}
	return bare
}
