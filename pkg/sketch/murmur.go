package sketch

import (
	"encoding/binary"
	"math/bits"
)

// hashSeed is the default seed of DataSketches: sketches of other seeds do not merge.
const hashSeed = 9001

const (
	murmur1 = 0x87c37b91114253d5
	murmur2 = 0x4cf5ad432745937f
)

// hash64 is MurmurHash3_x64_128 (Appleby) of the 8 bytes of x, little-endian.
func hash64(x uint64) (uint64, uint64) {
	h1, h2 := hashSeed^scramble1(x), uint64(hashSeed)
	return finish(h1, h2, 8)
}

// hashBytes is MurmurHash3_x64_128 of b.
func hashBytes(b []byte) (uint64, uint64) {
	h1, h2, n := uint64(hashSeed), uint64(hashSeed), uint64(len(b))
	for ; len(b) >= 16; b = b[16:] {
		h1 ^= scramble1(binary.LittleEndian.Uint64(b))
		h1 = (bits.RotateLeft64(h1, 27)+h2)*5 + 0x52dce729
		h2 ^= scramble2(binary.LittleEndian.Uint64(b[8:]))
		h2 = (bits.RotateLeft64(h2, 31)+h1)*5 + 0x38495ab5
	}
	low, high := words(b)
	h2 ^= scramble2(high) // of nothing it is 0
	h1 ^= scramble1(low)
	return finish(h1, h2, n)
}

// words are up to 15 bytes, filled up with zeros. Bytes in the middle are read twice, which is
// faster than to copy as many as there are.
func words(b []byte) (low, high uint64) {
	switch n := len(b); {
	case n >= 8:
		return binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[n-8:]) >> (8 * (16 - n))
	case n >= 4:
		return uint64(binary.LittleEndian.Uint32(b)) | uint64(binary.LittleEndian.Uint32(b[n-4:]))<<(8*(n-4)), 0
	case n > 0:
		return uint64(b[0]) | uint64(b[n/2])<<(8*(n/2)) | uint64(b[n-1])<<(8*(n-1)), 0
	}
	return 0, 0
}

func scramble1(k uint64) uint64 { return bits.RotateLeft64(k*murmur1, 31) * murmur2 }
func scramble2(k uint64) uint64 { return bits.RotateLeft64(k*murmur2, 33) * murmur1 }

func finish(h1, h2, n uint64) (uint64, uint64) {
	h1 ^= n
	h2 ^= n
	h1 += h2
	h2 += h1
	h1, h2 = avalanche(h1), avalanche(h2)
	h1 += h2
	h2 += h1
	return h1, h2
}

func avalanche(k uint64) uint64 {
	k = (k ^ k>>33) * 0xff51afd7ed558ccd
	k = (k ^ k>>33) * 0xc4ceb9fe1a85ec53
	return k ^ k>>33
}
