package pipeline

import (
	"context"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/model"
)

// Permute is model.Permute of the columns that the user knows, in the order of Schema, before
// anything is encoded: what the score of predictions of t loses when the values of a column are
// shuffled among its rows.
func (p *Pipeline) Permute(ctx context.Context, t *dataset.Table, score func(predictions []float64) float64, how model.Permutation, seedOfShuffles uint64) ([]model.Permuted, error) {
	shaped, _, err := t.Conform(p.Schema)
	if err != nil {
		return nil, err
	}
	if _, err := p.Predict(shaped); err != nil {
		return nil, err
	}
	places := make([]float64, shaped.Rows())
	for i := range places {
		places[i] = float64(i)
	}
	x := &dataset.Matrix{Rows: shaped.Rows(), Columns: make([][]float64, len(p.Schema))}
	for j := range x.Columns {
		x.Columns[j] = places
	}
	return model.Permute(ctx, &byPlace{p, shaped, places}, x, score, how, seedOfShuffles)
}

// byPlace is a pipeline as a model of a matrix that holds, in place of values, the row of the
// table that each value is from.
type byPlace struct {
	*Pipeline
	table  *dataset.Table
	places []float64 // of values that are where they were
}

func (m *byPlace) Inputs() int        { return len(m.Schema) }
func (m *byPlace) Outputs() int       { return m.Target.Outputs() }
func (m *byPlace) State() model.State { return model.State{} } // it is never stored

func (m *byPlace) Predict(dst []float64, x *dataset.Matrix) {
	columns := make([]dataset.Column, len(x.Columns))
	for j, from := range x.Columns {
		if columns[j] = m.table.Columns[j]; &from[0] != &m.places[0] {
			columns[j] = taken(columns[j], from)
		}
	}
	t, err := dataset.NewTable(columns...)
	var predicted []float64
	if err == nil {
		predicted, err = m.Pipeline.Predict(t)
	}
	if err != nil { // of values that it predicted before, in another order
		panic("pipeline: permute: " + err.Error())
	}
	copy(dst, predicted)
}

// Dependence is what is predicted in the mean over the rows of t if a column has one value in
// all of them (Friedman 2001), of each row of values: rows of values × Outputs. values has the
// name, the type and, if it is coded, the levels of the column in t.
func (p *Pipeline) Dependence(ctx context.Context, t *dataset.Table, values dataset.Column) ([]float64, error) {
	shaped, _, err := t.Conform(p.Schema)
	if err != nil {
		return nil, err
	}
	rows, outputs := shaped.Rows(), p.Target.Outputs()
	var means []float64
	for i := range values.Len() {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		same := make([]float64, rows)
		for row := range same {
			same[row] = float64(i)
		}
		columns := make([]dataset.Column, len(shaped.Columns))
		for j, c := range shaped.Columns {
			if columns[j] = c; c.Name == values.Name {
				columns[j] = taken(values, same)
			}
		}
		one, err := dataset.NewTable(columns...)
		if err != nil {
			return nil, err
		}
		predicted, err := p.Predict(one)
		if err != nil {
			return nil, err
		}
		for k := range outputs {
			of := make([]float64, rows)
			for row := range of {
				of[row] = predicted[row*outputs+k]
			}
			means = append(means, num.Sum(of)/float64(rows))
		}
	}
	return means, nil
}

// taken is a column of the values at some places of another.
func taken(c dataset.Column, places []float64) dataset.Column {
	of := dataset.Column{Name: c.Name, Type: c.Type, Levels: c.Levels}
	if c.Values != nil {
		of.Values = make([]float64, len(places))
		for i, at := range places {
			of.Values[i] = c.Values[int(at)]
		}
		return of
	}
	of.Codes = make([]int32, len(places))
	for i, at := range places {
		of.Codes[i] = c.Codes[int(at)]
	}
	return of
}
