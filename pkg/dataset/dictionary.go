package dataset

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
)

// dictionary numbers distinct texts in order of appearance. Their bytes lie one behind the
// other, so that millions of them are no work for the garbage collector.
type dictionary struct {
	bytes strings.Builder
	ends  []int // of each text in bytes
	// table is open addressing by the highest bits of the hash: the upper half of the hash,
	// and code + 1 in the lower. Other texts are told apart without going to where they lie,
	// which for millions of texts is not in the cache; and the table is all that is needed to
	// make a larger one, in which the texts lie in the same order.
	table []uint64
	shift int // of a hash, to its place
}

// upperHalf is that of a hash.
const upperHalf = 1<<64 - 1<<32

func (d *dictionary) len() int { return len(d.ends) }

func (d *dictionary) text(code int32) string {
	begin := 0
	if code > 0 {
		begin = d.ends[code-1]
	}
	return d.bytes.String()[begin:d.ends[code]]
}

// code is the number of a text, given its xxhash: a new one if it is new.
func (d *dictionary) code(hash uint64, text []byte) int32 {
	if 2*len(d.ends) >= len(d.table) {
		d.grow()
	}
	mask := uint64(len(d.table) - 1)
	for at := hash >> d.shift; ; at = (at + 1) & mask {
		entry := d.table[at]
		if entry == 0 {
			d.table[at] = hash&upperHalf | uint64(len(d.ends)+1)
			return d.add(text)
		}
		if code := int32(uint32(entry)) - 1; (entry^hash)&upperHalf == 0 && d.text(code) == string(text) {
			return code
		}
	}
}

// add makes a text the last. What grows doubles, because appending alone copies a large slice
// five times until it is twice as long.
func (d *dictionary) add(text []byte) int32 {
	if d.bytes.Cap()-d.bytes.Len() < len(text) {
		d.bytes.Grow(len(text))
	}
	d.bytes.Write(text)
	if len(d.ends) == cap(d.ends) {
		d.ends = slices.Grow(d.ends, max(16, len(d.ends)))
	}
	d.ends = append(d.ends, d.bytes.Len())
	return int32(len(d.ends) - 1)
}

func (d *dictionary) grow() {
	old := d.table
	d.table = make([]uint64, max(64, 2*len(old)))
	d.shift = 64 - bits.TrailingZeros(uint(len(d.table)))
	mask := uint64(len(d.table) - 1)
	for _, entry := range old {
		if entry == 0 {
			continue
		}
		at := entry >> d.shift
		for d.table[at] != 0 {
			at = (at + 1) & mask
		}
		d.table[at] = entry
	}
}

// texts are all of them in order of appearance, sharing one string.
func (d *dictionary) texts() []string {
	all := d.bytes.String()
	texts := make([]string, len(d.ends))
	begin := 0
	for i, end := range d.ends {
		texts[i] = all[begin:end]
		begin = end
	}
	return texts
}

// sortLevels brings levels into bytewise order and rewrites the codes, in place.
func sortLevels(codes []int32, levels []string) ([]int32, []string) {
	order := make([]levelEntry, len(levels))
	for i, s := range levels {
		var prefix [8]byte
		copy(prefix[:], s)
		order[i] = levelEntry{binary.BigEndian.Uint64(prefix[:]), int32(i)}
	}
	order = sortByPrefix(order)
	for from, i := 0, 1; i <= len(order); i++ {
		if i < len(order) && order[i].prefix == order[from].prefix {
			continue
		}
		if i-from > 1 {
			slices.SortFunc(order[from:i], func(a, b levelEntry) int { return strings.Compare(levels[a.code], levels[b.code]) })
		}
		from = i
	}
	sorted, position := make([]string, len(levels)), make([]int32, len(levels))
	for i, e := range order {
		sorted[i] = levels[e.code]
		position[e.code] = int32(i)
	}
	for i, code := range codes {
		if code >= 0 {
			codes[i] = position[code]
		}
	}
	return codes, sorted
}

// levelEntry is a level by its first eight bytes as a number, which tell most texts apart and
// are compared without going to where each text lies.
type levelEntry struct {
	prefix uint64
	code   int32
}

// sortByPrefix sorts by the prefix: byte by byte from the last if there are many, leaving out
// the bytes that are the same everywhere.
func sortByPrefix(order []levelEntry) []levelEntry {
	if len(order) < 1<<12 {
		slices.SortFunc(order, func(a, b levelEntry) int { return cmp.Compare(a.prefix, b.prefix) })
		return order
	}
	sorted := make([]levelEntry, len(order))
	for shift := 0; shift < 64; shift += 8 {
		var next [256]int // where the next entry with each byte goes
		for _, e := range order {
			next[byte(e.prefix>>shift)]++
		}
		if next[byte(order[0].prefix>>shift)] == len(order) {
			continue
		}
		at := 0
		for i, n := range next {
			next[i] = at
			at += n
		}
		for _, e := range order {
			i := byte(e.prefix >> shift)
			sorted[next[i]] = e
			next[i]++
		}
		order, sorted = sorted, order
	}
	return order
}
