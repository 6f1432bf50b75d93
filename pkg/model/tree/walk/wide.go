package walk

import (
	"math"

	"github.com/foretell-ml/foretell/pkg/model/tree"
)

// node is one of the wide form, for forests that the narrow one has no room for: of large trees,
// of many columns or thresholds, or of many sets of categories. A step asks for both, whether the
// row's rank is below the node's and whether it is in the node's set, and one of them is no.
type node struct {
	rank  uint32 // 0 for a set: no rank is below it
	set   uint32 // where the bits of the set begin; 0, where there are none, for a threshold
	right uint32 // how far behind the node its right child is; 0 for a leaf
	slot  uint32
}

func (w *Trees) layWide(f *tree.Forest) {
	// However large a rank is, it is in no set of a threshold, nor of a leaf.
	largest, limits := 0, map[uint32]int{}
	for _, n := range w.slots.numbers {
		largest = max(largest, n.count)
	}
	for _, c := range w.slots.codes {
		largest, limits[uint32(c.slot)] = max(largest, c.limit), c.limit
	}
	w.sets = make([]uint32, largest/32+1)
	type at struct {
		set         int32
		missingLeft bool
		limit       int
	}
	known := map[at]uint32{}
	w.wide = make([]node, len(f.Nodes)+1)
	w.lay(f, func(place, left uint32, n *tree.Node) {
		if n.Feature < 0 {
			return
		}
		slot, rank := w.slots.of(n)
		to := node{rank: rank, right: left - 1 - place, slot: uint32(slot)}
		if n.Set > 0 {
			of := at{n.Set, n.MissingLeft, limits[to.slot]}
			if _, is := known[of]; !is {
				known[of] = uint32(len(w.sets))
				w.sets = append(w.sets, setBits(f.Sets[n.Set-1], of.limit, n.MissingLeft)...)
			}
			to.set = known[of]
		}
		w.wide[place] = to
	})
	w.wide = w.wide[:len(w.values)]
	w.slots.of = nil
}

// setBits are the bits of a set for categories 0 to limit, the last being the missing ones.
func setBits(set []uint8, limit int, missingLeft bool) []uint32 {
	words := make([]uint32, limit/32+1)
	for c := range limit + 1 {
		x := float64(c)
		if c == limit {
			x = math.NaN()
		}
		if in(set, x, missingLeft) {
			words[c/32] |= 1 << (c % 32)
		}
	}
	return words
}

// step is where a walk goes from node n with a row whose rank of the slot is r.
func (n *node) step(r uint32, sets []uint32) uint32 {
	return n.right + ((r-n.rank)>>31 | sets[n.set+r/32]>>(r%32)&1)
}

// wideRows walks the rows of a block through a tree, a step of each of lanes rows at a time.
func (w *Trees) wideRows(s *scratch, t, rows int) {
	nodes, sets := w.wide, w.sets
	for g := 0; g < rows; g += lanes {
		ranks := s.large[g*w.slots.count:]
		at := (*[lanes]uint32)(s.ends[g:])
		for k := range at {
			at[k] = w.roots[t]
		}
		for range w.depths[t] {
			moved := uint32(0)
			for k := range at {
				n := &nodes[at[k]]
				at[k] += n.step(ranks[int(n.slot)*lanes+k], sets)
				moved |= n.right
			}
			if moved == 0 {
				break
			}
		}
	}
}

// wideTrees walks row i of a block through lanes trees.
func (w *Trees) wideTrees(s *scratch, t, i int) {
	nodes, sets, k := w.wide, w.sets, i%lanes
	ranks := s.large[i/lanes*lanes*w.slots.count:]
	at := (*[lanes]uint32)(s.ends[:])
	*at = *(*[lanes]uint32)(w.roots[t:])
	for range w.groupDepth(t) {
		moved := uint32(0)
		for of := range at {
			n := &nodes[at[of]]
			at[of] += n.step(ranks[int(n.slot)*lanes+k], sets)
			moved |= n.right
		}
		if moved == 0 {
			break
		}
	}
}
