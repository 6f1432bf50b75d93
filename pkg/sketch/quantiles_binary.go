package sketch

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// The binary form of kll_doubles_sketch, little-endian:
//
//	0  number of 4-byte words before the levels: 2, or 5
//	1  version: 1, of a single value 2
//	2  family: 15
//	3  flags: 1 empty, 2 level 0 is sorted, 4 single value
//	4  k, 2 bytes
//	6  m: 8
//	7  not used
//	8  the single value, or else
//	8  n, 8 bytes
//	16 smallest k merged, 2 bytes
//	18 number of levels
//	19 not used
//	20 where each level begins in an array that holds capacity values, 4 bytes each
//	.. min, max, and the values of the levels from that array, 8 bytes each
const (
	kllFamily = 15
	kllEmpty  = 1
	kllSorted = 2
	kllSingle = 4
	kllHead   = 20
)

// MarshalBinary returns the form of DataSketches' kll_doubles_sketch. The seed is no part of
// it.
func (q *Quantiles) MarshalBinary() ([]byte, error) {
	k := q.k
	if k == 0 {
		k = DefaultK
	}
	head := func(words, version, flags byte) []byte {
		return append([]byte{words, version, kllFamily, flags}, byte(k), byte(k>>8), levelMin, 0)
	}
	switch q.n {
	case 0:
		return head(2, 1, kllEmpty|kllSorted), nil
	case 1:
		return binary.LittleEndian.AppendUint64(head(2, 2, kllSingle|kllSorted), math.Float64bits(q.min)), nil
	}
	b := slices.Grow(head(5, 1, kllSorted), kllHead+len(q.levels)*4+(q.retained()+2)*8)
	b = binary.LittleEndian.AppendUint64(b, q.n)
	b = binary.LittleEndian.AppendUint16(b, q.minK)
	b = append(b, byte(len(q.levels)), 0)
	begin := capacity(k, len(q.levels)) - q.retained()
	for _, level := range q.levels {
		b = binary.LittleEndian.AppendUint32(b, uint32(begin))
		begin += len(level)
	}
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(q.min))
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(q.max))
	for _, level := range q.levels {
		for _, v := range level {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
	}
	return b, nil
}

// UnmarshalBinary reads the form of DataSketches' kll_doubles_sketch in place of what q holds.
// q keeps its seed.
func (q *Quantiles) UnmarshalBinary(b []byte) error {
	fault := func(format string, args ...any) error {
		return fmt.Errorf("sketch: these bytes are no KLL sketch of doubles: "+format, args...)
	}
	if len(b) < 8 {
		return fault("%d bytes are too few", len(b))
	}
	words, version, flags, k := b[0], b[1], b[3], binary.LittleEndian.Uint16(b[4:])
	switch {
	case b[2] != kllFamily:
		return fault("the family is %d, not %d", b[2], kllFamily)
	case k < MinK:
		return fault("k is %d, below %d", k, MinK)
	case b[6] != levelMin:
		return fault("m is %d, not %d", b[6], levelMin)
	}
	r := &Quantiles{k: k, minK: k}
	switch flags &^ kllSorted {
	case kllEmpty:
		if words != 2 || version != 1 || len(b) != 8 {
			return fault("an empty one has 8 bytes, 2 words and version 1, not %d, %d and %d", len(b), words, version)
		}
	case kllSingle:
		if words != 2 || version != 2 || len(b) != 16 {
			return fault("a single value has 16 bytes, 2 words and version 2, not %d, %d and %d", len(b), words, version)
		}
		v := float64At(b, 8)
		if math.IsNaN(v) {
			return fault("a value is NaN")
		}
		r.n, r.min, r.max, r.levels = 1, v, v, [][]float64{{v}}
	case 0:
		if words != 5 || version != 1 || len(b) < kllHead {
			return fault("it has %d bytes, %d words and version %d", len(b), words, version)
		}
		if why := r.read(b, flags&kllSorted != 0); why != "" {
			return fault("%s", why)
		}
	default:
		return fault("the flags are %#x", flags)
	}
	q.k, q.minK, q.n, q.min, q.max, q.levels = r.k, r.minK, r.n, r.min, r.max, r.levels
	q.view.Store(nil)
	return nil
}

// read takes what follows the first 8 bytes, and returns what is wrong with it.
func (q *Quantiles) read(b []byte, sorted bool) string {
	q.n, q.minK = binary.LittleEndian.Uint64(b[8:]), binary.LittleEndian.Uint16(b[16:])
	n := int(b[18])
	switch {
	case q.minK < MinK || q.minK > q.k:
		return fmt.Sprintf("the smallest k is %d", q.minK)
	case n < 1 || n > maxLevels:
		return fmt.Sprintf("it has %d levels", n)
	case len(b) < kllHead+4*n+16:
		return fmt.Sprintf("%d bytes are too few", len(b))
	}
	room := uint32(capacity(q.k, n))
	begins := make([]uint32, n+1)
	for h := range n {
		begins[h] = binary.LittleEndian.Uint32(b[kllHead+4*h:])
	}
	begins[n] = room
	if !slices.IsSorted(begins) {
		return "the levels overlap"
	}
	b = b[kllHead+4*n:]
	q.min, q.max = float64At(b, 0), float64At(b, 8)
	b = b[16:]
	if held := int(room - begins[0]); len(b) != 8*held {
		return fmt.Sprintf("it holds %d values in %d bytes", held, len(b))
	}
	if !(q.min <= q.max) {
		return "min is above max"
	}
	weight := uint64(0)
	for h := range n {
		level := make([]float64, begins[h+1]-begins[h])
		for i := range level {
			level[i] = float64At(b, 8*i)
			if !(q.min <= level[i] && level[i] <= q.max) {
				return "a value is not between min and max"
			}
		}
		b = b[8*len(level):]
		if h == 0 && !sorted {
			slices.Sort(level)
		} else if !slices.IsSorted(level) {
			return fmt.Sprintf("level %d is not sorted", h)
		}
		q.levels = append(q.levels, level)
		if uint64(len(level)) > (q.n-weight)>>h {
			return "the levels stand for more values than there are"
		}
		weight += uint64(len(level)) << h
	}
	if weight != q.n {
		return fmt.Sprintf("the levels stand for %d values, not %d", weight, q.n)
	}
	return ""
}

func float64At(b []byte, i int) float64 {
	return math.Float64frombits(binary.LittleEndian.Uint64(b[i:]))
}
