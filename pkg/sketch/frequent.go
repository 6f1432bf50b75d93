package sketch

import (
	"cmp"
	"fmt"
	"slices"
)

// Count is an item and how often it was counted.
type Count[T any] struct {
	Item T
	N    uint64
}

const (
	lgMinItems = 3
	lgMaxItems = 26
)

// limit returns the size of frequent items that keeps at least max of them: log2 of the
// slots that DataSketches' hash table has for it, of which it fills three in four.
func limit(max int) uint8 {
	for lg := uint8(lgMinItems); lg <= lgMaxItems; lg++ {
		if items(lg) >= max {
			return lg
		}
	}
	panic(fmt.Sprintf("sketch: %d distinct values are too many to count", max))
}

// items is how many items a size keeps.
func items(lg uint8) int { return 3 << lg >> 2 }

// top sorts counts by number, greatest first, then by item, and returns the first n.
func top[T cmp.Ordered](counts []Count[T], n int) []Count[T] {
	slices.SortFunc(counts, func(a, b Count[T]) int {
		if c := cmp.Compare(b.N, a.N); c != 0 {
			return c
		}
		return cmp.Compare(a.Item, b.Item)
	})
	return slices.Clip(counts[:max(0, min(n, len(counts)))])
}
