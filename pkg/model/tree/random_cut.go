package tree

import "math"

// tryRandom tries one cut of column j, at a place between the least and the greatest value that
// the rows have, any as likely as any other. Rows without a value go to either side, at random
// too: to try both would be to try such a column twice, and prefer it for that (scores on adult
// are the same either way). Where all values are equal and some are missing, the toss may send all
// rows to one side: then the column was looked at and does not part them, and a node that has
// drawn no other that does is a leaf, as scikit-learn's is. On adult such leaves are what
// 0.003 of the area under the curve comes from (docs/learners.md).
// Such a cut needs no bins, and takes the values themselves.
func (p *Planter) tryRandom(j int, rows []uint32, cells []cell, total cell, best *split) bool {
	c := &p.table[j]
	values := p.values[:len(rows)]
	p.look(values, rows, c)
	low, high, missing := math.Inf(1), math.Inf(-1), 0
	for _, x := range values {
		if x < low {
			low = x
		}
		if x > high {
			high = x
		}
		if x != x {
			missing++
		}
	}
	if !(low < high) && (missing == 0 || missing == len(rows)) {
		return false
	}
	place := math.Inf(1) // values from those that are missing
	if low < high {
		share := float64(float64(p.random.Uint64()>>11) * 0x1p-53)
		place = float64(low*(1-share)) + float64(high*share)
		if !(low <= place && place < high) {
			place = low
		}
	}
	if c.codes != nil {
		place = math.Floor(place)
	}
	left, lost := p.measure(values, cells[:len(rows)], place)
	if missing > 0 && p.random.Uint64()&1 != 0 {
		p.keep(j, place, left, lost, true, total, best)
	} else {
		p.keep(j, place, left, cell{}, missing == 0, total, best)
	}
	return true
}

// look writes the rows' values of a column, those of categories in the order of the tree.
func (p *Planter) look(values []float64, rows []uint32, c *column) {
	if c.codes == nil {
		all := p.grove.values[c.source]
		for i, row := range rows {
			values[i] = all[row]
		}
		return
	}
	for i, row := range rows {
		values[i] = float64(c.bins[row])
		if int(c.bins[row]) == c.count {
			values[i] = math.NaN()
		}
	}
}

// measure sums the rows of values up to the place, and those of missing ones; for three classes
// and more it counts their classes too.
func (p *Planter) measure(values []float64, cells []cell, place float64) (left, lost cell) {
	g, shift := &p.gini, p.grove.limits.shift&63
	several := p.grove.params.Classes > 2
	if several {
		clear(g.left)
		clear(g.lost)
	}
	for i, x := range values {
		c := cells[i]
		// A mask, because a branch would be mispredicted every other time.
		mask := int64(0)
		if x <= place {
			mask = -1
		}
		left.gradient += c.gradient & mask
		left.rest += c.rest & uint64(mask)
		if several {
			g.left[g.index[c.gradient]] += int64(c.rest>>shift) & mask
		}
		if x != x {
			lost.add(c)
			if several {
				g.lost[g.index[c.gradient]] += int64(c.rest >> shift)
			}
		}
	}
	return left, lost
}

// keep keeps in best the cut that has these rows on the left, and those lost if they go left, if
// it scores more. Where none are missing, a missing value met later goes with the many.
func (p *Planter) keep(j int, place float64, left, lost cell, lostLeft bool, total cell, best *split) {
	l, g := &p.grove.limits, &p.gini
	left.add(lost)
	right := total.minus(left)
	if l.count(left) < l.rows || l.count(right) < l.rows {
		return
	}
	gl, hl := l.value(left)
	gr, hr := l.value(right)
	score := float64(gl*gl)/hl + float64(gr*gr)/hr
	if p.grove.params.Classes > 2 {
		leftSquares, rightSquares := 0.0, 0.0
		for k, n := range g.left {
			if lost.rest != 0 {
				n += g.lost[k]
			}
			a, b := float64(n), float64(g.total[k]-n)
			leftSquares += float64(a * a)
			rightSquares += float64(b * b)
		}
		score = leftSquares/hl + rightSquares/hr
	}
	if !(score > best.score) || score > math.MaxFloat64 {
		return
	}
	if lost.rest == 0 {
		lostLeft = lostLeft && 2*hl >= hl+hr
	}
	*best = split{column: j, missing: -1, missingLeft: lostLeft, score: score, left: left}
	p.place = place
	if c := &p.table[j]; c.codes != nil {
		best.bin, best.missing = int(min(place, 255)), c.count
	}
}
