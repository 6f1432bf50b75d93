package walk

import (
	"math"
	"math/bits"
	"slices"

	"github.com/foretell-ml/foretell/pkg/model/tree"
)

// A slot is what a node compares: a number that a row has, whose comparison with the node's says
// left or right. A column of thresholds has up to two slots, for what is missing goes left at
// some nodes and right at others; a set of categories has one of its own, 0 in it and 1 outside,
// or, in the wide form, its column has one with the category.
type slots struct {
	count   int
	numbers []numbers
	members []members
	codes   []codes
	// of finds the slot of a split while it is laid out.
	of func(i int32) (slot int, rank uint32)
}

// numbers are the thresholds of a column. A value's rank is how many of them are below it, and a
// node of the k-th threshold, from 1, has on its left the ranks below k.
type numbers struct {
	column int
	// bounds are the thresholds in order, by key, and then keys above all numbers: as many as
	// make it a power of two, one at least.
	bounds []uint64
	count  int // thresholds
	// right and left are the slots of nodes that send what is missing there, -1 if there are none.
	right, left int
}

// members is a set of categories of a column.
type members struct {
	column, slot int
	set          []uint8
	missingLeft  bool
}

// codes is a column of categories in the wide form: those up to limit, and limit for what is
// missing or none of them.
type codes struct {
	column, slot int
	limit        int
}

// above is a key above those of all numbers, which none of them has.
const above = math.MaxUint64

// key is an integer for each number, in the same order; both zeros have one. NaN has none.
func key(v float64) uint64 {
	b := math.Float64bits(v + 0)
	return b ^ (uint64(int64(b)>>63) | 1<<63)
}

// rank is how many of the bounds are below a key: a binary search without a branch.
func rank(bounds []uint64, k uint64) int {
	base := 0
	for half := len(bounds) / 2; half > 0; half /= 2 {
		_, below := bits.Sub64(bounds[base+half-1], k, 0)
		base += half & -int(below)
	}
	return base
}

// ranks is rank of four keys side by side.
func ranks(bounds []uint64, k *[4]uint64) (r0, r1, r2, r3 int) {
	k0, k1, k2, k3 := k[0], k[1], k[2], k[3]
	for half := len(bounds) / 2; half > 0; half /= 2 {
		_, b0 := bits.Sub64(bounds[r0+half-1], k0, 0)
		_, b1 := bits.Sub64(bounds[r1+half-1], k1, 0)
		_, b2 := bits.Sub64(bounds[r2+half-1], k2, 0)
		_, b3 := bits.Sub64(bounds[r3+half-1], k3, 0)
		r0 += half & -int(b0)
		r1 += half & -int(b1)
		r2 += half & -int(b2)
		r3 += half & -int(b3)
	}
	return
}

// columns is what the splits of a forest ask of each column.
type columns struct {
	of    []column
	index []int32 // in of, by number; -1: of none
}

type column struct {
	number int32
	cuts   cuts
	limit  int // categories, if there are sets; else -1
}

// survey goes through all splits.
func survey(f *tree.Stored) *columns {
	c := &columns{}
	for i := range int32(f.Nodes()) {
		feature := f.Feature(i)
		if feature < 0 {
			continue
		}
		of := c.column(feature)
		if set := f.Set(i); set > 0 {
			of.limit = max(of.limit, 8*len(f.Sets[set-1]))
			continue
		}
		of.cuts.add(key(f.Threshold(i)))
		missingLeft := f.MissingLeft(i)
		of.cuts.right, of.cuts.left = of.cuts.right || !missingLeft, of.cuts.left || missingLeft
	}
	return c
}

// column is that of a feature.
func (c *columns) column(feature int32) *column {
	for int(feature) >= len(c.index) {
		c.index = append(c.index, -1)
	}
	if c.index[feature] < 0 {
		c.index[feature] = int32(len(c.of))
		c.of = append(c.of, column{number: feature, limit: -1})
	}
	return &c.of[c.index[feature]]
}

// number gives the columns' thresholds their slots.
func (c *columns) number(s *slots) (at []int) {
	at = make([]int, len(c.of)) // in s.numbers
	for i := range c.of {
		of := &c.of[i]
		if len(of.cuts.keys) == 0 {
			continue
		}
		n := numbers{column: int(of.number), right: -1, left: -1}
		n.bounds, n.count = of.cuts.sorted()
		if of.cuts.right {
			n.right, s.count = s.count, s.count+1
		}
		if of.cuts.left {
			n.left, s.count = s.count, s.count+1
		}
		at[i] = len(s.numbers)
		s.numbers = append(s.numbers, n)
	}
	return at
}

// threshold is the slot and the rank of a split with a threshold, given those of its column.
func (c *column) threshold(of *numbers, f *tree.Stored, i int32) (slot int, rank uint32) {
	rank = c.cuts.rank(of.bounds, key(f.Threshold(i)))
	if f.MissingLeft(i) {
		return of.left, rank
	}
	return of.right, rank
}

// Limits of the narrow form: slots and ranks are a byte each, and how far a child is from its
// node two.
const (
	narrowSlots = 256
	narrowRanks = 255
	narrowNodes = 1 << 16 // of a tree
)

// narrow are slots of the narrow form; false if there are too many of them.
func (c *columns) narrow(f *tree.Stored) (slots, bool) {
	var s slots
	for i := range c.of {
		if c.of[i].cuts.many {
			return s, false
		}
	}
	at := c.number(&s)
	type set struct {
		column      int32
		bits        string
		missingLeft bool
	}
	slotOf := map[set]int{}
	of := func(i int32) set { return set{f.Feature(i), string(f.Sets[f.Set(i)-1]), f.MissingLeft(i)} }
	for i := range int32(f.Nodes()) {
		if len(f.Sets) == 0 || f.Feature(i) < 0 || f.Set(i) == 0 {
			continue
		}
		if _, known := slotOf[of(i)]; !known {
			if s.count == narrowSlots {
				return s, false
			}
			slotOf[of(i)] = s.count
			s.members = append(s.members, members{int(f.Feature(i)), s.count, slices.Clone(f.Sets[f.Set(i)-1]), f.MissingLeft(i)})
			s.count++
		}
	}
	s.of = func(i int32) (int, uint32) {
		if f.Set(i) > 0 {
			return slotOf[of(i)], 1
		}
		k := c.index[f.Feature(i)]
		return c.of[k].threshold(&s.numbers[at[k]], f, i)
	}
	return s, s.count <= narrowSlots && f.Largest() <= narrowNodes
}

// wide are slots of the wide form. That of a set has the category, whatever the set.
func (c *columns) wide(f *tree.Stored) slots {
	var s slots
	at := c.number(&s)
	code := make([]int, len(c.of))
	for i := range c.of {
		if of := &c.of[i]; of.limit >= 0 {
			code[i] = s.count
			s.codes = append(s.codes, codes{int(of.number), s.count, of.limit})
			s.count++
		}
	}
	s.of = func(i int32) (int, uint32) {
		k := c.index[f.Feature(i)]
		if f.Set(i) > 0 {
			return code[k], 0
		}
		return c.of[k].threshold(&s.numbers[at[k]], f, i)
	}
	return s
}

func (s *slots) bytes() (n int) {
	for _, of := range s.numbers {
		n += 8 * len(of.bounds)
	}
	for _, of := range s.members {
		n += len(of.set)
	}
	return n
}

// fill sets the ranks of a block of rows: for each group of lanes rows, one behind the other,
// those of each slot side by side. The last group may be short.
func fill[R uint8 | uint32](s *slots, to []R, columns [][]float64, begin, rows int) {
	for j := range s.numbers {
		n := &s.numbers[j]
		values := columns[n.column][begin : begin+rows]
		if len(values) == 1 {
			set(n, to, 0, values[0], rank(n.bounds, key(values[0])))
			continue
		}
		at := 0
		for ; len(values) >= lanes; values = values[lanes:] {
			setFour(n, to[at:], 0, (*[4]float64)(values))
			setFour(n, to[at:], 4, (*[4]float64)(values[4:]))
			at += s.count * lanes
		}
		for lane, x := range values {
			set(n, to[at:], lane, x, rank(n.bounds, key(x)))
		}
	}
	for j := range s.members {
		m := &s.members[j]
		for i, x := range columns[m.column][begin : begin+rows] {
			outside := R(1)
			if in(m.set, x, m.missingLeft) {
				outside = 0
			}
			to[(i/lanes*s.count+m.slot)*lanes+i%lanes] = outside
		}
	}
	for j := range s.codes {
		c := &s.codes[j]
		for i, x := range columns[c.column][begin : begin+rows] {
			code := R(c.limit)
			if x >= 0 && x < float64(c.limit) {
				code = R(x)
			}
			to[(i/lanes*s.count+c.slot)*lanes+i%lanes] = code
		}
	}
}

func setFour[R uint8 | uint32](n *numbers, to []R, lane int, x *[4]float64) {
	r0, r1, r2, r3 := ranks(n.bounds, &[4]uint64{key(x[0]), key(x[1]), key(x[2]), key(x[3])})
	set(n, to, lane, x[0], r0)
	set(n, to, lane+1, x[1], r1)
	set(n, to, lane+2, x[2], r2)
	set(n, to, lane+3, x[3], r3)
}

// set sets the rank of a value in the slots of its column.
func set[R uint8 | uint32](n *numbers, to []R, lane int, x float64, rank int) {
	right, left := rank, rank
	if math.IsNaN(x) {
		right, left = n.count, 0
	}
	if n.right >= 0 {
		to[n.right*lanes+lane] = R(right)
	}
	if n.left >= 0 {
		to[n.left*lanes+lane] = R(left)
	}
}

// in reports whether a split on categories has x on its left, as tree.Forest.Leaf does.
func in(set []uint8, x float64, missingLeft bool) bool {
	if !(x >= 0 && x < float64(8*len(set))) {
		return missingLeft
	}
	c := int(x)
	return set[c/8]>>(c%8)&1 != 0
}
