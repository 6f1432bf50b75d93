package dataset

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cespare/xxhash/v2"
)

// Many texts, some of which begin alike, repeat, or are short: each has one code, and sorting
// brings them into the order of slices.Sort without changing any row's text.
func TestDictionaryOfManyTexts(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var rows []string
	for range 30_000 {
		rows = append(rows, fmt.Sprintf("%d", random.IntN(20_000)), fmt.Sprintf("a long beginning %d", random.IntN(9000)), fmt.Sprintf("\xff%c", random.IntN(50)))
	}
	var d dictionary
	codes, hashes := make([]int32, len(rows)), make([]uint64, len(rows))
	for i, s := range rows {
		hashes[i] = xxhash.Sum64String(s)
	}
	for i, s := range rows {
		if before := d.len(); i%(lookedAhead-1) == 0 { // at texts that are there, and such that are not
			if d.look(hashes[i:]); d.len() != before {
				t.Fatalf("%d texts, and after looking %d", before, d.len())
			}
		}
		codes[i] = d.code(hashes[i], []byte(s))
	}
	codes[7] = -1
	want := slices.Compact(slices.Sorted(slices.Values(rows)))
	if len(d.table) <= smallTable || d.ahead == 0 {
		t.Error("nothing was looked at ahead")
	}
	levels, err := sortLevels(t.Context(), codes, &d, 2)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(levels, want) {
		t.Errorf("%d levels are not the %d sorted texts", len(levels), len(want))
	}
	for i, code := range codes {
		if i == 7 && code == -1 {
			continue
		}
		if levels[code] != rows[i] {
			t.Fatalf("row %d is %q, was %q", i, levels[code], rows[i])
		}
	}
}

// Texts whose hashes are equal, in half or as a whole, are still different texts.
func TestDictionaryOfEqualHashes(t *testing.T) {
	var d dictionary
	for i := range 200 {
		code := d.code(uint64(i%3)<<32|7, fmt.Append(nil, "text ", i))
		if again := d.code(uint64(i%3)<<32|7, fmt.Append(nil, "text ", i)); again != code || d.text(code) != fmt.Sprint("text ", i) {
			t.Fatalf("text %d: code %d, then %d, of %q", i, code, again, d.text(code))
		}
	}
	if d.len() != 200 {
		t.Errorf("%d texts", d.len())
	}
}
