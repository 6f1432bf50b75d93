package tree

import (
	"fmt"
	"slices"
)

// Clone is a copy that shares nothing that changes.
func (f *Forest) Clone() Forest {
	return Forest{slices.Clone(f.Nodes), slices.Clone(f.Starts), slices.Clone(f.Sets)}
}

// Truncate drops all trees but the first so many, and the sets of those dropped.
func (f *Forest) Truncate(trees int) {
	f.Starts = f.Starts[:trees+1]
	f.Nodes = f.Nodes[:f.Starts[trees]]
	sets := int32(0)
	for i := range f.Nodes {
		sets = max(sets, f.Nodes[i].Set)
	}
	f.Sets = f.Sets[:sets]
}

// checkParents returns an error unless every node but the roots has one parent: else a walk
// that takes both ways at a split could meet a node any number of times, or never.
func (f *Forest) checkParents() error {
	parents := make([]uint8, len(f.Nodes))
	for _, n := range f.Nodes {
		if n.Feature >= 0 {
			for _, child := range [2]int32{n.Left, n.Right} {
				if parents[child]++; parents[child] > 1 {
					return fmt.Errorf("tensors \"left\" and \"right\": node %d has two parents", child)
				}
			}
		}
	}
	for t := range f.Trees() {
		for i := f.Starts[t] + 1; i < f.Starts[t+1]; i++ {
			if parents[i] == 0 {
				return fmt.Errorf("tensors \"left\" and \"right\": node %d has no parent", i)
			}
		}
	}
	return nil
}
