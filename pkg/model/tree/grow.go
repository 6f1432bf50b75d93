package tree

import (
	"math"
	"slices"
)

// leaf is a node that has not been split.
type leaf struct {
	node      int32
	depth     int
	spans     []span  // its records with each worker
	sums      node    // of all of its rows
	path      []int32 // columns of the tree that the splits above it are on, if that matters
	split     split
	histogram histogram // nil if it was given up for lack of memory
}

// span is the records [begin, end).
type span struct{ begin, end int }

// records are where worker w holds the rows of the leaf.
func (g *Grower) records(w int, l *leaf) lanes {
	if l.depth == 0 {
		return g.workers[w].base
	}
	return g.workers[w].moved
}

// plant makes the root: gradients become integers in the same pass that sums them.
func (g *Grower) plant(first, second []float64) {
	root := &leaf{spans: make([]span, len(g.workers)), node: g.newNode()}
	root.sums.bounds = bounds{math.Inf(-1), math.Inf(1)}
	if m := g.params.MaxValue; m > 0 {
		root.sums.bounds = bounds{-m / g.quant.unit(), m / g.quant.unit()}
	}
	totals := make([]cell, len(g.workers))
	g.crew.Do(func(w int) {
		me := &g.workers[w]
		n := len(me.base[0])
		root.spans[w] = span{0, n}
		me.tally.shift = g.limits.shift
		me.tally.reset()
		for begin := 0; begin < n; begin += packedRows {
			end := min(begin+packedRows, n)
			g.quant.record(me.base, begin, end, first, second)
			totals[w].add(g.limits.sum(me.base, begin, end, g.gradientLanes()))
			if begin > 0 {
				me.tally.flush()
			}
			me.tally.add(me.base, begin, end)
		}
	})
	for _, c := range totals {
		root.sums.total.add(c)
	}
	if g.splittable(root, 1) {
		g.judge(root, nil, true, false)
	}
	g.enqueue(root)
}

// sum is the sum over all records of [begin, end), at most packedRows.
func (l *limits) sum(r lanes, begin, end, gradients int) (c cell) {
	if gradients == 2 {
		for i, w := range r[0][begin:end] {
			c.add(cell{int64(w), r[1][begin+i]})
		}
		return c
	}
	word := uint64(0)
	for _, w := range r[0][begin:end] {
		word += w
	}
	return unpack(word, l.shift)
}

// splittable reports whether a leaf may have children in a tree of so many leaves.
func (g *Grower) splittable(l *leaf, leaves int) bool {
	return leaves < g.params.Leaves && len(g.columns) > 0 &&
		(g.params.MaxDepth == 0 || l.depth < g.params.MaxDepth) &&
		g.limits.count(l.sums.total) >= 2*g.limits.rows
}

// enqueue queues the leaf by its split, or lays it down for good if it has none.
func (g *Grower) enqueue(l *leaf) {
	if l.split.gain() > 0 && l.split.column >= 0 {
		if (g.made-len(g.free))*g.layout.cells()*cellBytes > g.memory {
			g.give(l)
		}
		g.open.push(l)
		return
	}
	g.give(l)
	g.leaves = append(g.leaves, l)
}

// split parts the leaf's rows, finds the splits of its children, and enqueues them.
func (g *Grower) split(parent *leaf) {
	leaves := len(g.leaves) + len(g.open) + 2
	s := &parent.split
	g.write(&g.nodes[parent.node], s)
	g.splits[parent.node] = *s

	spans := make([]span, 2*len(g.workers))
	left := &leaf{depth: parent.depth + 1, spans: spans[:len(g.workers)]}
	right := &leaf{depth: parent.depth + 1, spans: spans[len(g.workers):]}
	left.sums.total, right.sums.total = s.left, parent.sums.total.minus(s.left)
	left.sums.bounds, right.sums.bounds = g.limits.part(&parent.sums, s, g.columns[s.column].monotone)
	if g.params.Interactions != nil {
		left.path = append(slices.Clone(parent.path), int32(s.column))
		right.path = left.path
	}
	left.node, right.node = g.newNode(), g.newNode()
	g.nodes[parent.node].Left, g.nodes[parent.node].Right = left.node, right.node

	// The one of fewer rows is summed, the other is what the parent has more.
	small, large := left, right
	if g.limits.count(right.sums.total) < g.limits.count(left.sums.total) {
		small, large = right, left
	}
	forSmall, forLarge := g.splittable(small, leaves), g.splittable(large, leaves)
	g.part(parent, left, right, small, forSmall || forLarge)
	if forLarge && parent.histogram != nil {
		large.histogram, parent.histogram = parent.histogram, nil
	}
	if forSmall || large.histogram != nil {
		g.judge(small, large, forSmall, forLarge)
	}
	if forLarge && large.histogram == nil {
		g.crew.Do(func(w int) {
			g.workers[w].tally.sum(g.records(w, large), large.spans[w].begin, large.spans[w].end)
		})
		g.judge(large, nil, true, false)
	}
	g.give(parent)
	g.enqueue(left)
	g.enqueue(right)
}

// write turns a leaf of the tree into a split.
func (g *Grower) write(n *Node, s *split) {
	c := &g.columns[s.column]
	n.Feature, n.MissingLeft = int32(c.source), s.missingLeft
	switch {
	case c.codes != nil:
		g.sets = append(g.sets, c.categorySet(s))
		n.Set = int32(len(g.sets))
	case s.bin < len(c.thresholds):
		n.Threshold = c.thresholds[s.bin]
	default:
		n.Threshold = math.Inf(1)
	}
}

// part moves the parent's records to its children's, and sums those of small if it is asked
// to.
func (g *Grower) part(parent, left, right, small *leaf, sum bool) {
	s := &parent.split
	var goesLeft sides
	for b := range goesLeft {
		if s.goesLeft(uint8(b)) {
			goesLeft[b] = 1
		}
	}
	lane, shift := place(g.gradientLanes(), s.column)
	g.crew.Do(func(w int) {
		me, span := &g.workers[w], parent.spans[w]
		middle := 0
		if parent.depth == 0 {
			middle = me.mover.copyParted(me.moved, me.base, lane, shift, &goesLeft)
		} else {
			middle = me.mover.part(me.moved, span.begin, span.end, lane, shift, &goesLeft)
		}
		left.spans[w].begin, left.spans[w].end = span.begin, middle
		right.spans[w].begin, right.spans[w].end = middle, span.end
		if sum {
			me.tally.sum(g.records(w, small), small.spans[w].begin, small.spans[w].end)
		}
	})
}

// judge gathers the histogram of a leaf from what workers summed, takes it from that of its
// larger sibling's parent, if that is given, to leave the sibling's, and finds the best
// splits of those that are asked for.
func (g *Grower) judge(small, large *leaf, forSmall, forLarge bool) {
	small.histogram = g.take()
	subtract := large != nil && large.histogram != nil
	forLarge = forLarge && subtract
	var none [2]split
	var mayUse [2][]bool
	none[0], mayUse[0] = g.limits.threshold(&small.sums), g.mayUse(small)
	if subtract {
		none[1], mayUse[1] = g.limits.threshold(&large.sums), g.mayUse(large)
	}
	g.crew.Do(func(w int) {
		me := &g.workers[w]
		me.best = none
		for j := w; j < len(g.columns); j += len(g.workers) {
			cells := small.histogram[g.layout[j]:g.layout[j+1]]
			for from := range g.workers {
				if from == 0 {
					g.workers[from].tally.setColumn(cells, j)
				} else {
					g.workers[from].tally.addColumn(cells, j)
				}
			}
			if forSmall && (mayUse[0] == nil || mayUse[0][j]) {
				g.limits.try(j, &g.columns[j], cells, &small.sums, &me.best[0])
			}
			if subtract {
				rest := large.histogram[g.layout[j]:g.layout[j+1]]
				subtractCells(rest, cells)
				if forLarge && (mayUse[1] == nil || mayUse[1][j]) {
					g.limits.try(j, &g.columns[j], rest, &large.sums, &me.best[1])
				}
			}
		}
	})
	if forSmall {
		small.split = g.best(0)
	} else {
		g.give(small)
	}
	if forLarge {
		large.split = g.best(1)
	}
}

// subtractCells takes the sums of part, whose rows are some of whole's, from it. Since sums
// are exact, what remains is to the bit what the other rows sum to.
func subtractCells(whole, part []cell) {
	part = part[:len(whole)]
	for i := range whole {
		whole[i] = whole[i].minus(part[i])
	}
}

// best is the best of what the workers found; ties go to the first column.
func (g *Grower) best(of int) split {
	best := g.workers[0].best[of]
	for w := range g.workers {
		s := g.workers[w].best[of]
		if s.column >= 0 && (best.column < 0 || s.score > best.score || s.score == best.score && s.column < best.column) {
			best = s
		}
	}
	return best
}

func (g *Grower) newNode() int32 {
	g.nodes = append(g.nodes, Node{Feature: -1})
	g.splits = append(g.splits, split{})
	return int32(len(g.nodes) - 1)
}

// take returns a histogram of unspecified content.
func (g *Grower) take() histogram {
	if n := len(g.free); n > 0 {
		h := g.free[n-1]
		g.free = g.free[:n-1]
		return h
	}
	g.made++
	return make(histogram, g.layout.cells(), g.workers[0].tally.most)
}

// give takes the leaf's histogram back.
func (g *Grower) give(l *leaf) {
	if l.histogram != nil {
		g.free = append(g.free, l.histogram)
		l.histogram = nil
	}
}
