package model

import (
	"container/heap"
	"math"
)

// treeRules bound the shape of a tree; treeLimits bound its splits.
type treeRules struct {
	leaves int // at most, ≥ 2
	depth  int // at most, in splits; 0: no bound
}

// treeGrower grows trees leaf-wise (Shi 2007: always the split with the most gain next) on
// records of the same columns. The memory of one tree serves the next.
type treeGrower struct {
	rules   treeRules
	columns []binnedColumn
	layout  histogramLayout
	records *treeRecords
	limits  treeLimits

	nodes  []treeNode
	splits []treeSplit // of each node, for walks over bins
	leaves []treeLeaf  // those that stay
	open   treeQueue   // those that may be split
	free   []*histogram
	made   int // histograms in all
	memory int // bytes of histograms in use above which none is kept
}

// treeLeaf is a node that has not been split.
type treeLeaf struct {
	node       int32
	depth      int
	begin, end int // its records
	total      treeCell
	split      treeSplit
	histogram  *histogram // nil if it was given up for lack of memory
}

// histogramMemory bounds the bytes of the histograms kept for subtraction, so that wide data
// with many leaves fits a small Lambda. Beyond it histograms are made afresh, to the same
// sums.
const histogramMemory = 256 << 20

func newTreeGrower(rules treeRules, columns []binnedColumn, rows int) *treeGrower {
	return &treeGrower{
		rules:   rules,
		columns: columns,
		layout:  newHistogramLayout(columns),
		records: newTreeRecords(rows, len(columns)),
		memory:  histogramMemory,
	}
}

// grow grows a tree on the records, whose cells are in the units of limits. The tree is in
// nodes and splits, its leaves and their records in leaves, until the next call.
func (g *treeGrower) grow(limits treeLimits) {
	g.limits = limits
	g.nodes, g.splits, g.leaves = g.nodes[:0], g.splits[:0], g.leaves[:0]
	root := treeLeaf{end: len(g.records.rows)}
	for _, c := range g.records.cells {
		root.total.gradient += c.gradient
		root.total.rest += c.rest
	}
	root.node = g.newNode()
	if g.splittable(&root, 1) {
		root.histogram = g.take()
		root.histogram.fill(g.records, root.begin, root.end)
	}
	g.enqueue(&root)
	for len(g.open) > 0 && len(g.leaves)+len(g.open) < g.rules.leaves {
		g.split(heap.Pop(&g.open).(*treeLeaf))
	}
	for _, leaf := range g.open {
		g.give(leaf)
		g.leaves = append(g.leaves, *leaf)
	}
	g.open = g.open[:0]
}

// splittable reports whether a leaf may have children in a tree of so many leaves.
func (g *treeGrower) splittable(leaf *treeLeaf, leaves int) bool {
	return leaves < g.rules.leaves && len(g.columns) > 0 &&
		(g.rules.depth == 0 || leaf.depth < g.rules.depth) &&
		g.limits.count(leaf.total) >= 2*g.limits.rows && leaf.end-leaf.begin >= 2
}

// enqueue finds the leaf's best split and queues it, or lays it down for good. Only a leaf
// with a histogram has splits to be looked for.
func (g *treeGrower) enqueue(leaf *treeLeaf) {
	if leaf.histogram != nil {
		leaf.split = g.limits.best(leaf.histogram, g.layout, g.columns, leaf.total)
		if leaf.split.score > 0 {
			if (g.made-len(g.free))*g.layout.cells()*cellBytes > g.memory {
				g.give(leaf)
			}
			heap.Push(&g.open, leaf)
			return
		}
	}
	g.give(leaf)
	g.leaves = append(g.leaves, *leaf)
}

// split parts the leaf's rows, makes the histograms its children need, and enqueues them.
func (g *treeGrower) split(leaf *treeLeaf) {
	leaves := len(g.leaves) + len(g.open) + 2
	s := &leaf.split
	middle := g.records.partition(leaf.begin, leaf.end, s)
	column := &g.columns[s.column]
	node := &g.nodes[leaf.node]
	node.feature, node.missingLeft, node.threshold = int32(column.source), s.missingLeft, math.Inf(1)
	if s.bin < len(column.thresholds) {
		node.threshold = column.thresholds[s.bin]
	}
	g.splits[leaf.node] = *s

	left := &treeLeaf{begin: leaf.begin, end: middle, depth: leaf.depth + 1, total: s.left}
	right := &treeLeaf{begin: middle, end: leaf.end, depth: leaf.depth + 1, total: treeCell{
		leaf.total.gradient - s.left.gradient, leaf.total.rest - s.left.rest}}
	left.node = g.newNode()
	right.node = g.newNode()
	g.nodes[leaf.node].left, g.nodes[leaf.node].right = left.node, right.node
	g.fill(leaf, left, right, leaves)
	g.enqueue(left)
	g.enqueue(right)
}

// fill gives histograms to the children that may be split: the one with fewer rows by a pass
// over them, the other by subtraction from the parent's.
func (g *treeGrower) fill(parent, left, right *treeLeaf, leaves int) {
	small, large := left, right
	if right.end-right.begin < left.end-left.begin {
		small, large = right, left
	}
	forSmall, forLarge := g.splittable(small, leaves), g.splittable(large, leaves)
	if forSmall || (forLarge && parent.histogram != nil) {
		small.histogram = g.take()
		small.histogram.fill(g.records, small.begin, small.end)
	}
	if forLarge {
		if parent.histogram != nil {
			large.histogram, parent.histogram = parent.histogram, nil
			large.histogram.subtract(small.histogram)
		} else {
			large.histogram = g.take()
			large.histogram.fill(g.records, large.begin, large.end)
		}
	}
	if !forSmall {
		g.give(small)
	}
	g.give(parent)
}

func (g *treeGrower) newNode() int32 {
	g.nodes = append(g.nodes, treeNode{feature: -1})
	g.splits = append(g.splits, treeSplit{})
	return int32(len(g.nodes) - 1)
}

const cellBytes = 16

// take returns a histogram of unspecified content.
func (g *treeGrower) take() *histogram {
	if n := len(g.free); n > 0 {
		h := g.free[n-1]
		g.free = g.free[:n-1]
		return h
	}
	g.made++
	return newHistogram(g.layout)
}

// give takes the leaf's histogram back.
func (g *treeGrower) give(leaf *treeLeaf) {
	if leaf.histogram != nil {
		g.free = append(g.free, leaf.histogram)
		leaf.histogram = nil
	}
}

// walk returns the leaf of row i, by bins.
func (g *treeGrower) walk(i int32) *treeNode {
	n := int32(0)
	for g.nodes[n].feature >= 0 {
		s := &g.splits[n]
		if s.goesLeft(g.columns[s.column].bins[i]) {
			n = g.nodes[n].left
		} else {
			n = g.nodes[n].right
		}
	}
	return &g.nodes[n]
}

// treeQueue is a heap of leaves, the highest score first, ties by node.
type treeQueue []*treeLeaf

func (q treeQueue) Len() int      { return len(q) }
func (q treeQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q treeQueue) Less(i, j int) bool {
	if q[i].split.score != q[j].split.score {
		return q[i].split.score > q[j].split.score
	}
	return q[i].node < q[j].node
}
func (q *treeQueue) Push(x any) { *q = append(*q, x.(*treeLeaf)) }
func (q *treeQueue) Pop() any {
	last := len(*q) - 1
	leaf := (*q)[last]
	*q = (*q)[:last]
	return leaf
}
