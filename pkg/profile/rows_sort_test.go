package profile

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// sortHashes sorts what is spread evenly, below a limit too, and what is not: copies of few rows, and
// hashes of one place.
func TestSortHashes(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 2, hashPlaces/16 - 1, hashPlaces / 16, 5000, 1 << 17} {
		for name, draw := range map[string]func() uint64{
			"all":    random.Uint64,
			"below":  func() uint64 { return random.Uint64N(math.MaxUint64 / 23) },
			"copies": func() uint64 { return mix(random.Uint64N(7)) },
			"place":  func() uint64 { return math.MaxUint64 - random.Uint64N(1000) },
			"small":  func() uint64 { return random.Uint64N(3) },
		} {
			hashes := make([]uint64, n)
			for i := range hashes {
				hashes[i] = draw()
			}
			want := slices.Sorted(slices.Values(hashes))
			if sortHashes(hashes); !slices.Equal(hashes, want) {
				t.Errorf("%d hashes, %s: not sorted", n, name)
			}
		}
	}
}
