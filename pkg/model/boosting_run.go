package model

import (
	"context"
	"fmt"
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
	loss   *boostingLoss
	// columns of the rows fitted.
	columns [][]float64
	scores  [][]float64 // of each output, one per row, offsets added
	// gradients of each output: all are taken before the first tree of a round changes
	// the scores.
	gradients []boostingGradients
	grower    *tree.Grower
	dealer    *tree.Dealer // of columns; nil: trees have all
	// masses of the rows are integers, so that covers and quantiles do not depend on their
	// order; nil is 1.
	masses   []int64
	massUnit float64
	records  []tree.Record  // of the trees of the round
	held     *boostingWatch // nil: no rows are held out
	done     int            // rounds, by whose number trees draw
}

func newBoostingRun(b Boosting, data Data, seedOfFit uint64) (*boostingRun, error) {
	kept, weights := data.weighted()
	if b.Balanced {
		weights = kept.balance(weights)
		kept.Weights = weights
	}
	var heldData Data
	var heldWeights []float64
	if b.EarlyStopping > 0 {
		fit, held := b.holdOut(kept, seedOfFit)
		heldData, heldWeights = picked(kept, weights, held)
		kept, weights = picked(kept, weights, fit)
	}
	loss, err := b.loss(kept, weights)
	if err != nil {
		return nil, err
	}
	base, err := loss.base()
	if err != nil {
		return nil, err
	}
	b.MinLeafRows = b.leafRows(kept)
	rules, err := b.rules(kept.X)
	if err != nil {
		return nil, err
	}
	rows := len(kept.Y)
	table := tree.NewTable(kept.X.Columns, kept.X.Categories, kept.Weights, rows, b.Bins)
	b.ColumnShare = b.columnShare(table.Columns())
	r := &boostingRun{
		params:    b,
		seed:      seedOfFit,
		model:     &boosted{objective: loss.objective, base: base, features: len(data.X.Columns)},
		loss:      loss,
		columns:   kept.X.Columns,
		scores:    loss.start(base),
		gradients: make([]boostingGradients, len(base)),
		grower:    tree.NewGrower(table, rules),
		records:   make([]tree.Record, len(base)),
	}
	if b.ColumnShare < 1 {
		r.dealer = tree.NewDealer(table, kept.Y, b.ColumnShare, seedOfFit)
	}
	r.masses, r.massUnit = integers(weights)
	r.model.forest.Starts = []int32{0}
	for k := range base {
		r.gradients[k] = boostingGradients{make([]float64, rows), make([]float64, rows)}
	}
	if b.EarlyStopping > 0 && len(heldData.Y) == 0 {
		r.model.warned = append(r.model.warned, fmt.Sprintf("%d rows are too few to hold out some: early stopping is off", rows))
	} else if b.EarlyStopping > 0 {
		of, err := b.loss(heldData, heldWeights)
		if err != nil {
			return nil, err
		}
		r.held = b.watch(of, heldData.X.Columns, r.model)
	}
	return r, nil
}

// rounds grows trees until so many rounds are done, or fewer if early stopping says so.
func (r *boostingRun) rounds(ctx context.Context, until int) error {
	for r.done < until && !r.over() {
		grown, err := r.round(ctx, r.done)
		if err == nil && !grown && !r.sampled() {
			break // every later round would find the same
		}
		if err == nil && r.held != nil {
			err = r.held.note(r.model, r.loss.mean(r.scores))
		}
		if err != nil {
			return fmt.Errorf("round %d: %w", r.done+1, err)
		}
		r.done++
	}
	if r.held != nil {
		r.held.finish(r.model, r.params.Rounds)
	}
	return nil
}

// over reports whether no round is worth while: so many were no better for the rows held out, or
// there is nothing but zeros.
func (r *boostingRun) over() bool {
	return r.held != nil && r.held.since >= r.held.patience || r.model.base[0] == leastScore && r.loss.objective.logarithmic()
}

// sampled reports whether trees see different rows or columns.
func (r *boostingRun) sampled() bool {
	return r.params.RowShare < 1 || r.params.ColumnShare < 1 || r.params.NodeColumnShare < 1 || r.params.TopShare > 0
}

// round grows one tree per score and reports whether any of them has a split. If none has,
// the model is left as it was.
func (r *boostingRun) round(ctx context.Context, round int) (grown bool, err error) {
	inBlocks(len(r.loss.y), func(begin, end int) {
		r.loss.derive(r.gradients, r.scores, begin, end)
	})
	trees := make([]tree.Tree, len(r.scores))
	for k := range r.scores {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		trees[k], err = r.tree(round*len(r.scores)+k, k)
		if err != nil {
			return false, err
		}
		grown = grown || len(trees[k].Nodes) > 1
	}
	if !grown {
		return false, nil
	}
	for k, t := range trees {
		if err := r.model.forest.Append(t.Nodes, t.Sets); err != nil {
			return false, err
		}
		r.model.known.Append(r.records[k].Cover, r.records[k].Gain)
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
func (r *boostingRun) tree(t, k int) (tree.Tree, error) {
	r.sample(t, k)
	grown, err := r.grower.Grow(r.gradients[k].first, r.gradients[k].second, seed.Derive(r.seed, "nodes", t))
	if err != nil {
		return tree.Tree{}, errOverflow
	}
	nodes := append([]tree.Node(nil), grown.Nodes...)
	r.records[k] = tree.Record{Cover: r.covers(grown), Gain: r.grower.Gains()}
	if len(nodes) == 1 {
		return tree.Tree{Nodes: nodes}, nil
	}
	r.loss.renew(nodes, grown, r.scores[k], r.masses)
	most := r.params.MaxDelta
	if most == 0 {
		most = math.Inf(1)
	}
	values := make([]float64, len(grown.Leaves))
	for leaf, node := range grown.Leaves {
		values[leaf] = float64(max(-most, min(nodes[node].Value, most)) * r.params.LearningRate)
		nodes[node].Value = values[leaf]
	}
	scores := r.scores[k]
	inBlocks(len(scores), func(begin, end int) {
		for i, leaf := range grown.LeafOf[begin:end] {
			scores[begin+i] += values[leaf]
		}
	})
	return tree.Tree{Nodes: nodes, Sets: grown.Sets}, nil
}

// sample has the grower see the rows and columns of tree t, for score k.
func (r *boostingRun) sample(t, k int) {
	rows, columns := r.draw(t)
	if r.params.TopShare > 0 && float64(t/len(r.scores)) >= 1/r.params.LearningRate {
		rows = r.byGradient(t, k)
	}
	if rows != nil || columns != nil {
		r.grower.Sample(rows, columns)
	}
}

// draw returns the rows and columns of tree t; nil is all.
func (r *boostingRun) draw(t int) (rows, columns []int32) {
	if r.params.RowShare < 1 {
		rows = tree.Draw(len(r.loss.y), r.params.RowShare, seed.Derive(r.seed, "rows", t))
	}
	if r.dealer != nil {
		columns = r.dealer.Columns(t)
	}
	return rows, columns
}
