package sketch

import (
	"iter"
	"math"
	"slices"
	"strconv"
	"sync"
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
	values           []float64
	counts, selected []uint64
}

var numbersScratches = sync.Pool{New: func() any { return new(numbersScratch) }}

// NewNumbers returns an empty sketch that is exact up to max distinct numbers at least: max
// is rounded up as NewTexts does.
func NewNumbers(max int) *Numbers { return &Numbers{lg: limit(max)} }

// AddSorted counts values, which are ascending and not NaN. It keeps no reference to them.
//
// A run of more distinct values than are kept is summarized for itself first: Offset grows by
// the count c that Max values of it exceed or equal, so that those that occur once, most of
// them in continuous data, are never looked up or moved.
func (t *Numbers) AddSorted(values []float64) {
	if len(values) == 0 {
		return
	}
	t.n += uint64(len(values))
	distinct := 1
	for i := 1; i < len(values); i++ {
		if values[i] != values[i-1] {
			distinct++
		}
	}
	limit := t.Max()
	least := 1 // occurrences that are worth a place
	if distinct > limit {
		least = 2
	}
	if distinct == len(values) && least == 2 {
		t.offset++
		return
	}
	w := numbersScratches.Get().(*numbersScratch)
	defer numbersScratches.Put(w)
	w.values, w.counts = w.values[:0], w.counts[:0]
	for i := 0; i < len(values); {
		v, start := values[i], i
		for i++; i < len(values) && values[i] == v; i++ {
		}
		if i-start >= least {
			w.values = append(w.values, v+0) // -0 + 0 is 0
			w.counts = append(w.counts, uint64(i-start))
		}
	}
	if distinct > limit {
		cut := uint64(1) // the (limit+1)-th largest, if no more than limit are left
		if len(w.counts) > limit {
			w.selected = append(w.selected[:0], w.counts...)
			cut = nthLargest(w.selected, limit+1)
		}
		t.offset += cut
		w.values, w.counts = subtract(w.values, w.counts, cut)
	}
	t.add(w.values, w.counts, w)
}

// subtract takes amount off every count, and drops what falls to nothing.
func subtract(values []float64, counts []uint64, amount uint64) ([]float64, []uint64) {
	kept := 0
	for i, n := range counts {
		if n > amount {
			values[kept], counts[kept] = values[i], n-amount
			kept++
		}
	}
	return values[:kept], counts[:kept]
}

// add merges ascending values with their counts, which it may overwrite, and cuts what is
// too much.
func (t *Numbers) add(values []float64, counts []uint64, w *numbersScratch) {
	if 16*len(values) < len(t.values) { // few: look for each, and move only for new ones
		fresh := 0
		for i, v := range values {
			if j, ok := slices.BinarySearch(t.values, v); ok {
				t.counts[j] += counts[i]
			} else {
				values[fresh], counts[fresh] = v, counts[i]
				fresh++
			}
		}
		values, counts = values[:fresh], counts[:fresh]
	}
	if len(values) == 0 {
		return
	}
	both := 0 // values that are there already
	for i, j := 0, 0; i < len(t.values) && j < len(values); {
		a, b := t.values[i], values[j]
		if a == b {
			both++
		}
		if a <= b {
			i++
		}
		if b <= a {
			j++
		}
	}
	i, j := len(t.values)-1, len(values)-1
	total := len(t.values) + len(values) - both
	t.values = slices.Grow(t.values, total-len(t.values))[:total]
	t.counts = slices.Grow(t.counts, total-len(t.counts))[:total]
	for k := total - 1; j >= 0; k-- { // from the back, into the room just made
		switch {
		case i < 0 || t.values[i] < values[j]:
			t.values[k], t.counts[k] = values[j], counts[j]
			j--
		case t.values[i] > values[j]:
			t.values[k], t.counts[k] = t.values[i], t.counts[i]
			i--
		default:
			t.values[k], t.counts[k] = values[j], t.counts[i]+counts[j]
			i--
			j--
		}
	}
	if limit := t.Max(); total > limit {
		w.selected = append(w.selected[:0], t.counts...)
		cut := nthLargest(w.selected, limit+1)
		t.offset += cut
		t.values, t.counts = subtract(t.values, t.counts, cut)
	}
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
	w.values = append(w.values[:0], o.values...)
	w.counts = append(w.counts[:0], o.counts...)
	t.add(w.values, w.counts, w)
	if limit := t.Max(); len(t.values) > limit { // nothing new, but a smaller maximum
		w.selected = append(w.selected[:0], t.counts...)
		cut := nthLargest(w.selected, limit+1)
		t.offset += cut
		t.values, t.counts = subtract(t.values, t.counts, cut)
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
