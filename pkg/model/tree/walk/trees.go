// Package walk predicts with a tree.Forest, laid out for nothing else: every prediction of
// boosting and random forests goes through it.
//
// The opinion: a comparison costs nothing, waiting for it does. So thresholds are replaced by
// their ranks, a row's values by theirs, once per row, and a step of a walk is a subtraction of
// two small integers, without a branch to mispredict. Ranks keep the order of float64 exactly,
// so that every row reaches the leaf that tree.Forest.Leaf finds, with missing values, infinities
// and zeros of both signs; float32 thresholds would be as small and only nearly right.
//
// Eight walks go side by side, of a row through eight trees or of eight rows through a tree, so
// that one's loads hide the others'. A leaf leads to itself: walks end together. Values are added
// up in the order of the trees, whatever the number of rows.
//
// Order of use: New, once per model → Add, or Each where a leaf's value is not what is summed.
package walk

import (
	"sync"

	"github.com/foretell-ml/foretell/pkg/model/tree"
)

// Trees is a forest to predict with. It is not changed once made, holds nothing of the forest it
// was made from, and is safe for concurrent use. It takes 12 bytes per node, or 24 if the forest
// needs the wide form; 4 or 16 of them are what walks read.
type Trees struct {
	slots  slots
	roots  []uint32 // of each tree; then some of a leaf, for groups of walks that are not full
	depths []int    // of each tree: splits on its longest walk
	values []float64
	narrow []uint32 // nodes; empty if they are wide
	wide   []node
	sets   []uint32 // bits of the sets that wide nodes have
	spare  sync.Pool
}

// lanes is how many walks go side by side.
const lanes = 8

// rowBlock is how many rows go through a tree before the next: it and they stay in the L1 cache.
const rowBlock = 128

// fewRows go through eight trees at a time each: fewer than that would leave most of the walks
// of a group to nobody.
const fewRows = 4

// New lays out a forest, as tree.Load checks it.
func New(f *tree.Stored) *Trees {
	columns := survey(f)
	if narrow, fits := columns.narrow(f); fits {
		w := newTrees(narrow)
		w.layNarrow(f)
		return w
	}
	w := newTrees(columns.wide(f))
	w.layWide(f)
	return w
}

func newTrees(s slots) *Trees {
	return &Trees{slots: s, spare: sync.Pool{New: func() any { return &scratch{} }}}
}

// Len is the number of trees.
func (w *Trees) Len() int { return len(w.depths) }

// Bytes is how much memory it takes.
func (w *Trees) Bytes() int {
	return 8*len(w.values) + 4*len(w.narrow) + 16*len(w.wide) + 4*len(w.sets) + 12*len(w.roots) + w.slots.bytes()
}

// scratch is what walks of a block of rows need. Ranks are those of lanes rows, slot by slot, and
// behind them those of the next.
type scratch struct {
	small  []uint8          // ranks of the narrow form
	large  []uint32         // of the wide one
	ends   [rowBlock]uint32 // of walks: of a row each, or of a tree
	values [rowBlock]float64
}

// Add adds to the sums of rows begin … end-1, of which there are width for each, row by row, the
// values of their leaves: of tree t to sum t modulo width, in the order of the trees.
func (w *Trees) Add(sums []float64, width int, columns [][]float64, begin, end int) {
	s := w.spare.Get().(*scratch)
	defer w.spare.Put(s)
	for ; begin < end; begin += rowBlock {
		rows := min(rowBlock, end-begin)
		w.rank(s, columns, begin, rows)
		if rows < fewRows {
			for i := range rows {
				w.addRow(sums[i*width:(i+1)*width], s, i)
			}
		} else {
			for t := range w.Len() {
				w.walkRows(s, t, rows)
				k := t % width
				for i, end := range s.ends[:rows] {
					sums[i*width+k] += w.values[end]
				}
			}
		}
		sums = sums[rows*width:]
	}
}

// addRow adds the values of row i of a block.
func (w *Trees) addRow(sums []float64, s *scratch, i int) {
	k := 0
	for t := 0; t < w.Len(); t += lanes {
		w.walkTrees(s, t, i)
		for _, end := range s.ends[:min(lanes, w.Len()-t)] {
			sums[k] += w.values[end]
			if k++; k == len(sums) {
				k = 0
			}
		}
	}
}

// Each calls do for each tree, in order, with the values of the leaves of rows begin … end-1: of
// values[i] the row is first+i. There may be several calls for a tree, of other rows.
func (w *Trees) Each(columns [][]float64, begin, end int, do func(t, first int, values []float64)) {
	s := w.spare.Get().(*scratch)
	defer w.spare.Put(s)
	for ; begin < end; begin += rowBlock {
		rows := min(rowBlock, end-begin)
		w.rank(s, columns, begin, rows)
		if rows < fewRows {
			for i := range rows {
				for t := 0; t < w.Len(); t += lanes {
					w.walkTrees(s, t, i)
					for of, at := range s.ends[:min(lanes, w.Len()-t)] {
						s.values[0] = w.values[at]
						do(t+of, begin+i, s.values[:1])
					}
				}
			}
			continue
		}
		for t := range w.Len() {
			w.walkRows(s, t, rows)
			for i, at := range s.ends[:rows] {
				s.values[i] = w.values[at]
			}
			do(t, begin, s.values[:rows])
		}
	}
}

// rank sets the ranks of a block of rows.
func (w *Trees) rank(s *scratch, columns [][]float64, begin, rows int) {
	n := w.slots.count
	groups := (rows + lanes - 1) / lanes
	if w.wide == nil {
		// A group is read as a narrowGroup, the last one too, and from each of its rows on.
		s.small = sized(s.small, (groups-1)*lanes*n+narrowSlots*lanes+lanes)
		fill(&w.slots, s.small, columns, begin, rows)
	} else {
		s.large = sized(s.large, groups*lanes*n)
		fill(&w.slots, s.large, columns, begin, rows)
	}
}

// walkRows sets the ends of the walks of a block of rows through a tree, and to the end of their
// group some more that nobody asked for.
func (w *Trees) walkRows(s *scratch, t, rows int) {
	if w.wide == nil {
		w.narrowRows(s, t, rows)
	} else {
		w.wideRows(s, t, rows)
	}
}

// walkTrees sets the ends of the walks of row i of a block through trees t, t+1, … t+lanes-1.
func (w *Trees) walkTrees(s *scratch, t, i int) {
	if w.wide == nil {
		w.narrowTrees(s, t, i)
	} else {
		w.wideTrees(s, t, i)
	}
}

// sized is a slice of that length, which may have been used.
func sized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// order is how the nodes of a tree are laid out, from the root on: by level, a right child just before
// the left one. The children of split s, from 0, are so at places 2s+1 and 2s+2.
type order struct {
	nodes  []int32
	splits []uint32 // places of the splits
	depth  int      // splits on the longest walk
}

// put orders tree t. Nodes come as splits or leaves as chance has it, so that branches would be mispredicted:
// what a leaf has for children is written where the next split's go.
func (o *order) put(f *tree.Stored, t int) {
	begin, end := f.Starts[t], f.Starts[t+1]
	nodes, splits := o.nodes[:end-begin+2], o.splits[:end-begin]
	nodes[0], o.depth = begin, 0
	known, split := 1, 0
	for i := 0; i < known; o.depth++ {
		for level := known; i < level; i++ {
			is := int(^uint32(f.Feature(nodes[i])) >> 31) // 1; 0 of a leaf
			left, right := f.Children(nodes[i])
			nodes[known], nodes[known+1] = right, left
			splits[split] = uint32(i)
			known, split = known+2*is, split+is
		}
	}
	o.depth-- // of levels, the last is of leaves
	o.nodes, o.splits = nodes[:known], splits[:split]
}

// lay lays out every tree: put writes the splits of one in that order, given the place of its root. Behind
// the trees comes a leaf, where walks start that fill up a group.
func (w *Trees) lay(f *tree.Stored, put func(root uint32, o *order)) {
	most := f.Largest()
	o := order{nodes: make([]int32, most+2), splits: make([]uint32, most)}
	w.values = make([]float64, f.Nodes()+1)
	w.roots, w.depths = make([]uint32, 0, f.Trees()+lanes-1), make([]int, 0, f.Trees())
	next := uint32(0)
	for t := range f.Trees() {
		o.put(f, t)
		w.roots, w.depths = append(w.roots, next), append(w.depths, o.depth)
		put(next, &o)
		for i, values := 0, w.values[next:]; i < len(o.nodes); i++ {
			values[i] = f.Value(o.nodes[i]) // of splits too, which no walk ends at
		}
		next += uint32(len(o.nodes))
	}
	for range lanes - 1 {
		w.roots = append(w.roots, next)
	}
}

// groupDepth is the longest walk of trees t, t+1, … t+lanes-1.
func (w *Trees) groupDepth(t int) (most int) {
	for _, d := range w.depths[t:min(t+lanes, len(w.depths))] {
		most = max(most, d)
	}
	return most
}
