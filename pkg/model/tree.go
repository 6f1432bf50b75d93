package model

import (
	"errors"
	"fmt"
	"math"

	"github.com/foretell-ml/foretell/pkg/safetensors"
)

// treeNode is a split or a leaf. A row goes left if its value of the feature is at most the
// threshold, a missing value (NaN) if missingLeft says so.
type treeNode struct {
	threshold   float64
	value       float64 // of a leaf
	feature     int32   // column of the matrix; -1 for a leaf
	left, right int32   // indices into forest.nodes, greater than the node's own
	missingLeft bool
}

// forest is a list of trees, flat. Children come after their parent, so a walk ends.
type forest struct {
	nodes []treeNode
	// starts holds the index of the root of every tree and, last, the number of nodes.
	starts []int32
}

// trees is the number of trees.
func (f *forest) trees() int { return len(f.starts) - 1 }

// leaf returns the value of tree t for row i of the columns.
func (f *forest) leaf(t int, columns [][]float64, i int) float64 {
	n := &f.nodes[f.starts[t]]
	for n.feature >= 0 {
		x := columns[n.feature][i]
		if x <= n.threshold || (n.missingLeft && math.IsNaN(x)) {
			n = &f.nodes[n.left]
		} else {
			n = &f.nodes[n.right]
		}
	}
	return n.value
}

// append adds a tree whose child indices count from its own root.
func (f *forest) append(tree []treeNode) error {
	first := len(f.nodes)
	if first+len(tree) > math.MaxInt32 {
		return errors.New("more than 2^31 tree nodes")
	}
	if len(f.starts) == 0 {
		f.starts = []int32{0}
	}
	for _, n := range tree {
		if n.feature >= 0 {
			n.left += int32(first)
			n.right += int32(first)
		}
		f.nodes = append(f.nodes, n)
	}
	f.starts = append(f.starts, int32(len(f.nodes)))
	return nil
}

// tensors stores the forest, one element per node but for tree_start.
func (f *forest) tensors() map[string]safetensors.Tensor {
	n := len(f.nodes)
	threshold, value := make([]float64, n), make([]float64, n)
	feature, left, right := make([]int32, n), make([]int32, n), make([]int32, n)
	missingLeft := make([]uint8, n)
	for i, node := range f.nodes {
		threshold[i], value[i] = node.threshold, node.value
		feature[i], left[i], right[i] = node.feature, node.left, node.right
		if node.missingLeft {
			missingLeft[i] = 1
		}
	}
	return map[string]safetensors.Tensor{
		"tree_start":   safetensors.FromI32(f.starts),
		"feature":      safetensors.FromI32(feature),
		"threshold":    safetensors.FromF64(threshold),
		"left":         safetensors.FromI32(left),
		"right":        safetensors.FromI32(right),
		"value":        safetensors.FromF64(value),
		"missing_left": safetensors.FromU8(missingLeft),
	}
}

// loadForest reads what tensors stored. It trusts nothing: an index out of range, a child
// that does not come after its parent (a cycle), a threshold or value that is no number and
// lengths that differ are errors.
func loadForest(tensors map[string]safetensors.Tensor, features int) (forest, error) {
	var errs []error
	var f forest
	ints := func(name string) []int32 {
		values, err := tensors[name].I32()
		if err != nil {
			errs = append(errs, fmt.Errorf("tensor %q: %w", name, err))
		}
		return values
	}
	floats := func(name string) []float64 {
		values, err := tensors[name].F64()
		if err != nil {
			errs = append(errs, fmt.Errorf("tensor %q: %w", name, err))
		}
		return values
	}
	f.starts = ints("tree_start")
	feature, left, right := ints("feature"), ints("left"), ints("right")
	threshold, value := floats("threshold"), floats("value")
	missingLeft, err := tensors["missing_left"].U8()
	if err != nil {
		errs = append(errs, fmt.Errorf("tensor %q: %w", "missing_left", err))
	}
	if len(errs) > 0 {
		return forest{}, errors.Join(errs...)
	}
	n := len(feature)
	for _, length := range []int{len(left), len(right), len(threshold), len(value), len(missingLeft)} {
		if length != n {
			return forest{}, fmt.Errorf("tensors of %d and %d nodes", n, length)
		}
	}
	f.nodes = make([]treeNode, n)
	for i := range f.nodes {
		if missingLeft[i] > 1 {
			return forest{}, fmt.Errorf("node %d has missing_left %d, want 0 or 1", i, missingLeft[i])
		}
		f.nodes[i] = treeNode{threshold[i], value[i], feature[i], left[i], right[i], missingLeft[i] != 0}
	}
	return f, f.check(features)
}

// check returns an error unless every walk of rows of so many features stays in its tree,
// ends, and yields a finite value.
func (f *forest) check(features int) error {
	if len(f.starts) == 0 || f.starts[0] != 0 || int(f.starts[len(f.starts)-1]) != len(f.nodes) {
		return fmt.Errorf("trees do not cover the %d nodes", len(f.nodes))
	}
	for t := range f.trees() {
		begin, end := f.starts[t], f.starts[t+1]
		if end <= begin || int(end) > len(f.nodes) {
			return fmt.Errorf("tree %d spans nodes %d to %d of %d", t, begin, end, len(f.nodes))
		}
		for i := begin; i < end; i++ {
			n := &f.nodes[i]
			switch {
			case n.feature < -1 || int(n.feature) >= features:
				return fmt.Errorf("node %d splits on feature %d of %d", i, n.feature, features)
			case n.feature == -1:
				if math.IsNaN(n.value) || math.IsInf(n.value, 0) {
					return fmt.Errorf("leaf %d has value %v", i, n.value)
				}
			case math.IsNaN(n.threshold):
				return fmt.Errorf("node %d has no threshold", i)
			case n.left <= i || n.left >= end || n.right <= i || n.right >= end:
				return fmt.Errorf("node %d has children %d and %d, outside %d to %d", i, n.left, n.right, i+1, end)
			}
		}
	}
	return nil
}
