package profile

import (
	"math"
	"slices"
	"sort"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/sketch"
)

// distribution is the distribution function of numbers as far as a profile knows it: steps
// and slopes between knots.
type distribution struct {
	rows        int     // numbers, infinities among them
	error       float64 // by which a rank may be off in one of 100 cases, as a share of rows
	grain       float64 // the share of the rows that one value of a sketch stands for at most; 0: one row
	approximate bool
	knots       []knot // of ascending x
}

// knot is where the function has a step, or the slope changes. It is linear from upTo of one
// knot to below of the next.
type knot struct {
	x           float64
	below, upTo float64 // shares of the rows with less than x, and with x or less
}

// at is the shares of the rows with less than x, and with x or less.
func (d *distribution) at(x float64) (below, upTo float64) {
	i := sort.Search(len(d.knots), func(i int) bool { return d.knots[i].x >= x })
	switch {
	case i == len(d.knots):
		return 1, 1
	case d.knots[i].x == x:
		return d.knots[i].below, d.knots[i].upTo
	case i == 0:
		return 0, 0
	}
	from, to := d.knots[i-1], d.knots[i]
	if from.upTo == to.below { // also where an end is infinite
		return from.upTo, from.upTo
	}
	share := between(from.upTo, to.below, way(from.x, to.x, x))
	return share, share
}

// way is the share of the way from a to b at which x lies, a < b.
func way(a, b, x float64) float64 {
	if width := b - a; !math.IsInf(width, 0) {
		return (x - a) / width
	}
	half := float64(a / 2) // halves do not overflow
	return (float64(x/2) - half) / (float64(b/2) - half)
}

// quantile is the least x up to which the share q of the rows lies, q > 0.
func (d *distribution) quantile(q float64) float64 {
	i := min(sort.Search(len(d.knots), func(i int) bool { return d.knots[i].upTo >= q }), len(d.knots)-1)
	to := d.knots[i]
	if i == 0 || q >= to.below {
		return to.x
	}
	from := d.knots[i-1]
	return between(from.x, to.x, (q-from.upTo)/(to.below-from.upTo))
}

// distributions are those of two columns of numbers or moments: both by their sketches, or
// else both by what else there is. One that the profile does not tell is nil.
func distributions(a, b *Column) (p, q *distribution) {
	if p, q = sketched(a), sketched(b); p == nil || q == nil {
		p, q = interpolated(a), interpolated(b)
	}
	return p, q
}

// sketched is the distribution of a column with a sketch of its numbers; nil if it has none
// that can be read, or one of other numbers.
func sketched(c *Column) *distribution {
	var s sketch.Quantiles
	finite := c.Count - c.Infinite.Negative - c.Infinite.Positive
	if finite > 0 && (c.Sketches == nil || s.UnmarshalBinary(c.Sketches.Quantiles) != nil || s.N() != uint64(finite)) {
		return nil
	}
	d := &distribution{rows: c.Count, error: s.RankError()}
	all := float64(c.Count)
	d.step(math.Inf(-1), c.Infinite.Negative, all)
	until := float64(c.Infinite.Negative)
	for x, weight := range s.All() {
		if !s.Exact() {
			d.grain = max(d.grain, float64(weight)/all)
		}
		before := until / all
		until += float64(weight)
		if last := len(d.knots) - 1; last >= 0 && d.knots[last].x == x {
			d.knots[last].upTo = until / all
		} else {
			d.knots = append(d.knots, knot{x, before, until / all})
		}
	}
	d.step(math.Inf(1), c.Infinite.Positive, all)
	return d
}

// step adds n of all rows at x, which is above all knots.
func (d *distribution) step(x float64, n int, all float64) {
	if n == 0 {
		return
	}
	before := 0.0
	if len(d.knots) > 0 {
		before = d.knots[len(d.knots)-1].upTo
	}
	d.knots = append(d.knots, knot{x, before, min(1, before+float64(n)/all)})
}

// interpolated is the distribution of a column without its sketch: exact if all values are
// among the most frequent ones. Else the share of each bin, cut further at the quantiles, is
// spread evenly over it, less the frequent values, whose places are known.
func interpolated(c *Column) *distribution {
	d := &distribution{rows: c.Count}
	all := float64(c.Count)
	atoms := frequentNumbers(c)
	listed := 0
	for _, a := range atoms {
		listed += a.n
	}
	if listed == c.Count {
		for _, a := range atoms {
			d.step(a.x, a.n, all)
		}
		return d
	}
	d.approximate = true
	d.step(math.Inf(-1), c.Infinite.Negative, all)
	if s := c.Numeric; s != nil && s.Histogram.sound() {
		atoms = slices.DeleteFunc(atoms, func(a atom) bool {
			return a.x < s.Histogram.Edges[0] || a.x > s.Histogram.Edges[len(s.Histogram.Counts)]
		})
		most := 0.0
		marks := s.marks(atoms)
		finite := all - float64(c.Infinite.Negative) - float64(c.Infinite.Positive)
		for i, from := range marks[:len(marks)-1] {
			to := marks[i+1]
			end := sort.Search(len(atoms), func(j int) bool { return atoms[j].x >= to.x })
			if i == len(marks)-2 {
				end = len(atoms)
			}
			most = max(most, d.spread(from, to, atoms[:end], finite, all))
			atoms = atoms[end:]
		}
		// A density that falls linearly to 0 from one mark to the next puts a quarter of the
		// share elsewhere than a constant one. Steeper ones and whole numbers do more; beyond a
		// half they are so concentrated that a frequent value or a bin would tell.
		d.error = s.Quantiles.RankError + float64(most/2)
	}
	d.step(math.Inf(1), c.Infinite.Positive, all)
	if n := len(d.knots); n == 0 || d.knots[n-1].upTo < 1-1e-6 {
		return nil // the bins are not there
	}
	return d
}

// sound reports that there are bins, with values, between edges that ascend. A profile that
// was read may be anybody's.
func (h *Histogram) sound() bool {
	total := 0
	for _, n := range h.Counts {
		if n < 0 {
			return false
		}
		total += n
	}
	return total > 0 && len(h.Edges) == len(h.Counts)+1 && slices.IsSorted(h.Edges)
}

// atom is a frequent number and how many rows have it.
type atom struct {
	x float64
	n int
}

// frequentNumbers are the most frequent values of a column in ascending order.
func frequentNumbers(c *Column) []atom {
	var atoms []atom
	for _, v := range c.Top {
		if x, err := dataset.ParseValue(c.Type, v.Value); err == nil && !v.Truncated {
			atoms = append(atoms, atom{x, v.Count})
		}
	}
	slices.SortFunc(atoms, func(a, b atom) int {
		if a.x < b.x {
			return -1
		}
		return 1
	})
	return atoms
}

// mark is a place at which the share of the finite numbers that are less is known.
type mark struct{ x, below float64 }

// marks are the edges of the histogram, and the quantiles that lie between edges and on no
// frequent value, in ascending order: two at least, of which the last is the greatest value.
func (s *NumericSummary) marks(atoms []atom) []mark {
	total, edges := 0, s.Histogram.Edges
	for _, n := range s.Histogram.Counts {
		total += n
	}
	var marks []mark
	sum := 0
	for i, n := range s.Histogram.Counts {
		marks = append(marks, mark{edges[i], float64(sum) / float64(total)})
		sum += n
	}
	marks = append(marks, mark{edges[len(edges)-1], 1})
	q := &s.Quantiles
	for _, m := range []mark{{q.P01, 0.01}, {q.P05, 0.05}, {q.P25, 0.25}, {q.P50, 0.5}, {q.P75, 0.75}, {q.P95, 0.95}, {q.P99, 0.99}} {
		i := sort.Search(len(marks), func(i int) bool { return marks[i].x >= m.x })
		frequent := slices.ContainsFunc(atoms, func(a atom) bool { return a.x == m.x })
		if i == 0 || i == len(marks) || marks[i].x == m.x || frequent {
			continue
		}
		if m.below >= marks[i-1].below && m.below <= marks[i].below {
			marks = slices.Insert(marks, i, m)
		}
	}
	return marks
}

// spread adds the finite numbers from one mark to the next: steps at the atoms, and the rest
// evenly. It returns the share of the rest in all rows.
func (d *distribution) spread(from, to mark, atoms []atom, finite, all float64) float64 {
	before := 0.0
	if len(d.knots) > 0 {
		before = d.knots[len(d.knots)-1].upTo
	}
	share := (to.below - from.below) * finite / all
	known := 0.0
	for _, a := range atoms {
		known += float64(a.n) / all
	}
	scale := 1.0
	if known > share { // by the error of a quantile, or of the counts
		scale = share / known
	}
	rest := max(0, share-known)
	if len(atoms) == 0 || atoms[0].x > from.x {
		d.knot(from.x, before, before)
	}
	for _, a := range atoms {
		below := before
		if to.x > from.x {
			below += float64(rest * way(from.x, to.x, a.x))
		}
		n := float64(float64(a.n) / all * scale)
		d.knot(a.x, below, below+n)
		before += n
	}
	if len(atoms) == 0 || atoms[len(atoms)-1].x < to.x {
		d.knot(to.x, before+rest, before+rest)
	} else {
		last := &d.knots[len(d.knots)-1]
		last.upTo = max(last.upTo, before+rest)
	}
	return rest
}

// knot adds a knot, or its share to the one there.
func (d *distribution) knot(x, below, upTo float64) {
	below, upTo = min(below, 1), min(upTo, 1)
	if last := len(d.knots) - 1; last >= 0 && d.knots[last].x >= x {
		d.knots[last].upTo = max(d.knots[last].upTo, upTo)
		return
	}
	d.knots = append(d.knots, knot{x, below, upTo})
}

// finite is the distribution of the finite numbers alone; nil if there are none.
func (d *distribution) finite() *distribution {
	f := &distribution{rows: d.rows, error: d.error, grain: d.grain, approximate: d.approximate, knots: d.knots}
	low, high := 0.0, 1.0
	if first := f.knots[0]; math.IsInf(first.x, -1) {
		low = first.upTo
		f.knots = f.knots[1:]
	}
	if len(f.knots) > 0 && math.IsInf(f.knots[len(f.knots)-1].x, 1) {
		high = f.knots[len(f.knots)-1].below
		f.knots = f.knots[:len(f.knots)-1]
	}
	if len(f.knots) == 0 {
		return nil
	}
	if low == 0 && high == 1 {
		return f
	}
	scaled := make([]knot, len(f.knots))
	for i, k := range f.knots {
		scaled[i] = knot{k.x, (k.below - low) / (high - low), (k.upTo - low) / (high - low)}
	}
	f.knots = scaled
	f.rows = int(math.Round((high - low) * float64(d.rows)))
	return f
}
