package pipeline

import (
	"context"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// sampled explains what is predicted by the golden rows: from each of them to the row to be
// explained, one column after the other takes the row's value, in an order that is drawn, and
// contributes what that changes (Štrumbelj and Kononenko, Knowledge and Information Systems 41,
// 2014). Every second order is the reverse of the one before, which makes the estimate steadier.
// Contributions are the mean over the golden rows, so that they and the mean prediction of these
// sum to the row's prediction.
func (p *Pipeline) sampled(ctx context.Context, t *dataset.Table, classes []int) ([]Explanation, error) {
	golden, columns := p.golden.Rows(), len(p.Schema)
	orders := make([][]int, golden)
	for g := range orders {
		if g%2 == 1 {
			orders[g] = slices.Clone(orders[g-1])
			slices.Reverse(orders[g])
		} else {
			orders[g] = seed.Rand(seed.Derive(0, "explain", g)).Perm(columns)
		}
	}
	both := make([]dataset.Column, columns)
	for j := range both {
		both[j] = behind(p.golden.Columns[j], t.Columns[j])
	}
	k := p.Target.Outputs()
	all := make([]Explanation, t.Rows())
	for i := range all {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		steps, err := dataset.NewTable(walk(both, orders, golden+i)...)
		if err != nil {
			return nil, err
		}
		output, err := p.Predict(steps)
		if err != nil {
			return nil, err
		}
		class := 0
		if k == 2 {
			class = 1
		} else if k > 2 {
			class = classes[i]
		}
		e := Explanation{Scale: PredictionScale, Class: class, Contributions: make([]float64, columns)}
		starts, changes := make([]float64, golden), make([][]float64, columns)
		for g, order := range orders {
			of := func(step int) float64 { return output[(g*(columns+1)+step)*k+class] }
			starts[g] = of(0)
			for step, j := range order {
				changes[j] = append(changes[j], of(step+1)-of(step))
			}
			e.Score = of(columns)
		}
		e.Base = num.Sum(starts) / float64(golden)
		for j := range changes {
			e.Contributions[j] = num.Sum(changes[j]) / float64(golden)
		}
		all[i] = e
	}
	return all, nil
}

// walk are the columns of all steps: for each golden row one more than there are columns.
func walk(both []dataset.Column, orders [][]int, row int) []dataset.Column {
	columns := len(both)
	steps := make([]dataset.Column, columns)
	for j := range steps {
		places := make([]float64, 0, len(orders)*(columns+1))
		for g, order := range orders {
			turn := slices.Index(order, j)
			for step := range columns + 1 {
				if step > turn {
					places = append(places, float64(row))
				} else {
					places = append(places, float64(g))
				}
			}
		}
		steps[j] = taken(both[j], places)
	}
	return steps
}

// behind is a column of the values of one and then those of another of the same type. Of texts the
// first has none: golden rows keep no text.
func behind(first, second dataset.Column) dataset.Column {
	c := dataset.Column{Name: second.Name, Type: second.Type, Levels: second.Levels}
	if second.Type.Coded() {
		c.Codes = slices.Concat(first.Codes, second.Codes)
	} else {
		c.Values = slices.Concat(first.Values, second.Values)
	}
	return c
}
