package seed

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"testing"
)

// TestDeriveNeverChanges holds the derivation to SHA-256 of what the documentation says,
// computed elsewhere: printf '<bytes>' | sha256sum. Another value would change every model.
func TestDeriveNeverChanges(t *testing.T) {
	// parent 7, label length 4, "fold", index 2, all little-endian 64-bit.
	const sum = "9b3917090826453e"
	b, err := hex.DecodeString(sum)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := Derive(7, "fold", 2), binary.LittleEndian.Uint64(b); got != want {
		t.Errorf("got %x, want %x", got, want)
	}
}

func TestChildrenDiffer(t *testing.T) {
	seen := map[uint64]string{}
	for parent := range uint64(20) {
		for _, label := range []string{"", "a", "b", "ab"} {
			for _, indices := range [][]int{nil, {0}, {1}, {0, 0}, {0, 1}, {-1}} {
				s := Derive(parent, label, indices...)
				name := string(rune('0'+parent)) + label
				if other, ok := seen[s]; ok {
					t.Fatalf("%q %v and %q share a seed", name, indices, other)
				}
				seen[s] = name
			}
		}
	}
}

func TestRandIsReproducible(t *testing.T) {
	a, b := Rand(3), Rand(3)
	for range 10 {
		if a.Uint64() != b.Uint64() {
			t.Fatal("one seed, two streams")
		}
	}
}

// TestSourceIsPCG: the stream is Go's, which promises not to change it.
func TestSourceIsPCG(t *testing.T) {
	source, want := NewSource(7), rand.NewPCG(7, 0)
	for range 5 {
		if got, want := source.Uint64(), want.Uint64(); got != want {
			t.Fatalf("got %d, want %d", got, want)
		}
	}
}
