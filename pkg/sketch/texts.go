package sketch

import (
	"bytes"
	"iter"
	"slices"
	"sync"

	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// DefaultItems is the maximum of a zero Texts or Numbers that values are added to.
const DefaultItems = 6144

// Texts counts texts: exactly up to a number of distinct ones, then the frequent ones by the
// mergeable summary of Misra and Gries (Agarwal et al., Mergeable summaries, PODS 2012).
// When there are more than it keeps, the same number is taken off every count and added to
// Offset; what falls to nothing is dropped. A count is never too high, and at most Offset too
// low; a text that occurs more often than Offset is there.
//
// The zero value has no maximum yet: it takes that of the first sketch merged into it.
type Texts struct {
	lg        uint8
	n, offset uint64
	table     table
	counts    []uint64 // of the items of table
}

// countScratches are what counts are put in order in, and not kept: there may be as many sketches as
// columns.
var countScratches = sync.Pool{New: func() any { return new([]uint64) }}

// nthLargest is num.NthLargest of counts, which stay as they are.
func nthLargest(counts []uint64, n int) uint64 {
	scratch := countScratches.Get().(*[]uint64)
	defer countScratches.Put(scratch)
	*scratch = append((*scratch)[:0], counts...)
	return num.NthLargest(*scratch, n)
}

// NewTexts returns an empty sketch that is exact up to max distinct texts at least: max is
// rounded up to 6, 12, 24, … 6144, 12288, …, the sizes of the binary form. Max tells.
func NewTexts(max int) *Texts { return &Texts{lg: limit(max)} }

// Reset makes of t what NewTexts returns, in the memory that t has.
func (t *Texts) Reset(max int) {
	t.table.reset()
	*t = Texts{lg: limit(max), table: t.table, counts: t.counts[:0]}
}

// Add counts item n times. It keeps no reference to the bytes.
func (t *Texts) Add(item []byte, n uint64) {
	if n == 0 {
		return
	}
	t.n += n
	t.count(item, n)
	if len(t.counts) > t.Max() {
		// Half of the counts at least are as great as the median: every time, that much is
		// taken off half of them, so all in all at most n / (max/2).
		t.cut(nthLargest(t.counts, len(t.counts)-len(t.counts)/2))
	}
}

// AddAll counts items[i] counts[i] times. No two items are equal, and no count is 0. It is
// Add in bulk, and much faster for items that mostly occur once: of more than Max items, those
// that are not worth a place are not looked up, and Offset grows by less.
func (t *Texts) AddAll(items [][]byte, counts []uint64) {
	cut := uint64(0)
	if len(items) > t.Max() {
		cut = nthLargest(counts, t.Max()+1)
	}
	for i, n := range counts {
		t.n += n
		if n > cut {
			t.count(items[i], n-cut)
		}
	}
	t.offset += cut
	t.shorten()
}

func (t *Texts) count(item []byte, n uint64) {
	i := t.table.place(item)
	if i < len(t.counts) {
		t.counts[i] += n
	} else {
		t.counts = append(t.counts, n)
	}
}

// shorten drops what is too much: in all, as much as is added to the offset is taken off
// Max+1 counts at least.
func (t *Texts) shorten() {
	if limit := t.Max(); len(t.counts) > limit {
		t.cut(nthLargest(t.counts, limit+1))
	}
}

// cut takes amount off every count.
func (t *Texts) cut(amount uint64) {
	t.offset += amount
	t.table.keep(func(i int) bool { return t.counts[i] > amount })
	kept := 0
	for _, n := range t.counts {
		if n > amount {
			t.counts[kept] = n - amount
			kept++
		}
	}
	t.counts = t.counts[:kept]
}

// Merge adds the counts of o, which is left as it is. Of different maxima, the result has the
// smaller one.
func (t *Texts) Merge(o *Texts) {
	if o.n == 0 {
		return
	}
	if t == o {
		o = o.Clone()
	}
	if t.n == 0 {
		t.lg = o.lg
	}
	t.lg = min(t.lg, o.lg)
	for i, n := range o.counts {
		t.count(o.table.item(i), n)
	}
	t.n += o.n
	t.offset += o.offset
	t.shorten()
}

// Clone returns an independent copy.
func (t *Texts) Clone() *Texts {
	return &Texts{lg: t.lg, n: t.n, offset: t.offset, table: t.table.clone(), counts: slices.Clone(t.counts)}
}

// Max is how many distinct texts are counted exactly.
func (t *Texts) Max() int {
	if t.lg == 0 {
		return DefaultItems
	}
	return items(t.lg)
}

// Exact reports that all texts are there with their true counts.
func (t *Texts) Exact() bool { return t.offset == 0 }

// Len returns how many texts are there.
func (t *Texts) Len() int { return len(t.counts) }

// N returns how many texts were counted, all together.
func (t *Texts) N() uint64 { return t.n }

// Offset is by how much a count may be too low: 0 while Exact, and at most 2·N/Max; without
// Add, at most N/Max.
func (t *Texts) Offset() uint64 { return t.offset }

// Items returns the texts in the order in which they came. They are only to be read, and until
// t is changed.
func (t *Texts) Items() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for i := range t.counts {
			if !yield(t.table.item(i)) {
				return
			}
		}
	}
}

// All returns the texts, bytewise ascending, with their counts.
func (t *Texts) All() iter.Seq2[string, uint64] {
	return func(yield func(string, uint64) bool) {
		order := make([]int, len(t.counts))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(a, b int) int { return bytes.Compare(t.table.item(a), t.table.item(b)) })
		for _, i := range order {
			if !yield(string(t.table.item(i)), t.counts[i]) {
				return
			}
		}
	}
}

// Top returns the n texts of the greatest counts, greatest first, equal ones bytewise.
func (t *Texts) Top(n int) []Count[string] {
	counts := make([]Count[string], len(t.counts))
	for i, c := range t.counts {
		counts[i] = Count[string]{string(t.table.item(i)), c}
	}
	return top(counts, n)
}
