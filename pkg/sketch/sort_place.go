package sketch

import (
	"math"
	"math/bits"
	"sync"
)

// maxSteps is how many steps may lie between decimals that are counted: the counters fit into
// the second-level cache beside the values.
const maxSteps = 1 << 16

var stepCounters = sync.Pool{New: func() any { return new([maxSteps]uint32) }}

// countDecimals sorts values from low to high by counting each of them, if they are decimals of
// the same few places (prices, dates, codes) and close together. Else it reports false, with
// the values as they were.
func countDecimals(values []float64, low, high float64) bool {
	if math.Abs(low) > 1<<40 || math.Abs(high) > 1<<40 {
		return false
	}
	for scale := 1.0; scale <= 1000; scale *= 10 {
		steps := float64((high-low)*scale) + 2
		if steps >= maxSteps || steps >= float64(2*len(values)) {
			return false
		}
		if countSteps(values, scale, int64(math.Round(low*scale)), int(steps)) {
			return true
		}
	}
	return false
}

// countSteps does so if each value is the quotient of a whole number and scale to the last bit,
// as one is that was read from decimals. (-0 is none.)
func countSteps(values []float64, scale float64, from int64, steps int) bool {
	counts := stepCounters.Get().(*[maxSteps]uint32)
	defer stepCounters.Put(counts)
	before := float64(from) - 0.5
	for _, v := range values {
		step := int64(float64(v*scale) - before)
		if math.Float64bits(float64(from+step)/scale) != math.Float64bits(v) {
			clear(counts[:steps])
			return false
		}
		counts[uint16(step)]++
	}
	next := values
	for i, c := range counts[:steps] {
		v := float64(from+int64(i)) / scale
		same := next[:c]
		for j := range same {
			same[j] = v
		}
		next = next[c:]
	}
	clear(counts[:steps])
	return true
}

const (
	placeBits = 11             // of a digit
	places    = 1 << placeBits // squared: how many places between least and greatest are told apart
)

// sortByPlace sorts by two digits of the place between low and high, and puts in order by
// insertion what shares a place. It reports false, with some permutation of the values, if too
// much does.
func sortByPlace(values, scratch []float64, low, high float64) bool {
	scale := (places*places - 1) / (high - low)
	if !(scale > math.Ldexp(1, -1000) && scale < math.Ldexp(1, 1000)) {
		return false
	}
	var minor, major [places]uint32
	for i := 0; i < len(values); i += crowdStep {
		major[uint32((values[i]-low)*scale)/places%places]++
	}
	if crowded(&major, len(values)) {
		return false
	}
	clear(major[:])
	for _, v := range values {
		at := uint32((v - low) * scale)
		minor[at%places]++
		major[at/places%places]++
	}
	startsOf(&minor)
	startsOf(&major)
	for _, v := range values {
		slot := &minor[uint32((v-low)*scale)%places]
		scratch[*slot] = v
		*slot++
	}
	for _, v := range scratch {
		slot := &major[uint32((v-low)*scale)/places%places]
		values[*slot] = v
		*slot++
	}
	return insertion(values, len(values))
}

// sortByScale is sortByPlace where the place is that of the ordered bits, which is about that of the
// logarithm: for values of one sign and many sizes.
func sortByScale(values, scratch []float64, least, greatest uint64) bool {
	shift := uint(max(0, bits.Len64(greatest-least)-2*placeBits))
	var minor, major [places]uint32
	for i := 0; i < len(values); i += crowdStep {
		major[(orderedBits(values[i])-least)>>(shift&63)/places%places]++
	}
	if crowded(&major, len(values)) {
		return false
	}
	clear(major[:])
	for _, v := range values {
		at := (orderedBits(v) - least) >> (shift & 63)
		minor[at%places]++
		major[at/places%places]++
	}
	startsOf(&minor)
	startsOf(&major)
	for _, v := range values {
		slot := &minor[(orderedBits(v)-least)>>(shift&63)%places]
		scratch[*slot] = v
		*slot++
	}
	for _, v := range scratch {
		slot := &major[(orderedBits(v)-least)>>(shift&63)/places%places]
		values[*slot] = v
		*slot++
	}
	return insertion(values, len(values))
}

// crowdStep is how many values there are for each one that crowded is asked about.
const crowdStep = 16

// crowded reports whether too many of n values share a place for insertion, given the major digits
// of some of them: if those of a digit spread evenly, the pairs that share one are more than n.
func crowded(major *[places]uint32, n int) bool {
	pairs := 0
	for _, c := range major {
		pairs += int(c) * int(c)
	}
	return pairs*(crowdStep*crowdStep)/places > n
}

// startsOf makes of counts where each begins.
func startsOf(counts *[places]uint32) {
	next := uint32(0)
	for i, c := range counts {
		counts[i] = next
		next += c
	}
}
