package sketch

import (
	"math"
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
	for _, v := range values {
		at := uint32((v - low) * scale)
		minor[at%places]++
		major[at/places%places]++
	}
	crowd := 0 // how many pairs there are in a place, if those of a major digit spread evenly
	for _, c := range major {
		crowd += int(c) * int(c) / places
	}
	if crowd > len(values) {
		return false
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

// startsOf makes of counts where each begins.
func startsOf(counts *[places]uint32) {
	next := uint32(0)
	for i, c := range counts {
		counts[i] = next
		next += c
	}
}
