package tree

import (
	"math"
	"math/bits"
	"sort"
)

// centers are the middles of the bins of values, as far as thresholds tell: the first and the
// last bin are taken to be as wide as their neighbours. nil if they are not finite.
func (b *binning) centers() []float64 {
	t := b.thresholds
	if len(t) < 2 {
		return nil
	}
	last := len(t) - 1
	of := make([]float64, len(t)+1)
	for i := 1; i <= last; i++ {
		of[i] = t[i-1]/2 + t[i]/2
	}
	of[0], of[last+1] = t[0]-(t[1]-t[0])/2, t[last]+(t[last]-t[last-1])/2
	if width := of[last+1] - of[0]; math.IsInf(width, 0) || math.IsNaN(width) {
		return nil
	}
	return of
}

// cutAt draws one of the cuts after bins low to high-1: a place between the centers of low and
// high, any as likely as any other.
func (p *Planter) cutAt(centers []float64, low, high int) int {
	if high-low < 2 {
		return low
	}
	word := p.random.Uint64()
	if centers == nil {
		at, _ := bits.Mul64(word, uint64(high-low))
		return low + int(at)
	}
	share := float64(word>>11) * 0x1p-53
	place := centers[low] + float64(share*(centers[high]-centers[low]))
	after := sort.Search(high-1-low, func(i int) bool { return centers[low+1+i] > place })
	return low + after
}

// tryRandom tries one cut of column j between the least and the greatest of its bins that the
// rows have. Rows without a value go to the side
// that scores more.
func (p *Planter) tryRandom(j int, c *column, rows []uint32, cells []cell, total cell, best *split) bool {
	missing := 256
	if c.missing {
		missing = c.values()
	}
	low, high, some := 256, -1, false
	for _, row := range rows {
		b := int(c.bins[row])
		if b == missing {
			some = true
			continue
		}
		low, high = min(low, b), max(high, b)
	}
	if low >= high && !(some && low == high) {
		return false
	}
	s := split{column: j, bin: p.cutAt(p.grove.centers[j], low, high), missing: -1}
	if c.missing {
		s.missing = missing
	}
	if low == high {
		s.bin = c.values() - 1
	}
	if !some {
		p.measure(&s, c, rows, cells, total)
		s.missingLeft = 2*(s.left.rest>>p.grove.limits.shift) >= total.rest>>p.grove.limits.shift
		p.keep(&s, best)
		return true
	}
	p.measure(&s, c, rows, cells, total)
	p.keep(&s, best)
	if low < high {
		s.missingLeft = true
		p.measure(&s, c, rows, cells, total)
		p.keep(&s, best)
	}
	return true
}

func (p *Planter) keep(s, best *split) {
	if s.score > best.score {
		*best = *s
	}
}

// measure scores a split.
func (p *Planter) measure(s *split, c *column, rows []uint32, cells []cell, total cell) {
	l, g := &p.grove.limits, &p.gini
	cells = cells[:len(rows)]
	s.left = cell{}
	several := p.grove.params.Classes > 2
	clear(g.left)
	for i, row := range rows {
		if !s.goesLeft(c.bins[row]) {
			continue
		}
		s.left.add(cells[i])
		if several {
			g.left[g.index[cells[i].gradient]] += int64(cells[i].rest >> l.shift)
		}
	}
	right := total.minus(s.left)
	s.score = math.Inf(-1)
	if l.count(s.left) < l.rows || l.count(right) < l.rows {
		return
	}
	gl, hl := l.value(s.left)
	gr, hr := l.value(right)
	if !several {
		s.score = float64(gl*gl)/hl + float64(gr*gr)/hr
		return
	}
	leftSquares, rightSquares := 0.0, 0.0
	for k, n := range g.left {
		a, b := float64(n), float64(g.total[k]-n)
		leftSquares += float64(a * a)
		rightSquares += float64(b * b)
	}
	s.score = leftSquares/hl + rightSquares/hr
}
