package profile

import (
	"math"
	"sort"
	"sync"

	"github.com/foretell-ml/foretell/pkg/sketch"
)

// numbers accumulates numbers, or moments in time, of one column. While there are few
// different ones, values with their counts say everything; beyond that, sketches are fed.
type numbers struct {
	Infinite                   Infinite
	Zeros, Negatives, Integers int
	Min, Max                   float64 // of the finite ones
	MinCount, MaxCount         int     // how many have them
	Moments                    moments
	Table                      *sketch.Numbers
	// Quantiles and Distinct are nil while Table is exact: they can be made of it.
	Quantiles *sketch.Quantiles
	Distinct  *sketch.Distinct
	// Steps counts the steps between successive moments in time while these are in order; nil
	// for numbers.
	Steps *sketch.Numbers

	seed    uint64
	pending []float64 // finite ones in the order of their rows, not yet looked at
	free    sketches  // whose memory is for those above
}

// sketches are those of numbers.
type sketches struct {
	table, steps *sketch.Numbers
	quantiles    *sketch.Quantiles
}

// freeSketches are those of numbers that were merged into others: every block has some.
var freeSketches sync.Pool

// reusedFrom is the size of a table from which on its memory is used again, as those of up to 341
// columns are. Of more columns there is as much of it as all blocks together need.
const reusedFrom = 768

func newNumbers(limit int, moments bool, seed uint64) *numbers {
	n := &numbers{seed: seed}
	if free, ok := freeSketches.Get().(*sketches); ok {
		n.free = *free
	}
	n.Table = emptied(n.free.table, limit)
	if moments {
		n.Steps = emptied(n.free.steps, stepsLimit)
	}
	return n
}

// emptied is t without what it counts, or a new one.
func emptied(t *sketch.Numbers, limit int) *sketch.Numbers {
	if t == nil {
		return sketch.NewNumbers(limit)
	}
	t.Reset(limit)
	return t
}

// discard gives up the sketches of n, which is not to be used any more.
func (n *numbers) discard() {
	free := n.free
	free.table = n.Table
	if n.Steps != nil {
		free.steps = n.Steps
	}
	if n.Quantiles != nil {
		free.quantiles = n.Quantiles
	}
	*n = numbers{}
	if free.table.Max() >= reusedFrom {
		freeSketches.Put(&free)
	}
}

// stepsLimit is how many different steps between moments are counted: a cadence that more of
// them hide is none.
const stepsLimit = 1000

// len is how many values there are, infinities among them.
func (n *numbers) len() int {
	if n == nil {
		return 0
	}
	return int(n.Moments.N) + n.Infinite.Negative + n.Infinite.Positive + len(n.pending)
}

// add takes values in the order of their rows; NaN is missing.
func (n *numbers) add(values []float64, s *sequence, w *workspace) {
	for len(values) > 0 {
		room := min(len(values), w.chunk-len(n.pending))
		if n.Steps != nil {
			n.step(values[:room], *s, w)
		}
		s.follow(values[:room])
		n.append(values[:room])
		values = values[room:]
		if len(n.pending) == w.chunk {
			n.flush(s, w)
		}
	}
}

// append puts off the finite ones of values, for which there is room.
func (n *numbers) append(values []float64) {
	k := len(n.pending)
	to := n.pending[:k+len(values)]
	taken := takeFinite(to[k:], values)
	k += taken
	values = values[taken:]
	for _, v := range values {
		v += 0 // -0 + 0 is 0
		to[k] = v
		finite := 0
		if v-v == 0 {
			finite = 1
		}
		k += finite // no branch, because nobody foresees where values are missing
	}
	n.pending = to[:k]
	for _, v := range values {
		switch {
		case v > math.MaxFloat64:
			n.Infinite.Positive++
		case v < -math.MaxFloat64:
			n.Infinite.Negative++
		}
	}
}

// step counts the steps between moments, of which the first follows what was seen before.
func (n *numbers) step(values []float64, before sequence, w *workspace) {
	if before.Up && before.Down {
		return
	}
	steps := w.scratch[:0]
	for _, v := range values {
		if v != v {
			continue
		}
		if before.Any && v != before.Last {
			steps = append(steps, math.Abs(v-before.Last))
		}
		before.Any, before.Last = true, v
	}
	sketch.SortFloats(steps, w.more)
	n.Steps.AddSorted(steps)
}

// flush looks at the pending values.
func (n *numbers) flush(s *sequence, w *workspace) {
	x := n.pending
	if len(x) == 0 {
		return
	}
	m, lag := describeChunk(x)
	s.chunk(x, m, lag)
	sketch.SortFloats(x, w.scratch[:len(x)])
	w.runs, w.lengths = sketch.Runs(x, w.runs[:0], w.lengths[:0])
	last := len(w.runs) - 1
	n.widen(w.runs[0], int(w.lengths[0]), w.runs[last], int(w.lengths[last]))
	n.Moments.merge(m)
	n.Integers += int(wholeIn(w.runs, w.lengths))
	negatives := sort.SearchFloat64s(x, 0)
	n.Negatives += negatives
	n.Zeros += sort.Search(len(x)-negatives, func(i int) bool { return x[negatives+i] > 0 })
	n.count(x, w.runs, w.lengths)
	n.pending = x[:0]
}

// widen takes the extremes of other values, and how many of them are there.
func (n *numbers) widen(low float64, lows int, high float64, highs int) {
	if n.Moments.N == 0 || low < n.Min {
		n.Min, n.MinCount = low, 0
	}
	if n.Moments.N == 0 || high > n.Max {
		n.Max, n.MaxCount = high, 0
	}
	if low == n.Min {
		n.MinCount += lows
	}
	if high == n.Max {
		n.MaxCount += highs
	}
}

// count counts sorted values, of which runs are the different ones and lengths their counts.
func (n *numbers) count(sorted, runs []float64, lengths []uint64) {
	before := n.Table
	if n.Quantiles == nil && before.Len()+len(runs) > before.Max() { // perhaps too many different ones
		before = before.Clone()
	}
	n.Table.AddCounted(runs, lengths)
	if n.Table.Exact() {
		return
	}
	if n.Quantiles == nil {
		n.sketchTable(before)
	}
	n.Quantiles.AddSorted(sorted)
	n.Distinct.AddFloats(runs)
}

// sketchTable feeds the sketches with all that an exact table counts.
func (n *numbers) sketchTable(t *sketch.Numbers) {
	if n.Quantiles == nil {
		sizes := sketchSizes(n.Table.Max())
		if n.Quantiles = n.free.quantiles; n.Quantiles == nil {
			n.Quantiles = new(sketch.Quantiles)
		}
		n.Quantiles.Reset(sizes.quantilesK, n.seed)
		n.Distinct = sketch.NewDistinct(sizes.distinctLgK)
	}
	values, counts := make([]float64, 0, t.Len()), make([]uint64, 0, t.Len())
	for v, c := range t.All() {
		values, counts = append(values, v), append(counts, c)
	}
	n.Quantiles.AddCounted(values, counts)
	n.Distinct.AddFloats(values)
}

// merge adds the values of o, which are not pending.
func (n *numbers) merge(o *numbers) {
	n.Infinite.Negative += o.Infinite.Negative
	n.Infinite.Positive += o.Infinite.Positive
	n.Zeros += o.Zeros
	n.Negatives += o.Negatives
	n.Integers += o.Integers
	if o.Moments.N > 0 {
		n.widen(o.Min, o.MinCount, o.Max, o.MaxCount)
	}
	n.Moments.merge(o.Moments)
	if n.Steps != nil {
		n.Steps.Merge(o.Steps)
	}
	before := n.Table
	if n.Quantiles == nil && (o.Quantiles != nil || before.Len()+o.Table.Len() > before.Max()) {
		before = before.Clone()
	}
	n.Table.Merge(o.Table)
	if n.Table.Exact() {
		return
	}
	if n.Quantiles == nil {
		n.sketchTable(before)
	}
	if o.Quantiles == nil {
		n.sketchTable(o.Table)
	} else {
		n.Quantiles.Merge(o.Quantiles)
		n.Distinct.Merge(o.Distinct)
	}
}

// sketches returns the sketches of all values, made of the table if they are not there.
func (n *numbers) sketches() (*sketch.Quantiles, *sketch.Distinct) {
	if n.Quantiles != nil {
		return n.Quantiles, n.Distinct
	}
	made := numbers{Table: n.Table}
	made.sketchTable(n.Table)
	return made.Quantiles, made.Distinct
}
