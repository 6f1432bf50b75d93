package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// output is the values of a column in a block: numbers, or codes of texts, which are those of
// each batch one behind the other.
type output struct {
	values  []float64
	placed  bool // values is where the consumer wants them
	codes   []int32
	texts   [][]byte
	hashes  []uint64
	batches []int // for each batch how many texts there are up to its end
	arena   []byte
	// The first row that is not as its type asks for, or -1 if the file is malformed.
	row int
	err error
}

func (o *output) reset() {
	o.values, o.codes, o.texts, o.hashes, o.batches, o.arena = o.values[:0], o.codes[:0], o.texts[:0], o.hashes[:0], o.batches[:0], o.arena[:0]
	o.row, o.err = 0, nil
}

// cursor reads a column of a row group from its first value to its last. Pages are read and
// decompressed once, when their turn comes.
type cursor struct {
	column  *column
	group   *group
	chunk   *chunk
	missing *dataset.MissingTexts
	in      input

	total    int64     // rows of the row group
	seen     int64     // values of the pages so far
	unpacked int64     // bytes of the pages so far
	hash     hash.Hash // of the pages so far, as they are stored

	// The dictionary: numbers, or texts.
	hasEntries bool
	raw        []byte
	starts     []uint32 // of the entries in raw, if they are of different lengths
	entries    []float64
	texts      [][]byte // nil: means "no value"
	hashes     []uint64
	known      []uint64 // for each entry the batch that it was last in, and its code there; of columns before, older ones
	faulty     []bool   // nil if no entry is

	// The page.
	rows    int // left
	levels  hybrid
	coded   bool
	indexes hybrid
	plain   []byte // values left
	buffer  []byte
	longest int64 // bytes of pages so far that were in buffer
	made    int64 // and of such that were not

	batches uint64 // that have been begun
	coder   coder
	scratch [1 << 10]int32 // places in the dictionary: few enough to stay in the innermost cache
	text    []byte
}

// read reads the next n rows.
func (c *cursor) read(o *output, n int) {
	for n > 0 {
		m := min(n, batchRows)
		if c.column.texts() {
			c.batches++
			c.coder.begin(m, o)
		}
		err := c.batch(o, m)
		if c.column.texts() {
			c.coder.end(o)
			o.batches = append(o.batches, len(o.texts))
		}
		if err != nil {
			o.row, o.err = -1, err
			return
		}
		n -= m
	}
}

// batch reads the n rows of a batch.
func (c *cursor) batch(o *output, n int) error {
	for n > 0 {
		if c.rows == 0 {
			if err := c.nextPage(); err != nil {
				return err
			}
		}
		m, err := c.run(o, min(n, c.rows))
		if err != nil {
			return err
		}
		c.rows -= m
		n -= m
	}
	return nil
}

// run reads up to n rows of a page: some that all have a value, or none has, or a mixture.
func (c *cursor) run(o *output, n int) (int, error) {
	if c.column.typ == "null" {
		o.skip(c.column.texts(), n)
		return n, nil
	}
	if !c.column.optional {
		return n, c.present(o, n, nil)
	}
	count, value, err := c.levels.same(n)
	switch {
	case err != nil:
		return 0, err
	case count > 0 && value == 0:
		o.skip(c.column.texts(), count)
		return count, nil
	case count > 0:
		return count, c.present(o, count, nil)
	}
	var levels [1024]int32
	n = min(n, c.levels.left, len(levels))
	if err := c.levels.read(levels[:n]); err != nil {
		return 0, err
	}
	return n, c.present(o, n, levels[:n])
}

// spread moves values, which stand one behind the other, to the rows that have one.
func spread[T any](out []T, levels []int32, values int, none T) {
	for i := len(out) - 1; i >= 0; i-- {
		if levels[i] == 0 {
			out[i] = none
			continue
		}
		values--
		out[i] = out[values]
	}
}

// skip adds rows without a value.
func (o *output) skip(texts bool, n int) {
	if texts {
		o.codes = slices.Grow(o.codes, n)[:len(o.codes)+n]
		for i := range o.codes[len(o.codes)-n:] {
			o.codes[len(o.codes)-n+i] = -1
		}
		return
	}
	o.values = slices.Grow(o.values, n)[:len(o.values)+n]
	for i := range o.values[len(o.values)-n:] {
		o.values[len(o.values)-n+i] = math.NaN()
	}
}

// present adds n rows; levels are 1 for those that have a value, nil if all have.
func (c *cursor) present(o *output, n int, levels []int32) (err error) {
	values := n
	if levels != nil {
		values = 0
		for _, l := range levels {
			values += int(l)
		}
	}
	var bad fault
	var first int
	if c.column.texts() {
		first = len(o.codes)
		o.codes = slices.Grow(o.codes, n)[:first+n]
		err = c.fillCodes(o, o.codes[first:first+values], &bad)
		if values < n {
			spread(o.codes[first:], levels, values, -1)
		}
	} else {
		first = len(o.values)
		o.values = slices.Grow(o.values, n)[:first+n]
		err = c.fillNumbers(o.values[first:first+values], &bad)
		if values < n {
			spread(o.values[first:], levels, values, math.NaN())
		}
	}
	if bad.err != nil && o.err == nil {
		o.row, o.err = first+rowOf(bad.at, levels), bad.err
	}
	return err
}

// rowOf is the row of a value.
func rowOf(value int, levels []int32) int {
	for row, l := range levels {
		if value -= int(l); value < 0 {
			return row
		}
	}
	return value
}

// fixed takes the next n values of the page.
func (c *cursor) fixed(n int) ([]byte, error) {
	if size := n * c.column.width; size <= len(c.plain) {
		b := c.plain[:size]
		c.plain = c.plain[size:]
		return b, nil
	}
	return nil, errFewer
}

// next takes the next value of the page.
func (c *cursor) next() ([]byte, error) {
	if c.column.width > 0 {
		return c.fixed(1)
	}
	if len(c.plain) < 4 {
		return nil, errFewer
	}
	n := binary.LittleEndian.Uint32(c.plain)
	if uint64(n) > uint64(len(c.plain)-4) {
		return nil, errFewer
	}
	b := c.plain[4 : 4+n]
	c.plain = c.plain[4+n:]
	if n > maxText {
		return nil, errLong
	}
	return b, nil
}

// fillNumbers reads numbers into out.
func (c *cursor) fillNumbers(out []float64, bad *fault) error {
	if c.coded {
		return c.look(len(out), func(from int, indexes []int32) error {
			to := out[from : from+len(indexes)]
			entries := c.entries
			for i, at := range indexes {
				if uint(at) >= uint(len(entries)) {
					return errOutside
				}
				to[i] = entries[at]
			}
			c.blame(from, indexes, bad)
			return nil
		})
	}
	if c.column.form != dataset.Text && c.column.width > 0 {
		src, err := c.fixed(len(out))
		if err == nil {
			c.column.numbers(out, src, bad)
		}
		return err
	}
	for i := range out {
		b, err := c.next()
		if err != nil {
			return err
		}
		out[i] = c.parse(i, b, bad)
	}
	return nil
}

// parse makes a number of a value that is text, or of a decimal of its own length.
func (c *cursor) parse(i int, b []byte, bad *fault) float64 {
	if c.column.form != dataset.Text {
		return c.column.bytesNumber(i, b, bad)
	}
	var text fault
	if b = c.clean(b, &text); b == nil {
		return math.NaN()
	}
	v, err := c.group.options.numbers.Parse(c.column.field.Type, b)
	if text.err != nil {
		err = text.err
	}
	if err != nil {
		bad.add(i, err)
	}
	return v
}

// clean is the text of a value, trimmed; nil if it means "no value".
func (c *cursor) clean(b []byte, bad *fault) []byte {
	if c.column.typ != "" {
		c.text = c.column.appendText(c.text[:0], b, bad)
		b = c.text
	}
	if len(b) == 0 || b[0] <= ' ' || b[0] >= 0x80 || b[len(b)-1] <= ' ' || b[len(b)-1] >= 0x80 {
		b = bytes.TrimSpace(b)
	}
	if c.missing.Has(b) {
		return nil
	}
	if !ascii(b) && !utf8.Valid(b) {
		bad.add(0, errNoText)
	}
	return b
}

// textOf is the text of a value in PLAIN form; nil if there is none. It may be valid only
// until the next one.
func (c *cursor) textOf(b []byte, bad *fault) []byte {
	if c.column.form == dataset.Text {
		return c.clean(b, bad)
	}
	c.text = c.column.appendText(c.text[:0], b, bad)
	if len(c.text) == 0 {
		return nil
	}
	return c.text
}

// fillCodes reads codes of texts into out.
func (c *cursor) fillCodes(o *output, out []int32, bad *fault) error {
	if c.coded {
		return c.look(len(out), func(from int, indexes []int32) error {
			to := out[from : from+len(indexes)]
			last, code := int32(-1), int32(-1)
			for i, at := range indexes {
				if at == last {
					to[i] = code
					continue
				}
				if uint(at) >= uint(len(c.texts)) {
					return errOutside
				}
				last = at
				if known := c.known[at]; known>>32 == c.batches {
					code = int32(uint32(known))
					to[i] = code
					continue
				}
				code = -1
				if text := c.texts[at]; text != nil {
					fresh := false
					if code, fresh = c.coder.code(c.hashes[at], text); fresh {
						c.listed(from+i, text, bad)
					}
				}
				c.known[at] = c.batches<<32 | uint64(uint32(code))
				to[i] = code
			}
			c.blame(from, indexes, bad)
			return nil
		})
	}
	for i := range out {
		b, err := c.next()
		if err != nil {
			return err
		}
		var wrong fault
		text := c.textOf(b, &wrong)
		if wrong.err != nil {
			bad.add(i, wrong.err)
		}
		if text == nil {
			out[i] = -1
			continue
		}
		code, fresh := c.coder.code(hashOf(text), text)
		if out[i] = code; fresh {
			o.arena = c.coder.keep(o.arena)
			c.listed(i, text, bad)
		}
	}
	return nil
}

// listed refuses a text that is none of the field's levels, if it has any.
func (c *cursor) listed(i int, text []byte, bad *fault) {
	levels := c.column.field.Levels
	if levels == nil {
		return
	}
	if _, found := slices.BinarySearch(levels, string(text)); !found {
		bad.add(i, fmt.Errorf("%.40q is none of the values that the schema lists", text))
	}
}

var errOutside = errors.New("a value is at a place beyond the end of the dictionary")

// look reads n places in the dictionary, some at a time.
func (c *cursor) look(n int, take func(from int, indexes []int32) error) error {
	for from := 0; from < n; {
		m := min(n-from, len(c.scratch))
		if err := c.indexes.read(c.scratch[:m]); err != nil {
			return err
		}
		if err := take(from, c.scratch[:m]); err != nil {
			return err
		}
		from += m
	}
	return nil
}

// blame finds the first of the entries that is faulty.
func (c *cursor) blame(from int, indexes []int32, bad *fault) {
	if c.faulty == nil || bad.err != nil && bad.at <= from {
		return
	}
	for i, at := range indexes {
		if !c.faulty[at] {
			continue
		}
		if bad.err != nil && bad.at <= from+i {
			return
		}
		var again fault
		b := c.entry(int(at))
		if c.column.texts() {
			c.textOf(b, &again)
		} else {
			c.value(b, &again)
		}
		bad.at, bad.err = from+i, again.err
		return
	}
}
