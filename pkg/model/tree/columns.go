package tree

import (
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// Draw returns round(share × n) of the indices below n, at least one, in ascending order
// (selection sampling, Knuth, TAOCP 2, 3.4.2, algorithm S).
func Draw(n int, share float64, seedOfDraw uint64) []int32 {
	wanted := min(n, max(1, int(math.Round(float64(share*float64(n))))))
	random := seed.Rand(seedOfDraw)
	drawn := make([]int32, 0, wanted)
	for i := range n {
		if random.Uint64N(uint64(n-i)) < uint64(wanted-len(drawn)) {
			drawn = append(drawn, int32(i))
		}
	}
	return drawn
}

// mayUse says which columns the node may be split on, by what is offered to the tree, the rules of
// interaction and the draw for the node; nil is all.
func (g *Grower) mayUse(l *leaf) []bool {
	if g.params.Interactions == nil && g.params.NodeColumns == 1 {
		return g.offered
	}
	may := make([]bool, len(g.columns))
	for j := range may {
		may[j] = (g.offered == nil || g.offered[j]) && (g.params.Interactions == nil || g.interact(l.path, int32(j)))
	}
	if g.params.NodeColumns == 1 {
		return may
	}
	var allowed []int
	for j, ok := range may {
		if ok {
			allowed = append(allowed, j)
		}
	}
	clear(may)
	for _, k := range Draw(len(allowed), g.params.NodeColumns, seed.Derive(g.seed, "columns of node", int(l.node))) {
		may[allowed[k]] = true
	}
	return may
}

// interact reports whether a split on column j may stand below splits on those of the path:
// all of them are in one set.
func (g *Grower) interact(path []int32, j int32) bool {
	all := append(slices.Clone(path), j)
	same := !slices.ContainsFunc(all, func(k int32) bool { return k != j })
	return same || slices.ContainsFunc(g.params.Interactions, func(set []int) bool {
		return !slices.ContainsFunc(all, func(k int32) bool { return !slices.Contains(set, g.columns[k].source) })
	})
}
