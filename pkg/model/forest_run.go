package model

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/foretell-ml/foretell/pkg/internal/par"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
	"github.com/foretell-ml/foretell/pkg/model/tree"
)

// grow fits the forest to data that are valid.
func (f Forest) grow(ctx context.Context, data Data, seedOfFit uint64) (*forest, error) {
	kept, weights := data.weighted()
	if f.Balanced && data.Task.Classification() {
		weights = kept.balance(weights)
	}
	rows := len(kept.Y)
	columns := f.columns(len(data.X.Columns), data.Classes)
	table := tree.NewTable(kept.X.Columns, nil, kept.Weights, rows, f.Bins)
	grove, err := tree.NewGrove(table, kept.X.Columns, kept.Y, weights, kept.Weights, tree.GroveParams{
		Classes:     data.Classes,
		MaxDepth:    f.MaxDepth,
		MinLeafRows: f.MinLeafRows,
		Columns:     columns,
		Random:      f.Extra,
		Bootstrap:   f.Bootstrap,
	})
	if err != nil {
		return nil, errOverflow
	}
	trees := make([]tree.Planted, f.Trees)
	pool := sync.Pool{New: func() any { return grove.NewPlanter() }}
	if err := par.For(ctx, f.Trees, 0, func(t int) error {
		p := pool.Get().(*tree.Planter)
		defer pool.Put(p)
		trees[t] = p.Plant(seed.Derive(seedOfFit, "tree", t))
		return nil
	}); err != nil {
		return nil, err
	}
	m := &forest{features: len(data.X.Columns), classes: data.Classes}
	if err := m.take(trees); err != nil {
		return nil, err
	}
	if f.OutOfBag {
		m.outOfBag, err = f.predictOutOfBag(ctx, m, kept, data, grove, seedOfFit)
	}
	return m, err
}

// take makes one forest of the trees, and leaves none of them.
func (m *forest) take(trees []tree.Planted) error {
	size := 0
	for _, t := range trees {
		size += len(t.Nodes)
	}
	m.trees.Nodes = make([]tree.Node, 0, size)
	m.record = tree.Record{Cover: make([]float64, 0, size), Gain: make([]float64, 0, size)}
	for i := range trees {
		t := &trees[i]
		if m.classes > 2 {
			first := float64(max(0, m.shares.Leaves()))
			for n := range t.Nodes {
				if t.Nodes[n].Feature < 0 {
					t.Nodes[n].Value += first
				}
			}
			if err := m.shares.Append(&t.Shares); err != nil {
				return err
			}
		}
		if err := m.trees.Append(t.Nodes, nil); err != nil {
			return err
		}
		m.record.Append(t.Record.Cover, t.Record.Gain)
		*t = tree.Planted{} // its memory may go
	}
	return nil
}

// columns is how many of so many columns each split looks at.
func (f Forest) columns(of, classes int) int {
	share := float64(of)
	switch {
	case f.ColumnShare > 0:
		share = float64(f.ColumnShare * float64(of))
	case classes > 0:
		share = math.Sqrt(float64(of))
	}
	return max(1, int(share))
}

// OutOfBag is a Model that knows how it predicts the rows it was fitted on without having
// seen them.
type OutOfBag interface {
	// OutOfBag returns for each row given to Fit what Predict would, were there only the trees
	// whose sample the row is not in: rows × Outputs values, NaN for rows that are in every
	// sample or have weight 0. nil if it was not asked for, or if the model was loaded: the
	// State does not hold it.
	OutOfBag() []float64
}

// predictOutOfBag predicts each row by the trees that did not see it.
func (f Forest) predictOutOfBag(ctx context.Context, m *forest, kept, data Data, grove *tree.Grove, seedOfFit uint64) ([]float64, error) {
	rows, outputs := len(kept.Y), m.Outputs()
	sums, unseen := make([]float64, rows*outputs), make([]int, rows)
	times := make([]uint32, rows)
	// Tree after tree, so that sums do not depend on the workers; rows on all cores.
	for t := range f.Trees {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		grove.Draw(times, seed.Derive(seedOfFit, "tree", t))
		inBlocks(rows, func(begin, end int) {
			for i := begin; i < end; i++ {
				if times[i] == 0 {
					m.add(sums[i*outputs:(i+1)*outputs], t, kept.X.Columns, i)
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
	return predicted, nil
}

func fill(of []float64, v float64) {
	for i := range of {
		of[i] = v
	}
}

// errLeaves says that leaves and their shares do not fit together.
var errLeaves = errors.New("leaves and shares of classes do not fit together")

// checkLeaves returns an error unless every leaf of a forest of three classes and more is one
// of those that have shares, and these are probabilities.
func checkLeaves(trees *tree.Forest, shares *tree.Shares, classes int) error {
	for i := range trees.Nodes {
		if n := &trees.Nodes[i]; n.Feature < 0 {
			if !(n.Value >= 0 && n.Value < float64(shares.Leaves())) || n.Value != math.Trunc(n.Value) {
				return fmt.Errorf("leaf %d has number %v of %d: %w", i, n.Value, shares.Leaves(), errLeaves)
			}
		}
	}
	if len(shares.Class) != len(shares.Share) || len(shares.Starts) == 0 || shares.Starts[0] != 0 || int(shares.Starts[shares.Leaves()]) != len(shares.Class) {
		return errLeaves
	}
	for l := range shares.Leaves() {
		begin, end := shares.Starts[l], shares.Starts[l+1]
		if begin >= end || int(end) > len(shares.Class) {
			return fmt.Errorf("leaf %d has shares %d to %d of %d: %w", l, begin, end, len(shares.Class), errLeaves)
		}
		last := int32(-1)
		for _, class := range shares.Class[begin:end] {
			if class <= last || int(class) >= classes {
				return fmt.Errorf("leaf %d has class %d of %d after %d: %w", l, class, classes, last, errLeaves)
			}
			last = class
		}
		if err := checkProbabilities(shares.Share[begin:end]); err != nil {
			return fmt.Errorf("leaf %d: %w", l, err)
		}
	}
	return nil
}
