package walk

import (
	"math/bits"
	"slices"
)

// cuts are the thresholds of a column. Where they are cuts of bins they come again and again: while there
// are no more of them than the narrow form has ranks, each is kept once and found by hashing, so that
// little is sorted and nothing searched for. A forest that was made to collide costs a scan of so
// many at each node, and no more.
type cuts struct {
	keys  []uint64 // by key: each once, in the order of coming; in order, once sorted, if there are many
	many  bool     // and not looked for any more when they come
	table []uint8  // by hash, numbers of keys from 1; 0 is free; a quarter of it is taken at most
	ranks []uint8  // of keys, from 1, once they are sorted
	right bool     // some split sends missing values right
	left  bool     // some left
}

// add adds a threshold.
func (c *cuts) add(key uint64) {
	if c.many {
		c.keys = append(c.keys, key)
		return
	}
	if 4*len(c.keys) >= len(c.table) {
		c.grow()
	}
	at := c.find(key)
	if c.table[at] != 0 {
		return
	}
	if c.keys = append(c.keys, key); len(c.keys) > narrowRanks {
		c.many, c.table = true, nil
		return
	}
	c.table[at] = uint8(len(c.keys))
}

// find is the place in the table of a key, or where it may be put.
func (c *cuts) find(key uint64) int {
	// Fibonacci hashing (Knuth, The Art of Computer Programming 3, section 6.4), by the first bits of the
	// product: thresholds are often round numbers, whose last bits are 0.
	first, _ := bits.Mul64(key*0x9e3779b97f4a7c15, uint64(len(c.table)))
	mask := len(c.table) - 1
	for at := int(first); ; at++ {
		if k := c.table[at&mask]; k == 0 || c.keys[k-1] == key {
			return at & mask
		}
	}
}

// grow makes the table twice as large.
func (c *cuts) grow() {
	c.table = make([]uint8, max(32, 2*len(c.table)))
	for i, key := range c.keys {
		c.table[c.find(key)] = uint8(i + 1)
	}
}

// sorted are the thresholds in order, each once, and then keys above all numbers: as many as
// make it a power of two, one at least. After it no more are added.
func (c *cuts) sorted() (bounds []uint64, count int) {
	bounds = make([]uint64, len(c.keys), 1<<bits.Len(uint(len(c.keys))))
	copy(bounds, c.keys)
	slices.Sort(bounds)
	bounds = slices.Compact(bounds)
	count = len(bounds)
	bounds = bounds[:1<<bits.Len(uint(count))]
	for i := count; i < len(bounds); i++ {
		bounds[i] = above
	}
	if c.many {
		c.keys = nil
		return slices.Clone(bounds), count // without the room of those that came again
	}
	c.ranks = make([]uint8, len(c.keys))
	for i, key := range c.keys {
		c.ranks[i] = uint8(rank(bounds, key) + 1)
	}
	return bounds, count
}

// rank is that of a threshold that was added, from 1, among the sorted ones.
func (c *cuts) rank(bounds []uint64, key uint64) uint32 {
	if c.many {
		return uint32(rank(bounds, key) + 1)
	}
	return uint32(c.ranks[c.table[c.find(key)]-1])
}
