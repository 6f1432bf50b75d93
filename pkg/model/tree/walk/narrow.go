package walk

import "github.com/foretell-ml/foretell/pkg/model/tree"

// A node of the narrow form is a word: its slot in byte 0, its rank less 1 in byte 1, and above
// them how far behind it its left child is; the right one is just before that. A step is
//
//	i += (n - rank of the row's slot n&0xff <<8) >> 16
//
// where a row whose rank is not below the node's borrows 1 from the way: right. A leaf is 0
// behind itself, and has the rank that nobody borrows from.
const narrowLeaf = 0xff << 8

func (w *Trees) layNarrow(f *tree.Stored) {
	w.narrow = make([]uint32, f.Nodes()+1)
	for i := range w.narrow {
		w.narrow[i] = narrowLeaf
	}
	w.lay(f, func(root uint32, o *order) {
		to := w.narrow[root:]
		for i, place := range o.splits {
			slot, rank := w.slots.of(o.nodes[place])
			to[place] = (uint32(2*i+2)-place)<<16 | (rank-1)<<8 | uint32(slot)
		}
	})
	w.slots.of = nil
}

// narrowGroup are the ranks of a group of rows and of what is behind them: an array of all the
// slots that there can be has no bounds to check.
type narrowGroup = [narrowSlots * lanes]uint8

// narrowRows walks the rows of a block through a tree.
func (w *Trees) narrowRows(s *scratch, t, rows int) {
	nodes, root, depth := w.narrow, w.roots[t], w.depths[t]
	for g := 0; g < rows; g += lanes {
		r := (*narrowGroup)(s.small[g*w.slots.count:])
		i0, i1, i2, i3, i4, i5, i6, i7 := root, root, root, root, root, root, root, root
		for d, at := 0, uint32(0); d < depth; d++ {
			n0, n1, n2, n3 := nodes[i0], nodes[i1], nodes[i2], nodes[i3]
			i0 += (n0 - uint32(r[int(uint8(n0))*lanes])<<8) >> 16
			i1 += (n1 - uint32(r[int(uint8(n1))*lanes+1])<<8) >> 16
			i2 += (n2 - uint32(r[int(uint8(n2))*lanes+2])<<8) >> 16
			i3 += (n3 - uint32(r[int(uint8(n3))*lanes+3])<<8) >> 16
			n4, n5, n6, n7 := nodes[i4], nodes[i5], nodes[i6], nodes[i7]
			i4 += (n4 - uint32(r[int(uint8(n4))*lanes+4])<<8) >> 16
			i5 += (n5 - uint32(r[int(uint8(n5))*lanes+5])<<8) >> 16
			i6 += (n6 - uint32(r[int(uint8(n6))*lanes+6])<<8) >> 16
			i7 += (n7 - uint32(r[int(uint8(n7))*lanes+7])<<8) >> 16
			// Walks only go forward: if none did, all are at their ends.
			sum := i0 + i1 + i2 + i3 + i4 + i5 + i6 + i7
			if sum == at {
				break
			}
			at = sum
		}
		*(*[lanes]uint32)(s.ends[g:]) = [lanes]uint32{i0, i1, i2, i3, i4, i5, i6, i7}
	}
}

// narrowTrees walks row i of a block through lanes trees.
func (w *Trees) narrowTrees(s *scratch, t, i int) {
	nodes, roots := w.narrow, (*[lanes]uint32)(w.roots[t:])
	r := (*narrowGroup)(s.small[i/lanes*lanes*w.slots.count+i%lanes:]) // of the row: every lanes-th
	i0, i1, i2, i3, i4, i5, i6, i7 := roots[0], roots[1], roots[2], roots[3], roots[4], roots[5], roots[6], roots[7]
	for d, at := w.groupDepth(t), uint32(0); d > 0; d-- {
		n0, n1, n2, n3 := nodes[i0], nodes[i1], nodes[i2], nodes[i3]
		i0 += (n0 - uint32(r[int(uint8(n0))*lanes])<<8) >> 16
		i1 += (n1 - uint32(r[int(uint8(n1))*lanes])<<8) >> 16
		i2 += (n2 - uint32(r[int(uint8(n2))*lanes])<<8) >> 16
		i3 += (n3 - uint32(r[int(uint8(n3))*lanes])<<8) >> 16
		n4, n5, n6, n7 := nodes[i4], nodes[i5], nodes[i6], nodes[i7]
		i4 += (n4 - uint32(r[int(uint8(n4))*lanes])<<8) >> 16
		i5 += (n5 - uint32(r[int(uint8(n5))*lanes])<<8) >> 16
		i6 += (n6 - uint32(r[int(uint8(n6))*lanes])<<8) >> 16
		i7 += (n7 - uint32(r[int(uint8(n7))*lanes])<<8) >> 16
		sum := i0 + i1 + i2 + i3 + i4 + i5 + i6 + i7
		if sum == at {
			break
		}
		at = sum
	}
	*(*[lanes]uint32)(s.ends[:]) = [lanes]uint32{i0, i1, i2, i3, i4, i5, i6, i7}
}
