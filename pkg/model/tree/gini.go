package tree

import (
	"math"
	"math/bits"
	"slices"
)

// gini finds splits by the classes of rows, three and more: the best has the highest
// Σ_k L_k²/L + Σ_k R_k²/R, where L_k is the weight of class k on the left and L of all, and so
// the least impurity by Gini's index (Breiman et al. 1984). Only classes that the node has are
// counted.
type gini struct {
	index     []int32 // of each class among those present; -1 for the others
	present   []int32 // classes, ascending
	total     []int64 // of each class present
	left      []int64
	lost      []int64 // of rows whose value is missing
	histogram []int64 // of bin b and class k at b·len(present)+k
	bins      [256]cell
}

func newGini(classes int) gini {
	if classes <= 2 {
		return gini{}
	}
	g := gini{index: make([]int32, classes)}
	for k := range g.index {
		g.index[k] = -1
	}
	return g
}

// count counts the classes of a node's rows.
func (g *gini) count(cells []cell, shift int) {
	for _, class := range g.present {
		g.index[class] = -1
	}
	g.present = g.present[:0]
	for _, c := range cells {
		g.index[c.gradient] = 0
	}
	if len(cells) < len(g.index) {
		// Fewer rows than classes.
		for _, c := range cells {
			if g.index[c.gradient] == 0 {
				g.index[c.gradient] = 1
				g.present = append(g.present, int32(c.gradient))
			}
		}
		slices.Sort(g.present)
	} else {
		for class, k := range g.index {
			if k == 0 {
				g.present = append(g.present, int32(class))
			}
		}
	}
	for k, class := range g.present {
		g.index[class] = int32(k)
	}
	g.total = zeros(g.total, len(g.present))
	g.left, g.lost = zeros(g.left, len(g.present)), zeros(g.lost, len(g.present))
	if need := 256 * len(g.present); len(g.histogram) < need {
		g.histogram = make([]int64, need) // cells in use are emptied by those who used them
	}
	for _, c := range cells {
		g.total[g.index[c.gradient]] += int64(c.rest >> (shift & 63))
	}
}

// score is that of a node not split.
func (g *gini) score() float64 {
	squares, weight := 0.0, 0.0
	for _, n := range g.total {
		squares += float64(float64(n) * float64(n))
		weight += float64(n)
	}
	return squares / weight
}

func zeros(of []int64, n int) []int64 {
	if cap(of) < n {
		return make([]int64, n)
	}
	of = of[:n]
	clear(of)
	return of
}

// tryGini is try for three classes and more.
func (p *Planter) tryGini(j int, c *column, rows []uint32, cells []cell, best *split) bool {
	g, shift := &p.gini, p.grove.limits.shift&63
	classes := len(g.present)
	cells = cells[:len(rows)]
	var marks [4]uint64
	for i, row := range rows {
		b := c.bins[row]
		g.histogram[int(b)*classes+int(g.index[cells[i].gradient])] += int64(cells[i].rest >> shift)
		g.bins[b].rest += cells[i].rest
		marks[b>>6] |= 1 << (b & 63)
	}
	n := 0
	for w, mark := range marks {
		for ; mark != 0; mark &= mark - 1 {
			b := uint8(64*w + bits.TrailingZeros64(mark))
			p.bins[n&255], p.used[n&255] = b, g.bins[b]
			g.bins[b] = cell{}
			n++
		}
	}
	defer func() {
		for _, b := range p.bins[:n] {
			clear(g.histogram[int(b)*classes : (int(b)+1)*classes])
		}
	}()
	if n < 2 {
		return false
	}
	var total cell
	for _, u := range p.used[:n] {
		total.add(u)
	}
	values, missing := n, -1
	if c.missing && int(p.bins[n-1]) == c.values() {
		values, missing = n-1, n-1
	}
	found := false
	if missing >= 0 {
		if p.scanGini(values, -1, total, best) {
			found, best.missingLeft = true, false
		}
		if p.scanGini(values-1, missing, total, best) {
			found, best.missingLeft = true, true
		}
	} else if p.scanGini(values-1, -1, total, best) {
		found, best.missingLeft = true, 2*(best.left.rest>>shift) >= total.rest>>shift
	}
	if found {
		p.settle(j, c, values, best)
	}
	return true
}

// scanGini tries a cut after each of the first n used bins, with the missing one, if that is
// not negative, on the left, and keeps in best what scores more.
func (p *Planter) scanGini(n, missing int, total cell, best *split) bool {
	l, g := &p.grove.limits, &p.gini
	clear(g.left)
	var left cell
	leftSquares, rightSquares := 0.0, 0.0
	for _, t := range g.total {
		rightSquares += float64(float64(t) * float64(t))
	}
	move := func(at int) {
		left.add(p.used[at])
		b := int(p.bins[at])
		for k, moved := range g.histogram[b*len(g.left):][:len(g.left)] {
			if moved == 0 {
				continue
			}
			m, has, rest := float64(moved), float64(g.left[k]), float64(g.total[k]-g.left[k])
			leftSquares += float64(m * (m + 2*has))
			rightSquares += float64(m * (m - 2*rest))
			g.left[k] += moved
		}
	}
	if missing >= 0 {
		move(missing)
	}
	top := best.score
	for b := range n {
		move(b)
		if l.count(left) < l.rows {
			continue
		}
		if l.count(total)-l.count(left) < l.rows {
			break
		}
		score := leftSquares/float64(int64(left.rest>>l.shift)) + rightSquares/float64(int64((total.rest-left.rest)>>l.shift))
		if score > top && score <= math.MaxFloat64 {
			top = score
			best.bin, best.left = b, left
		}
	}
	improved := top > best.score
	best.score = top
	return improved
}
