package profile

import (
	"math"
	"sync/atomic"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// ceiling is the greatest key that a sample of the smallest keys still wants. Blocks of a shard
// that are read side by side share it, so that none keeps what will be dropped when they are
// merged: which is the same then, in whatever order they lower it.
type ceiling struct{ atomic.Uint64 }

// lower makes limit the ceiling if it is below.
func (c *ceiling) lower(limit uint64) {
	for old := c.Load(); limit < old && !c.CompareAndSwap(old, limit); old = c.Load() {
	}
}

// ceilings are those of a shard.
type ceilings struct {
	rows, hashes ceiling
	texts        []ceiling // of each column
}

func newCeilings(columns []dataset.Field) *ceilings {
	c := &ceilings{texts: make([]ceiling, len(columns))}
	c.rows.Store(math.MaxUint64)
	c.hashes.Store(math.MaxUint64)
	for i := range c.texts {
		c.texts[i].Store(math.MaxUint64)
	}
	return c
}
