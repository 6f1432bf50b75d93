package dataset

import (
	"fmt"
	"testing"

	"github.com/cespare/xxhash/v2"
)

// Room made in between changes no code, and is enough: nothing grows again.
func TestDictionaryReserve(t *testing.T) {
	var d dictionary
	code := func(i int) int32 {
		text := fmt.Appendf(nil, "text %d", i)
		return d.code(xxhash.Sum64(text), text)
	}
	const texts = 3 * reserveFrom
	for i := range texts {
		switch i {
		case reserveFrom - 1:
			d.reserve(texts)
			if places := len(d.table); places >= 2*texts {
				t.Fatalf("%d places for few texts", places)
			}
		case reserveFrom:
			d.reserve(texts)
			d.reserve(texts / 2)
		}
		if got := code(i); got != int32(i) {
			t.Fatalf("text %d is %d", i, got)
		}
	}
	if places := len(d.table); places != 8*reserveFrom {
		t.Errorf("%d places", places)
	}
	for i := range texts {
		if got := code(i); got != int32(i) || d.text(got) != fmt.Sprint("text ", i) {
			t.Fatalf("text %d is %d", i, got)
		}
	}
}
