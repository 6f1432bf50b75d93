package tree

import (
	"errors"
	"math"
	"math/bits"
)

// GroveParams are the rules of trees that are grown side by side, not one on another.
type GroveParams struct {
	Classes     int  // of the target; 0: a value
	MaxDepth    int  // at most so many splits from root to leaf; 0: no bound
	MinLeafRows int  // least rows of a leaf, 1 to 2^20, a row counting as often as it was drawn
	Columns     int  // to look at for each split, 1 or more
	Random      bool // cut each of them at a random place (Geurts, Ernst & Wehenkel 2006), not the best
	Bootstrap   bool // draw the rows of each tree with replacement
}

// Grove is what the trees of a random forest share: bins, targets as integers, and an order
// of rows and columns to draw from that depends on what they hold and not on where they
// stand. So a forest is a function of its data as a set, and as exact as any tree here.
//
// Trees of a forest are deep: most of their nodes have few rows and look at few columns. So a
// Grove grows by other means than a Grower: a tree on one core, rows by index, a histogram of
// one column at a time of which only the bins in use are looked at. Where the best cut lies
// is for both found by the same scan.
type Grove struct {
	params  GroveParams
	table   *Table
	columns []column // in the order to draw from
	draw    drawing
	// The target of each row: its class, or its distance from center in units of 1/scale.
	target        []int64
	center, scale float64
	// What one draw of a row counts for, in units of 2^-exponent; nil is 1.
	units, weighted []int64 // and that times the target, for values
	exponent        int
	limits          limits
	unit            float64     // the weight that 2^exponent of units is
	values          [][]float64 // columns of the matrix, for random cuts
}

// NewGrove prepares trees for a target on the rows of a table and of the columns it was made
// of, which random cuts go on reading. Weights are positive, one per
// row, and say what a row counts for; repeats, how often it stands for one: a row of repeats
// r ≥ 1 is drawn like ⌊r⌋ rows. Both may be nil, for 1. It returns ErrNotFinite if targets are
// too far apart.
func NewGrove(t *Table, columns [][]float64, target, weights, repeats []float64, p GroveParams) (*Grove, error) {
	g := &Grove{params: p, table: t, values: columns, draw: newDrawing(repeats, t.rows)}
	if p.MinLeafRows > 1 { // else there is no need to count
		g.limits = limits{shift: bits.Len64(g.draw.places), rows: uint64(p.MinLeafRows)}
	}
	scaled := g.weigh(weights)
	if err := g.aim(target, scaled); err != nil {
		return nil, err
	}
	g.arrange(target, weights)
	return g, nil
}

// weigh sets what a draw of each row counts for, and returns it as numbers of at most 1; nil
// if all count alike.
func (g *Grove) weigh(weights []float64) []float64 {
	if weights == nil {
		weights = make([]float64, g.table.rows)
		for i := range weights {
			weights[i] = 1
		}
	}
	units, heaviest, alike := make([]float64, len(weights)), 0.0, true
	for i, w := range weights {
		units[i] = w / float64(g.draw.of(i))
		heaviest = max(heaviest, units[i])
		alike = alike && units[i] == units[0]
	}
	g.unit = units[0]
	if alike {
		return nil
	}
	_, e := math.Frexp(heaviest)
	g.unit = math.Ldexp(1, e)
	g.exponent = 61 - g.limits.shift - bits.Len64(g.draw.places)
	g.units = make([]int64, len(units))
	for i, u := range units {
		units[i] = math.Ldexp(u, -e)
		g.units[i] = max(1, int64(math.RoundToEven(math.Ldexp(units[i], g.exponent))))
	}
	return units
}

// aim sets the target.
func (g *Grove) aim(target, units []float64) error {
	g.target, g.scale = make([]int64, len(target)), 1
	if g.params.Classes > 0 {
		for i, y := range target {
			g.target[i] = int64(y)
		}
		g.weighted = g.target
		if g.units != nil {
			g.weighted = make([]int64, len(target))
			for i, y := range target {
				g.weighted[i] = g.units[i] * int64(y)
			}
		}
		return nil
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, y := range target {
		low, high = min(low, y), max(high, y)
	}
	g.center = float64(low/2) + float64(high/2)
	g.scale = scaleTo(60-bits.Len64(g.draw.places), max(high-g.center, g.center-low))
	if g.scale == 0 {
		return ErrNotFinite
	}
	g.weighted = g.target
	if units != nil {
		g.weighted = make([]int64, len(target))
	}
	for i, y := range target {
		v := math.RoundToEven(float64((y - g.center) * g.scale))
		g.target[i] = int64(v)
		if units != nil {
			g.weighted[i] = int64(math.RoundToEven(float64(units[i] * v)))
		}
	}
	return nil
}

// value is the mean of the target over rows of that sum.
func (g *Grove) value(c cell) float64 {
	sum, weight := g.limits.value(c)
	mean := sum / weight
	if g.params.Classes > 0 {
		return mean // the share of class 1
	}
	return g.center + math.Ldexp(mean, g.exponent)/g.scale
}

// cover is the weight of rows of that sum, and a number above 0 in any case.
func (g *Grove) cover(c cell) float64 {
	_, weight := g.limits.value(c)
	return max(math.SmallestNonzeroFloat64, min(math.Ldexp(weight, -g.exponent)*g.unit, math.MaxFloat64))
}

// gain is what a split takes off the squared error or Gini's impurity, summed over rows.
func (g *Grove) gain(of float64) float64 {
	if g.params.Classes > 0 {
		of = math.Ldexp(of, -g.exponent)
	} else {
		of = math.Ldexp(of, g.exponent) / g.scale / g.scale
	}
	return max(0, min(float64(of*g.unit), math.MaxFloat64))
}

// Shares is how much of a leaf's rows each class has, for leaves of trees of three classes
// and more: leaf l has Class[Starts[l]:Starts[l+1]] and, of the same indices, Share. Its
// node's value is l.
type Shares struct {
	Starts []int32
	Class  []int32
	Share  []float64
}

// Leaves is the number of leaves.
func (s *Shares) Leaves() int { return len(s.Starts) - 1 }

// Append adds the leaves of the next tree, whose nodes' values count on from before.
func (s *Shares) Append(o *Shares) error {
	if len(s.Class)+len(o.Class) > math.MaxInt32 {
		return errors.New("more than 2^31 shares of classes in leaves")
	}
	if len(s.Starts) == 0 {
		s.Starts = []int32{0}
	}
	first := s.Starts[len(s.Starts)-1]
	for _, start := range o.Starts[1:] {
		s.Starts = append(s.Starts, first+start)
	}
	s.Class = append(s.Class, o.Class...)
	s.Share = append(s.Share, o.Share...)
	return nil
}
