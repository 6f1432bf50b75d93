package parquet

import (
	"crypto/sha256"
	"sync"
)

// spares are cursors that have read a column of a row group, for their buffers: at most one for each
// column, as those of another are as long as its pages and its dictionary. A sync.Pool would lose them
// to the garbage collector, which runs a dozen times while a table grows.
type spares struct {
	mutex   sync.Mutex
	cursors map[int]*cursor
}

// take returns a cursor for a column.
func (s *spares) take(column int) *cursor {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if c := s.cursors[column]; c != nil {
		delete(s.cursors, column)
		return c
	}
	return &cursor{hash: sha256.New()}
}

// put takes a column's cursor back, which forgets all but its buffers.
func (s *spares) put(column int, c *cursor) {
	c.hash.Reset()
	clear(c.coder.table)
	clear(c.texts)
	again := cursor{
		hash: c.hash, buffer: c.buffer[:0], entries: c.entries[:0], text: c.text[:0], coder: coder{table: c.coder.table},
		starts: c.starts[:0], texts: c.texts[:0], hashes: c.hashes[:0], known: c.known[:0], batches: c.batches,
	}
	if again.in.joined = c.in.joined[:0]; !c.column.texts() { // texts of blocks that are yet to be handed on lie in raw
		again.raw = c.raw[:0]
	}
	*c = again
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.cursors == nil {
		s.cursors = map[int]*cursor{}
	}
	s.cursors[column] = c
}
