package sketch

import (
	"iter"
	"math"
	"math/bits"
	"slices"
	"sort"
	"sync/atomic"
)

const (
	// MinK is the smallest k of Quantiles.
	MinK = 8
	// DefaultK is the k of a zero Quantiles that values are added to.
	DefaultK = 200

	levelMin  = 8  // m, the least capacity of a level
	maxLevels = 61 // of a sketch that is read: weights up to 2^60
)

// Quantiles is a KLL sketch of float64 (Karnin, Lang and Liberty, Optimal quantile
// approximation in streams, FOCS 2016) with the levels of Apache DataSketches: level h holds
// values that stand for 2^h each. When all levels together are full, the lowest full one is
// compacted: every other value of it moves one level up, from the first or the second by
// the toss of a coin.
//
// The zero value has no k yet: it takes that of the first sketch merged into it.
type Quantiles struct {
	k, minK  uint16 // minK is the smallest k of all that was merged
	seed     uint64
	n        uint64
	min, max float64
	levels   [][]float64 // all ascending
	scratch  []float64
	view     atomic.Pointer[view] // of the values as they are now; nil until asked for
}

// NewQuantiles returns an empty sketch. k, at least MinK, sets its size (about 3·k values)
// and its error. Sketches that are to be merged should have seeds of their own.
func NewQuantiles(k uint16, seed uint64) *Quantiles {
	q := &Quantiles{}
	q.Reset(k, seed)
	return q
}

// Reset makes of q what NewQuantiles returns, in the memory that q has.
func (q *Quantiles) Reset(k uint16, seed uint64) {
	if k < MinK {
		panic("sketch: k of Quantiles is below 8")
	}
	q.k, q.minK, q.seed = k, k, seed
	q.n, q.min, q.max, q.levels = 0, 0, 0, q.levels[:0]
	q.view.Store(nil)
}

// levelCapacity is how many values level h of n is meant to hold: k·(2/3)^(n-1-h) in
// integers, rounded as DataSketches does, so that its readers find the room they expect.
func levelCapacity(k uint16, n, h int) int {
	depth := n - 1 - h
	if depth > 30 { // far below levelMin for every k
		return levelMin
	}
	power := uint64(1)
	for range depth {
		power *= 3
	}
	return max(levelMin, int(((uint64(k)<<1<<depth)/power+1)>>1))
}

// capacity is how many values n levels are meant to hold.
func capacity(k uint16, n int) int {
	total := 0
	for h := range n {
		total += levelCapacity(k, n, h)
	}
	return total
}

// AddSorted adds values, which are ascending and not NaN. It keeps no reference to them.
//
// A run that is long enough to fill level h by itself goes there directly: every 2^h-th
// value from a random one of the first 2^h. The error of that is at most that of one
// compaction of level h-1, of which the values would have caused several (the variance of a
// rank is at most 4^h/4), so the bound of the sketch holds with room to spare, and the cost
// is that of a few hundred values.
func (q *Quantiles) AddSorted(values []float64) {
	n := len(values)
	if n == 0 {
		return
	}
	if q.k == 0 {
		q.k, q.minK = DefaultK, DefaultK
	}
	q.widen(values[0], values[n-1], uint64(n))
	toss := coins(mix(q.seed+golden)^q.n).with(values[0], values[n/2], values[n-1])

	h := q.entry(n)
	q.grow(h + 1)
	rest := values
	if h > 0 {
		step, whole := 1<<h, n>>h<<h
		q.scratch = q.scratch[:0]
		for i := toss.below(step); i < whole; i += step {
			q.scratch = append(q.scratch, values[i])
		}
		q.insert(h, q.scratch)
		rest = values[whole:]
		for h--; h > 0; h-- { // fewer than 2^h are left: one of every power of two in them
			if len(rest)>>h == 1 {
				i := toss.below(1 << h)
				q.insert(h, rest[i:i+1])
				rest = rest[1<<h:]
			}
		}
	}
	q.insert(0, rest)
	q.compress(toss)
}

// AddCounted adds values, which are ascending, different and not NaN, each as often as counts
// says: at level h come in those whose count has the binary digit h.
func (q *Quantiles) AddCounted(values []float64, counts []uint64) {
	total, all := uint64(0), uint64(0)
	for _, n := range counts {
		total += n
		all |= n
	}
	if total == 0 {
		return
	}
	if q.k == 0 {
		q.k, q.minK = DefaultK, DefaultK
	}
	q.widen(values[0], values[len(values)-1], total)
	toss := coins(mix(q.seed+golden)^q.n).with(values[0], values[len(values)/2], values[len(values)-1])
	q.grow(bits.Len64(all))
	for h := range q.levels {
		q.scratch = q.scratch[:0]
		for i, n := range counts {
			if n>>h&1 == 1 {
				q.scratch = append(q.scratch, values[i])
			}
		}
		q.insert(h, q.scratch)
	}
	q.compress(toss)
}

// entry is the level at which a run of n values comes in.
func (q *Quantiles) entry(n int) int {
	h := 0
	for h+1 < maxLevels-1 && n>>(h+1) >= levelCapacity(q.k, max(len(q.levels), h+2), h+1) {
		h++
	}
	return h
}

func (q *Quantiles) widen(low, high float64, n uint64) {
	if q.n == 0 {
		q.min, q.max = low, high
	}
	q.min, q.max = min(q.min, low), max(q.max, high)
	q.n += n
	q.view.Store(nil)
}

func (q *Quantiles) grow(n int) {
	for i := len(q.levels); i < n; i++ {
		if i == cap(q.levels) {
			q.levels = append(q.levels, nil)
		} else {
			q.levels = q.levels[:i+1]
			q.levels[i] = q.levels[i][:0] // in memory of before Reset, if there is some
		}
	}
}

// insert merges values, which are ascending and no part of the level, into level h.
func (q *Quantiles) insert(h int, values []float64) {
	if len(values) == 0 {
		return
	}
	level := q.levels[h]
	i, j := len(level)-1, len(values)-1
	level = append(level, values...)
	for k := len(level) - 1; j >= 0 && i >= 0; k-- { // from the back, into the room just made
		if level[i] > values[j] {
			level[k] = level[i]
			i--
		} else {
			level[k] = values[j]
			j--
		}
	}
	copy(level, values[:j+1])
	q.levels[h] = level
}

// compress compacts until the levels hold no more than they are meant to.
func (q *Quantiles) compress(toss coins) {
	for total := q.retained(); total > capacity(q.k, len(q.levels)); {
		for h, level := range q.levels {
			if len(level) >= levelCapacity(q.k, len(q.levels), h) {
				total -= q.compact(h, toss.below(2))
				break
			}
		}
	}
}

// compact halves level h, and returns how many values that saved. Of an odd number the first
// value stays.
func (q *Quantiles) compact(h, from int) int {
	q.grow(h + 2)
	level := q.levels[h]
	odd := len(level) & 1
	q.scratch = q.scratch[:0]
	for i := odd + from; i < len(level); i += 2 {
		q.scratch = append(q.scratch, level[i])
	}
	q.levels[h] = level[:odd]
	q.insert(h+1, q.scratch)
	return len(q.scratch)
}

func (q *Quantiles) retained() int {
	total := 0
	for _, level := range q.levels {
		total += len(level)
	}
	return total
}

// Merge adds all values of o, which is left as it is. With a greater k, q keeps it for the
// values to come, but RankError is that of the smaller one from then on.
func (q *Quantiles) Merge(o *Quantiles) {
	if o.n == 0 {
		return
	}
	if q == o {
		o = o.Clone()
	}
	if q.n == 0 {
		q.k, q.minK = o.k, o.minK
	}
	if !o.Exact() {
		q.minK = min(q.minK, o.minK)
	}
	q.widen(o.min, o.max, o.n)
	toss := coins(mix(q.seed+golden) ^ q.n)
	q.grow(len(o.levels))
	for h, level := range o.levels {
		q.insert(h, level)
		toss = toss.with(level...)
	}
	q.compress(toss)
}

// Clone returns an independent copy.
func (q *Quantiles) Clone() *Quantiles {
	c := &Quantiles{k: q.k, minK: q.minK, seed: q.seed, n: q.n, min: q.min, max: q.max}
	for _, level := range q.levels {
		c.levels = append(c.levels, slices.Clone(level))
	}
	return c
}

// K returns k, 0 of a zero sketch.
func (q *Quantiles) K() int { return int(q.k) }

// N returns how many values were added.
func (q *Quantiles) N() uint64 { return q.n }

// Exact reports that nothing was compacted: all values are there.
func (q *Quantiles) Exact() bool { return len(q.levels) <= 1 }

// RankError is by how much, as a share of N, a rank may be off: 0 while Exact, else it is
// so for 99 of 100 ranks asked for, by the formula that DataSketches publishes for k (a fit
// to the greatest errors of thousands of trials).
func (q *Quantiles) RankError() float64 {
	if q.Exact() {
		return 0
	}
	return 2.296 / math.Pow(float64(q.minK), 0.9723)
}

// Min returns the smallest value, exactly; NaN if there is none.
func (q *Quantiles) Min() float64 {
	if q.n == 0 {
		return math.NaN()
	}
	return q.min
}

// Max returns the greatest value, exactly; NaN if there is none.
func (q *Quantiles) Max() float64 {
	if q.n == 0 {
		return math.NaN()
	}
	return q.max
}

// Quantile returns the smallest value that the share rank of all values, from 0 to 1, does
// not exceed; NaN if there are no values. As in DataSketches it is one of the values that the
// sketch still holds, so beyond Exact, Quantile(0) may lie above Min and Quantile(1) below Max.
func (q *Quantiles) Quantile(rank float64) float64 {
	if q.n == 0 || math.IsNaN(rank) {
		return math.NaN()
	}
	v := q.sorted()
	weight := uint64(math.Ceil(max(0, min(rank, 1)) * float64(q.n)))
	i := sort.Search(len(v.until), func(i int) bool { return v.until[i] >= weight })
	return v.values[min(i, len(v.values)-1)]
}

// Rank returns the share of all values that are at most x; NaN if there are none.
func (q *Quantiles) Rank(x float64) float64 {
	if q.n == 0 || math.IsNaN(x) {
		return math.NaN()
	}
	v := q.sorted()
	i := sort.Search(len(v.values), func(i int) bool { return v.values[i] > x })
	if i == 0 {
		return 0
	}
	return float64(v.until[i-1]) / float64(q.n)
}

// All returns the values that the sketch holds, ascending, with how many each stands for.
// A value may come more than once.
func (q *Quantiles) All() iter.Seq2[float64, uint64] {
	return func(yield func(float64, uint64) bool) {
		if q.n == 0 {
			return
		}
		v, before := q.sorted(), uint64(0)
		for i, x := range v.values {
			if !yield(x, v.until[i]-before) {
				return
			}
			before = v.until[i]
		}
	}
}

// view is all levels in one order.
type view struct {
	values []float64
	until  []uint64 // how many values this one and all before it stand for
}

// sorted makes the view once: it may be asked for by several goroutines.
func (q *Quantiles) sorted() *view {
	if v := q.view.Load(); v != nil {
		return v
	}
	v := &view{make([]float64, 0, q.retained()), make([]uint64, 0, q.retained())}
	next := make([]int, len(q.levels))
	total := uint64(0)
	for range q.retained() {
		least := -1
		for h, level := range q.levels {
			if next[h] < len(level) && (least < 0 || level[next[h]] < q.levels[least][next[least]]) {
				least = h
			}
		}
		total += 1 << least
		v.values = append(v.values, q.levels[least][next[least]])
		v.until = append(v.until, total)
		next[least]++
	}
	q.view.Store(v)
	return v
}
