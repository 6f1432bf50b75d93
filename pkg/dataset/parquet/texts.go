package parquet

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/cespare/xxhash/v2"
)

// coder numbers the distinct texts of a batch in order of appearance.
type coder struct {
	// table is open addressing by the lower bits of the hash: code + 1, and higher bits of the hash before
	// it, by which other texts are told apart without going to where they lie.
	table  []uint32
	used   bool // table is not empty
	texts  [][]byte
	hashes []uint64
	first  int // of the batch among texts
}

// codeBits are as many as one more than any code of a batch needs.
const codeBits = 15

const _ uint = 1<<codeBits - 1 - batchRows // it is enough

// begin starts a batch of up to n rows; its texts go behind those that are there.
func (k *coder) begin(n int, o *output) {
	size := 64
	for size < 2*n {
		size *= 2
	}
	if len(k.table) < size {
		k.table = make([]uint32, size)
	} else if k.used {
		clear(k.table)
	}
	k.used = false
	k.texts, k.hashes, k.first = o.texts, o.hashes, len(o.texts)
}

// end hands the texts of the batch over.
func (k *coder) end(o *output) { o.texts, o.hashes = k.texts, k.hashes }

// code is the number of a text. fresh says that it is new; its bytes have to stay as they are.
func (k *coder) code(hash uint64, text []byte) (code int32, fresh bool) {
	k.used = true
	mask, tag := uint64(len(k.table)-1), uint32(hash>>(32+codeBits))<<codeBits
	for at := hash & mask; ; at = (at + 1) & mask {
		entry := k.table[at]
		if entry == 0 {
			code = int32(len(k.texts) - k.first)
			k.table[at] = tag | uint32(code+1)
			if len(k.texts) == cap(k.texts) { // appending alone grows, and so copies, more often
				k.texts = slices.Grow(k.texts, max(64, len(k.texts)))
				k.hashes = slices.Grow(k.hashes, max(64, len(k.texts)))
			}
			k.texts, k.hashes = append(k.texts, text), append(k.hashes, hash)
			return code, true
		}
		if code = int32(entry&(1<<codeBits-1)) - 1; entry-uint32(code+1) == tag && bytes.Equal(k.texts[k.first+int(code)], text) {
			return code, false
		}
	}
}

// keep replaces the text that was added last by a copy.
func (k *coder) keep(arena []byte) []byte {
	text := k.texts[len(k.texts)-1]
	if len(arena)+len(text) > cap(arena) {
		arena = slices.Grow(arena, len(arena)+len(text))
	}
	arena = append(arena, text...)
	k.texts[len(k.texts)-1] = arena[len(arena)-len(text) : len(arena) : len(arena)]
	return arena
}

// ascii says that a text is valid UTF-8 without looking at each byte of a short one.
func ascii(b []byte) bool {
	const high = 0x8080808080808080
	switch n := len(b); {
	case n > 16:
		return false // utf8.Valid is as fast
	case n >= 8:
		return (binary.LittleEndian.Uint64(b)|binary.LittleEndian.Uint64(b[n-8:]))&high == 0
	case n >= 4:
		return (binary.LittleEndian.Uint32(b)|binary.LittleEndian.Uint32(b[n-4:]))&(high>>32) == 0
	}
	all := byte(0)
	for _, c := range b {
		all |= c
	}
	return all < 0x80
}

func hashOf(text []byte) uint64 { return xxhash.Sum64(text) }
