package pipeline

import (
	"context"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/par"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// Contributions are what sets of columns add to the predictions of rows.
type Contributions struct {
	// Base is the mean prediction of the background, by output.
	Base []float64
	// Values are rows × sets × outputs; with the base, those of a row sum to its prediction.
	Values []float64
}

// Contributions are Shapley values of the predictions of t, as they are served: of all orders in
// which sets of columns (places in Schema, each in one set) may become known, the mean of what each
// changes. What is not yet known is taken from the rows of background. Orders are sampled
// (Štrumbelj & Kononenko 2014): for each row of background one order and its reverse, which takes
// out what is linear in the noise (Mitchell et al. 2022), so that the values of a model that adds up
// its columns are exact. That takes 2 × rows of background × (sets + 1) predictions of each row.
//
// It sees all members, calibration and exposure at once, in terms of the columns that the user
// knows: scores of members by themselves (model.Explainer) do not add up to what is served.
func (p *Pipeline) Contributions(ctx context.Context, t, background *dataset.Table, sets [][]int, seedOfOrders uint64) (Contributions, error) {
	rows, outputs := t.Rows(), p.Target.Outputs()
	shaped, _, err := t.Conform(p.Schema)
	if err != nil {
		return Contributions{}, err
	}
	behind, _, err := background.Conform(p.Schema)
	if err != nil {
		return Contributions{}, err
	}
	c := Contributions{Base: make([]float64, outputs), Values: make([]float64, rows*len(sets)*outputs)}
	n := behind.Rows()
	sums := make([]Contributions, 2*n) // of one order each
	err = par.For(ctx, 2*n, 0, func(i int) (err error) {
		order := seed.Rand(seed.Derive(seedOfOrders, "order", i/2)).Perm(len(sets))
		if i%2 == 1 {
			slices.Reverse(order)
		}
		sums[i], err = p.inOrder(shaped, behind, i/2, sets, order)
		return err
	})
	if err != nil {
		return Contributions{}, err
	}
	for _, one := range sums {
		for k, v := range one.Base {
			c.Base[k] += v / float64(2*n)
		}
		for i, v := range one.Values {
			c.Values[i] += v / float64(2*n)
		}
	}
	return c, nil
}

// inOrder is what sets add in one order, to rows that begin as one row of the background.
func (p *Pipeline) inOrder(t, background *dataset.Table, from int, sets [][]int, order []int) (Contributions, error) {
	rows, outputs := t.Rows(), p.Target.Outputs()
	c := Contributions{Values: make([]float64, rows*len(sets)*outputs)}
	columns := make([]dataset.Column, len(t.Columns))
	same := slices.Repeat([]float64{float64(from)}, rows)
	for j, column := range background.Columns {
		columns[j] = taken(column, same)
	}
	predict := func() ([]float64, error) {
		known, err := dataset.NewTable(columns...)
		if err != nil {
			return nil, err
		}
		return p.Predict(known)
	}
	before, err := predict()
	if err != nil {
		return c, err
	}
	c.Base = slices.Clone(before[:min(outputs, len(before))])
	for _, set := range order {
		for _, j := range sets[set] {
			columns[j] = t.Columns[j]
		}
		after, err := predict()
		if err != nil {
			return c, err
		}
		for row := range rows {
			for k := range outputs {
				c.Values[(row*len(sets)+set)*outputs+k] = after[row*outputs+k] - before[row*outputs+k]
			}
		}
		before = after
	}
	return c, nil
}
