package model

import (
	"context"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
	"github.com/foretell-ml/foretell/pkg/model/tree"
)

// OutOfBag is a Model that knows how it predicts the rows it was fitted on without having
// seen them.
type OutOfBag interface {
	// OutOfBag returns for each row given to Fit what Predict would, were there only the trees
	// whose sample the row is not in: rows × Outputs values, NaN for rows that are in every
	// sample or have weight 0. nil if it was not asked for, or if the model was loaded: the
	// State does not hold it.
	OutOfBag() []float64
	// OutOfBagScore is how good these predictions are, a row counting by its weight: R² of a
	// value, the share of classes that are right (scikit-learn's oob_score_). It is part of
	// the State. NaN if it was not asked for, or if no row with a prediction says anything:
	// every row in every sample, or all of them of the same value.
	OutOfBagScore() float64
}

var _ OutOfBag = (*forest)(nil)

// OutOfBag returns predictions of the rows fitted, as a copy.
func (m *forest) OutOfBag() []float64 { return slices.Clone(m.outOfBag) }

// OutOfBagScore is R² or accuracy.
func (m *forest) OutOfBagScore() float64 {
	if m.score == nil {
		return math.NaN()
	}
	return *m.score
}

// predictOutOfBag predicts each row by the trees that did not see it.
func (f Forest) predictOutOfBag(ctx context.Context, m *forest, kept, data Data, grove *tree.Grove, seedOfFit uint64) error {
	rows, outputs := len(kept.Y), m.Outputs()
	sums, unseen := make([]float64, rows*outputs), make([]int, rows)
	times := make([]uint32, rows)
	// Tree after tree, so that sums do not depend on the workers; rows on all cores.
	for t := range f.Trees {
		if err := ctx.Err(); err != nil {
			return err
		}
		grove.Draw(times, seed.Derive(seedOfFit, "tree", t))
		inBlocks(rows, func(begin, end int) {
			for i := begin; i < end; i++ {
				if times[i] == 0 {
					m.add(sums[i*outputs:(i+1)*outputs], &m.forest, t, kept.X.Columns, i)
					unseen[i]++
				}
			}
		})
	}
	predicted := make([]float64, data.X.Rows*outputs)
	at := 0
	for i := range data.X.Rows {
		of := predicted[i*outputs : (i+1)*outputs]
		if data.Weights != nil && data.Weights[i] == 0 {
			fill(of, math.NaN())
			continue
		}
		if unseen[at] == 0 {
			fill(of, math.NaN())
		} else {
			copy(of, sums[at*outputs:])
			m.finish(of, unseen[at])
		}
		at++
	}
	m.outOfBag = predicted
	if score := scoreOutOfBag(data, predicted, outputs); !math.IsNaN(score) && !math.IsInf(score, 0) {
		m.score = &score
	}
	return nil
}

// scoreOutOfBag is R² or accuracy over the rows that have a prediction.
func scoreOutOfBag(data Data, predicted []float64, outputs int) float64 {
	weight := func(i int) float64 {
		switch {
		case math.IsNaN(predicted[i*outputs]):
			return 0
		case data.Weights != nil:
			return data.Weights[i]
		}
		return 1
	}
	heaviest := 0.0
	for i := range data.Y {
		heaviest = max(heaviest, weight(i))
	}
	// Targets less their mean, in the unit of the largest, so that no square overflows.
	total, mean, largest := 0.0, 0.0, 0.0
	for i, y := range data.Y {
		if w := weight(i) / heaviest; w > 0 {
			total += w
			mean += float64((y - mean) * (w / total))
		}
	}
	for i, y := range data.Y {
		if weight(i) > 0 {
			largest = max(largest, math.Abs(y-mean))
		}
	}
	right, squares, spread := 0.0, 0.0, 0.0
	for i, y := range data.Y {
		w := weight(i) / heaviest
		if !(w > 0) {
			continue
		}
		if data.Task.Classification() {
			if slices.Index(predicted[i*outputs:(i+1)*outputs], slices.Max(predicted[i*outputs:(i+1)*outputs])) == int(y) {
				right += w
			}
			continue
		}
		e, d := (y-predicted[i])/largest, (y-mean)/largest
		squares += float64(w * float64(e*e))
		spread += float64(w * float64(d*d))
	}
	if data.Task.Classification() {
		return right / total
	}
	return 1 - squares/spread
}

func fill(of []float64, v float64) {
	for i := range of {
		of[i] = v
	}
}
