package walk

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestCuts: thresholds that come again and again have the ranks that sorting gives them.
func TestCuts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		different := rapid.SliceOfNDistinct(number(), 1, 2*narrowRanks, key).Draw(t, "thresholds")
		var c cuts
		var keys []uint64
		for range rapid.IntRange(1, 3).Draw(t, "times") {
			for _, v := range different {
				c.add(key(v))
				keys = append(keys, key(v))
			}
			slices.Reverse(different)
		}
		slices.Sort(keys)
		keys = slices.Compact(keys)
		if c.many != (len(keys) > narrowRanks) {
			t.Fatalf("%d thresholds, many is %v", len(keys), c.many)
		}
		bounds, count := c.sorted()
		if size := len(bounds); count != len(keys) || !slices.Equal(bounds[:count], keys) || size <= count || size > 2*count || size&(size-1) != 0 {
			t.Fatalf("%d of %d bounds %v, want %v", count, size, bounds, keys)
		}
		for i, k := range keys {
			if got := c.rank(bounds, k); got != uint32(i+1) {
				t.Fatalf("threshold %d has rank %d", i+1, got)
			}
		}
		for _, k := range bounds[count:] {
			if k != above {
				t.Fatalf("%x behind the bounds", k)
			}
		}
	})
}

// TestRoundCutsAreSpread: thresholds are often whole numbers or halves, whose last bits are all 0.
func TestRoundCutsAreSpread(t *testing.T) {
	for _, step := range []float64{1, 0.5, 256, 1e-3} {
		var c cuts
		for i := range narrowRanks {
			c.add(key(step * float64(i-20)))
		}
		moved := 0
		for i := range narrowRanks {
			k := key(step * float64(i-20))
			at := c.find(k)
			for ; at > 0 && c.table[at-1] != 0; at-- {
				moved++ // a run of taken places that find may have to go through
			}
		}
		if moved > 8*narrowRanks {
			t.Errorf("steps of %v: %d places are taken before those of %d thresholds", step, moved, narrowRanks)
		}
	}
}
