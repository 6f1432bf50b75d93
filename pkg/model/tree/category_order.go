package tree

import (
	"cmp"
	"math"
	"slices"
)

// categoryOrder is how a tree of a Planter takes columns of categories: in one order, in which
// it cuts them like numbers. For best cuts the order is that of the target's mean among the rows
// that the tree was drawn: in a node with these means the best cut is the best set of all
// (Fisher 1958; Breiman et al. 1984, section 4.2.2), and an order taken once does as well as
// one for each node, at a fraction of the time (Wright & König 2019, Splitting on categorical
// predictors in random forests). They take it from all rows. Here each tree has its own, so that
// a row which a tree has not seen has no part in it and out-of-bag predictions stay honest. For
// three classes and more it is the order along the first principal component of the classes'
// shares (Coppersmith, Hong & Hosking 1999). For random cuts of classes it is any order, drawn for each
// tree: by the mean, trees on all rows are too much alike, and worse on adult. Values are another matter:
// of 150 categories in any order, cuts at random part little (docs/learners.md).
type categoryOrder struct {
	place  [256]float64 // of a bin in the order
	sums   [256]cell
	counts [256][]int64 // of classes
	shares [256][]float64
	axis   []float64
	next   []float64
}

// order rewrites the bins of the planter's columns of categories in the order of the tree.
func (p *Planter) order() {
	for j := range p.table {
		of := &p.grove.columns[j]
		switch {
		case of.codes == nil:
			continue
		case p.grove.params.Random && p.grove.params.Classes > 0:
			for b := range of.count {
				p.categories.place[b] = float64(p.random.Uint64() >> 11)
			}
		case p.grove.params.Classes > 2:
			p.countClasses(of)
			p.categories.project(of.count)
		default:
			p.means(of)
		}
		p.table[j].rank(of, p.categories.place[:of.count])
	}
}

// rank sets the bins and codes of c to those of the column, in the order of their places.
func (c *column) rank(of *column, places []float64) {
	bins := make([]uint8, len(places))
	for b := range bins {
		bins[b] = uint8(b)
	}
	slices.SortFunc(bins, func(a, b uint8) int {
		return cmp.Or(cmp.Compare(places[a], places[b]), cmp.Compare(a, b))
	})
	var ranks [256]uint8
	ranks[of.count] = uint8(of.count) // what is missing stays last
	for r, b := range bins {
		ranks[b] = uint8(r)
	}
	for i, b := range of.bins {
		c.bins[i] = ranks[b]
	}
	for code, b := range of.codes {
		c.codes[code] = ranks[b]
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

// countClasses counts the classes of each bin, as integers: the order of rows is none of a sum.
func (p *Planter) countClasses(of *column) {
	o, shift := &p.categories, p.grove.limits.shift&63
	for b := range of.count {
		o.counts[b] = zeros(o.counts[b], p.grove.params.Classes)
	}
	for i, row := range p.rows {
		if b := of.bins[row]; int(b) < of.count {
			c := p.cells[i]
			o.counts[b][c.gradient] += int64(c.rest >> shift)
		}
	}
}

// project places each of so many bins along the first principal component of the shares of
// classes, each bin by its rows. The power method finds it, as nearly as an order needs.
func (o *categoryOrder) project(bins int) {
	classes := len(o.counts[0])
	if len(o.axis) != classes {
		o.axis, o.next = make([]float64, classes), make([]float64, classes)
	}
	var weights [256]float64
	center, total := o.next, 0.0
	clear(center)
	for b, counts := range o.counts[:bins] {
		for k, n := range counts {
			center[k] += float64(n)
			weights[b] += float64(n)
		}
		total += weights[b]
	}
	farthest := -1.0
	for b, counts := range o.counts[:bins] {
		o.shares[b] = append(o.shares[b][:0], make([]float64, classes)...)
		if weights[b] == 0 {
			continue // in the middle
		}
		for k, n := range counts {
			o.shares[b][k] = float64(n)/weights[b] - center[k]/total
		}
		if d := float64(weights[b] * dot(o.shares[b], o.shares[b])); d > farthest {
			farthest = d
			copy(o.axis, o.shares[b])
		}
	}
	const steps = 20
	for range steps {
		clear(o.next)
		for b, shares := range o.shares[:bins] {
			along := float64(weights[b] * dot(shares, o.axis))
			for k, v := range shares {
				o.next[k] += float64(along * v)
			}
		}
		length := math.Sqrt(dot(o.next, o.next))
		if length == 0 {
			break // all shares are alike
		}
		for k, v := range o.next {
			o.axis[k] = v / length
		}
	}
	for b, shares := range o.shares[:bins] {
		o.place[b] = dot(shares, o.axis)
	}
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for k, v := range a {
		sum += float64(v * b[k])
	}
	return sum
}

// categorySet is the set of the categories that go left, as a Node has it.
func (c *column) categorySet(s *split) []uint8 {
	left := make([]uint8, (len(c.codes)+7)/8)
	for code, bin := range c.codes {
		if s.goesLeft(bin) {
			left[code/8] |= 1 << (code % 8)
		}
	}
	return left
}
