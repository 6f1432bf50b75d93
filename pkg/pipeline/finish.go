package pipeline

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/profile"
)

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
			return fmt.Errorf("golden rows: the model predicts %v for row %d of the training data", v, rows[i/p.Target.Outputs()]+1)
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
