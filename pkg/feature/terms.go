package feature

import (
	"slices"
	"unicode"
)

// terms hashes what a text is made of into buckets: its words, in lower case, and pairs of
// neighbours; of short texts also each three characters of a word and the text as a whole.
// A word is letters and digits. Which words share a bucket cannot be told from the bucket.
type terms struct {
	bits  int
	short bool

	found []uint32 // scratch, sorted
	word  []rune
}

// FNV-1a's offset and prime for 64 bits, used on runes. What kind a term is goes in first, so
// that a word and three characters that spell it are two terms.
const (
	hashStart = 14695981039346656037
	hashPrime = 1099511628211
)

const (
	wordTerm = iota
	pairTerm
	charactersTerm
	textTerm
)

func hash(h, v uint64) uint64 { return (h ^ v) * hashPrime }

func (t *terms) add(h uint64) {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd // of MurmurHash3's last step: FNV alone leaves the high bits to few runes
	h ^= h >> 33
	t.found = append(t.found, uint32(h>>(64-t.bits)))
}

// of returns the buckets of a text, sorted, each as often as it occurs. They are valid until
// the next call.
func (t *terms) of(text string) []uint32 {
	t.found, t.word = t.found[:0], t.word[:0]
	before, whole := uint64(0), hash(hashStart, textTerm)
	for _, r := range text {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			t.word = append(t.word, unicode.ToLower(r))
		} else {
			before = t.endWord(before)
		}
		whole = hash(whole, uint64(r))
	}
	t.endWord(before)
	if t.short {
		t.add(whole)
	}
	slices.Sort(t.found)
	return t.found
}

// endWord adds the terms that end with the current word, and returns the word's hash. The
// hash of the word before is given; 0 if there is none.
func (t *terms) endWord(before uint64) uint64 {
	if len(t.word) == 0 {
		return before
	}
	h := hash(hashStart, wordTerm)
	for _, r := range t.word {
		h = hash(h, uint64(r))
	}
	t.add(h)
	if before != 0 {
		t.add(hash(hash(hash(hashStart, pairTerm), before), h))
	}
	if t.short {
		t.characters()
	}
	t.word = t.word[:0]
	return h
}

// characters adds each three neighbours of the word with a blank on both sides.
func (t *terms) characters() {
	at := func(i int) uint64 {
		if i < 0 || i >= len(t.word) {
			return ' '
		}
		return uint64(t.word[i])
	}
	for i := range t.word {
		t.add(hash(hash(hash(hash(hashStart, charactersTerm), at(i-1)), at(i)), at(i+1)))
	}
}

// words counts the words of a text.
func words(text string) int {
	n, inside := 0, false
	for _, r := range text {
		letter := unicode.IsLetter(r) || unicode.IsDigit(r)
		if letter && !inside {
			n++
		}
		inside = letter
	}
	return n
}
