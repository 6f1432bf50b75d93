package model

import (
	"context"
	"math"

	"github.com/foretell-ml/foretell/pkg/internal/par"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
	"github.com/foretell-ml/foretell/pkg/model/tree"
)

// boostingRun is the state of a fit between rounds.
type boostingRun struct {
	params Boosting
	seed   uint64
	model  *boosted
	y      []float64
	scores [][]float64 // of each output, one per row
	// gradients of each output: all are taken before the first tree of a round changes
	// the scores.
	gradients []boostingGradients
	grower    *tree.Grower
}

func newBoostingRun(b Boosting, data Data, seedOfFit uint64) (*boostingRun, error) {
	kept, weights := data.weighted()
	objective := objectiveOf(data.Task, data.Classes)
	base, err := objective.base(kept.Y, weights, data.Classes)
	if err != nil {
		return nil, err
	}
	rows := len(kept.Y)
	r := &boostingRun{
		params:    b,
		seed:      seedOfFit,
		model:     &boosted{objective: objective, base: base, features: len(data.X.Columns)},
		y:         kept.Y,
		scores:    make([][]float64, len(base)),
		gradients: make([]boostingGradients, len(base)),
		grower: tree.NewGrower(tree.NewTable(kept.X.Columns, kept.Weights, rows, b.Bins), tree.Params{
			Leaves:         b.Leaves,
			MaxDepth:       b.MaxDepth,
			MinLeafRows:    b.MinLeafRows,
			MinLeafHessian: b.MinLeafHessian,
			L2:             b.L2,
			MinGain:        b.MinGain,
		}),
	}
	r.model.trees.Starts = []int32{0}
	for k := range base {
		r.scores[k] = repeat(base[k], rows)
		r.gradients[k] = boostingGradients{make([]float64, rows), make([]float64, rows)}
	}
	return r, nil
}

// sampled reports whether trees see different rows or columns.
func (r *boostingRun) sampled() bool { return r.params.RowShare < 1 || r.params.ColumnShare < 1 }

// round grows one tree per score and reports whether any of them has a split. If none has,
// the model is left as it was.
func (r *boostingRun) round(ctx context.Context, round int) (grown bool, err error) {
	inBlocks(len(r.y), func(begin, end int) {
		r.model.objective.derive(r.gradients, r.y, r.scores, begin, end)
	})
	trees := make([][]tree.Node, len(r.scores))
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
	for _, nodes := range trees {
		if err := r.model.trees.Append(nodes); err != nil {
			return false, err
		}
	}
	return true, nil
}

// inBlocks calls work for blocks of n rows that make up all of them, on all cores.
func inBlocks(n int, work func(begin, end int)) {
	const block = 1 << 14
	// Neither the pieces nor the context can fail.
	_ = par.For(context.Background(), (n+block-1)/block, 0, func(i int) error {
		work(i*block, min(n, (i+1)*block))
		return nil
	})
}

// tree grows tree number t, for score k, and adds it to the scores. A tree without a split
// is a single leaf of value 0: what it could add is a constant, which the base holds.
func (r *boostingRun) tree(t, k int) ([]tree.Node, error) {
	r.sample(t)
	grown, err := r.grower.Grow(r.gradients[k].first, r.gradients[k].second)
	if err != nil {
		return nil, errOverflow
	}
	nodes := append([]tree.Node(nil), grown.Nodes...)
	if len(nodes) == 1 {
		return nodes, nil
	}
	values := make([]float64, len(grown.Leaves))
	for leaf, node := range grown.Leaves {
		values[leaf] = float64(nodes[node].Value * r.params.LearningRate)
		nodes[node].Value = values[leaf]
	}
	scores := r.scores[k]
	inBlocks(len(scores), func(begin, end int) {
		for i := begin; i < end; i++ {
			scores[i] += values[grown.LeafOf[i]]
		}
	})
	return nodes, nil
}

// sample has the grower see the rows and columns of tree t.
func (r *boostingRun) sample(t int) {
	if r.sampled() {
		r.grower.Sample(r.draw(t))
	}
}

// draw returns the rows and columns of tree t; nil is all.
func (r *boostingRun) draw(t int) (rows, columns []int32) {
	if r.params.RowShare < 1 {
		rows = sample(len(r.y), r.params.RowShare, seed.Derive(r.seed, "rows", t))
	}
	if r.params.ColumnShare < 1 {
		columns = sample(r.grower.Columns(), r.params.ColumnShare, seed.Derive(r.seed, "columns", t))
	}
	return rows, columns
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
