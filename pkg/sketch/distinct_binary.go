package sketch

import (
	"encoding/binary"
	"fmt"
	"math"
)

// The binary form of hll_sketch, little-endian:
//
//	0  number of 4-byte words before the data: 2 list, 3 set, 10 registers
//	1  version: 1
//	2  family: 7
//	3  lgK
//	4  log2 of the room that a list or set has
//	5  flags: 4 empty, 8 compact, 16 merged (the estimate is by the registers alone)
//	6  length of the list, or smallest register (0 in HLL_8)
//	7  0 list, 1 set, 2 registers; plus 8, which says HLL_8
//
// then a list of coupons of 4 bytes, or at 8 the length of a set and at 12 its coupons, or
//
//	8  estimate by history, 0 here
//	16 Σ 2^-r over the registers r below 32, and at 24 over the others
//	32 number of registers that are 0, 4 bytes, and 4 bytes that HLL_8 does not use
//	40 registers of 1 byte
const (
	hllFamily  = 7
	hllEmpty   = 4
	hllCompact = 8
	hllMerged  = 16
	hllHead    = 40
	hllMode8   = 8
	hllList    = 0
	hllSet     = 1
	hllFull    = 2
)

// MarshalBinary returns the form of DataSketches' hll_sketch: an empty list, or registers.
func (d *Distinct) MarshalBinary() ([]byte, error) {
	lgK := d.lgK
	if lgK == 0 {
		lgK = DefaultLgK
	}
	if d.registers == nil {
		return []byte{2, 1, hllFamily, lgK, 3, hllEmpty | hllCompact, 0, hllMode8 | hllList}, nil
	}
	b := make([]byte, hllHead, hllHead+len(d.registers))
	copy(b, []byte{10, 1, hllFamily, lgK, 0, hllCompact | hllMerged, 0, hllMode8 | hllFull})
	var counts [registerMax + 1]uint32
	for _, r := range d.registers {
		counts[r]++
	}
	// Both sums are exact: 2^21 times a power of 2 that 52 bits reach down to.
	low, high := 0.0, 0.0
	for r, n := range counts {
		part := math.Ldexp(float64(n), -r)
		if r < 32 {
			low += part
		} else {
			high += part
		}
	}
	binary.LittleEndian.PutUint64(b[16:], math.Float64bits(low))
	binary.LittleEndian.PutUint64(b[24:], math.Float64bits(high))
	binary.LittleEndian.PutUint32(b[32:], counts[0])
	return append(b, d.registers...), nil
}

// UnmarshalBinary reads the form of DataSketches' hll_sketch, of the type HLL_8, in place of
// what d holds. Of a sketch in the mode of registers they alone are read, and the sums over
// them made anew.
func (d *Distinct) UnmarshalBinary(b []byte) error {
	fault := func(format string, args ...any) error {
		return fmt.Errorf("sketch: these bytes are no HLL sketch: "+format, args...)
	}
	if len(b) < 8 {
		return fault("%d bytes are too few", len(b))
	}
	words, lgK, lgRoom, flags, mode := b[0], b[3], b[4], b[5], b[7]
	switch {
	case b[1] != 1:
		return fault("the version is %d, not 1", b[1])
	case b[2] != hllFamily:
		return fault("the family is %d, not %d", b[2], hllFamily)
	case lgK < MinLgK || lgK > MaxLgK:
		return fault("lgK is %d, not %d to %d", lgK, MinLgK, MaxLgK)
	case mode&^3 != hllMode8:
		return fault("the type is not HLL_8, which alone is read here")
	}
	r := Distinct{lgK: lgK}
	var coupons []byte
	count := 0
	switch mode & 3 {
	case hllList:
		if words != 2 {
			return fault("a list has %d words of preamble", words)
		}
		count, coupons = int(b[6]), b[8:]
	case hllSet:
		if words != 3 || len(b) < 12 {
			return fault("a set has %d bytes and %d words of preamble", len(b), words)
		}
		n := binary.LittleEndian.Uint32(b[8:])
		if int64(n) > int64(len(b)) {
			return fault("a set of %d has %d bytes", n, len(b))
		}
		count, coupons = int(n), b[12:]
	case hllFull:
		if words != 10 || b[6] != 0 || len(b) != hllHead+1<<lgK {
			return fault("2^%d registers have %d bytes, %d words of preamble and smallest register %d", lgK, len(b), words, b[6])
		}
		set := false
		for _, v := range b[hllHead:] {
			if v > registerMax {
				return fault("a register is %d", v)
			}
			set = set || v > 0
		}
		if set {
			copy(r.room(), b[hllHead:])
		}
		*d = r
		return nil
	default:
		return fault("the mode is 3")
	}

	if (flags&hllEmpty != 0) != (count == 0) {
		return fault("the flag for empty is wrong")
	}
	room := count
	if flags&hllCompact == 0 {
		if lgRoom > MaxLgK {
			return fault("it has room for 2^%d", lgRoom)
		}
		room = 1 << lgRoom
	}
	if len(coupons) != 4*room {
		return fault("%d coupons have %d bytes", room, len(coupons))
	}
	for ; len(coupons) > 0; coupons = coupons[4:] {
		coupon := binary.LittleEndian.Uint32(coupons)
		if coupon == 0 {
			continue
		}
		value := uint8(coupon >> keyBits)
		if value == 0 {
			return fault("a coupon has no value")
		}
		count--
		registers := r.room()
		slot := &registers[coupon&(1<<lgK-1)]
		*slot = max(*slot, value)
	}
	if count != 0 {
		return fault("the number of coupons is off by %d", -count)
	}
	*d = r
	return nil
}
