package tree

import "math"

// key is a float64 as an integer of the same order, the two zeros as one. NaN has no place.
func key(x float64) uint64 {
	b := math.Float64bits(x + 0)
	return b ^ (uint64(int64(b)>>63) | 1<<63)
}

// value is the inverse of key.
func value(k uint64) float64 {
	return math.Float64frombits(k ^ (uint64(^int64(k)>>63) | 1<<63))
}

const digitBits = 11

// radix sorts keys, each with its mass unless masses is nil, by digits from the lowest up;
// a digit that is the same in all keys, as those of float32 and of whole numbers are, costs
// nothing. It needs room of the same lengths, and returns the slices that hold the result.
func radix(keys, room []uint64, masses, roomForMasses []int64) ([]uint64, []int64) {
	same, seen := ^uint64(0), uint64(0)
	for _, k := range keys {
		same &= k
		seen |= k
	}
	varies := same ^ seen
	for shift := 0; shift < 64; shift += digitBits {
		if varies>>shift&(1<<digitBits-1) == 0 {
			continue
		}
		var starts [1 << digitBits]uint32
		for _, k := range keys {
			starts[k>>shift&(1<<digitBits-1)]++
		}
		next := uint32(0)
		for d, n := range starts {
			starts[d] = next
			next += n
		}
		for i, k := range keys {
			d := k >> shift & (1<<digitBits - 1)
			at := starts[d]
			starts[d] = at + 1
			room[at] = k
			if masses != nil {
				roomForMasses[at] = masses[i]
			}
		}
		keys, room = room, keys
		masses, roomForMasses = roomForMasses, masses
	}
	return keys, masses
}
