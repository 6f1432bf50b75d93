package model

import (
	"context"
	"math"
	"math/bits"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// boostingRun is the state of a fit between rounds.
type boostingRun struct {
	params  Boosting
	seed    uint64
	model   *boosted
	y       []float64
	weights []float64 // positive
	counts  []uint32  // how many rows each row stands for in MinLeafRows
	columns []binnedColumn
	scores  [][]float64 // of each output, one per row
	// gradients of each output: all are taken before the first tree of a round changes
	// the scores.
	gradients []boostingGradients
	grower    *treeGrower // of the tree before; nil when each has columns of its own
}

func newBoostingRun(b Boosting, data Data, seedOfFit uint64) (*boostingRun, error) {
	kept, weights := data.weighted()
	objective := objectiveOf(data.Task, data.Classes)
	base, err := objective.base(kept.Y, weights, data.Classes)
	if err != nil {
		return nil, err
	}
	r := &boostingRun{
		params:    b,
		seed:      seedOfFit,
		model:     &boosted{objective: objective, base: base, features: len(data.X.Columns)},
		y:         kept.Y,
		weights:   weights,
		counts:    rowCounts(weights, b.MinLeafRows),
		columns:   binColumns(kept.X.Columns, kept.Weights, b.Bins),
		scores:    make([][]float64, len(base)),
		gradients: make([]boostingGradients, len(base)),
	}
	r.model.trees.starts = []int32{0}
	rows := len(kept.Y)
	for k := range base {
		r.scores[k] = make([]float64, rows)
		for i := range r.scores[k] {
			r.scores[k][i] = base[k]
		}
		r.gradients[k] = boostingGradients{make([]float64, rows), make([]float64, rows)}
	}
	return r, nil
}

// rowCounts is ⌊weight⌋ per row, but at least 1, and no more than decides anything.
func rowCounts(weights []float64, most int) []uint32 {
	counts := make([]uint32, len(weights))
	for i, w := range weights {
		counts[i] = uint32(max(1, min(w, float64(most))))
	}
	return counts
}

// sampled reports whether trees see different rows or columns.
func (r *boostingRun) sampled() bool { return r.params.RowShare < 1 || r.params.ColumnShare < 1 }

// round grows one tree per score and reports whether any of them has a split. If none has,
// the model is left as it was.
func (r *boostingRun) round(ctx context.Context, round int) (grown bool, err error) {
	r.model.objective.derive(r.gradients, r.y, r.scores)
	trees := make([][]treeNode, len(r.scores))
	for k := range r.scores {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		trees[k], err = r.tree(round*len(r.scores)+k, k)
		if err != nil {
			return false, err
		}
		grown = grown || len(trees[k]) > 1
	}
	if !grown {
		return false, nil
	}
	for _, tree := range trees {
		if err := r.model.trees.append(tree); err != nil {
			return false, err
		}
	}
	return true, nil
}

// tree grows tree number t, for score k, and adds it to the scores. A tree without a split
// is a single leaf of value 0: what it could add is a constant, which the base holds.
func (r *boostingRun) tree(t, k int) ([]treeNode, error) {
	gradients := &r.gradients[k]
	g := r.growerFor(t)
	limits, first, err := r.quantize(g.records, gradients)
	if err != nil {
		return nil, err
	}
	g.grow(limits)
	if len(g.leaves) > 1 {
		if err := r.renew(g, first, gradients.second); err != nil {
			return nil, err
		}
		r.addScores(g, r.scores[k])
	}
	return append([]treeNode(nil), g.nodes...), nil
}

// growerFor returns a grower that holds the rows and columns of tree t.
func (r *boostingRun) growerFor(t int) *treeGrower {
	if r.grower != nil && r.params.RowShare == 1 {
		return r.grower // in the row order of the tree before, which is as good as any
	}
	rows := sample(len(r.y), r.params.RowShare, seed.Derive(r.seed, "rows", t))
	if r.grower != nil {
		r.grower.records.load(r.columns, rows)
		return r.grower
	}
	columns := make([]binnedColumn, 0, len(r.columns))
	for _, j := range sample(len(r.columns), r.params.ColumnShare, seed.Derive(r.seed, "columns", t)) {
		columns = append(columns, r.columns[j])
	}
	g := newTreeGrower(treeRules{r.params.Leaves, r.params.MaxDepth}, columns, len(rows))
	g.records.load(columns, rows)
	if r.params.ColumnShare == 1 {
		r.grower = g
	}
	return g
}

// sample draws round(share × n) of the indices below n, at least one, in ascending order
// (selection sampling, Knuth, TAOCP 2, 3.4.2, algorithm S).
func sample(n int, share float64, seedOfSample uint64) []int32 {
	wanted := min(n, max(1, int(math.Round(float64(share*float64(n))))))
	random := seed.Rand(seedOfSample)
	drawn := make([]int32, 0, wanted)
	for i := range n {
		if random.Uint64N(uint64(n-i)) < uint64(wanted-len(drawn)) {
			drawn = append(drawn, int32(i))
		}
	}
	return drawn
}

// quantize sets the records' cells to the gradients as integers and returns the rules in
// their units and the unit of the first derivatives. Hessians get what the count of rows
// leaves of 64 bits.
func (r *boostingRun) quantize(records *treeRecords, gradients *boostingGradients) (treeLimits, fixed, error) {
	total := uint64(0)
	for _, c := range r.counts {
		total += uint64(c)
	}
	shift := bits.Len64(total)
	first := fixedScale(gradients.first, r.weights, fixedBits)
	second := fixedScale(gradients.second, r.weights, min(fixedBits, 64-shift))
	if !first.finite() || !second.finite() {
		return treeLimits{}, fixed{}, errOverflow
	}
	for i, row := range records.rows {
		w := r.weights[row]
		records.cells[i] = treeCell{
			gradient: first.fix(gradients.first[row], w),
			rest:     uint64(second.fix(gradients.second[row], w))<<shift | uint64(r.counts[row]),
		}
	}
	limits := treeLimits{
		shift:   shift,
		rows:    uint64(r.params.MinLeafRows),
		hessian: float64(r.params.MinLeafHessian * second.scale),
		l2:      float64(r.params.L2 * second.scale),
	}
	if r.params.MinGain > 0 {
		limits.minScore = float64(float64(r.params.MinGain*first.scale)*first.scale) / second.scale
	}
	return limits, first, nil
}

// renew sets the leaves' values, -ΣG/(ΣH+λ) times the learning rate. Gradients were summed
// to all their bits, in units of first; hessians, which left bits to the counts, are summed
// again, so that the resolution of the histograms touches only the choice of splits.
func (r *boostingRun) renew(g *treeGrower, first fixed, hessians []float64) error {
	second := fixedScale(hessians, r.weights, fixedBits)
	for i := range g.leaves {
		leaf := &g.leaves[i]
		sum := int64(0)
		for _, row := range g.records.rows[leaf.begin:leaf.end] {
			sum += second.fix(hessians[row], r.weights[row])
		}
		value := -first.float(leaf.total.gradient) / (second.float(sum) + r.params.L2)
		value = float64(value * r.params.LearningRate)
		if math.IsNaN(value) || math.IsInf(value, 0) {
			return errOverflow
		}
		g.nodes[leaf.node].value = value
	}
	return nil
}

// addScores adds the tree's values to the scores of all rows, those left out of its sample
// too.
func (r *boostingRun) addScores(g *treeGrower, scores []float64) {
	if r.params.RowShare < 1 {
		for i := range scores {
			scores[i] += g.walk(int32(i)).value
		}
		return
	}
	for i := range g.leaves {
		leaf := &g.leaves[i]
		value := g.nodes[leaf.node].value
		for _, row := range g.records.rows[leaf.begin:leaf.end] {
			scores[row] += value
		}
	}
}
