package sketch

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

const (
	digitBits = 11 // 2,048 counters of a digit stay in the first-level cache
	digits    = 6  // 6·11 ≥ 64

	// radixMin is from where on counting digits is faster than comparing.
	radixMin = 256
	// leading is how many digits are sorted by before it is tried to finish by insertion:
	// 33 bits tell nearly all of the values apart that a run of thousands has.
	leading = 3
)

// SortFloats sorts values ascending, -0 before 0; there may be infinities, and no NaN.
// scratch is at least as long as values, and is overwritten.
//
// Whole numbers that lie close together are counted, others are sorted by where they lie
// between the least and the greatest. If that tells too few of them apart, as where a few are
// far greater than all the rest, it is by where their logarithms lie, and if those are too close
// too, a least-significant-digit radix sort over the bits in which the values differ.
func SortFloats(values, scratch []float64) {
	if len(values) < radixMin {
		slices.SortFunc(values, compareBits)
		return
	}
	scratch = scratch[:len(values)]

	low, high, ascending := extentOf(values)
	if ascending && (low > 0 || high < 0 || slices.IsSortedFunc(values, compareBits)) {
		return
	}
	if low == 0 { // there may be -0 too
		low = math.Copysign(0, -1)
	}
	least, greatest := orderedBits(low), orderedBits(high+0)
	if countDecimals(values, low, high) || sortByPlace(values, scratch, low, high) || sortByScale(values, scratch, least, greatest) {
		return
	}
	sortByBits(values, scratch)
}

// sortByBits sorts by the bits that differ. Of many it takes the leading ones first: values
// that differ below them alone are rare in most data, and are put in order by insertion. If
// they are not rare, it sorts by all digits.
func sortByBits(values, scratch []float64) {
	first, differ := orderedBits(values[0]), uint64(0)
	for _, v := range values {
		differ |= orderedBits(v) ^ first
	}
	top, low := bits.Len64(differ), bits.TrailingZeros64(differ)
	if top-low > leading*digitBits {
		radix(values, scratch, uint(top-leading*digitBits), leading)
		if insertion(values, len(values)) {
			return
		}
	}
	radix(values, scratch, uint(low), (top-low+digitBits-1)/digitBits)
}

// orderedBits maps finite values and infinities to integers in the same order: the bits of
// negative ones are flipped, of others the sign alone.
func orderedBits(v float64) uint64 {
	b := math.Float64bits(v)
	return b ^ (uint64(int64(b)>>63) | 1<<63)
}

// compareBits compares values, of which -0 is less than 0.
func compareBits(a, b float64) int { return cmp.Compare(orderedBits(a), orderedBits(b)) }

// extentOfGo returns the least and the greatest of values, and whether they ascend. 0 and -0 are the
// same.
func extentOfGo(values []float64) (low, high float64, ascending bool) {
	low, high, ascending = values[0], values[0], true
	last := low
	for _, v := range values {
		if v < low {
			low = v
		}
		if v > high {
			high = v
		}
		ascending = ascending && last <= v
		last = v
	}
	return low, high, ascending
}

// radix sorts stably by n digits of the ordered bits from bit low on.
func radix(values, scratch []float64, low uint, n int) {
	var counts [digits][1 << digitBits]uint32
	switch n {
	case leading: // the usual number, unrolled
		for _, v := range values {
			key := orderedBits(v) >> (low & 63)
			counts[0][key&(1<<digitBits-1)]++
			counts[1][key>>digitBits&(1<<digitBits-1)]++
			counts[2][key>>(2*digitBits)&(1<<digitBits-1)]++
		}
	default:
		for _, v := range values {
			key := orderedBits(v) >> (low & 63)
			for d := range n {
				counts[d][key&(1<<digitBits-1)]++
				key >>= digitBits
			}
		}
	}
	from, to := values, scratch
	for d := range n {
		count := &counts[d]
		shift := (low + uint(d)*digitBits) & 63
		if int(count[orderedBits(from[0])>>shift&(1<<digitBits-1)]) == len(from) {
			continue // all equal in this digit
		}
		next := uint32(0)
		for i, c := range count {
			count[i] = next
			next += c
		}
		for _, v := range from {
			slot := &count[orderedBits(v)>>shift&(1<<digitBits-1)]
			to[*slot] = v
			*slot++
		}
		from, to = to, from
	}
	if &from[0] != &values[0] {
		copy(values, from)
	}
}

// insertion sorts values that are nearly sorted. It gives up, with some permutation of them,
// when it would move more than budget values.
func insertion(values []float64, budget int) bool {
	last := orderedBits(values[0])
	for i, v := range values {
		key := orderedBits(v)
		if key >= last {
			last = key
			continue
		}
		j := i
		for ; j > 0 && orderedBits(values[j-1]) > key; j-- {
			values[j] = values[j-1]
		}
		values[j] = v
		if budget -= i - j; budget < 0 {
			return false
		}
	}
	return true
}
