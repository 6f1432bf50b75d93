// Package seed derives independent random streams from one seed, so that every random
// choice of a run can be made again: the same seed, label and index give the same stream
// on every machine, whatever ran before it and on how many workers.
//
// Nothing in Foretell draws from a global source; a test in internal/lint holds that.
package seed

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
)

// Derive returns the seed of the child stream named by label and indices.
// Children of different names are independent for all practical purposes: they are the
// first eight bytes of a SHA-256 over parent, label and indices.
func Derive(parent uint64, label string, indices ...int) uint64 {
	b := binary.LittleEndian.AppendUint64(nil, parent)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(label)))
	b = append(b, label...)
	for _, i := range indices {
		b = binary.LittleEndian.AppendUint64(b, uint64(i))
	}
	sum := sha256.Sum256(b)
	return binary.LittleEndian.Uint64(sum[:8])
}

// Rand returns the generator of a seed: PCG, whose stream Go promises not to change.
func Rand(seed uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15))
}

// Source draws words of a seed's stream with no interface between: for loops that draw often.
type Source struct{ pcg rand.PCG }

// NewSource returns the source of a seed. Its stream is not that of Rand.
func NewSource(seed uint64) *Source { return &Source{*rand.NewPCG(seed, 0)} }

// Uint64 returns the next word.
func (s *Source) Uint64() uint64 { return s.pcg.Uint64() }
