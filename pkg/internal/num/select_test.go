package num

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestNthLargest(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for range 2000 {
		counts := make([]uint64, 1+r.IntN(50))
		for i := range counts {
			counts[i] = r.Uint64N(1 + r.Uint64N(60))
		}
		want := slices.Clone(counts)
		slices.Sort(want)
		slices.Reverse(want)
		for n := range want {
			if got := NthLargest(slices.Clone(counts), n+1); got != want[n] {
				t.Fatalf("number %d of %v is %d", n+1, want, got)
			}
		}
	}
}
