package tree

import (
	"math"
	"math/bits"
	"slices"
)

// MaxBins is the most bins of values a column may have: with the bin of missing values they
// number 256, so that a bin is a byte.
const MaxBins = 255

// binning maps the values of one column to bins. Bin b holds the values x with
// thresholds[b-1] < x <= thresholds[b], the last bin what lies above; missing values have
// the bin after the last. So "bin(x) <= b" and "x <= thresholds[b]" are the same statement
// for every x, seen in training or not, and trees grown on bins predict on raw values.
//
// A column of categories has bins without an order.
type binning struct {
	thresholds []float64 // ascending, one less than there are value bins
	missing    bool      // whether missing values were seen
	codes      []uint8   // instead, the bin of each category
	count      int       // of bins that hold categories
}

// binner cuts columns into bins; its memory for one column serves the next.
type binner struct {
	weights *weights
	limit   int
	keys    [2][]uint64
	masses  [2][]int64 // of rows, if their weights differ
}

// bin cuts values into at most limit bins. Up to limit distinct values get a bin each; more
// are cut at quantiles of all of them, not of a sample, and a value so frequent that it fills
// a bin has one to itself. The cuts depend on the values and their weights but not on their
// order, and an integer weight cuts exactly like as many repeats.
func (w *binner) bin(values []float64) binning {
	keys, masses := w.load(values)
	b := binning{missing: len(keys) < len(values)}
	if len(keys) == 0 {
		return b
	}
	keys, masses = radix(keys, w.room(len(keys)), masses, w.masses[1][:len(masses)])
	if w.few(keys) {
		for i := 1; i < len(keys); i++ {
			if keys[i] != keys[i-1] {
				b.thresholds = append(b.thresholds, between(value(keys[i-1]), value(keys[i])))
			}
		}
		return b
	}
	b.thresholds = cut(keys, masses, w.limit)
	return b
}

// load returns the values that are not missing as keys, and their weights if these differ.
func (w *binner) load(values []float64) ([]uint64, []int64) {
	keys := slices.Grow(w.keys[0][:0], len(values))
	if w.weights.uniform {
		for _, v := range values {
			if !math.IsNaN(v) {
				keys = append(keys, key(v))
			}
		}
		w.keys[0] = keys
		return keys, nil
	}
	masses := slices.Grow(w.masses[0][:0], len(values))
	for i, v := range values {
		if !math.IsNaN(v) {
			keys, masses = append(keys, key(v)), append(masses, w.weights.mass(i))
		}
	}
	w.keys[0], w.masses[0] = keys, masses
	if len(w.masses[1]) < len(masses) {
		w.masses[1] = make([]int64, len(values))
	}
	return keys, masses
}

func (w *binner) room(n int) []uint64 {
	if len(w.keys[1]) < n {
		w.keys[1] = make([]uint64, n)
	}
	return w.keys[1][:n]
}

// few reports whether the sorted keys have no more than limit distinct values.
func (w *binner) few(keys []uint64) bool {
	distinct := 1
	for i := 1; i < len(keys) && distinct <= w.limit; i++ {
		if keys[i] != keys[i-1] {
			distinct++
		}
	}
	return distinct <= w.limit
}

// cut parts sorted keys into so many bins. A bin is closed once it holds its share of what is
// left, or when the next value alone is a share. The masses of weights and of repeats differ
// by a power of two, so the comparisons come out alike.
func cut(keys []uint64, masses []int64, bins int) []float64 {
	left := int64(len(keys))
	if masses != nil {
		left = 0
		for _, m := range masses {
			left += m
		}
	}
	// run is the end of the keys equal to that at i, and their mass.
	run := func(i int) (int, int64) {
		end := i + 1
		for end < len(keys) && keys[end] == keys[i] {
			end++
		}
		if masses == nil {
			return end, int64(end - i)
		}
		mass := int64(0)
		for _, m := range masses[i:end] {
			mass += m
		}
		return end, mass
	}
	var thresholds []float64
	held, share := int64(0), float64(left)/float64(bins)
	begin, mass := run(0)
	for begin < len(keys) && bins > 1 {
		held += mass
		end, next := run(begin)
		if float64(held) >= share || float64(next) >= share {
			thresholds = append(thresholds, between(value(keys[begin-1]), value(keys[begin])))
			left -= held
			held = 0
			bins--
			share = float64(left) / float64(bins)
		}
		begin, mass = end, next
	}
	return thresholds
}

// between returns a threshold t with a <= t < b, the middle if it is representable.
func between(a, b float64) float64 {
	if middle := float64(a/2) + float64(b/2); a <= middle && middle < b {
		return middle
	}
	return a
}

// values is the number of bins that hold values, which is also the bin of missing ones.
func (b *binning) values() int {
	if b.codes != nil {
		return b.count
	}
	return len(b.thresholds) + 1
}

// cells is the number of bins in use.
func (b *binning) cells() int {
	if b.missing {
		return b.values() + 1
	}
	return b.values()
}

// assign writes the bins of the values. The search for each takes as many steps as any other
// and no branch, so that the searches for several values overlap.
func (b *binning) assign(bins []uint8, values []float64) {
	var steps [256]uint64 // thresholds, then what no value lies above
	for i := range steps {
		steps[i] = math.MaxUint64
	}
	for i, t := range b.thresholds {
		steps[i] = key(t)
	}
	first := uint64(1)
	for first < uint64(len(b.thresholds)) {
		first *= 2
	}
	const infinity = 0x7ff << 53 // its bits, the sign shifted out
	missing := uint64(b.values())
	bins = bins[:len(values)]
	for i, x := range values {
		k, at := key(x), uint64(0)
		for step := first; step > 0; step /= 2 {
			_, above := bits.Sub64(steps[(at+step-1)&255], k, 0)
			at += step & -above
		}
		_, isNaN := bits.Sub64(infinity, math.Float64bits(x)<<1, 0)
		at ^= (at ^ missing) & -isNaN
		bins[i] = uint8(at)
	}
}
