package sketch

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
)

// table gives texts numbers in order of appearance. It is an open-addressed hash table over
// one array of bytes, because a map of strings, most of which are soon dropped, spends five
// times as long on allocating them.
type table struct {
	slots  []uint32 // number plus 1, or 0; a power of 2 of them
	hashes []uint32 // of each text
	ends   []int    // of each text in bytes
	bytes  []byte
}

func (t *table) item(i int) []byte {
	start := 0
	if i > 0 {
		start = t.ends[i-1]
	}
	return t.bytes[start:t.ends[i]:t.ends[i]]
}

// place returns the number of item, which is the count of texts before if it is new.
func (t *table) place(item []byte) int {
	if 4*len(t.ends) >= 3*len(t.slots) {
		t.grow()
	}
	hash := textHash(item)
	mask := uint32(len(t.slots) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		i := t.slots[at]
		if i == 0 {
			t.hashes = append(t.hashes, hash)
			t.bytes = append(t.bytes, item...)
			t.ends = append(t.ends, len(t.bytes))
			t.slots[at] = uint32(len(t.ends))
			return len(t.ends) - 1
		}
		if t.hashes[i-1] == hash && bytes.Equal(t.item(int(i-1)), item) {
			return int(i - 1)
		}
	}
}

// grow makes twice the slots, in memory of before reset if that is enough.
func (t *table) grow() {
	if n := max(1<<lgMinItems, 2*len(t.slots)); n <= cap(t.slots) {
		t.slots = t.slots[:n]
		clear(t.slots)
	} else {
		t.slots = make([]uint32, n)
	}
	t.fill()
}

// reset forgets all texts, and keeps the memory.
func (t *table) reset() {
	t.slots, t.hashes, t.ends, t.bytes = t.slots[:0], t.hashes[:0], t.ends[:0], t.bytes[:0]
}

// fill puts all texts into slots, which are empty.
func (t *table) fill() {
	mask := uint32(len(t.slots) - 1)
	for i, hash := range t.hashes {
		at := hash & mask
		for t.slots[at] != 0 {
			at = (at + 1) & mask
		}
		t.slots[at] = uint32(i + 1)
	}
}

// keep drops the texts that are not kept, and numbers the others anew in their order.
func (t *table) keep(kept func(int) bool) {
	n, start, end := 0, 0, 0
	for i, hash := range t.hashes {
		next := t.ends[i]
		if kept(i) {
			end += copy(t.bytes[end:], t.bytes[start:next])
			t.hashes[n], t.ends[n] = hash, end
			n++
		}
		start = next
	}
	t.hashes, t.ends, t.bytes = t.hashes[:n], t.ends[:n], t.bytes[:end]
	clear(t.slots)
	t.fill()
}

func (t *table) clone() table {
	return table{slices.Clone(t.slots), slices.Clone(t.hashes), slices.Clone(t.ends), slices.Clone(t.bytes)}
}

// textHash folds eight bytes at a time by a wide product. Texts that are made to collide cost
// time that the size of the table bounds, and no more.
func textHash(b []byte) uint32 {
	h := uint64(len(b)) ^ murmur1
	for ; len(b) >= 8; b = b[8:] {
		high, low := bits.Mul64(h^binary.LittleEndian.Uint64(b), golden)
		h = high ^ low
	}
	tail := uint64(0)
	switch n := len(b); {
	case n >= 4:
		tail = uint64(binary.LittleEndian.Uint32(b)) | uint64(binary.LittleEndian.Uint32(b[n-4:]))<<32
	case n > 0:
		tail = uint64(b[0]) | uint64(b[n/2])<<8 | uint64(b[n-1])<<16
	}
	high, low := bits.Mul64(h^tail, murmur2)
	return uint32((high ^ low) >> 32)
}
