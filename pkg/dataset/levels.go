package dataset

import (
	"cmp"
	"context"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/foretell-ml/foretell/pkg/internal/par"
)

// numberedTexts have codes from 0 on.
type numberedTexts interface {
	len() int
	text(code int32) string
}

// textList is texts that are strings already.
type textList []string

func (l textList) len() int               { return len(l) }
func (l textList) text(code int32) string { return l[code] }

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
func sortLevels(ctx context.Context, codes []int32, from numberedTexts, workers int) ([]string, error) {
	n := from.len()
	order, skip, err := entriesOf(ctx, from, workers)
	if err != nil {
		return nil, err
	}
	scratch, runs := make([]levelEntry, n), []int32{0, int32(n)}
	if n > sortedTogether {
		if runs, err = deal(ctx, scratch, order, workers); err != nil {
			return nil, err
		}
		order, scratch = scratch, order
	}
	different := make([]int32, len(runs)) // texts of the runs before each
	err = par.For(ctx, len(runs)-1, workers, func(i int) error {
		run := order[runs[i]:runs[i+1]]
		levelSorter{from}.sort(run, scratch[runs[i]:runs[i+1]], skip)
		for _, e := range run {
			if e.length != repeated {
				different[i+1]++
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range runs[1:] {
		different[i+1] += different[i]
	}
	sorted, position := make([]string, different[len(runs)-1]), make([]int32, n)
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
func listRun(sorted []string, order []levelEntry, from numberedTexts, skip int) {
	size := 0
	for _, e := range order {
		if size += max(int(e.length), 0); int(e.length) > skip+8 {
			size = 0
			break
		}
	}
	var begin string
	var short strings.Builder
	if size > 0 {
		begin = from.text(order[0].code)[:skip]
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
			var prefix [8]byte
			binary.BigEndian.PutUint64(prefix[:], e.prefix)
			before := short.Len()
			short.WriteString(begin)
			short.Write(prefix[:int(e.length)-skip])
			sorted[at] = short.String()[before:]
		}
		at++
	}
}

// entriesOf makes the entries, and says how many bytes all texts begin with alike.
func entriesOf(ctx context.Context, from numberedTexts, workers int) (entries []levelEntry, skip int, err error) {
	n := from.len()
	pieces := (n + recodedAtOnce - 1) / recodedAtOnce
	common := make([]string, pieces)
	err = par.For(ctx, pieces, workers, func(i int) error {
		common[i] = commonPrefix(from, i*recodedAtOnce, min((i+1)*recodedAtOnce, n))
		return nil
	})
	if err != nil || n == 0 {
		return nil, 0, err
	}
	skip = len(commonPrefix(textList(common), 0, pieces))
	entries = make([]levelEntry, n)
	err = par.For(ctx, pieces, workers, func(i int) error {
		begin, end := i*recodedAtOnce, min((i+1)*recodedAtOnce, n)
		touch(entries[begin:end])
		for code := begin; code < end; code++ {
			s := from.text(int32(code))
			entries[code] = levelEntry{prefixOf(s[skip:]), int32(code), int32(len(s))}
		}
		return nil
	})
	return entries, skip, err
}

// dealtAtOnce is in how many pieces entries are dealt, side by side. Each counts on its own.
const dealtAtOnce = 4

// deal orders entries by their first two bytes, and returns where runs begin, and the last
// one ends: those of neighbouring bytes, until they are enough for one.
func deal(ctx context.Context, to, from []levelEntry, workers int) (runs []int32, err error) {
	var next [dealtAtOnce][]int32 // where the next entry of a piece with each two bytes goes; at first, how many there are
	piece := func(i int) []levelEntry { return from[i*len(from)/dealtAtOnce : (i+1)*len(from)/dealtAtOnce] }
	err = par.For(ctx, dealtAtOnce, workers, func(i int) error {
		next[i] = make([]int32, 1<<16)
		touch(to[i*len(to)/dealtAtOnce : (i+1)*len(to)/dealtAtOnce])
		for _, e := range piece(i) {
			next[i][e.prefix>>48]++
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
		for _, e := range piece(i) {
			first := e.prefix >> 48
			to[next[i][first]] = e
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

// commonPrefix is what the texts of a range, which is not empty, begin with alike.
func commonPrefix(from numberedTexts, begin, end int) string {
	common := from.text(int32(begin))
	for code := begin + 1; code < end && common != ""; code++ {
		s := from.text(int32(code))
		if strings.HasPrefix(s, common) {
			continue
		}
		n := 0
		for n < len(s) && s[n] == common[n] {
			n++
		}
		common = common[:n]
	}
	return common
}

// prefixOf is the first eight bytes as a number.
func prefixOf(s string) uint64 {
	if len(s) >= 8 {
		return binary.BigEndian.Uint64([]byte(s[:8]))
	}
	var prefix [8]byte
	copy(prefix[:], s)
	return binary.BigEndian.Uint64(prefix[:])
}

// levelSorter sorts entries by their texts, and marks those that are repeated.
type levelSorter struct{ texts numberedTexts }

const (
	comparedBelow = 32  // entries that begin alike, if so few, are compared rather than sorted by their next bytes
	comparedFrom  = 256 // and so are those that have so many bytes in common
)

// sort sorts entries, whose prefix is of the bytes from the given one on.
func (s levelSorter) sort(order, scratch []levelEntry, from int) {
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
func (s levelSorter) sortAlike(order, scratch []levelEntry, to int) {
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
			longer[i].prefix = prefixOf(s.texts.text(e.code)[to:])
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
