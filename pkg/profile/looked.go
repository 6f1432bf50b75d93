package profile

import (
	"cmp"
	"iter"
	"slices"
	"sync"
)

// lookedAt is a sample of different texts that does not depend on their order: those of the
// smallest hashes. They lie one behind the other, because there may be as many for each of thousands
// of columns.
type lookedAt struct {
	Limit  uint64 // hashes above it are not wanted, once it is not 0
	Hashes []uint64
	Ends   []int32 // of each text
	Bytes  []byte

	most   int      // texts
	room   int      // how many are kept, the same ones among them, before it shrinks
	wanted *ceiling // of all blocks of the shard; nil of what was read from its binary form
}

const (
	leastLooked   = 64  // so many take room anyway
	longestLooked = 128 // bytes
)

func (l *lookedAt) add(hash uint64, text []byte) {
	if l.Limit != 0 && hash > l.Limit || l.wanted != nil && hash > l.wanted.Load() || len(text) > longestLooked {
		return
	}
	l.append(hash, text)
	if len(l.Hashes) >= max(l.room, leastLooked) {
		l.shrink()
	}
}

func (l *lookedAt) append(hash uint64, text []byte) {
	l.Hashes = append(l.Hashes, hash)
	l.Bytes = append(l.Bytes, text...)
	l.Ends = append(l.Ends, int32(len(l.Bytes)))
}

func (l *lookedAt) text(i int) []byte {
	start := int32(0)
	if i > 0 {
		start = l.Ends[i-1]
	}
	return l.Bytes[start:l.Ends[i]]
}

// texts are those of the sample.
func (l *lookedAt) texts() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for i := range l.Hashes {
			if !yield(l.text(i)) {
				return
			}
		}
	}
}

// lookRoom is what a sample is put in order in.
type lookRoom struct {
	order []int32
	kept  lookedAt
}

var lookRooms = sync.Pool{New: func() any { return new(lookRoom) }}

// shrink keeps each text once, and of these the ones of the smallest hashes.
func (l *lookedAt) shrink() {
	room := lookRooms.Get().(*lookRoom)
	defer lookRooms.Put(room)
	order := room.order[:0]
	for i := range l.Hashes {
		order = append(order, int32(i))
	}
	room.order = order
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(l.Hashes[a], l.Hashes[b]) })
	order = slices.CompactFunc(order, func(a, b int32) bool { return l.Hashes[a] == l.Hashes[b] })
	order = order[:min(len(order), l.most)]
	kept := &room.kept
	kept.Hashes, kept.Ends, kept.Bytes = kept.Hashes[:0], kept.Ends[:0], kept.Bytes[:0]
	for _, i := range order {
		kept.append(l.Hashes[i], l.text(int(i)))
	}
	l.Hashes, l.Ends, l.Bytes = append(l.Hashes[:0], kept.Hashes...), append(l.Ends[:0], kept.Ends...), append(l.Bytes[:0], kept.Bytes...)
	n := len(l.Hashes)
	l.room = 2 * n // thousands of columns of few categories each keep few
	if n == l.most {
		l.Limit = l.Hashes[n-1]
		if l.wanted != nil {
			l.wanted.lower(l.Limit)
		}
	}
}

func (l *lookedAt) merge(o *lookedAt) {
	for i, hash := range o.Hashes {
		l.add(hash, o.text(i))
	}
}

// check reports texts that are not where they are said to be.
func (l *lookedAt) check() bool {
	last := int32(0)
	for _, end := range l.Ends {
		if end < last {
			return false
		}
		last = end
	}
	return len(l.Ends) == len(l.Hashes) && int(last) == len(l.Bytes)
}
