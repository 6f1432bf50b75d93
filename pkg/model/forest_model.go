package model

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/model/tree"
	"github.com/foretell-ml/foretell/pkg/safetensors"
)

// forest is a fitted Forest. A leaf's value is that predicted, for two classes the share of
// class 1, for more the number of the leaf among the shares.
type forest struct {
	features int
	classes  int // 0 for regression
	trees    tree.Forest
	shares   tree.Shares
	record   tree.Record
	outOfBag []float64
}

var (
	_ Model    = (*forest)(nil)
	_ OutOfBag = (*forest)(nil)
)

// Inputs is the number of columns it was fitted on.
func (m *forest) Inputs() int { return m.features }

// Outputs is 1 for regression, else the number of classes.
func (m *forest) Outputs() int { return max(1, m.classes) }

// OutOfBag returns predictions of the rows fitted, as a copy.
func (m *forest) OutOfBag() []float64 { return slices.Clone(m.outOfBag) }

// Predict goes by blocks of rows, so that a tree and the block's values stay in the cache.
func (m *forest) Predict(dst []float64, x *dataset.Matrix) {
	outputs := m.Outputs()
	mustFit(dst, x, m.features, outputs)
	clear(dst)
	const block = 256
	for begin := 0; begin < x.Rows; begin += block {
		end := min(begin+block, x.Rows)
		for t := range m.trees.Trees() {
			for i := begin; i < end; i++ {
				m.add(dst[i*outputs:(i+1)*outputs], t, x.Columns, i)
			}
		}
		for i := begin; i < end; i++ {
			m.finish(dst[i*outputs:(i+1)*outputs], m.trees.Trees())
		}
	}
}

// add adds to the sums of a row what tree t says of it.
func (m *forest) add(sums []float64, t int, columns [][]float64, i int) {
	v := m.trees.Leaf(t, columns, i)
	if m.classes <= 2 {
		sums[len(sums)-1] += v
		return
	}
	leaf := int(v)
	for s := m.shares.Starts[leaf]; s < m.shares.Starts[leaf+1]; s++ {
		sums[m.shares.Class[s]] += m.shares.Share[s]
	}
}

// finish turns sums over so many trees into a row's outputs.
func (m *forest) finish(sums []float64, trees int) {
	switch {
	case m.classes == 2:
		sums[1] = min(1, sums[1]/float64(trees))
		sums[0] = 1 - sums[1]
	default:
		for k := range sums {
			sums[k] /= float64(trees)
		}
	}
}

type forestParams struct {
	Features int `json:"features"`
	Classes  int `json:"classes"`
	Trees    int `json:"trees"`
}

// State stores the forest as one tensor per field of its nodes, and the shares of classes.
func (m *forest) State() State {
	params, err := json.Marshal(forestParams{m.features, m.classes, m.trees.Trees()})
	if err != nil {
		panic("model: " + err.Error()) // integers always marshal
	}
	tensors := m.trees.Tensors()
	m.record.Tensors(tensors)
	if m.classes > 2 {
		tensors["leaf_start"] = safetensors.FromI32(m.shares.Starts)
		tensors["leaf_class"] = safetensors.FromI32(m.shares.Class)
		tensors["leaf_share"] = safetensors.FromF64(m.shares.Share)
	}
	return State{Learner: forestName, Params: params, Tensors: tensors}
}

// loadForest is the inverse of State, for states that may be damaged or hostile.
func loadForest(s State) (Model, error) {
	var p forestParams
	if err := decodeStateParams(s, &p); err != nil {
		return nil, err
	}
	if p.Features < 0 || p.Features > math.MaxInt32 {
		return nil, fmt.Errorf("%d features", p.Features)
	}
	if p.Classes < 0 || p.Classes == 1 || p.Classes > math.MaxInt32 {
		return nil, fmt.Errorf("%d classes", p.Classes)
	}
	trees, err := tree.LoadForest(s.Tensors, p.Features)
	if err != nil {
		return nil, err
	}
	if trees.Trees() != p.Trees || p.Trees < 1 {
		return nil, fmt.Errorf("%d trees stored, %d announced", trees.Trees(), p.Trees)
	}
	record, err := tree.LoadRecord(s.Tensors, &trees)
	if err != nil {
		return nil, err
	}
	m := &forest{features: p.Features, classes: p.Classes, trees: trees, record: record}
	switch {
	case p.Classes == 2:
		for i := range trees.Nodes {
			if n := &trees.Nodes[i]; n.Feature < 0 && !(n.Value >= 0 && n.Value <= 1) {
				return nil, fmt.Errorf("leaf %d has probability %v", i, n.Value)
			}
		}
	case p.Classes > 2:
		if m.shares, err = loadShares(s); err != nil {
			return nil, err
		}
		if err := checkLeaves(&m.trees, &m.shares, m.classes); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func loadShares(s State) (shares tree.Shares, err error) {
	for name, to := range map[string]*[]int32{"leaf_start": &shares.Starts, "leaf_class": &shares.Class} {
		if *to, err = s.Tensors[name].I32(); err != nil {
			return shares, fmt.Errorf("tensor %q: %w", name, err)
		}
	}
	if shares.Share, err = s.Tensors["leaf_share"].F64(); err != nil {
		return shares, fmt.Errorf("tensor %q: %w", "leaf_share", err)
	}
	return shares, nil
}
