package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/model/tree"
	"github.com/foretell-ml/foretell/pkg/safetensors"
)

// forest is a fitted Forest. A leaf's value is that predicted, for two classes the share of
// class 1, for more the number of the leaf among the shares.
type forest struct {
	features int
	classes  int // 0 for regression
	shares   tree.Shares
	outOfBag []float64
	score    *float64 // out of bag; nil if it was not asked for
	woods
}

var _ Model = (*forest)(nil)

// Inputs is the number of columns it was fitted on.
func (m *forest) Inputs() int { return m.features }

// Outputs is 1 for regression, else the number of classes.
func (m *forest) Outputs() int { return max(1, m.classes) }

// Predict adds up the trees in their order for each row, on all cores.
func (m *forest) Predict(dst []float64, x *dataset.Matrix) {
	mustFit(dst, x, m.features, m.Outputs())
	inPieces(m, dst, x)
}

// predictRows has, for two classes, one sum per row, in front, until all are there.
func (m *forest) predictRows(dst []float64, columns [][]float64, begin, end int) {
	outputs, rows, trees := m.Outputs(), end-begin, m.walks()
	clear(dst)
	if m.classes > 2 {
		trees.Each(columns, begin, end, func(_, first int, leaves []float64) {
			for i, v := range leaves {
				m.addShares(dst[(first-begin+i)*outputs:], int(v))
			}
		})
	} else {
		trees.Add(dst[:rows], 1, columns, begin, end)
	}
	for i := rows - 1; i >= 0; i-- { // from behind: no sum is overwritten
		to := dst[i*outputs : (i+1)*outputs]
		if m.classes == 2 {
			to[1] = dst[i]
		}
		m.finish(to, trees.Len())
	}
}

// add adds to the sums of a row what tree t of its trees says of it.
func (m *forest) add(sums []float64, trees *tree.Forest, t int, columns [][]float64, i int) {
	v := trees.Leaf(t, columns, i)
	if m.classes <= 2 {
		sums[len(sums)-1] += v
		return
	}
	m.addShares(sums, int(v))
}

// addShares adds to the sums of a row the shares of classes of a leaf.
func (m *forest) addShares(sums []float64, leaf int) {
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
	// OutOfBagScore is there if Fit was asked for it and it is defined.
	OutOfBagScore *float64 `json:"out_of_bag_score,omitempty"`
}

// State stores the forest as one tensor per field of its nodes, and the shares of classes.
func (m *forest) State() State {
	params, err := json.Marshal(forestParams{m.features, m.classes, m.count(), m.score})
	if err != nil {
		panic("model: " + err.Error()) // integers and a finite number always marshal
	}
	tensors := m.trees().Tensors()
	m.record().Tensors(tensors)
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
	trees, err := tree.Load(s.Tensors, p.Features)
	if err != nil {
		return nil, err
	}
	if trees.Trees() != p.Trees || p.Trees < 1 {
		return nil, fmt.Errorf("%d trees stored, %d announced", trees.Trees(), p.Trees)
	}
	m := &forest{features: p.Features, classes: p.Classes, woods: woods{stored: trees}, score: p.OutOfBagScore}
	switch {
	case p.Classes == 2:
		for i := range int32(trees.Nodes()) {
			if v := trees.Value(i); trees.Feature(i) < 0 && !(v >= 0 && v <= 1) {
				return nil, fmt.Errorf("tensor %q: leaf %d has probability %v", "value", i, v)
			}
		}
	case p.Classes > 2:
		if m.shares, err = loadShares(s); err != nil {
			return nil, err
		}
		if err := checkLeaves(trees, &m.shares, m.classes); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func loadShares(s State) (shares tree.Shares, err error) {
	if shares.Starts, err = s.Tensors["leaf_start"].I32(); err != nil {
		return shares, fmt.Errorf("tensor %q: %w", "leaf_start", err)
	}
	if shares.Class, err = s.Tensors["leaf_class"].I32(); err != nil {
		return shares, fmt.Errorf("tensor %q: %w", "leaf_class", err)
	}
	if shares.Share, err = s.Tensors["leaf_share"].F64(); err != nil {
		return shares, fmt.Errorf("tensor %q: %w", "leaf_share", err)
	}
	return shares, nil
}

// errLeaves says that leaves and their shares do not fit together.
var errLeaves = errors.New("leaves and shares of classes do not fit together")

// checkLeaves returns an error that names the tensor unless every leaf of a forest of three
// classes and more is one of those that have shares, and these are probabilities.
func checkLeaves(trees *tree.Stored, shares *tree.Shares, classes int) error {
	if len(shares.Class) != len(shares.Share) {
		return fmt.Errorf("tensor %q has %d shares of %d classes: %w", "leaf_share", len(shares.Share), len(shares.Class), errLeaves)
	}
	if len(shares.Starts) == 0 || shares.Starts[0] != 0 || int(shares.Starts[shares.Leaves()]) != len(shares.Class) {
		return fmt.Errorf("tensor %q does not cover the %d shares: %w", "leaf_start", len(shares.Class), errLeaves)
	}
	for l := range shares.Leaves() {
		begin, end := shares.Starts[l], shares.Starts[l+1]
		if begin >= end || int(end) > len(shares.Class) {
			return fmt.Errorf("tensor %q: leaf %d has shares %d to %d of %d: %w", "leaf_start", l, begin, end, len(shares.Class), errLeaves)
		}
		last := int32(-1)
		for _, class := range shares.Class[begin:end] {
			if class <= last || int(class) >= classes {
				return fmt.Errorf("tensor %q: leaf %d has class %d of %d after %d: %w", "leaf_class", l, class, classes, last, errLeaves)
			}
			last = class
		}
		if err := checkProbabilities(shares.Share[begin:end]); err != nil {
			return fmt.Errorf("tensor %q: leaf %d: %w", "leaf_share", l, err)
		}
	}
	for i := range int32(trees.Nodes()) {
		if trees.Feature(i) >= 0 {
			continue
		}
		if v := trees.Value(i); !(v >= 0 && v < float64(shares.Leaves())) || v != math.Trunc(v) {
			return fmt.Errorf("tensor %q: leaf %d has number %v of %d: %w", "value", i, v, shares.Leaves(), errLeaves)
		}
	}
	return nil
}
