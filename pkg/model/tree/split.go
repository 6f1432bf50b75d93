package tree

import "math"

// split is one way to part the rows of a node.
type split struct {
	column      int // of the tree; -1: no split is worth taking
	bin         int // rows of bins up to it go left, for a column of numbers
	set         set // the bins that go left, for a column of categories
	categorical bool
	missing     int // the column's missing bin, -1 if it has none
	missingLeft bool
	// score is ΣG²/(H+λ) over both sides, and parent that of the node, in the scaled units of
	// the tree.
	score, parent float64
	left          cell // sums of the rows that go left, rows of the missing bin included
}

// goesLeft reports whether a row of that bin goes left.
func (s *split) goesLeft(bin uint8) bool {
	if int(bin) == s.missing {
		return s.missingLeft
	}
	if s.categorical {
		return s.set.has(bin)
	}
	return int(bin) <= s.bin
}

// gain is what the split adds to the score of the node.
func (s *split) gain() float64 { return s.score - s.parent }

// limits are the rules of a split in the scaled units of one tree. Scores are compared
// in these units, so they cannot overflow whatever the scale of the target.
type limits struct {
	shift      int     // hessian = rest >> shift, rows = rest & (1<<shift - 1)
	rows       uint64  // least rows of a side
	hessian    float64 // least hessian of a side
	l1, l2     float64
	minScore   float64 // a split must score more
	bounded    bool    // whether l1, bounds of values or monotone columns are to be heeded
	categories categoryLimits
}

// node is what the search for a split knows of the node.
type node struct {
	total  cell
	bounds bounds
}

func (l *limits) count(c cell) uint64 { return c.rest & (1<<l.shift - 1) }

func (l *limits) value(c cell) (gradient, hessian float64) {
	return float64(c.gradient), float64(int64(c.rest >> l.shift))
}

// noise is how far above zero, relative to its parts, a gain must be to be told from
// rounding.
const noise = 1e-12

// threshold is a split with the least score that one of the node is worth taking for.
func (l *limits) threshold(n *node) split {
	parent := l.score(n.total, n.bounds)
	return split{column: -1, missing: -1, parent: parent, score: parent + max(l.minScore, float64(noise*math.Abs(parent)))}
}

// score is G²/(H+λ), or what is left of it within bounds.
func (l *limits) score(c cell, b bounds) float64 {
	g, h := l.value(c)
	if l.bounded {
		g = l.soften(g)
		return scoreAt(g, h+l.l2, b.clamp(-g/(h+l.l2)))
	}
	return float64(g*g) / (h + l.l2)
}

// try keeps in best the split on column j, whose cells are given, if it scores more: Chen &
// Guestrin 2016, eq. 7, without the constant half. Ties go to what was tried first, then to
// missing values on the right, then to the lowest bin.
func (l *limits) try(j int, c *column, cells []cell, n *node, best *split) {
	if c.codes != nil {
		l.tryCategories(j, c, cells, n, best)
		return
	}
	values := cells[:c.values()]
	found := false
	if len(cells) > len(values) && cells[len(values)].rest != 0 {
		// The cut after the last value parts the missing from all others.
		if l.scan(values, cell{}, n, c.monotone, best) {
			found, best.missingLeft = true, false
		}
		if l.scan(values[:len(values)-1], cells[len(values)], n, c.monotone, best) {
			found, best.missingLeft = true, true
		}
	} else if l.scan(values[:len(values)-1], cell{}, n, c.monotone, best) {
		// None are missing here, so a missing value met later goes with the many.
		found, best.missingLeft = true, 2*l.count(best.left) >= l.count(n.total)
	}
	if found {
		best.column, best.categorical, best.missing = j, false, -1
		if c.missing {
			best.missing = c.values()
		}
	}
}

// scan tries a cut after each of the bins, starting with left on the left, and keeps in
// best what scores more; it reports whether any did.
func (l *limits) scan(bins []cell, left cell, of *node, monotone int8, best *split) bool {
	if l.bounded {
		return l.scanBounded(bins, left, of, monotone, best)
	}
	total := of.total
	shift, rows := l.shift&63, l.rows
	mask := uint64(1)<<shift - 1
	minHessian, l2 := l.hessian, l.l2
	all := total.rest & mask
	top := best.score
	for b := range bins {
		cell := &bins[b]
		left.gradient += cell.gradient
		left.rest += cell.rest
		n := left.rest & mask
		if n < rows {
			continue
		}
		if all-n < rows {
			break
		}
		// Signed, because the conversion of unsigned words takes a branch.
		hl, hr := float64(int64(left.rest>>shift)), float64(int64((total.rest-left.rest)>>shift))
		gl, gr := float64(left.gradient), float64(total.gradient-left.gradient)
		pl, pr := hl+l2, hr+l2
		// Few cuts beat the best so far: most are told by this, which does not divide. Nor
		// does it branch on empty bins, which come at random; their cut scores as the last.
		if float64(float64(gl*gl)*pr)+float64(float64(gr*gr)*pl) <= float64(top*float64(pl*pr)) {
			continue
		}
		// A side without hessian and penalty divides by zero; NaN and Inf are no score.
		score := float64(gl*gl)/pl + float64(gr*gr)/pr
		if score > top && score <= math.MaxFloat64 && hl >= minHessian && hr >= minHessian {
			top = score
			best.bin, best.left = b, left
		}
	}
	improved := top > best.score
	best.score = top
	return improved
}
