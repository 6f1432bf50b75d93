package tree

import (
	"math"
	"math/bits"
	"slices"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// Planter grows trees of a Grove, one at a time; its memory for one tree serves the next.
type Planter struct {
	grove *Grove
	// The grove's columns, in the order to draw from; those of categories with bins in the order
	// of the tree.
	table      []column
	categories categoryOrder
	times      []uint32
	// The rows drawn, each node's together, and what they sum: cells, whose gradient is the
	// target, or the class where there are three and more.
	rows, restRows   []uint32
	cells, restCells []cell
	columns          []int // those to draw from, in an order that changes
	random           *seed.Source
	histogram        [256]cell
	bins             [256]uint8 // those in use by a node
	used             [256]cell  // and their sums
	gini             gini
	values           []float64 // of a node's rows, for random cuts
	place            float64   // of the best random cut
	sides            []uint8
	nodes            []Node
	sets             [][]uint8
	cover, gain      []float64 // of nodes
	shares           Shares
	open             []sprout
}

// sprout is a node whose rows are [begin, end).
type sprout struct {
	node       int32
	depth      int
	begin, end int
}

// NewPlanter returns a planter for one goroutine.
func (g *Grove) NewPlanter() *Planter {
	p := &Planter{grove: g, times: make([]uint32, g.table.rows), columns: make([]int, len(g.columns)), table: slices.Clone(g.columns)}
	p.gini = newGini(g.params.Classes)
	for j := range p.table {
		if c := &p.table[j]; c.codes != nil {
			c.bins, c.codes = make([]uint8, len(c.bins)), make([]uint8, len(c.codes))
		}
	}
	return p
}

// Planted is a tree and what its rows say of it: covers count the rows drawn.
type Planted struct {
	Nodes  []Node    // children follow their parents
	Sets   [][]uint8 // what splits on categories refer to
	Record Record
	Shares Shares // of three classes and more
}

// Plant grows the tree of that seed: depth first, until leaves are pure or too small to split.
// What it returns is the caller's.
func (p *Planter) Plant(seedOfTree uint64) Planted {
	g := p.grove
	g.Draw(p.times, seedOfTree)
	p.gather()
	p.random = seed.NewSource(seed.Derive(seedOfTree, "nodes"))
	p.order()
	for j := range p.columns {
		p.columns[j] = j
	}
	p.nodes, p.sets = append(p.nodes[:0], Node{Feature: -1}), nil
	p.shares = Shares{append(p.shares.Starts[:0], 0), p.shares.Class[:0], p.shares.Share[:0]}
	p.cover, p.gain = append(p.cover[:0], 0), append(p.gain[:0], 0)
	p.open = append(p.open[:0], sprout{0, 0, 0, len(p.rows)})
	for len(p.open) > 0 {
		s := p.open[len(p.open)-1]
		p.open = p.open[:len(p.open)-1]
		p.grow(s)
	}
	shares := Shares{slices.Clone(p.shares.Starts), slices.Clone(p.shares.Class), slices.Clone(p.shares.Share)}
	return Planted{slices.Clone(p.nodes), p.sets, Record{slices.Clone(p.cover), slices.Clone(p.gain)}, shares}
}

// gather lists the rows drawn.
func (p *Planter) gather() {
	g, n := p.grove, p.grove.table.rows
	if p.rows == nil {
		p.rows, p.restRows, p.sides = make([]uint32, 0, n), make([]uint32, n), make([]uint8, n)
		p.cells, p.restCells = make([]cell, 0, n), make([]cell, n)
		if g.params.Random {
			p.values = make([]float64, n)
		}
	}
	p.rows, p.cells = p.rows[:0], p.cells[:0]
	for i, n := range p.times {
		if n == 0 {
			continue
		}
		unit := int64(1)
		if g.units != nil {
			unit = g.units[i]
		}
		c := cell{g.weighted[i] * int64(n), uint64(unit)*uint64(n)<<(g.limits.shift&63) | uint64(n)*uint64(g.counted())}
		if g.params.Classes > 2 {
			c.gradient = g.target[i]
		}
		p.rows, p.cells = append(p.rows, uint32(i)), append(p.cells, c)
	}
}

// counted is 1 if cells count rows, else 0.
func (g *Grove) counted() int {
	if g.limits.shift > 0 {
		return 1
	}
	return 0
}

// grow splits a node or makes it a leaf.
func (p *Planter) grow(s sprout) {
	g := p.grove
	var total cell
	for _, c := range p.cells[s.begin:s.end] {
		total.add(c)
	}
	p.cover[s.node] = g.cover(total)
	deepest := g.params.MaxDepth > 0 && s.depth >= g.params.MaxDepth
	if deepest || s.end-s.begin < 2 || g.limits.count(total) < 2*g.limits.rows || p.pure(s) {
		p.leaf(s, total)
		return
	}
	best := p.search(s, total)
	if best.column < 0 {
		p.leaf(s, total)
		return
	}
	p.gain[s.node] = g.gain(best.gain())
	column := &p.table[best.column]
	left := int32(len(p.nodes))
	n := Node{Feature: int32(column.source), Left: left, Right: left + 1, MissingLeft: best.missingLeft}
	switch {
	case column.codes != nil:
		p.sets = append(p.sets, column.categorySet(&best))
		n.Set = int32(len(p.sets))
	case g.params.Random:
		n.Threshold = p.place
	case best.bin < len(column.thresholds):
		n.Threshold = column.thresholds[best.bin]
	default:
		n.Threshold = math.Inf(1)
	}
	p.nodes[s.node] = n
	p.nodes = append(p.nodes, Node{Feature: -1}, Node{Feature: -1})
	p.cover, p.gain = append(p.cover, 0, 0), append(p.gain, 0, 0)
	middle := p.part(s, column, &best)
	p.open = append(p.open, sprout{left + 1, s.depth + 1, middle, s.end}, sprout{left, s.depth + 1, s.begin, middle})
}

// pure reports whether all rows have the same target.
func (p *Planter) pure(s sprout) bool {
	target, rows := p.grove.target, p.rows[s.begin:s.end]
	first := target[rows[0]]
	for _, row := range rows[1:] {
		if target[row] != first {
			return false
		}
	}
	return true
}

// leaf gives the node its value.
func (p *Planter) leaf(s sprout, total cell) {
	if p.grove.params.Classes <= 2 {
		p.nodes[s.node].Value = p.grove.value(total)
		return
	}
	p.nodes[s.node].Value = float64(p.shares.Leaves())
	p.gini.count(p.cells[s.begin:s.end], p.grove.limits.shift)
	for k, class := range p.gini.present {
		p.shares.Class = append(p.shares.Class, class)
		p.shares.Share = append(p.shares.Share, float64(p.gini.total[k])/float64(int64(total.rest>>p.grove.limits.shift)))
	}
	p.shares.Starts = append(p.shares.Starts, int32(len(p.shares.Class)))
}

// search looks at columns at random, as many as there shall be looked at and on until one of
// them parts the rows, for the best split.
func (p *Planter) search(s sprout, total cell) split {
	g := p.grove
	// A split that gains nothing is taken too: below it there may be some that do.
	best := split{column: -1, missing: -1, score: math.Inf(-1)}
	parent := g.limits.score(total, bounds{})
	if g.params.Classes > 2 {
		p.gini.count(p.cells[s.begin:s.end], g.limits.shift)
		parent = p.gini.score()
	}
	parted := false
	for looked := 0; looked < len(p.columns) && (looked < g.params.Columns || !parted); looked++ {
		at, _ := bits.Mul64(p.random.Uint64(), uint64(len(p.columns)-looked))
		at += uint64(looked)
		p.columns[looked], p.columns[at] = p.columns[at], p.columns[looked]
		if p.try(p.columns[looked], s, total, &best) {
			parted = true
		}
	}
	best.parent = parent
	return best
}

// try looks for a better split on column j, and reports whether the column parts the rows.
func (p *Planter) try(j int, s sprout, total cell, best *split) bool {
	g := p.grove
	c := &p.table[j]
	rows := p.rows[s.begin:s.end]
	if g.params.Random {
		return p.tryRandom(j, rows, p.cells[s.begin:s.end], total, best)
	}
	if g.params.Classes > 2 {
		return p.tryGini(j, c, rows, p.cells[s.begin:s.end], best)
	}
	n := p.tally(c, rows, p.cells[s.begin:s.end])
	if n < 2 {
		return false
	}
	values, missing := p.used[:n], cell{}
	if c.missing && int(p.bins[n-1]) == c.values() {
		values, missing = values[:n-1], p.used[n-1]
	}
	of := node{total: total}
	found := false
	if missing.rest != 0 {
		if g.limits.scan(values, cell{}, &of, 0, best) {
			found, best.missingLeft = true, false
		}
		if g.limits.scan(values[:len(values)-1], missing, &of, 0, best) {
			found, best.missingLeft = true, true
		}
	} else if g.limits.scan(values[:len(values)-1], cell{}, &of, 0, best) {
		// None are missing here, so a missing value met later goes with the many.
		found, best.missingLeft = true, 2*(best.left.rest>>g.limits.shift) >= total.rest>>g.limits.shift
	}
	if found {
		p.settle(j, c, len(values), best)
	}
	return true
}

// settle turns a cut among the used bins, of which so many hold values, into one of the column:
// in the middle of what lies between.
func (p *Planter) settle(j int, c *column, values int, best *split) {
	low, high := int(p.bins[best.bin]), c.values()
	if best.bin+1 < values {
		high = int(p.bins[best.bin+1])
		best.bin = (low + high - 1) / 2
	} else {
		best.bin = high - 1 // all values from those that are missing
	}
	best.column, best.missing = j, -1
	if c.missing || c.codes != nil {
		best.missing = c.values()
	}
}

// tally sums the rows by the bins of a column, lists the bins in use in their order, and
// returns their number.
func (p *Planter) tally(c *column, rows []uint32, cells []cell) int {
	const few = 96 // rows, below which it pays to note the bins in use
	cells = cells[:len(rows)]
	n := 0
	if len(rows) >= few {
		for i, row := range rows {
			p.histogram[c.bins[row]].add(cells[i])
		}
		for b := range p.histogram[:c.cells()] {
			if p.histogram[b].rest != 0 {
				p.bins[n&255], p.used[n&255] = uint8(b), p.histogram[b]
				p.histogram[b] = cell{}
				n++
			}
		}
		return n
	}
	var marks [4]uint64
	for i, row := range rows {
		b := c.bins[row]
		p.histogram[b].add(cells[i])
		marks[b>>6] |= 1 << (b & 63)
	}
	for w, mark := range marks {
		for ; mark != 0; mark &= mark - 1 {
			b := uint8(64*w + bits.TrailingZeros64(mark))
			p.bins[n&255], p.used[n&255] = b, p.histogram[b]
			p.histogram[b] = cell{}
			n++
		}
	}
	return n
}

// part puts the rows that go left first and returns where the others begin. Either order is
// kept.
func (p *Planter) part(s sprout, c *column, of *split) int {
	rows, cells := p.rows[s.begin:s.end], p.cells[s.begin:s.end]
	cells = cells[:len(rows)]
	restRows, restCells := p.restRows[:len(rows)], p.restCells[:len(rows)]
	p.decide(p.sides[:len(rows)], rows, c, of)
	// A row is written to both sides, and stays on the one whose count grows.
	l, r := 0, 0
	for i, row := range rows {
		f, sum := int(p.sides[i]), cells[i]
		rows[l], cells[l] = row, sum
		restRows[r], restCells[r] = row, sum
		l += f
		r += 1 - f
	}
	copy(rows[l:], restRows[:r])
	copy(cells[l:], restCells[:r])
	return s.begin + l
}

// decide sets sides to 1 for rows that go left.
func (p *Planter) decide(sides []uint8, rows []uint32, c *column, of *split) {
	if p.grove.params.Random && c.codes == nil {
		values := p.grove.values[c.source]
		for i, row := range rows {
			x := values[row]
			side := uint8(0)
			if x <= p.place || of.missingLeft && x != x {
				side = 1
			}
			sides[i] = side
		}
		return
	}
	var goesLeft [256]uint8
	for b := range goesLeft {
		if of.goesLeft(uint8(b)) {
			goesLeft[b] = 1
		}
	}
	for i, row := range rows {
		sides[i] = goesLeft[c.bins[row]]
	}
}
