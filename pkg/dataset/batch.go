package dataset

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// missingTexts finds out whether a text means "no value".
type missingTexts struct {
	set    map[string]bool
	first  [256]bool // the first bytes of the texts
	number bool      // some text is a number
}

func newMissingTexts(o Options) *missingTexts {
	m := &missingTexts{set: o.missing()}
	for text := range m.set {
		if text != "" {
			m.first[text[0]] = true
		}
		if _, ok := parseNumber(strings.TrimSpace(text)); ok {
			m.number = true
		}
	}
	return m
}

func (m *missingTexts) has(b []byte) bool {
	return len(b) == 0 || m.first[b[0]] && m.set[string(b)]
}

// columnReader turns the values of one column of records into batch columns.
type columnReader struct {
	index    int // in the record
	field    Field
	missing  *missingTexts
	numbers  NumberForm
	values   []float64
	codes    []int32
	levels   [][]byte
	hashes   []uint64 // of the levels
	coding   *coding  // scratch
	unlisted map[string]bool
}

// coding is what the texts of a column are looked up in while a batch of it is read. The columns of
// a block share one, as tens of thousands may have more of it than of values.
type coding struct {
	table  []int32 // open addressing: level + 1
	recent [recentTexts]recentText
}

// begin forgets all texts, and has room for those of so many rows.
func (k *coding) begin(rows int) {
	size := 16
	for size < 2*rows {
		size *= 2
	}
	if len(k.table) != size {
		k.table = make([]int32, size)
	} else {
		clear(k.table)
	}
	clear(k.recent[:])
}

// read reads the column; an error says in which row, from 0.
func (c *columnReader) read(r *records) (BatchColumn, int, error) {
	switch t := c.field.Type; {
	case t != "" && !t.Coded():
		row, err := c.readDeclared(r)
		return BatchColumn{Type: t, Values: c.values}, row, err
	case t == "":
		if c.readNumbers(r) {
			return BatchColumn{Type: Numeric, Values: c.values}, 0, nil
		}
		if c.readTimestamps(r) {
			return BatchColumn{Type: Timestamp, Values: c.values}, 0, nil
		}
	}
	c.readTexts(r)
	b := BatchColumn{Type: Text, Codes: c.codes, Levels: c.levels, Hashes: c.hashes}
	if c.field.Type == Categorical {
		b.Type = Categorical
	}
	row, err := c.checkLevels()
	return b, row, err
}

func (c *columnReader) readDeclared(r *records) (row int, err error) {
	c.values = c.values[:0]
	for i := range r.rows {
		b := r.value(i, c.index)
		v := missingValue
		if !c.missing.has(b) {
			if v, err = c.numbers.Parse(c.field.Type, b); err != nil {
				return i, err
			}
		}
		c.values = append(c.values, v)
	}
	return 0, nil
}

// readNumbers reports whether every value is a number or missing.
func (c *columnReader) readNumbers(r *records) bool {
	c.values = slices.Grow(c.values[:0], r.rows)[:r.rows]
	if !c.numbers.IsUsual() {
		return c.readFormed(r)
	}
	if c.missing.number {
		return c.readFormed(r)
	}
	for next := 0; next < len(c.values); next++ {
		if next = parseNumbers(c.values, next, r.data, r.bounds[2*c.index:], 2*r.columns); next == len(c.values) {
			break
		}
		v, ok := c.number(r.value(next, c.index))
		if !ok {
			return false
		}
		c.values[next] = v
	}
	return true
}

// readFormed is readNumbers of numbers that are written in a form of their own, or may be missing
// ones.
func (c *columnReader) readFormed(r *records) bool {
	for i := range c.values {
		v, ok := c.number(r.value(i, c.index))
		if !ok {
			return false
		}
		c.values[i] = v
	}
	return true
}

// number is a number, or missing.
func (c *columnReader) number(b []byte) (v float64, ok bool) {
	if c.missing.has(b) {
		return missingValue, true
	}
	return c.numbers.number(b, false)
}

func (c *columnReader) readTimestamps(r *records) bool {
	c.values = c.values[:0]
	for i := range r.rows {
		b := r.value(i, c.index)
		v, ok := parseTimestampBytes(b)
		if !ok {
			if !c.missing.has(b) {
				return false
			}
			v = missingValue
		}
		c.values = append(c.values, v)
	}
	return true
}

// readTexts codes the values by their order of appearance.
func (c *columnReader) readTexts(r *records) {
	c.codes, c.levels, c.hashes = slices.Grow(c.codes[:0], r.rows)[:r.rows], c.levels[:0], c.hashes[:0]
	c.coding.begin(r.rows)
	at := 2 * c.index
	for i := range c.codes {
		start, end := int(r.bounds[at]), int(r.bounds[at+1])
		at += 2 * r.columns
		n := uint(end - start)
		if n-1 >= 16 || end < 16 || end > len(r.data) {
			c.codes[i] = c.code(r.value(i, c.index))
			continue
		}
		// Without the bytes before it, the text is two words, and no other text is the same two.
		tail := r.data[end-16 : end]
		low, high := binary.LittleEndian.Uint64(tail[8:]), uint64(0)
		if n <= 8 {
			low >>= 64 - 8*n
		} else {
			high = binary.LittleEndian.Uint64(tail) >> (128 - 8*n)
		}
		known := &c.coding.recent[((low^high*0x9e3779b97f4a7c15)*0xff51afd7ed558ccd)>>(64-recentBits)]
		if known.low != low || known.high != high || known.length != int32(n) {
			*known = recentText{low, high, int32(n), c.code(r.value(i, c.index))}
		}
		c.codes[i] = known.code
	}
}

// recentText is the code of a text of up to 16 bytes as it stands in the file. Each has one
// place in a small table, where it replaces another: most columns of texts have few different
// ones, which are then found without hashing or comparing bytes.
type recentText struct {
	low, high    uint64
	length, code int32
}

const (
	recentBits  = 9
	recentTexts = 1 << recentBits
)

// code is the number of a text in the batch, a new one if it is new, -1 if it means missing.
func (c *columnReader) code(b []byte) int32 {
	if c.missing.has(b) {
		return -1
	}
	table := c.coding.table
	mask, hash := uint64(len(table)-1), xxhash.Sum64(b)
	for at := hash & mask; ; at = (at + 1) & mask {
		code := table[at] - 1
		if code < 0 {
			code = int32(len(c.levels))
			table[at] = code + 1
			c.levels = append(c.levels, b)
			c.hashes = append(c.hashes, hash)
			return code
		}
		if c.hashes[code] == hash && bytes.Equal(c.levels[code], b) {
			return code
		}
	}
}

// checkLevels refuses a text that is none of the field's levels, if it has any.
func (c *columnReader) checkLevels() (row int, err error) {
	if c.field.Levels == nil {
		return 0, nil
	}
	for code, level := range c.levels {
		if _, listed := slices.BinarySearch(c.field.Levels, string(level)); !listed {
			for i, at := range c.codes {
				if int(at) == code {
					return i, fmt.Errorf("%s is none of the values that the schema lists", quote(string(level)))
				}
			}
		}
	}
	return 0, nil
}

// Hash is the xxhash of level i.
func (b *BatchColumn) Hash(i int) uint64 {
	if b.Hashes != nil {
		return b.Hashes[i]
	}
	return xxhash.Sum64(b.Levels[i])
}

// empty reports whether no row of the batch has a value.
func (b *BatchColumn) empty() bool {
	if b.Type.Coded() {
		return len(b.Levels) == 0
	}
	for _, v := range b.Values {
		if !math.IsNaN(v) {
			return false
		}
	}
	return true
}
