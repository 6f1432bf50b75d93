package parquet

import (
	"math/rand/v2"
	"testing"
)

// Packed values are read as they are bit by bit: of every width, from any value on, as many as are
// asked for, up to the last byte.
func TestUnpack(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for width := 0; width <= 32; width++ {
		for range 200 {
			values := 1 + random.IntN(100)
			packed := make([]byte, (values*width+7)/8)
			for i := range packed {
				packed[i] = byte(random.Uint32())
			}
			first := random.IntN(values)
			out := make([]int32, 1+random.IntN(values-first))
			unpack(out, packed, first*width, width)
			for i, got := range out {
				want := uint32(0)
				for bit := range width {
					at := (first+i)*width + bit
					want |= uint32(packed[at/8]>>(at%8)&1) << bit
				}
				if got != int32(want) {
					t.Fatalf("%d bits, value %d of %d from %d on is %x, want %x", width, i, len(out), first, uint32(got), want)
				}
			}
		}
	}
}
