package sketch

import (
	"iter"
	"math"
	"slices"
	"strconv"
	"sync"

	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// Numbers counts numbers as Texts counts texts, and takes them in sorted runs. 0 and -0 are
// the same number. In the binary form numbers are texts: the shortest that reads back equal.
//
// The zero value has no maximum yet: it takes that of the first sketch merged into it.
type Numbers struct {
	lg        uint8
	n, offset uint64
	values    []float64 // ascending
	counts    []uint64
}

// numbersScratch is what AddSorted and Merge work in, and need for themselves only.
type numbersScratch struct {
	runs, values, mergedV              []float64
	lengths, counts, mergedC, selected []uint64
}

var numbersScratches = sync.Pool{New: func() any { return new(numbersScratch) }}

// NewNumbers returns an empty sketch that is exact up to max distinct numbers at least: max
// is rounded up as NewTexts does.
func NewNumbers(max int) *Numbers { return &Numbers{lg: limit(max)} }

// Reset makes of t what NewNumbers returns, in the memory that t has.
func (t *Numbers) Reset(max int) {
	*t = Numbers{lg: limit(max), values: t.values[:0], counts: t.counts[:0]}
}

// AddSorted counts values, which are ascending and not NaN. It keeps no reference to them.
func (t *Numbers) AddSorted(values []float64) {
	w := numbersScratches.Get().(*numbersScratch)
	defer numbersScratches.Put(w)
	w.runs, w.lengths = Runs(values, w.runs[:0], w.lengths[:0])
	t.AddCounted(w.runs, w.lengths)
}

// AddCounted counts values, which are ascending, different and not NaN, each as often as counts
// says: once at least. It keeps no reference to them.
//
// Of more values than are kept a summary of their own is made first: Offset grows by the count
// that Max values of them exceed or equal, so that those that occur once, most of them in
// continuous data, are never looked up or moved.
func (t *Numbers) AddCounted(values []float64, counts []uint64) {
	for _, n := range counts {
		t.n += n
	}
	w := numbersScratches.Get().(*numbersScratch)
	defer numbersScratches.Put(w)
	if limit := t.Max(); len(values) > limit {
		cut, all := w.excess(counts, limit)
		t.offset += cut
		if all {
			return
		}
		w.values, w.counts = lowered(values, counts, cut, w.values, w.counts)
		values, counts = w.values, w.counts
	}
	t.add(values, counts, w)
}

// excess is the (limit+1)-th largest of counts, and whether none is larger.
func (w *numbersScratch) excess(counts []uint64, limit int) (cut uint64, all bool) {
	repeated := 0
	for _, n := range counts {
		more := 0
		if n > 1 {
			more = 1
		}
		repeated += more
	}
	if repeated <= limit {
		return 1, repeated == 0 // as nearly always in continuous data
	}
	w.selected = append(w.selected[:0], counts...)
	return num.NthLargest(w.selected, limit+1), false
}

// lowered takes amount off every count and drops what falls to nothing, into the room
// given. It does not branch on what is dropped,
// which is hard to foresee.
func lowered(values []float64, counts []uint64, amount uint64, roomV []float64, roomC []uint64) ([]float64, []uint64) {
	roomV, roomC = slices.Grow(roomV[:0], len(values))[:len(values)], slices.Grow(roomC[:0], len(values))[:len(values)]
	kept := 0
	for i, n := range counts {
		roomV[kept], roomC[kept] = values[i], n-amount
		more := 0
		if n > amount {
			more = 1
		}
		kept += more
	}
	return roomV[:kept], roomC[:kept]
}

// add merges ascending values with their counts, and cuts what is too much.
func (t *Numbers) add(values []float64, counts []uint64, w *numbersScratch) {
	if len(values) == 0 {
		return
	}
	// In scratch memory, so that t takes no more than it keeps. Again nothing branches on which
	// of two values is less.
	size := len(t.values) + len(values)
	mergedV, mergedC := slices.Grow(w.mergedV[:0], size)[:size], slices.Grow(w.mergedC[:0], size)[:size]
	i, j, k := 0, 0, 0
	for i < len(t.values) && j < len(values) {
		a, b := t.values[i], values[j]
		var fromA, fromB uint64
		if a <= b {
			fromA = 1
		}
		if b <= a {
			fromB = 1
		}
		mergedV[k] = min(a, b)
		mergedC[k] = t.counts[i]&-fromA + counts[j]&-fromB
		i, j, k = i+int(fromA), j+int(fromB), k+1
	}
	mergedV, mergedC = append(append(mergedV[:k], t.values[i:]...), values[j:]...), append(append(mergedC[:k], t.counts[i:]...), counts[j:]...)
	w.mergedV, w.mergedC = mergedV, mergedC
	t.keep(mergedV, mergedC, w)
}

// keep makes values and counts those of t, without what is too much.
func (t *Numbers) keep(values []float64, counts []uint64, w *numbersScratch) {
	cut := uint64(0)
	if limit := t.Max(); len(values) > limit {
		cut, _ = w.excess(counts, limit)
	}
	t.offset += cut
	w.values, w.counts = lowered(values, counts, cut, w.values, w.counts)
	t.values, t.counts = append(t.values[:0], w.values...), append(t.counts[:0], w.counts...)
}

// Merge adds the counts of o, which is left as it is. Of different maxima, the result has the
// smaller one.
func (t *Numbers) Merge(o *Numbers) {
	if o.n == 0 {
		return
	}
	if t.n == 0 {
		t.lg = o.lg
	}
	t.lg = min(t.lg, o.lg)
	t.n += o.n
	t.offset += o.offset
	w := numbersScratches.Get().(*numbersScratch)
	defer numbersScratches.Put(w)
	t.add(o.values, o.counts, w)
	if len(t.values) > t.Max() { // nothing new, but a smaller maximum
		t.keep(t.values, t.counts, w)
	}
}

// Clone returns an independent copy.
func (t *Numbers) Clone() *Numbers {
	return &Numbers{lg: t.lg, n: t.n, offset: t.offset, values: slices.Clone(t.values), counts: slices.Clone(t.counts)}
}

// Max is how many distinct numbers are counted exactly.
func (t *Numbers) Max() int {
	if t.lg == 0 {
		return DefaultItems
	}
	return items(t.lg)
}

// Exact reports that all numbers are there with their true counts.
func (t *Numbers) Exact() bool { return t.offset == 0 }

// Len returns how many numbers are there.
func (t *Numbers) Len() int { return len(t.values) }

// N returns how many numbers were counted, all together.
func (t *Numbers) N() uint64 { return t.n }

// Offset is by how much a count may be too low: 0 while Exact, and at most N/Max.
func (t *Numbers) Offset() uint64 { return t.offset }

// All returns the numbers, ascending, with their counts.
func (t *Numbers) All() iter.Seq2[float64, uint64] {
	return func(yield func(float64, uint64) bool) {
		for i, v := range t.values {
			if !yield(v, t.counts[i]) {
				return
			}
		}
	}
}

// Top returns the n numbers of the greatest counts, greatest first, equal ones ascending.
func (t *Numbers) Top(n int) []Count[float64] {
	counts := make([]Count[float64], len(t.values))
	for i, v := range t.values {
		counts[i] = Count[float64]{v, t.counts[i]}
	}
	return top(counts, n)
}

// numberText writes a number as dataset does: the shortest text that reads back equal,
// without an exponent where that is how people write it.
func numberText(v float64) string {
	switch size := math.Abs(v); {
	case size == 0:
		return "0"
	case 1e-6 <= size && size < 1e21:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
