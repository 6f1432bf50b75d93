package dataset

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
)

// dictionary numbers distinct texts in order of appearance. Their bytes lie one behind the
// other, so that millions of them are no work for the garbage collector, and their hashes are
// kept, so that one dictionary goes into another without hashing again.
type dictionary struct {
	bytes  []byte
	ends   []int    // of each text in bytes
	hashes []uint64 // xxhash of each text
	table  []int32  // open addressing by hash: code + 1
}

func (d *dictionary) len() int { return len(d.ends) }

func (d *dictionary) text(code int32) []byte {
	begin := 0
	if code > 0 {
		begin = d.ends[code-1]
	}
	return d.bytes[begin:d.ends[code]]
}

// code is the number of a text, a new one if it is new.
func (d *dictionary) code(hash uint64, text []byte) int32 {
	if 2*len(d.ends) >= len(d.table) {
		d.grow()
	}
	mask := uint64(len(d.table) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		code := d.table[at] - 1
		if code < 0 {
			code = int32(len(d.ends))
			d.table[at] = code + 1
			d.bytes = append(d.bytes, text...)
			d.ends = append(d.ends, len(d.bytes))
			d.hashes = append(d.hashes, hash)
			return code
		}
		if d.hashes[code] == hash && string(d.text(code)) == string(text) {
			return code
		}
	}
}

func (d *dictionary) grow() {
	d.table = make([]int32, max(64, 2*len(d.table)))
	mask := uint64(len(d.table) - 1)
	for code, hash := range d.hashes {
		at := hash & mask
		for d.table[at] != 0 {
			at = (at + 1) & mask
		}
		d.table[at] = int32(code) + 1
	}
}

// texts are all of them in order of appearance, sharing one string.
func (d *dictionary) texts() []string {
	all := string(d.bytes)
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
	// Their first eight bytes, as a number, tell most texts apart, and are compared without
	// going to where each text lies.
	type entry struct {
		prefix uint64
		code   int32
	}
	order := make([]entry, len(levels))
	for i, s := range levels {
		var prefix [8]byte
		copy(prefix[:], s)
		order[i] = entry{binary.BigEndian.Uint64(prefix[:]), int32(i)}
	}
	slices.SortFunc(order, func(a, b entry) int {
		if a.prefix != b.prefix {
			return cmp.Compare(a.prefix, b.prefix)
		}
		return strings.Compare(levels[a.code], levels[b.code])
	})
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
