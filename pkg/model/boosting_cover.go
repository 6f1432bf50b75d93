package model

import "github.com/foretell-ml/foretell/pkg/model/tree"

// covers is the weight of the rows at each node of a tree, in the sample or not.
func (r *boostingRun) covers(t tree.Tree) []float64 {
	const block = 1 << 14
	rows, leaves := len(t.LeafOf), len(t.Leaves)
	counts := make([][]int64, (rows+block-1)/block)
	inBlocks(rows, func(begin, end int) {
		of := make([]int64, leaves)
		if r.masses == nil {
			for _, leaf := range t.LeafOf[begin:end] {
				of[leaf]++
			}
		} else {
			for i, leaf := range t.LeafOf[begin:end] {
				of[leaf] += r.masses[begin+i]
			}
		}
		counts[begin/block] = of
	})
	masses := make([]int64, len(t.Nodes))
	for _, of := range counts {
		for leaf, n := range of {
			masses[t.Leaves[leaf]] += n
		}
	}
	covers := make([]float64, len(t.Nodes))
	for i := len(covers) - 1; i >= 0; i-- {
		if n := &t.Nodes[i]; n.Feature >= 0 {
			masses[i] = masses[n.Left] + masses[n.Right]
		}
		covers[i] = float64(float64(masses[i]) * r.massUnit)
	}
	return covers
}
