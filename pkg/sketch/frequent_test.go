package sketch

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
)

// counted checks that counts are inside the bounds of true ones. loose is 1 or 2, the numerator
// of the greatest offset.
func counted(t *testing.T, what string, truth map[string]uint64, counts map[string]uint64, n, offset uint64, max int, loose uint64) {
	t.Helper()
	total := uint64(0)
	for item, want := range truth {
		total += want
		if got := counts[item]; got > want || want-got > offset {
			t.Fatalf("%s: %q was counted %d times of %d, the offset is %d", what, item, got, want, offset)
		}
	}
	for item := range counts {
		if truth[item] == 0 {
			t.Fatalf("%s: %q is from nowhere", what, item)
		}
	}
	if n != total || len(counts) > max || offset*uint64(max) > loose*n {
		t.Fatalf("%s: n is %d of %d, %d items, the offset %d", what, n, total, len(counts), offset)
	}
	if offset == 0 && len(counts) != len(truth) || len(truth) <= max && offset != 0 {
		t.Fatalf("%s: %d distinct items, %d kept of at most %d, the offset %d", what, len(truth), len(counts), max, offset)
	}
}

// mergeAll merges shards in a random tree.
func mergeAll[T any](r *rand.Rand, shards []T, merge func(a, b T)) T {
	shards = slices.Clone(shards)
	for len(shards) > 1 {
		i := r.IntN(len(shards))
		shards[0], shards[i] = shards[i], shards[0]
		j := 1 + r.IntN(len(shards)-1)
		merge(shards[0], shards[j])
		shards = slices.Delete(shards, j, j+1)
	}
	return shards[0]
}

// skewed draws numbers of which few are frequent, from a constant to nearly all distinct.
func skewed(r *rand.Rand) func() int {
	power, distinct := math.Exp(3*r.Float64()), 1+r.IntN(1+r.IntN(400))
	return func() int { return int(math.Pow(r.Float64(), power) * float64(distinct)) }
}

func TestTextsAreInsideTheirBounds(t *testing.T) {
	inexact := 0
	for trial := range trials {
		r := rand.New(rand.NewPCG(uint64(trial), 1))
		next := skewed(r)
		truth := map[string]uint64{}
		var shards []*Texts
		bulk := trial%2 == 0
		for range 1 + r.IntN(16) {
			shard := NewTexts(48)
			local := map[string]uint64{}
			for range r.IntN(300) {
				item, n := strconv.Itoa(next()), uint64(1+r.IntN(3))
				local[item] += n
				truth[item] += n
				if !bulk {
					shard.Add([]byte(item), n)
				}
			}
			if bulk {
				var items [][]byte
				var counts []uint64
				for item, n := range local {
					items, counts = append(items, []byte(item)), append(counts, n)
				}
				shard.AddAll(items, counts)
			}
			shards = append(shards, shard)
		}
		all := mergeAll(r, shards, (*Texts).Merge)
		counts := map[string]uint64{}
		for item, n := range all.All() {
			counts[item] = n
		}
		loose := uint64(2)
		if bulk {
			loose = 1
		}
		counted(t, fmt.Sprint("trial ", trial), truth, counts, all.N(), all.Offset(), 48, loose)
		if !all.Exact() {
			inexact++
		}
	}
	if inexact < trials/10 || inexact > trials*9/10 {
		t.Errorf("%d of %d trials are inexact: try another distribution", inexact, trials)
	}
}

func TestNumbersAreInsideTheirBounds(t *testing.T) {
	inexact := 0
	for trial := range trials {
		r := rand.New(rand.NewPCG(uint64(trial), 2))
		next := skewed(r)
		truth := map[string]uint64{}
		var shards []*Numbers
		for range 1 + r.IntN(16) {
			shard := NewNumbers(48)
			for range r.IntN(4) {
				run := sorted(r.IntN(200), func(int) float64 { return float64(next()) / 8 })
				for _, v := range run {
					truth[numberText(v)]++
				}
				shard.AddSorted(run)
			}
			shards = append(shards, shard)
		}
		all := mergeAll(r, shards, (*Numbers).Merge)
		counts, last := map[string]uint64{}, math.Inf(-1)
		for v, n := range all.All() {
			if v <= last {
				t.Fatalf("trial %d: %v comes after %v", trial, v, last)
			}
			counts[numberText(v)], last = n, v
		}
		counted(t, fmt.Sprint("trial ", trial), truth, counts, all.N(), all.Offset(), 48, 1)
		if !all.Exact() {
			inexact++
		}
	}
	if inexact < trials/10 || inexact > trials*9/10 {
		t.Errorf("%d of %d trials are inexact: try another distribution", inexact, trials)
	}
}

func TestFrequentMergeInAnyOrderWhileExact(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	var texts []*Texts
	var numbers []*Numbers
	for range 12 {
		a, b := NewTexts(300), NewNumbers(300)
		for range r.IntN(200) {
			a.Add(strconv.AppendInt(nil, int64(r.IntN(300)), 10), 1)
		}
		b.AddSorted(sorted(r.IntN(200), func(int) float64 { return float64(r.IntN(300)) }))
		texts, numbers = append(texts, a), append(numbers, b)
	}
	var wantTexts, wantNumbers []byte
	for range 10 {
		a := mergeAll(r, clones(texts), (*Texts).Merge)
		b := mergeAll(r, clones(numbers), (*Numbers).Merge)
		gotTexts, _ := a.MarshalBinary()
		gotNumbers, _ := b.MarshalBinary()
		if !a.Exact() || !b.Exact() {
			t.Fatal("not exact")
		}
		if wantTexts == nil {
			wantTexts, wantNumbers = gotTexts, gotNumbers
		}
		if !bytes.Equal(gotTexts, wantTexts) || !bytes.Equal(gotNumbers, wantNumbers) {
			t.Fatal("the order of merging shows")
		}
	}
}

func clones[T interface{ Clone() T }](of []T) (out []T) {
	for _, s := range of {
		out = append(out, s.Clone())
	}
	return out
}

func TestFrequentMergeWithNothing(t *testing.T) {
	texts := textsOf(24, "a", "b", "a")
	numbers := numbersOf(24, []float64{1, 1, 2})
	for name, pair := range map[string][2]stored{
		"texts, nothing":   {texts.Clone(), texts}, // merged with nothing below
		"numbers, nothing": {numbers.Clone(), numbers},
	} {
		switch s := pair[0].(type) {
		case *Texts:
			s.Merge(NewTexts(6))
			s.Merge(new(Texts))
		case *Numbers:
			s.Merge(NewNumbers(6))
			s.Merge(new(Numbers))
		}
		same(t, name, pair[0], pair[1])
	}
	for _, nothing := range []*Texts{new(Texts), NewTexts(6)} {
		nothing.Merge(texts)
		same(t, "nothing, texts", nothing, texts)
	}
	for _, nothing := range []*Numbers{new(Numbers), NewNumbers(6)} {
		nothing.Merge(numbers)
		same(t, "nothing, numbers", nothing, numbers)
	}
	both := new(Texts)
	both.Merge(new(Texts))
	if both.N() != 0 || both.Len() != 0 || !both.Exact() || len(both.Top(3)) != 0 {
		t.Error("nothing and nothing is something")
	}
	texts.Merge(texts)
	numbers.Merge(numbers)
	if texts.N() != 6 || numbers.N() != 6 || texts.Top(1)[0] != (Count[string]{"a", 4}) || numbers.Top(1)[0] != (Count[float64]{1, 4}) {
		t.Error("a sketch merged with itself")
	}
}

func same(t *testing.T, what string, got, want stored) {
	t.Helper()
	a, _ := got.MarshalBinary()
	if b, _ := want.MarshalBinary(); !bytes.Equal(a, b) {
		t.Errorf("%s: merging changed it", what)
	}
}

func TestFrequentOfDifferentMaxima(t *testing.T) {
	small, great := NewNumbers(6), NewNumbers(24)
	run := sorted(30, func(i int) float64 { return float64(i * i / 40) })
	small.AddSorted(run[:5])
	great.AddSorted(run)
	great.Merge(small)
	if great.Max() != 6 || great.Len() > 6 || great.Exact() {
		t.Errorf("max %d, %d numbers, exact %t", great.Max(), great.Len(), great.Exact())
	}
	a, b := NewTexts(24), textsOf(6, "x")
	for i := range 20 {
		a.Add([]byte{byte(i)}, uint64(i+1))
	}
	a.Merge(b)
	if a.Max() != 6 || a.Len() > 6 || a.Offset() == 0 || a.Top(1)[0].Item != "\x13" {
		t.Errorf("max %d, %d texts, offset %d", a.Max(), a.Len(), a.Offset())
	}
}

func TestNumbersHaveOneZero(t *testing.T) {
	n := numbersOf(6, []float64{math.Copysign(0, -1), 0}, []float64{0}, []float64{math.Copysign(0, -1)})
	for v, count := range n.All() {
		if math.Signbit(v) || count != 4 {
			t.Errorf("%v: %d", v, count)
		}
	}
}

func TestTop(t *testing.T) {
	texts := textsOf(24, "c", "b", "b", "a", "d", "d")
	if got := fmt.Sprint(texts.Top(3)); got != "[{b 2} {d 2} {a 1}]" {
		t.Error(got)
	}
	numbers := numbersOf(24, []float64{-1, 2, 2, 3, 3, 10})
	if got := fmt.Sprint(numbers.Top(9), numbers.Top(0)); got != "[{2 2} {3 2} {-1 1} {10 1}] []" {
		t.Error(got)
	}
}

// What is cut is as little as makes room: the (max+1)-th largest count.
func TestCutsAreSmall(t *testing.T) {
	items := make([][]byte, 8)
	counts := make([]uint64, 8)
	for i := range items {
		items[i], counts[i] = []byte{'a' + byte(i)}, uint64(i+1)
	}
	bulk := NewTexts(6)
	bulk.AddAll(items, counts)
	merged, other := NewTexts(6), NewTexts(6)
	for i, item := range items {
		[]*Texts{merged, other}[i%2].Add(item, counts[i])
	}
	merged.Merge(other)
	for name, s := range map[string]*Texts{"bulk": bulk, "merged": merged} {
		if s.Len() != 6 || s.Offset() != 2 || s.N() != 36 || s.Top(1)[0] != (Count[string]{"h", 6}) {
			t.Errorf("%s: %d items, offset %d, n %d, %v", name, s.Len(), s.Offset(), s.N(), s.Top(1))
		}
	}

	n := numbersOf(6, []float64{1, 1, 2})
	n.AddSorted([]float64{1, 2, 3, 4, 5, 6, 7}) // one more than there is room for
	if got := fmt.Sprint(n.Top(9), n.Offset(), n.N()); got != "[{1 2} {2 1}] 1 10" {
		t.Error(got)
	}
	n.AddSorted([]float64{1, 2, 3, 4, 5, 6, 7, 7, 7}) // the same, but for 7
	if got := fmt.Sprint(n.Top(9), n.Offset(), n.N()); got != "[{1 2} {7 2} {2 1}] 2 19" {
		t.Error(got)
	}
}
