package sketch

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// A sketch that was reset does what a new one does, whatever it held and of whatever size it was.
func TestReset(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	var numbers Numbers
	var texts Texts
	var quantiles Quantiles
	for round := range 200 {
		size, k, seed := 1+r.IntN(100), uint16(MinK+r.IntN(50)), r.Uint64()
		numbers.Reset(size)
		texts.Reset(size)
		quantiles.Reset(k, seed)
		otherNumbers, otherTexts, otherQuantiles := NewNumbers(size), NewTexts(size), NewQuantiles(k, seed)
		for range r.IntN(8) {
			values := make([]float64, 1+r.IntN(2000))
			for i := range values {
				values[i] = float64(r.IntN(1 + r.IntN(1000)))
			}
			slices.Sort(values)
			numbers.AddSorted(values)
			otherNumbers.AddSorted(values)
			quantiles.AddSorted(values)
			otherQuantiles.AddSorted(values)
			for _, v := range values[:len(values)/8] {
				texts.Add(fmt.Append(nil, v), 1+uint64(v))
				otherTexts.Add(fmt.Append(nil, v), 1+uint64(v))
			}
		}
		for _, pair := range [][2]interface{ MarshalBinary() ([]byte, error) }{{&numbers, otherNumbers}, {&texts, otherTexts}, {&quantiles, otherQuantiles}} {
			got, err := pair[0].MarshalBinary()
			want, other := pair[1].MarshalBinary()
			if err != nil || other != nil || !bytes.Equal(got, want) {
				t.Fatalf("round %d: %T is not that of a new one (%v, %v)", round, pair[0], err, other)
			}
		}
		if quantiles.Exact() != otherQuantiles.Exact() || numbers.Exact() != otherNumbers.Exact() || texts.Exact() != otherTexts.Exact() {
			t.Fatalf("round %d: not exact alike", round)
		}
	}
}
