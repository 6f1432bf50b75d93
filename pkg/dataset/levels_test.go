package dataset

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// Levels come into the order of slices.Sort, each once, and every row keeps its text: whether they are
// few or many, begin alike, end early, differ only behind eight bytes or three hundred, or are there
// several times, and however many sort them.
func TestSortLevels(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	alike := []string{"https://a.example/", "https://a.example/\x00", "https://a.example/\x00\x00"}
	for i := range 40_000 {
		alike = append(alike, fmt.Sprintf("https://a.example/%x", i*i))
	}
	behind := []string{""}
	for i := range 20_000 {
		behind = append(behind, fmt.Sprintf("%cthe same again %d", 'a'+i%2, i))
	}
	var short, deep []string
	for i := range 30_000 {
		short = append(short, fmt.Sprint("u", i*i%50_000), fmt.Sprintf("u%d\x00", i%100))
	}
	for i := range 3_000 {
		deep = append(deep, strings.Repeat("as before ", i%40)+fmt.Sprint(i%1000))
	}
	for name, levels := range map[string][]string{
		"none": {}, "one": {"x"}, "few": {"b", "", "ab", "a", "\xff"}, "alike": alike, "behind": behind,
		"again": slices.Concat(alike, behind, alike, alike[:100], behind), "short": short, "deep": deep,
		"one of many": slices.Repeat([]string{"again and again and again"}, 20_000), "empty": slices.Repeat([]string{""}, 20_000),
	} {
		random.Shuffle(len(levels), func(i, j int) { levels[i], levels[j] = levels[j], levels[i] })
		want := slices.Compact(slices.Sorted(slices.Values(levels)))
		for workers := 1; workers <= 4; workers++ {
			codes := []int32{-1}
			for range min(100_000, 3*len(levels)) {
				codes = append(codes, int32(random.IntN(len(levels)+1))-1)
			}
			before := slices.Clone(codes)
			got, err := sortLevels(t.Context(), codes, dictionaryOf(levels), workers)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%s: %d levels are not in order", name, len(got))
			}
			for i, code := range codes {
				if before[i] < 0 && code >= 0 || before[i] >= 0 && got[code] != levels[before[i]] {
					t.Fatalf("%s, %d workers: code %d of row %d has become %d", name, workers, before[i], i, code)
				}
			}
		}
	}
}
