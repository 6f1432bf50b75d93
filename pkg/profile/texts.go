package profile

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"math/bits"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"

	"github.com/foretell-ml/foretell/pkg/sketch"
)

// texts accumulates the texts of one column, as numbers does numbers.
type texts struct {
	Rows       int
	Min, Max   int // lengths in characters
	Total      int
	Bytes      int
	Characters Characters
	Table      *sketch.Texts
	// Distinct is nil, and nothing Looked at, while Table is exact: they can be made of it.
	Distinct *sketch.Distinct
	Looked   lookedAt
}

// freeTables are those of texts that were merged into others: every block has some.
var freeTables sync.Pool

func newTexts(limit int, wanted *ceiling) *texts {
	table, ok := freeTables.Get().(*sketch.Texts)
	if !ok {
		table = new(sketch.Texts)
	}
	table.Reset(limit)
	return &texts{Min: math.MaxInt, Table: table, Looked: lookedAt{most: sketchSizes(table.Max()).looked, wanted: wanted}}
}

// discard gives up the table of t, which is not to be used any more.
func (t *texts) discard() {
	if t.Table.Max() >= reusedFrom {
		freeTables.Put(t.Table)
	}
	*t = texts{}
}

func (t *texts) len() int {
	if t == nil {
		return 0
	}
	return t.Rows
}

// add takes different texts, with their hashes and in how many rows each is: one at least.
func (t *texts) add(levels [][]byte, hashes, counts []uint64) {
	for i, level := range levels {
		n := int(counts[i])
		t.Rows += n
		t.Bytes += n * len(level)
		length := t.characters(level, n)
		t.Total += n * length
		t.Min, t.Max = min(t.Min, length), max(t.Max, length)
	}
	levels = shortened(levels, hashes)
	before := t.Table
	if t.Distinct == nil && before.Len()+len(levels) > before.Max() { // perhaps too many different ones
		before = before.Clone()
	}
	t.Table.AddAll(levels, counts)
	if t.Table.Exact() {
		return
	}
	if t.Distinct == nil {
		t.sketchTable(before)
	}
	for i, level := range levels {
		t.Distinct.AddBytes(level)
		t.Looked.add(hashes[i], level)
	}
}

// sketchTable feeds the sketch, and the sample, with all texts that an exact table counts.
func (t *texts) sketchTable(table *sketch.Texts) {
	if t.Distinct == nil {
		t.Distinct = sketch.NewDistinct(sketchSizes(table.Max()).distinctLgK)
	}
	for text := range table.Items() {
		t.Distinct.AddBytes(text)
		t.Looked.add(xxhash.Sum64(text), text)
	}
}

// merge adds the texts of o.
func (t *texts) merge(o *texts) {
	t.Rows += o.Rows
	t.Bytes += o.Bytes
	t.Total += o.Total
	t.Min, t.Max = min(t.Min, o.Min), max(t.Max, o.Max)
	t.Characters.Letters += o.Characters.Letters
	t.Characters.Digits += o.Characters.Digits
	t.Characters.Spaces += o.Characters.Spaces
	t.Characters.Other += o.Characters.Other
	before := t.Table
	if t.Distinct == nil && (o.Distinct != nil || before.Len()+o.Table.Len() > before.Max()) {
		before = before.Clone()
	}
	t.Table.Merge(o.Table)
	if t.Table.Exact() {
		return
	}
	if t.Distinct == nil {
		t.sketchTable(before)
	}
	if o.Distinct == nil {
		t.sketchTable(o.Table)
	} else {
		t.Distinct.Merge(o.Distinct)
		t.Looked.merge(&o.Looked)
	}
}

// sketches returns the sketch and the sample of all texts, made of the table if they are not
// there.
func (t *texts) sketches() (*sketch.Distinct, *lookedAt) {
	if t.Distinct == nil {
		made := texts{Looked: lookedAt{most: t.Looked.most}}
		made.sketchTable(t.Table)
		t = &made
	}
	t.Looked.shrink()
	return t.Distinct, &t.Looked
}

// cutMark ends what is kept of a text that is longer than MaxValue bytes; a hash of the whole
// text follows, so that texts that begin alike are told apart. It is no character.
const cutMark = "\uFFFF"

// shortened are the texts as they are counted.
func shortened(levels [][]byte, hashes []uint64) [][]byte {
	long := slices.IndexFunc(levels, func(level []byte) bool { return len(level) > MaxValue })
	if long < 0 {
		return levels
	}
	levels = slices.Clone(levels)
	for i := long; i < len(levels); i++ {
		if level := levels[i]; len(level) > MaxValue {
			end := MaxValue
			for !utf8.RuneStart(level[end]) && end > MaxValue-utf8.UTFMax {
				end--
			}
			levels[i] = fmt.Appendf(slices.Clone(level[:end]), "%s%016x", cutMark, hashes[i])
		}
	}
	return levels
}

// characters counts what a text in n rows is made of, and returns its length.
func (t *texts) characters(text []byte, n int) (length int) {
	if cut := digitUnit - 1; len(text) > cut { // more than the counts below hold
		for back := 0; back < utf8.UTFMax && !utf8.RuneStart(text[cut]); back++ {
			cut--
		}
		return t.characters(text[:cut], n) + t.characters(text[cut:], n)
	}
	count, i := uint64(0), 0
	for i < len(text) { // a word at a time as long as they are ASCII
		w, size := word(text[i:])
		if w&nonASCII != 0 {
			break
		}
		count += wordUnits(w)
		length, i = length+size, i+size
	}
	for ; i < len(text); length++ {
		c := text[i]
		i++
		if c < utf8.RuneSelf {
			count += characterUnits[c]
			continue
		}
		r, size := utf8.DecodeRune(text[i-1:])
		i += size - 1
		switch {
		case unicode.IsLetter(r):
			count += letterUnit
		case unicode.IsDigit(r):
			count += digitUnit
		case unicode.IsSpace(r):
			count += spaceUnit
		}
	}
	const most = digitUnit - 1
	letters, digits, spaces := int(count&most), int(count/digitUnit&most), int(count/spaceUnit)
	t.Characters.Letters += n * letters
	t.Characters.Digits += n * digits
	t.Characters.Spaces += n * spaces
	t.Characters.Other += n * (length - letters - digits - spaces)
	return length
}

// Three counts of characters in one word, by their kinds.
const (
	letterUnit = 1
	digitUnit  = 1 << 21
	spaceUnit  = 1 << 42
)

// characterUnits is what each ASCII character counts for: 0 if it is of no kind.
var characterUnits = func() (units [utf8.RuneSelf]uint64) {
	for c := range units {
		switch r := rune(c); {
		case unicode.IsLetter(r):
			units[c] = letterUnit
		case unicode.IsDigit(r):
			units[c] = digitUnit
		case unicode.IsSpace(r):
			units[c] = spaceUnit
		}
	}
	return units
}()

// nonASCII is the highest bit of each byte.
const nonASCII = 0x8080808080808080

// word is the first bytes of a text that is not empty, at most eight, filled up with zeros.
func word(text []byte) (w uint64, size int) {
	switch n := len(text); {
	case n >= 8:
		return binary.LittleEndian.Uint64(text), 8
	case n >= 4: // those in the middle are read twice
		return uint64(binary.LittleEndian.Uint32(text)) | uint64(binary.LittleEndian.Uint32(text[n-4:]))<<(8*(n-4)), n
	default:
		return uint64(text[0]) | uint64(text[n/2])<<(8*(n/2)) | uint64(text[n-1])<<(8*(n-1)), n
	}
}

// wordUnits is the sum of characterUnits of eight ASCII characters, of which NUL counts for 0.
func wordUnits(w uint64) uint64 {
	letters := bits.OnesCount64(within(w|0x2020202020202020, 'a', 'z'))
	digits := bits.OnesCount64(within(w, '0', '9'))
	spaces := bits.OnesCount64(within(w, '\t', '\r') | within(w, ' ', ' '))
	return uint64(letters)*letterUnit + uint64(digits)*digitUnit + uint64(spaces)*spaceUnit
}

// within has the highest bit of each ASCII character from low to high: added to what is short of 128
// it reaches that bit, from low on by one sum, above high by the other.
func within(w uint64, low, high uint64) uint64 {
	const each = 0x0101010101010101
	return (w + (128-low)*each) &^ (w + (127-high)*each) & nonASCII
}

// summarize describes the texts.
func (t *texts) summarize() *TextSummary {
	return &TextSummary{
		MinLength: t.Min, MaxLength: t.Max, MeanLength: float64(t.Total) / float64(t.Rows),
		Characters: t.Characters, Variants: t.variants(),
	}
}

// variants groups the texts that differ by case or white space alone.
func (t *texts) variants() [][]Value {
	groups := map[string][]Value{}
	for text, n := range t.Table.All() {
		key := strings.ToLower(strings.Join(strings.Fields(text), " "))
		groups[key] = append(groups[key], newValue(text, int(n)))
	}
	var several [][]Value
	rows := func(group []Value) (n int) {
		for _, v := range group {
			n += v.Count
		}
		return n
	}
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		if group := groups[key]; len(group) > 1 {
			slices.SortStableFunc(group, func(a, b Value) int { return cmp.Compare(b.Count, a.Count) })
			several = append(several, slices.Clip(group[:min(len(group), MaxTop)]))
		}
	}
	slices.SortStableFunc(several, func(a, b []Value) int { return cmp.Compare(rows(b), rows(a)) })
	return several[:min(len(several), MaxTop)]
}
