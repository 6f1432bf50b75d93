package dataset

import (
	"context"

	"github.com/cespare/xxhash/v2"
)

// A column in which most rows have a text of their own, such as names and keys, gains nothing from
// a dictionary of millions of texts: to look each up costs more than to sort all of them, repeats
// included, which brings equal ones together. So from some texts on they are piled up as they come.
//
// Whether they go on to be different is seen from a sample, since one that begins with each
// customer once may go on with their orders. When more than half are repeats, they are sorted, and
// a dictionary has those that follow. So no more than twice the different texts are kept, about.
type pile struct {
	on, over bool            // over: it was on, and is not again
	seen     map[uint32]bool // the upper halves of the sampled hashes
	sampled  int             // texts
}

const (
	piledFrom   = 1 << 16 // texts: a dictionary of fewer stays in a cache
	unsampled   = 8       // upper bits of a hash that are zero in the sample
	leastSample = 256     // texts before anything is concluded
)

// sample counts a text, given the upper half of its hash.
func (p *pile) sample(half uint32) {
	if half>>(32-unsampled) == 0 {
		p.seen[half] = true
		p.sampled++
	}
}

// repeats says that most texts are.
func (p *pile) repeats() bool { return p.sampled >= leastSample && p.sampled > 2*len(p.seen) }

// pileUp begins to pile up texts if most rows have one of their own.
func (c *tableColumn) pileUp() {
	if c.pile.over || c.levels.len() < piledFrom || 2*c.levels.len() <= len(c.codes) {
		return
	}
	c.pile.on, c.pile.seen = true, map[uint32]bool{}
	for _, entry := range c.levels.table {
		if entry != 0 {
			c.pile.sample(uint32(entry >> 32))
		}
	}
}

// pileTexts adds rows whose texts are not looked up. Room for texts is made for as many rows as
// room says, if that is not many more than there are.
func (c *tableColumn) pileTexts(b *keptColumn, room int) {
	if c.rows >= room/8 {
		c.levels.reserve(c.levels.len() / 16 * (room / (c.rows/16 + 1)))
	}
	first := int32(c.levels.len())
	c.levels.pile(b.bytes, b.ends)
	for _, hash := range b.hashes {
		c.pile.sample(uint32(hash >> 32))
	}
	to := c.more(len(b.codes))
	for i, code := range b.codes {
		if code >= 0 {
			code += first
		}
		to[i] = code
	}
	if c.pile.repeats() {
		c.unpile()
	}
}

// unpile goes on with a dictionary.
func (c *tableColumn) unpile() {
	// Nothing can end it early: it fails only with its context.
	levels, _ := sortLevels(context.Background(), c.codes, &c.levels, 1)
	c.levels, c.pile = dictionary{}, pile{over: true}
	for _, level := range levels {
		c.levels.code(xxhash.Sum64String(level), []byte(level))
	}
}
