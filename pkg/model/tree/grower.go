package tree

import (
	"math"
	"runtime"
	"slices"

	"github.com/foretell-ml/foretell/pkg/internal/par"
)

// Params are the rules of trees.
type Params struct {
	Leaves         int     // at most, 2 to 65536
	MaxDepth       int     // at most so many splits from root to leaf; 0: no bound
	MinLeafRows    int     // least rows of a leaf, 1 to 2^20; a row of weight w counts as ⌊w⌋, but at least 1
	MinLeafHessian float64 // least hessian of a leaf, weights included, ≥ 0
	L1             float64 // taken off the absolute gradient of leaves, ≥ 0
	L2             float64 // added to the hessian of leaves, ≥ 0
	MinGain        float64 // what a split must gain in ΣG²/(H+L2), ≥ 0
	MaxValue       float64 // greatest absolute value of a leaf; 0: no bound
	CategorySmooth float64 // hessian that draws a category's value to 0 when they are put in order, ≥ 0
	CategoryL2     float64 // added to L2 for splits by sets of categories, ≥ 0
	// NodeColumns is the share of columns that each node may be split on, drawn for each: above
	// 0 and at most 1. At least one is drawn.
	NodeColumns float64
	// Monotone holds for each column of the matrix 1 if values of leaves may not fall as it
	// rises, -1 if they may not rise, 0 for no rule; nil is no rule for any. Columns of
	// categories have none.
	Monotone []int8
	// Interactions are sets of columns of the matrix: the splits from the root to a leaf are
	// all on columns of one set. A column in none is a set of its own. nil is no rule.
	Interactions [][]int
}

// Grower grows trees on the rows and columns of a table. The memory of one tree serves the
// next.
type Grower struct {
	params  Params
	table   *Table
	weights *weights
	columns []column // in the records
	whole   bool     // whether these are all, of all rows
	offered []bool   // which of them trees may split on; nil: all
	layout  layout
	workers []worker
	rows    int      // in the sample
	leafOf  []uint16 // of every row of the table
	memory  int      // bytes of histograms in use above which none is kept

	// Of the tree that grows.
	crew   *par.Crew
	quant  quantizer
	limits limits
	seed   uint64
	nodes  []Node
	sets   [][]uint8
	splits []split     // of each node, for walks over bins
	leaves []*leaf     // those that stay
	open   queue       // those that may be split
	free   []histogram // with room for all columns of the table
	made   int         // histograms in all
}

// worker owns some of the rows: they are dealt in blocks, so that each worker has its share
// of every node even if the table is sorted. Records of a node lie together, so that every
// pass over it reads memory in order: going by index into records that stay where they are
// would wait for memory most of the time.
type worker struct {
	base    lanes // in the order of the table: the root
	moved   lanes // the same, each node's together
	mover   mover
	tally   *tally
	best    [2]split // of the columns that this worker looked at
	sums    []leafSum
	largest [2]float64
	_       [64]byte // keeps workers on cache lines of their own
}

const (
	dealtRows = 1024 // rows in a block
	leastRows = 4096 // a worker with less to do waits more than it works
)

// histogramMemory bounds the bytes of the histograms kept for subtraction, so that wide data
// with many leaves fits a small Lambda. Beyond it histograms are made afresh, to the same
// sums.
const histogramMemory = 256 << 20

// NewGrower returns a grower of trees on all rows and columns of the table.
func NewGrower(t *Table, p Params) *Grower {
	// Categories count their rows up to what makes a group.
	most := p.MinLeafRows
	for i := range t.columns {
		if c := &t.columns[i]; c.codes != nil {
			most = max(most, groupRows)
		} else if p.Monotone != nil {
			c.monotone = p.Monotone[c.source]
		}
	}
	g := &Grower{params: p, table: t, weights: newWeights(t.weights, t.rows, most), memory: histogramMemory, leafOf: make([]uint16, t.rows)}
	g.workers = make([]worker, max(1, min(runtime.GOMAXPROCS(0), t.rows/leastRows)))
	g.Sample(nil, nil)
	return g
}

// Columns is the number of columns that trees may split on.
func (g *Grower) Columns() int { return len(g.table.columns) }

// Sample has the next trees grown on the given rows and columns, in ascending order, the
// columns by their index among those of Columns; nil means all.
func (g *Grower) Sample(rows []int32, columns []int32) {
	g.offered = nil
	if rows == nil && 2*len(columns) >= len(g.table.columns) {
		// To write the records anew takes longer than to sum the columns that are left out.
		g.offered = make([]bool, len(g.table.columns))
		for _, j := range columns {
			g.offered[j] = true
		}
		columns = nil
		if g.whole {
			return
		}
	}
	g.whole = rows == nil && columns == nil
	g.columns = g.table.columns
	if columns != nil {
		g.columns = make([]column, 0, len(columns))
		for _, j := range columns {
			g.columns = append(g.columns, g.table.columns[j])
		}
	}
	g.rows = g.table.rows
	if rows != nil {
		g.rows = len(rows)
	}
	g.layout = newLayout(g.columns)
	for i := range g.free {
		g.free[i] = g.free[i][:g.layout.cells()]
	}
	crew := par.NewCrew(len(g.workers))
	defer crew.Close()
	crew.Do(func(w int) { g.load(w, rows) })
}

// load gives worker w its rows.
func (g *Grower) load(w int, sample []int32) {
	rows := make([]int32, 0, g.rows/len(g.workers)+dealtRows)
	for first := w * dealtRows; first < g.rows; first += dealtRows * len(g.workers) {
		for i := first; i < min(first+dealtRows, g.rows); i++ {
			if sample != nil {
				rows = append(rows, sample[i])
			} else {
				rows = append(rows, int32(i))
			}
		}
	}
	gradients := g.gradientLanes()
	me := &g.workers[w]
	width := gradients + binLanes(len(g.columns))
	if cap(me.base) < width || cap(me.base[0]) < len(rows) {
		me.base = newLanes(width, len(rows))
		me.moved = newLanes(width, len(rows))
	}
	me.base, me.moved = me.base[:width], me.moved[:width]
	for l := range me.base {
		me.base[l] = me.base[l][:len(rows)]
	}
	me.base[gradients:].load(g.columns, rows)
	if me.tally == nil {
		me.tally = newTally(g.layout, gradients == 2)
	}
	me.tally.use(g.layout)
}

// gradientLanes is the number of lanes before the bins.
func (g *Grower) gradientLanes() int {
	if g.weights.packed() {
		return 1
	}
	return 2
}

// Tree is a tree and where it puts the rows.
type Tree struct {
	Nodes  []Node    // the first is the root; children follow their parents
	Sets   [][]uint8 // what splits on categories refer to
	Leaves []int32   // the node of each leaf
	LeafOf []uint16  // the leaf of every row of the table, in the sample or not
}

// Grow grows a tree leaf-wise (Shi 2007: always the split with the most gain next) that
// reduces the loss of which first and second are the derivatives for every row of the table,
// for weight 1; second derivatives are not negative. A leaf's value is -ΣG/(ΣH+L2) over its
// rows in the sample, with the gradient and the value within the bounds that Params set. The
// seed is for the columns of nodes. The result is valid until the next call. It returns
// ErrNotFinite if a derivative in the sample is not finite, or a leaf's value.
func (g *Grower) Grow(first, second []float64, seed uint64) (Tree, error) {
	g.crew = par.NewCrew(len(g.workers))
	defer g.crew.Close()
	gradient, hessian := g.largest(first, second)
	var err error
	if g.quant, err = newQuantizer(g.weights, gradient, hessian); err != nil {
		return Tree{}, err
	}
	g.limits, g.seed = g.quant.limits(g.params), seed
	g.nodes, g.sets, g.splits, g.leaves = g.nodes[:0], nil, g.splits[:0], g.leaves[:0]
	g.plant(first, second)
	for len(g.open) > 0 && len(g.leaves)+len(g.open) < g.params.Leaves {
		g.split(g.open.pop())
	}
	for _, leaf := range g.open {
		g.give(leaf)
		g.leaves = append(g.leaves, leaf)
	}
	g.open = g.open[:0]
	t := Tree{Nodes: g.nodes, Sets: g.sets, LeafOf: g.leafOf}
	for _, leaf := range g.leaves {
		t.Leaves = append(t.Leaves, leaf.node)
	}
	g.settle()
	e := newExact(g.weights, gradient, hessian)
	return t, g.renew(&e, first, second)
}

// largest returns the largest absolute values of the derivatives in the sample; NaN if one is.
func (g *Grower) largest(first, second []float64) (gradient, hessian float64) {
	g.crew.Do(func(w int) {
		// As integers, the bits of absolute values have the order of the values, NaN on top.
		const sign = 1 << 63
		a, b, records := uint64(0), uint64(0), g.workers[w].base
		for _, number := range records[len(records)-1] {
			row := number >> 32
			a = max(a, math.Float64bits(first[row])&^sign)
			b = max(b, math.Float64bits(second[row])&^sign)
		}
		g.workers[w].largest = [2]float64{math.Float64frombits(a), math.Float64frombits(b)}
	})
	for w := range g.workers {
		gradient = max(gradient, g.workers[w].largest[0])
		hessian = max(hessian, g.workers[w].largest[1])
	}
	return gradient, hessian
}

// settle writes the leaf of every row.
func (g *Grower) settle() {
	g.crew.Do(func(w int) {
		for k, leaf := range g.leaves {
			records, span := g.records(w, leaf), leaf.spans[w]
			for _, number := range records[len(records)-1][span.begin:span.end] {
				g.leafOf[number>>32] = uint16(k)
			}
		}
	})
	if g.rows == g.table.rows {
		return
	}
	index := make([]uint16, len(g.nodes))
	for k, leaf := range g.leaves {
		index[leaf.node] = uint16(k)
	}
	g.crew.Do(func(w int) {
		n, workers := g.table.rows, len(g.workers)
		for row := n * w / workers; row < n*(w+1)/workers; row++ {
			g.leafOf[row] = index[g.walk(row)]
		}
	})
}

// walk returns the node of the leaf of a row, by its bins.
func (g *Grower) walk(row int) int32 {
	n := int32(0)
	for g.nodes[n].Feature >= 0 {
		s := &g.splits[n]
		if s.goesLeft(g.columns[s.column].bins[row]) {
			n = g.nodes[n].Left
		} else {
			n = g.nodes[n].Right
		}
	}
	return n
}

// renew sets the leaves' values from the derivatives themselves.
func (g *Grower) renew(e *exact, first, second []float64) error {
	g.crew.Do(func(w int) {
		me := &g.workers[w]
		me.sums = slices.Grow(me.sums[:0], len(g.leaves))[:len(g.leaves)]
		clear(me.sums)
		for _, number := range me.base[len(me.base)-1] {
			row := uint32(number >> 32)
			e.add(&me.sums[g.leafOf[row]], row, first[row], second[row])
		}
	})
	for k, leaf := range g.leaves {
		var sum leafSum
		for w := range g.workers {
			sum.gradient += g.workers[w].sums[k].gradient
			sum.hessian += g.workers[w].sums[k].hessian
		}
		v := e.value(sum, &g.params)
		if g.limits.bounded {
			unit := g.quant.unit()
			b := bounds{float64(leaf.sums.bounds.low * unit), float64(leaf.sums.bounds.high * unit)}
			v = b.clamp(v)
		}
		if len(g.leaves) == 1 {
			v = 0
		}
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return ErrNotFinite
		}
		g.nodes[leaf.node].Value = v
	}
	return nil
}
