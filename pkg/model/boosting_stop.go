package model

import (
	"fmt"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
	"github.com/foretell-ml/foretell/pkg/model/tree"
)

// boostingWatch follows the loss of rows that were held out, and tells when to stop.
type boostingWatch struct {
	patience int
	held     *boostingLoss
	columns  [][]float64
	scores   [][]float64 // of the held-out rows
	seen     int         // trees in scores
	best     float64
	kept     int // trees at the best
	since    int // rounds that were no better
	// curve holds the losses of the rows fitted and of those held out after each round.
	curve [][]float64
}

// holdOut parts the rows into those to fit and those to stop by: of each class, or of all, the
// share ValidationShare, drawn, but never the only row. Nothing is held out if the rows are too
// few.
func (b Boosting) holdOut(data Data, seedOfFit uint64) (fit, held []int) {
	groups := make([][]int, max(1, data.Classes))
	for i, y := range data.Y {
		k := 0
		if data.Classes > 0 {
			k = int(y)
		}
		groups[k] = append(groups[k], i)
	}
	for k, rows := range groups {
		wanted := int(math.Round(float64(b.ValidationShare * float64(len(rows)))))
		if wanted == 0 || len(rows) < 2 {
			fit = append(fit, rows...)
			continue
		}
		share := float64(min(wanted, len(rows)-1)) / float64(len(rows))
		drawn := tree.Draw(len(rows), share, seed.Derive(seedOfFit, "held out", k))
		for i, row := range rows {
			if len(drawn) > 0 && int(drawn[0]) == i {
				held, drawn = append(held, row), drawn[1:]
			} else {
				fit = append(fit, row)
			}
		}
	}
	slices.Sort(fit)
	slices.Sort(held)
	return fit, held
}

// picked returns the given rows of data, and their weights.
func picked(data Data, weights []float64, rows []int) (Data, []float64) {
	if len(rows) == len(data.Y) {
		return data, weights
	}
	of := func(values []float64) (kept []float64) {
		if values == nil {
			return nil
		}
		for _, i := range rows {
			kept = append(kept, values[i])
		}
		return kept
	}
	data.X = data.X.Select(rows)
	data.Y, data.Weights, data.Offset = of(data.Y), of(data.Weights), of(data.Offset)
	return data, of(weights)
}

// watch follows held-out rows from the model as it is.
func (b Boosting) watch(held *boostingLoss, columns [][]float64, m *boosted) *boostingWatch {
	w := &boostingWatch{patience: b.EarlyStopping, held: held, columns: columns, scores: held.start(m.base)}
	w.follow(m)
	w.best, w.kept = held.mean(w.scores), w.seen
	return w
}

// follow adds the trees that are new.
func (w *boostingWatch) follow(m *boosted) {
	addTrees(w.scores, m, w.seen, w.columns)
	w.seen = m.count()
}

// addTrees adds to the scores of all rows the trees from the given one on.
func addTrees(scores [][]float64, m *boosted, from int, columns [][]float64) {
	trees := m.trees()
	inBlocks(len(scores[0]), func(begin, end int) {
		for t := from; t < trees.Trees(); t++ {
			of := scores[t%len(scores)]
			for i := begin; i < end; i++ {
				of[i] += trees.Leaf(t, columns, i)
			}
		}
	})
}

// note notes how a round went. A loss that overflows is an error: it tells no round from another.
func (w *boostingWatch) note(m *boosted, fitted float64) error {
	w.follow(m)
	loss := w.held.mean(w.scores)
	if sum := fitted + loss; math.IsNaN(sum) || math.IsInf(sum, 0) {
		return errOverflow
	}
	w.curve = append(w.curve, []float64{fitted, loss})
	w.since++
	if loss < w.best {
		w.best, w.kept, w.since = loss, w.seen, 0
	}
	return nil
}

// start is the base in every row, and the offset.
func (l *boostingLoss) start(base []float64) [][]float64 {
	scores := make([][]float64, len(base))
	for k, b := range base {
		scores[k] = repeat(b, len(l.y))
		for i, o := range l.offset {
			scores[k][i] += o
		}
	}
	return scores
}

// Learned is a Model that kept how its loss went in the fit.
type Learned interface {
	// Curve holds the mean loss after each round, of the rows fitted and of those held out,
	// also of rounds that were dropped again. It is empty if no rows were held out.
	Curve() (fitted, held []float64)
}

var (
	_ Learned = (*boosted)(nil)
	_ Warner  = (*boosted)(nil)
)

func (m *boosted) Curve() (fitted, held []float64) {
	for _, losses := range m.curve {
		fitted, held = append(fitted, losses[0]), append(held, losses[1])
	}
	return fitted, held
}

// Warnings says what came of early stopping, if that is not what was asked for.
func (m *boosted) Warnings() []string { return m.warned }

// finish keeps the best number of rounds.
func (w *boostingWatch) finish(m *boosted, rounds int) {
	m.curve = append(slices.Clip(m.curve), w.curve...)
	if w.since == 0 && len(w.curve) == rounds {
		m.warned = append(m.warned, fmt.Sprintf("the loss of held-out rows still fell in the last of %d rounds; allow more rounds", rounds))
	}
	m.truncate(w.kept)
}

// truncate drops all trees but the first so many.
func (m *boosted) truncate(trees int) {
	forest, record := m.trees(), m.record()
	forest.Truncate(trees)
	record.Cover, record.Gain = record.Cover[:len(forest.Nodes)], record.Gain[:len(forest.Nodes)]
}

// mean is the weighted mean loss at the scores, which hold one per row with offsets added.
// Squared errors are whole, absolute errors and Huber's loss are half, and losses of
// logarithmic scores leave out what depends on the target alone.
func (l *boostingLoss) mean(scores [][]float64) float64 {
	const block = 1 << 14
	sums := make([][2]num.Twofold, (len(l.y)+block-1)/block)
	inBlocks(len(l.y), func(begin, end int) {
		row := make([]float64, len(scores))
		sum := &sums[begin/block]
		for i := begin; i < end; i++ {
			for k := range scores {
				row[k] = scores[k][i]
			}
			sum[0].AddProduct(l.weights[i], l.at(row, l.y[i]))
			sum[1].Add(l.weights[i])
		}
	})
	var sum, total num.Twofold
	for _, s := range sums {
		sum.Add(s[0].Hi)
		sum.Add(s[0].Lo)
		total.Add(s[1].Hi)
		total.Add(s[1].Lo)
	}
	return sum.Value() / total.Value()
}
