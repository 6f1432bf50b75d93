package tree

import (
	"cmp"
	"math"
	"slices"
)

// A tree of a Planter takes the categories of a column in one order, that of the target's mean
// among the rows it was drawn, and cuts them like numbers: with a value or two classes the best
// cut of a node with these means is the best set of all (Fisher 1958; Breiman et al. 1984,
// section 4.2.2), and Wright & König 2019 (Splitting on categorical predictors in random
// forests, PeerJ 7:e6339) find that an order taken once does as well as one for each node, at a
// fraction of the time. They take it from all rows. Here each tree has its own: a row that it
// has not seen has no part in the order, so that out-of-bag predictions stay honest. For three
// classes and more the order is that along the first principal component of the shares of
// classes (Coppersmith, Hong & Hosking 1999).
type categoryOrder struct {
	sums   [256]cell
	shares [256][]float64 // of classes, less those of all rows
	center []float64
	axis   []float64
	next   []float64
	place  [256]float64 // of a bin in the order
	bins   [256]uint8
}

// order rewrites the bins of the planter's columns of categories in the order of the tree.
func (p *Planter) order() {
	for j := range p.table {
		if c := &p.table[j]; c.codes != nil {
			p.orderColumn(c, &p.grove.columns[j])
		}
	}
}

// orderColumn sets the bins and codes of c from those of the grove's column.
func (p *Planter) orderColumn(c, of *column) {
	o := &p.categories
	if p.grove.params.Random {
		for b := range of.count {
			o.place[b] = float64(p.random.Uint64() >> 11)
		}
	} else if p.grove.params.Classes > 2 {
		p.project(of)
	} else {
		p.means(of)
	}
	bins := o.bins[:of.count]
	for b := range bins {
		bins[b] = uint8(b)
	}
	slices.SortFunc(bins, func(a, b uint8) int {
		return cmp.Or(cmp.Compare(o.place[a], o.place[b]), cmp.Compare(a, b))
	})
	var rank [256]uint8
	rank[of.count] = uint8(of.count) // missing stays last
	for r, b := range bins {
		rank[b] = uint8(r)
	}
	for i, b := range of.bins {
		c.bins[i] = rank[b]
	}
	for code, b := range of.codes {
		c.codes[code] = rank[b]
	}
}

// means places each bin at the mean of its rows' targets; one without rows at that of all.
func (p *Planter) means(of *column) {
	o, l := &p.categories, &p.grove.limits
	clear(o.sums[:])
	var total cell
	for i, row := range p.rows {
		o.sums[of.bins[row]].add(p.cells[i])
		total.add(p.cells[i])
	}
	sum, weight := l.value(total)
	all := sum / weight
	for b := range of.count {
		o.place[b] = all
		if o.sums[b].rest != 0 {
			sum, weight := l.value(o.sums[b])
			o.place[b] = sum / weight
		}
	}
}

// project places each bin along the first principal component of the shares of classes, which
// the power method finds as nearly as an order needs it.
func (p *Planter) project(of *column) {
	o, shift, classes := &p.categories, p.grove.limits.shift&63, p.grove.params.Classes
	var weights [256]float64
	for b := range of.count {
		if o.shares[b] == nil {
			o.shares[b] = make([]float64, classes)
		}
		clear(o.shares[b])
	}
	if o.center == nil {
		o.center, o.axis, o.next = make([]float64, classes), make([]float64, classes), make([]float64, classes)
	}
	clear(o.center)
	total := 0.0
	for i, row := range p.rows {
		b, c := of.bins[row], p.cells[i]
		if int(b) == of.count {
			continue
		}
		w := float64(int64(c.rest >> shift)) // sums of whole numbers, in any order
		o.shares[b][c.gradient] += w
		o.center[c.gradient] += w
		weights[b] += w
		total += w
	}
	farthest, start := -1.0, 0
	for b := range of.count {
		distance := 0.0
		for k := range o.center {
			if weights[b] == 0 {
				o.shares[b][k] = 0
				continue
			}
			o.shares[b][k] = o.shares[b][k]/weights[b] - o.center[k]/total
			distance += float64(o.shares[b][k] * o.shares[b][k])
		}
		if distance *= weights[b]; distance > farthest {
			farthest, start = distance, b
		}
	}
	copy(o.axis, o.shares[start])
	const steps = 20
	for range steps {
		clear(o.next)
		for b := range of.count {
			along := float64(weights[b] * dot(o.shares[b], o.axis))
			for k, v := range o.shares[b] {
				o.next[k] += float64(along * v)
			}
		}
		length := math.Sqrt(dot(o.next, o.next))
		if length == 0 {
			break
		}
		for k := range o.axis {
			o.axis[k] = o.next[k] / length
		}
	}
	for b := range of.count {
		o.place[b] = dot(o.shares[b], o.axis)
	}
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for k, v := range a {
		sum += float64(v * b[k])
	}
	return sum
}

// categorySet is the set of the categories that go left.
func (c *column) categorySet(s *split) []uint8 {
	left := make([]uint8, (len(c.codes)+7)/8)
	for code, bin := range c.codes {
		if s.goesLeft(bin) {
			left[code/8] |= 1 << (code % 8)
		}
	}
	return left
}
