package sketch

import (
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/apache/datasketches-go/hll"
)

const (
	// MinLgK and MaxLgK bound the size of Distinct: 2^lgK registers of a byte.
	MinLgK, MaxLgK = 4, 21
	// DefaultLgK is that of a zero Distinct that values are added to.
	DefaultLgK = 12

	keyBits     = 26 // of a hash choose the register, the low ones first
	registerMax = 63
)

// Distinct is a HyperLogLog sketch (Flajolet, Fusy, Gandouet and Meunier, AofA 2007) in the
// form HLL_8 of Apache DataSketches: a register holds the greatest number of leading zeros,
// plus 1, that a hash which fell on it had.
//
// Its state is the registers alone, so it does not depend on the order in which values were
// added or sketches merged. (DataSketches' own sketches of a single stream estimate by its
// history, HIP, which is a little closer and gone after the first merge; those of few values
// are lists of hashes. Both are read, and become registers.)
//
// The zero value has no size yet: it takes that of the first sketch merged into it.
type Distinct struct {
	lgK       uint8
	registers []uint8 // 2^lgK, or nil while all are 0
}

// NewDistinct returns an empty sketch of 2^lgK registers, lgK from MinLgK to MaxLgK.
func NewDistinct(lgK uint8) *Distinct {
	if lgK < MinLgK || lgK > MaxLgK {
		panic(fmt.Sprintf("sketch: lgK of Distinct is %d, not 4 to 21", lgK))
	}
	return &Distinct{lgK: lgK}
}

func (d *Distinct) room() []uint8 {
	if d.registers == nil {
		if d.lgK == 0 {
			d.lgK = DefaultLgK
		}
		d.registers = make([]uint8, 1<<d.lgK)
	}
	return d.registers
}

// AddFloat adds a value. 0 and -0 are the same one, and so are all NaN.
func (d *Distinct) AddFloat(v float64) {
	h1, h2 := hash64(canonicalBits(v))
	d.add(d.room(), h1, h2)
}

// AddFloats adds values as AddFloat does.
func (d *Distinct) AddFloats(values []float64) {
	if len(values) == 0 {
		return
	}
	registers := d.room()
	mask := uint64(len(registers) - 1)
	for _, v := range values {
		key := math.Float64bits(v + 0) // -0 + 0 is 0
		if v != v {
			key = canonicalBits(v)
		}
		h1, h2 := finish(hashSeed^scramble1(key), hashSeed, 8) // hash64, inlined
		r := &registers[h1&mask]
		*r = uint8(max(uint64(*r), uint64(zeros(h2)))) // no branch: while there are few values nobody foresees it
	}
}

// AddBytes adds a text. As in DataSketches, the empty text counts for nothing, and a number
// is another value than the text it is written as.
func (d *Distinct) AddBytes(item []byte) {
	if len(item) == 0 {
		return
	}
	h1, h2 := hashBytes(item)
	d.add(d.room(), h1, h2)
}

func (d *Distinct) add(registers []uint8, h1, h2 uint64) {
	value := zeros(h2)
	if r := &registers[h1&uint64(len(registers)-1)]; *r < value {
		*r = value
	}
}

// zeros is the number of leading zeros of h, at most 62, plus 1.
func zeros(h uint64) uint8 { return uint8(bits.LeadingZeros64(h|2) + 1) }

// canonicalBits are the bits of v, the same ones for all NaN, and those of 0 for -0.
func canonicalBits(v float64) uint64 {
	const infinity = 0x7ff << 52
	b := math.Float64bits(v)
	size := b &^ (1 << 63)
	if size-1 < infinity {
		return b
	}
	if size == 0 {
		return 0
	}
	return infinity | 1<<51
}

// Merge adds the values of o, which is left as it is. Of different sizes, the result has the
// smaller one: 2^i registers of the greater are folded into one, which gives what the smaller
// size would have held.
func (d *Distinct) Merge(o *Distinct) {
	if o.registers == nil {
		return
	}
	if d.registers == nil {
		d.lgK, d.registers = o.lgK, slices.Clone(o.registers)
		return
	}
	if o.lgK < d.lgK {
		folded := make([]uint8, len(o.registers))
		fold(folded, d.registers)
		d.lgK, d.registers = o.lgK, folded
	}
	fold(d.registers, o.registers)
}

// fold merges from into to, whose length divides its own.
func fold(to, from []uint8) {
	for ; len(from) > 0; from = from[len(to):] {
		part := from[:len(to)]
		for i, v := range part {
			to[i] = max(to[i], v)
		}
	}
}

// Clone returns an independent copy.
func (d *Distinct) Clone() *Distinct {
	return &Distinct{d.lgK, slices.Clone(d.registers)}
}

// Estimate returns how many distinct values were added, about: DataSketches' composite
// estimator, which counts empty registers while there are many of them. Error says how far
// off it may be.
func (d *Distinct) Estimate() float64 {
	if d.registers == nil {
		return 0
	}
	b, err := d.MarshalBinary()
	if err != nil {
		panic(err) // it returns none
	}
	s, err := hll.NewHllSketchFromSlice(b, true)
	if err != nil {
		panic(fmt.Sprintf("sketch: DataSketches does not read its own form: %v", err))
	}
	estimate, err := s.GetEstimate()
	if err != nil {
		panic(fmt.Sprintf("sketch: DataSketches does not estimate: %v", err))
	}
	return estimate
}

// Error is the relative standard error of Estimate for the size, at any number of values:
// √(3 ln 2 − 1)/√2^lgK, 1.6 % at 12. It is less while there are fewer values than registers.
// Of n values, few beside the registers, it is mostly nothing and now and then one value: two
// fall on one register with probability n²/2^(lgK+1).
func (d *Distinct) Error() float64 {
	lgK := d.lgK
	if lgK == 0 {
		lgK = DefaultLgK
	}
	return math.Sqrt((float64(3*math.Ln2) - 1) / float64(int(1)<<lgK))
}
