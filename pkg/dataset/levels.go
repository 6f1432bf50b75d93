package dataset

import (
	"cmp"
	"context"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/foretell-ml/foretell/pkg/internal/par"
)

// levelEntry is a level by eight of its bytes as a number, those behind what all levels begin
// with: they tell most texts apart, and are compared without going to where each text lies.
type levelEntry struct {
	prefix uint64
	code   int32
}

const (
	sortedTogether = 1 << 13 // levels that are sorted by one worker, about
	recodedAtOnce  = 1 << 16 // rows
)

// sortLevels returns levels, which are distinct, in bytewise order and rewrites the codes to
// match, in place. Many levels are sorted in runs, several side by side.
func sortLevels(ctx context.Context, codes []int32, levels []string, workers int) ([]string, error) {
	skip := commonPrefix(levels)
	order := make([]levelEntry, len(levels))
	for i, s := range levels {
		order[i] = levelEntry{prefixOf(s[skip:]), int32(i)}
	}
	scratch := make([]levelEntry, len(levels))
	runs := []int32{0, int32(len(levels))}
	if len(levels) > sortedTogether {
		runs = deal(scratch, order)
		order, scratch = scratch, order
	}
	sorted, position := make([]string, len(levels)), make([]int32, len(levels))
	err := par.For(ctx, len(runs)-1, workers, func(i int) error {
		from, to := runs[i], runs[i+1]
		for j, e := range sortRun(order[from:to], scratch[from:to], levels) {
			sorted[int(from)+j] = levels[e.code]
			position[e.code] = from + int32(j)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return sorted, recode(ctx, codes, position, workers)
}

// deal orders entries by their first two bytes, and returns where runs begin, and the last
// one ends: those of neighbouring bytes, until they are enough for one.
func deal(to, from []levelEntry) (runs []int32) {
	next := make([]int32, 1<<16+1) // where the next entry with each two bytes goes; at first, their number one behind
	for _, e := range from {
		next[e.prefix>>48+1]++
	}
	for i, n := range next[1:] {
		if at := next[i]; len(runs) == 0 || n > 0 && at-runs[len(runs)-1] >= sortedTogether {
			runs = append(runs, at)
		}
		next[i+1] += next[i]
	}
	for _, e := range from {
		i := e.prefix >> 48
		to[next[i]] = e
		next[i]++
	}
	return append(runs, int32(len(from)))
}

// recode rewrites codes.
func recode(ctx context.Context, codes, position []int32, workers int) error {
	return par.For(ctx, (len(codes)+recodedAtOnce-1)/recodedAtOnce, workers, func(i int) error {
		some := codes[i*recodedAtOnce : min((i+1)*recodedAtOnce, len(codes))]
		for i, code := range some {
			if code >= 0 {
				some[i] = position[code]
			}
		}
		return nil
	})
}

// commonPrefix is how many bytes all levels begin with alike.
func commonPrefix(levels []string) int {
	if len(levels) == 0 {
		return 0
	}
	common := levels[0]
	for _, s := range levels {
		if strings.HasPrefix(s, common) {
			continue
		}
		n := 0
		for n < len(s) && s[n] == common[n] {
			n++
		}
		common = common[:n]
	}
	return len(common)
}

// prefixOf is the first eight bytes as a number.
func prefixOf(s string) uint64 {
	var prefix [8]byte
	copy(prefix[:], s)
	return binary.BigEndian.Uint64(prefix[:])
}

// sortRun sorts levels by their bytes.
func sortRun(order, scratch []levelEntry, levels []string) []levelEntry {
	order = sortByPrefix(order, scratch)
	for from, i := 0, 1; i <= len(order); i++ {
		if i < len(order) && order[i].prefix == order[from].prefix {
			continue
		}
		if i-from > 1 {
			slices.SortFunc(order[from:i], func(a, b levelEntry) int { return strings.Compare(levels[a.code], levels[b.code]) })
		}
		from = i
	}
	return order
}

// sortByPrefix sorts by the prefix: byte by byte from the last if there are many, leaving out
// the bytes that are the same everywhere. What it returns lies in order or in scratch.
func sortByPrefix(order, scratch []levelEntry) []levelEntry {
	if len(order) < 1<<10 {
		slices.SortFunc(order, func(a, b levelEntry) int { return cmp.Compare(a.prefix, b.prefix) })
		return order
	}
	for shift := 0; shift < 64; shift += 8 {
		var next [256]int32 // where the next entry with each byte goes
		for _, e := range order {
			next[byte(e.prefix>>shift)]++
		}
		if int(next[byte(order[0].prefix>>shift)]) == len(order) {
			continue
		}
		at := int32(0)
		for i, n := range next {
			next[i] = at
			at += n
		}
		for _, e := range order {
			i := byte(e.prefix >> shift)
			scratch[next[i]] = e
			next[i]++
		}
		order, scratch = scratch, order
	}
	return order
}
