package model

import (
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
	"github.com/foretell-ml/foretell/pkg/model/tree"
)

// byGradient returns the rows of tree t for score k: those of the largest gradients, by
// |first × second × weight|, and some of the others, whose derivatives it raises so that they
// count for all of the others.
func (r *boostingRun) byGradient(t, k int) []int32 {
	g := r.gradients[k]
	n := len(r.loss.y)
	sizes := make([]float64, n)
	inBlocks(n, func(begin, end int) {
		for i := begin; i < end; i++ {
			sizes[i] = float64(float64(math.Abs(g.first[i])*g.second[i]) * r.loss.weights[i])
		}
	})
	top := largest(sizes, max(1, int(float64(r.params.TopShare*float64(n)))))
	var rows, others []int32
	for i, in := range top {
		if in {
			rows = append(rows, int32(i))
		} else {
			others = append(others, int32(i))
		}
	}
	drawn := tree.Draw(len(others), float64(r.params.OtherShare*float64(n))/float64(len(others)), seed.Derive(r.seed, "other rows", t))
	raise := float64(len(others)) / float64(len(drawn))
	for _, d := range drawn {
		row := others[d]
		g.first[row] = float64(g.first[row] * raise)
		g.second[row] = float64(g.second[row] * raise)
		rows = append(rows, row)
	}
	slices.Sort(rows)
	return rows
}

// largest marks the n largest of sizes, which are not negative; equal ones by their index.
// Bits of such numbers have their order, so a count by the upper ones leaves few to be sorted.
func largest(sizes []float64, n int) []bool {
	const shift = 64 - 17 // sign, exponent and five bits more
	counts := make([]int, 1<<17)
	for _, s := range sizes {
		counts[math.Float64bits(s)>>shift]++
	}
	bucket := len(counts) - 1
	for above := 0; above+counts[bucket] < n; bucket-- {
		above += counts[bucket]
	}
	marked := make([]bool, len(sizes))
	var ties []int
	for i, s := range sizes {
		switch b := int(math.Float64bits(s) >> shift); {
		case b > bucket:
			marked[i] = true
			n--
		case b == bucket:
			ties = append(ties, i)
		}
	}
	slices.SortStableFunc(ties, func(a, b int) int {
		switch {
		case sizes[a] > sizes[b]:
			return -1
		case sizes[a] < sizes[b]:
			return 1
		}
		return 0
	})
	for _, i := range ties[:n] {
		marked[i] = true
	}
	return marked
}
