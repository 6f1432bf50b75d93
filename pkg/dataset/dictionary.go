package dataset

import (
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
	ahead int // scratch: what look has seen, so that its loads are not left out
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

// lookedAhead is for how many texts look brings the memory: more than loads wait at a time, and
// few enough to stay in the innermost cache until they are coded.
const lookedAhead = 64

// smallTable is a table that stays in a cache close by, for which it does not pay to look ahead.
const smallTable = 1 << 13

// look brings what code will need for some hashes, up to lookedAhead, into the cache. A text
// among millions is three waits for memory, each for the place that the one before says, and
// code has a branch behind each, which ends what a processor does ahead. Here are no branches,
// and so the waits of all texts are at the same time. What it sees may be that of another text,
// and is not used.
func (d *dictionary) look(hashes []uint64) {
	if len(d.table) <= smallTable || len(d.ends) == 0 {
		return
	}
	var at [lookedAhead]int
	hashes = hashes[:min(len(hashes), len(at))]
	for i, hash := range hashes {
		at[i] = max(int(uint32(d.table[hash>>d.shift]))-1, 0)
	}
	for i := range hashes {
		at[i] = d.ends[at[i]]
	}
	text, seen := d.bytes.String(), 0
	for _, end := range at[:len(hashes)] {
		seen += int(text[max(end, 1)-1])
	}
	d.ahead = seen
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

// dictionaryOf is of texts that are different, or not to be looked up.
func dictionaryOf(texts []string) *dictionary {
	d := &dictionary{}
	for _, s := range texts {
		d.add([]byte(s))
	}
	return d
}

// pile adds texts without looking whether they are there, so that each has a code of its own; bytes
// are those of all, and ends where each ends. There is no looking up behind it.
func (d *dictionary) pile(bytes []byte, ends []int) {
	d.table = nil
	before := d.bytes.Len()
	d.bytes.Write(bytes)
	d.ends = append(d.ends, ends...)
	own := d.ends[len(d.ends)-len(ends):]
	for i := range own {
		own[i] += before
	}
}

// reserve makes room for about so many texts in a pile, as long as those that there are. A little
// more costs nothing until it is used, and spares doing it again.
func (d *dictionary) reserve(texts int) {
	if texts <= cap(d.ends) {
		return
	}
	texts += texts / 16
	bytes := float64(d.bytes.Len()) / float64(d.len()) * float64(texts)
	d.ends = slices.Grow(d.ends, texts-d.len())
	d.bytes.Grow(max(0, int(bytes)-d.bytes.Len()))
}

// grow makes the table anew, with twice the places.
func (d *dictionary) grow() {
	old := d.table
	d.table = make([]uint64, max(64, 2*len(old)))
	// Touched in order, by writing. A page that is read first, as look and code do at random, is one
	// of zeros that all share, and its first write stops every core to take that away.
	clear(d.table)
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
