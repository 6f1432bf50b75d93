package dataset

import (
	"cmp"
	"context"
	"encoding/binary"
	"slices"
	"strings"
	"sync"

	"github.com/foretell-ml/foretell/pkg/internal/par"
)

// levelEntry is a text by eight of its bytes as a number, those behind what all texts begin
// with: they tell most texts apart, and are compared without going to where each text lies. So are
// those that end there, by their length.
type levelEntry struct {
	prefix uint64
	code   int32
	length int32 // of the text; repeated if it is that of the entry before
}

// repeated is the length of an entry whose text is that of the one before.
const repeated = -1

const (
	sortedTogether = 1 << 13 // texts that are sorted by one worker, about
	recodedAtOnce  = 1 << 16 // rows, and texts
)

// sortLevels returns texts in bytewise order, each once, and rewrites the codes to match, in place.
// Many are sorted in runs, several side by side.
func sortLevels(ctx context.Context, codes []int32, from *dictionary, workers int) ([]string, error) {
	n := from.len()
	skip, err := commonBytes(ctx, from, workers)
	if err != nil {
		return nil, err
	}
	order, position, runs := make([]levelEntry, n), make([]int32, n), []int32{0, int32(n)}
	if n > sortedTogether {
		runs, err = deal(ctx, order, position, from, skip, workers)
	} else {
		for code := range order {
			order[code] = from.entry(int32(code), skip)
		}
	}
	if err != nil {
		return nil, err
	}
	different := make([]int32, len(runs)) // texts of the runs before each
	sorter := levelSorter{texts: from}
	err = par.For(ctx, len(runs)-1, workers, func(i int) error {
		different[i+1] = sorter.sortRun(order[runs[i]:runs[i+1]], skip)
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range runs[1:] {
		different[i+1] += different[i]
	}
	sorted := make([]string, different[len(runs)-1])
	err = par.For(ctx, len(runs)-1, workers, func(i int) error {
		listRun(sorted[different[i]:different[i+1]], order[runs[i]:runs[i+1]], from, skip)
		at := different[i] - 1
		for _, e := range order[runs[i]:runs[i+1]] {
			if e.length != repeated {
				at++
			}
			position[e.code] = at
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return sorted, recode(ctx, codes, position, workers)
}

// listRun lists the texts of sorted entries, each once. If all are short, they are written anew, one
// behind the other: they are in the entries, and where each lies in from is no longer in a cache.
func listRun(sorted []string, order []levelEntry, from *dictionary, skip int) {
	size := 0
	for _, e := range order {
		if size += max(int(e.length), 0); int(e.length) > skip+8 {
			size = 0
			break
		}
	}
	var short strings.Builder
	text := make([]byte, skip+8) // what all begin with, and what an entry goes on with
	if size > 0 {
		copy(text, from.text(order[0].code)[:skip])
		short.Grow(size)
	}
	at := 0
	for _, e := range order {
		switch {
		case e.length == repeated:
			continue
		case size == 0:
			sorted[at] = from.text(e.code)
		default:
			binary.BigEndian.PutUint64(text[skip:], e.prefix)
			before := short.Len()
			short.Write(text[:e.length])
			sorted[at] = short.String()[before:]
		}
		at++
	}
}

// commonBytes is how many bytes all texts begin with alike.
func commonBytes(ctx context.Context, from *dictionary, workers int) (int, error) {
	n := from.len()
	if n == 0 {
		return 0, nil
	}
	common := make([]int, (n+recodedAtOnce-1)/recodedAtOnce)
	err := par.For(ctx, len(common), workers, func(i int) error {
		first := from.text(0)
		for code := i * recodedAtOnce; code < min((i+1)*recodedAtOnce, n) && first != ""; code++ {
			s := from.text(int32(code))
			if strings.HasPrefix(s, first) {
				continue
			}
			same := 0
			for same < len(s) && s[same] == first[same] {
				same++
			}
			first = first[:same]
		}
		common[i] = len(first)
		return nil
	})
	return slices.Min(common), err
}

// dealtAtOnce is in how many pieces texts are dealt, side by side. Each counts on its own.
const dealtAtOnce = 4

// deal makes the entries of all texts, ordered by their first two bytes behind those that all begin
// with, and returns where runs begin, and the last one ends: those of neighbouring bytes, until they
// are enough for one. Texts are read twice, which lie one behind the other, as entries that are not in
// order yet would take as much memory again. That of the entries and of their positions is got on the
// way.
func deal(ctx context.Context, order []levelEntry, position []int32, from *dictionary, skip, workers int) (runs []int32, err error) {
	n := len(order)
	var next [dealtAtOnce][]int32 // where the next entry of a piece with each two bytes goes; at first, how many there are
	piece := func(i int) (begin, end int) { return i * n / dealtAtOnce, (i + 1) * n / dealtAtOnce }
	err = par.For(ctx, dealtAtOnce, workers, func(i int) error {
		next[i] = make([]int32, 1<<16)
		begin, end := piece(i)
		touch(order[begin:end])
		touch(position[begin:end])
		for code := begin; code < end; code++ {
			next[i][from.entry(int32(code), skip).prefix>>48]++
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	at := int32(0)
	for first := range 1 << 16 {
		if len(runs) == 0 || at-runs[len(runs)-1] >= sortedTogether {
			runs = append(runs, at)
		}
		for i := range next {
			at, next[i][first] = at+next[i][first], at
		}
	}
	if runs[len(runs)-1] < at {
		runs = append(runs, at)
	}
	return runs, par.For(ctx, dealtAtOnce, workers, func(i int) error {
		begin, end := piece(i)
		for code := begin; code < end; code++ {
			e := from.entry(int32(code), skip)
			first := e.prefix >> 48
			order[next[i][first]] = e
			next[i][first]++
		}
		return nil
	})
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

// entry is the entry of a text, whose prefix is of the bytes from the given one on.
func (d *dictionary) entry(code int32, from int) levelEntry {
	begin := 0
	if code > 0 {
		begin = d.ends[code-1]
	}
	end := d.ends[code]
	return levelEntry{prefixOf(d.bytes.String(), begin+from, end), code, int32(end - begin)}
}

// prefixOf is eight bytes of a text, which is part of others, as a number: those behind its end are
// zeros.
func prefixOf(all string, begin, end int) uint64 {
	if begin+8 > len(all) {
		var prefix [8]byte
		copy(prefix[:], all[begin:end])
		return binary.BigEndian.Uint64(prefix[:])
	}
	prefix := binary.BigEndian.Uint64([]byte(all[begin : begin+8]))
	if n := end - begin; n < 8 {
		prefix &^= 1<<(64-8*n) - 1
	}
	return prefix
}

// levelSorter sorts entries by their texts, and marks those that are repeated.
type levelSorter struct {
	texts   *dictionary
	scratch sync.Pool // of *[]levelEntry, as long as runs are
}

const (
	comparedBelow = 32  // entries that begin alike, if so few, are compared rather than sorted by their next bytes
	comparedFrom  = 256 // and so are those that have so many bytes in common
)

// sortRun sorts the entries of a run, and says how many different texts there are.
func (s *levelSorter) sortRun(run []levelEntry, from int) (different int32) {
	scratch, _ := s.scratch.Get().(*[]levelEntry)
	if scratch == nil || len(*scratch) < len(run) {
		longer := make([]levelEntry, len(run))
		scratch = &longer
	}
	s.sort(run, (*scratch)[:len(run)], from)
	s.scratch.Put(scratch)
	for _, e := range run {
		if e.length != repeated {
			different++
		}
	}
	return different
}

// sort sorts entries, whose prefix is of the bytes from the given one on.
func (s *levelSorter) sort(order, scratch []levelEntry, from int) {
	sortByPrefix(order, scratch)
	for begin, end := 0, 0; begin < len(order); begin = end {
		for end = begin + 1; end < len(order) && order[end].prefix == order[begin].prefix; end++ {
		}
		if end-begin > 1 {
			s.sortAlike(order[begin:end], scratch[begin:end], from+8)
		}
	}
}

// sortAlike sorts entries whose texts are the same up to the given byte. Those that end before it
// come first: what they are the same as behind their end is zeros.
func (s *levelSorter) sortAlike(order, scratch []levelEntry, to int) {
	longest := func(e levelEntry) int32 { return min(e.length, int32(to)+1) }
	for i := range order[1:] {
		if longest(order[i]) != longest(order[i+1]) {
			slices.SortFunc(order, func(a, b levelEntry) int { return cmp.Compare(longest(a), longest(b)) })
			break
		}
	}
	ended := 0
	for ended < len(order) && int(order[ended].length) <= to {
		ended++
	}
	longer := order[ended:]
	for i := ended - 1; i > 0; i-- {
		if order[i].length == order[i-1].length {
			order[i].length = repeated
		}
	}
	if len(longer) >= comparedBelow && to < comparedFrom {
		for i, e := range longer {
			longer[i].prefix = s.texts.entry(e.code, to).prefix
		}
		s.sort(longer, scratch[ended:], to)
		return
	}
	slices.SortFunc(longer, func(a, b levelEntry) int { return strings.Compare(s.texts.text(a.code), s.texts.text(b.code)) })
	for i := len(longer) - 1; i > 0; i-- {
		if s.texts.text(longer[i].code) == s.texts.text(longer[i-1].code) {
			longer[i].length = repeated
		}
	}
}

// sortByPrefix sorts by the prefix: byte by byte from the last if there are many, leaving out
// the bytes that are the same everywhere.
func sortByPrefix(order, scratch []levelEntry) {
	if len(order) < 1<<10 {
		slices.SortFunc(order, func(a, b levelEntry) int { return cmp.Compare(a.prefix, b.prefix) })
		return
	}
	differ := uint64(0)
	for _, e := range order {
		differ |= e.prefix ^ order[0].prefix
	}
	from, to := order, scratch
	for shift := 0; shift < 64; shift += 8 {
		if byte(differ>>shift) == 0 {
			continue
		}
		var next [256]int32 // where the next entry with each byte goes
		for _, e := range from {
			next[byte(e.prefix>>shift)]++
		}
		at := int32(0)
		for i, n := range next {
			next[i] = at
			at += n
		}
		for _, e := range from {
			i := byte(e.prefix >> shift)
			to[next[i]] = e
			next[i]++
		}
		from, to = to, from
	}
	if &from[0] != &order[0] {
		copy(order, from)
	}
}
