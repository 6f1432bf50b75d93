package walk

import "github.com/foretell-ml/foretell/pkg/model/tree"

// node is one of the wide form, for forests that the narrow one has no room for: of large trees,
// of many columns or thresholds, or of many sets of categories. A step asks for both, whether the
// row's rank is below the node's and whether it is in the node's set, and one of them is no.
type node struct {
	rank  uint32 // 0 for a set: no rank is below it
	set   uint32 // where the bits of the set begin; 0, where there are none, for a threshold
	right uint32 // how far behind the node its right child is; 0 for a leaf
	slot  uint32
}

func (w *Trees) layWide(f *tree.Stored) {
	// However large a rank is, it is in no set of a threshold, nor of a leaf.
	largest, limits := 0, make([]int, w.slots.count)
	for _, n := range w.slots.numbers {
		largest = max(largest, n.count)
	}
	for _, c := range w.slots.codes {
		largest, limits[c.slot] = max(largest, c.limit), c.limit
	}
	w.sets = make([]uint32, largest/32+1)
	type at struct {
		set         int32
		missingLeft bool
		limit       int
	}
	known := make(map[at]uint32, len(f.Sets))
	w.wide = make([]node, f.Nodes()+1)
	w.lay(f, func(root uint32, o *order) {
		for i, place := range o.splits {
			n := o.nodes[place]
			slot, rank := w.slots.of(n)
			to := node{rank: rank, right: uint32(2*i+1) - place, slot: uint32(slot)}
			if set := f.Set(n); set > 0 {
				of := at{set, f.MissingLeft(n), limits[slot]}
				begin, is := known[of]
				if !is {
					begin = uint32(len(w.sets))
					known[of], w.sets = begin, appendBits(w.sets, f.Sets[set-1], of.limit, of.missingLeft)
				}
				to.set = begin
			}
			w.wide[root+place] = to
		}
	})
	w.slots.of = nil
}

// appendBits appends the bits of a set for categories 0 to limit, the last being the missing ones, as
// in has them. The set has no more bytes than the limit has.
func appendBits(words []uint32, set []uint8, limit int, missingLeft bool) []uint32 {
	first := len(words)
	words = append(words, make([]uint32, limit/32+1)...)
	bits := words[first:]
	for i, b := range set {
		bits[i/4] |= uint32(b) << (i % 4 * 8)
	}
	if missingLeft { // and so does what is beyond the set
		for c := 8 * len(set); c <= limit; c++ {
			bits[c/32] |= 1 << (c % 32)
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
