package tree

import (
	"errors"
	"math"

	"github.com/foretell-ml/foretell/pkg/safetensors"
)

// Node is a split or a leaf. A row goes left if its value of the feature is at most the
// threshold or, if there is a set, a category in it; a missing value (NaN) if MissingLeft
// says so.
type Node struct {
	Threshold   float64
	Value       float64 // of a leaf
	Feature     int32   // column of the matrix; -1 for a leaf
	Left, Right int32   // indices of nodes, greater than the node's own
	MissingLeft bool
	Set         int32 // number of the set of categories that go left, from 1; 0 for a threshold
}

// Forest is a list of trees, flat. Children come after their parent, so a walk ends.
type Forest struct {
	Nodes []Node
	// Starts holds the index of the root of every tree and, last, the number of nodes.
	Starts []int32
	// Sets are sets of categories: of category c, bit c%8 of byte c/8. Categories beyond the
	// end are missing ones.
	Sets [][]uint8
}

// Trees is the number of trees.
func (f *Forest) Trees() int { return len(f.Starts) - 1 }

// Leaf returns the value of tree t for row i of the columns.
func (f *Forest) Leaf(t int, columns [][]float64, i int) float64 {
	n := &f.Nodes[f.Starts[t]]
	for n.Feature >= 0 {
		x := columns[n.Feature][i]
		left := x <= n.Threshold || (n.MissingLeft && math.IsNaN(x))
		if n.Set > 0 {
			left = f.inSet(n, x)
		}
		if left {
			n = &f.Nodes[n.Left]
		} else {
			n = &f.Nodes[n.Right]
		}
	}
	return n.Value
}

// inSet reports whether a split on categories has x on its left.
func (f *Forest) inSet(n *Node, x float64) bool {
	set := f.Sets[n.Set-1]
	if !(x >= 0 && x < float64(8*len(set))) {
		return n.MissingLeft
	}
	c := int(x)
	return set[c/8]>>(c%8)&1 != 0
}

// Append adds a tree whose child indices count from its own root, and its sets.
func (f *Forest) Append(tree []Node, sets [][]uint8) error {
	first := len(f.Nodes)
	if first+len(tree) > math.MaxInt32 {
		return errors.New("more than 2^31 tree nodes")
	}
	if len(sets) > 0 && bytesOf(f.Sets)+bytesOf(sets) > math.MaxInt32 {
		return errors.New("sets of categories of more than 2^31 bytes: give rare categories one index")
	}
	if len(f.Starts) == 0 {
		f.Starts = []int32{0}
	}
	for _, n := range tree {
		if n.Feature >= 0 {
			n.Left += int32(first)
			n.Right += int32(first)
		}
		if n.Set > 0 {
			n.Set += int32(len(f.Sets))
		}
		f.Nodes = append(f.Nodes, n)
	}
	f.Sets = append(f.Sets, sets...)
	f.Starts = append(f.Starts, int32(len(f.Nodes)))
	return nil
}

func bytesOf(sets [][]uint8) (n int) {
	for _, s := range sets {
		n += len(s)
	}
	return n
}

// Tensors stores the forest, one element per node but for tree_start and, if there are sets
// of categories, what setTensors adds.
func (f *Forest) Tensors() map[string]safetensors.Tensor {
	n := len(f.Nodes)
	threshold, value := make([]float64, n), make([]float64, n)
	feature, left, right := make([]int32, n), make([]int32, n), make([]int32, n)
	missingLeft := make([]uint8, n)
	for i, node := range f.Nodes {
		threshold[i], value[i] = node.Threshold, node.Value
		feature[i], left[i], right[i] = node.Feature, node.Left, node.Right
		if node.MissingLeft {
			missingLeft[i] = 1
		}
	}
	tensors := map[string]safetensors.Tensor{
		"tree_start":   safetensors.FromI32(f.Starts),
		"feature":      safetensors.FromI32(feature),
		"threshold":    safetensors.FromF64(threshold),
		"left":         safetensors.FromI32(left),
		"right":        safetensors.FromI32(right),
		"value":        safetensors.FromF64(value),
		"missing_left": safetensors.FromU8(missingLeft),
	}
	f.setTensors(tensors)
	return tensors
}
