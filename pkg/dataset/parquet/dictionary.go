package parquet

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// maxEntries is how many entries a dictionary may have. Writers end theirs at 1 MiB or so.
const maxEntries = 4 << 20

// entryBytes is about what an entry takes in memory.
const entryBytes = 48

// readDictionary makes numbers or texts of the entries.
func (c *cursor) readDictionary(h *pageHeader, data []byte) error {
	if h.encoding != plainEncoding && h.encoding != plainDictionary {
		return fmt.Errorf("a dictionary in encoding %d is not supported", h.encoding)
	}
	n := int(min(h.values, maxEntries+1))
	if c.column.physical == boolean || n > maxEntries {
		return fmt.Errorf("a dictionary claims %d values of type %s; at most %d are read, and none of them boolean", h.values, c.column.form, maxEntries)
	}
	if w := c.column.width; w > 0 && n*w != len(data) || w == 0 && n*4 > len(data) {
		return fmt.Errorf("a dictionary claims %d values in %d bytes", n, len(data))
	}
	if err := c.hold(int64(n) * entryBytes); err != nil {
		return err
	}
	c.hasEntries, c.raw, c.plain = true, data, data
	if c.column.width == 0 {
		c.starts = slices.Grow(c.starts, n)[:n]
	}
	texts := c.column.texts()
	if texts {
		c.texts, c.hashes, c.known = slices.Grow(c.texts, n)[:n], slices.Grow(c.hashes, n)[:n], slices.Grow(c.known, n)[:n]
	} else {
		c.entries = slices.Grow(c.entries[:0], n)[:n]
	}
	if !texts && c.column.width > 0 && c.column.form != dataset.Text {
		var bad fault
		c.column.numbers(c.entries, data, &bad)
		if bad.err == nil {
			c.plain = nil
			return nil
		}
	}
	for i := range n {
		if c.column.width == 0 {
			c.starts[i] = uint32(len(data) - len(c.plain))
		}
		b, err := c.next()
		if err != nil {
			return fmt.Errorf("the dictionary: %w", err)
		}
		var bad fault
		if texts {
			text := c.textOf(b, &bad)
			if text != nil && (c.column.form != dataset.Text || c.column.typ != "") {
				text = bytes.Clone(text) // it lies in a buffer
			}
			if c.texts[i] = text; text != nil {
				c.hashes[i] = hashOf(text)
			}
		} else {
			c.entries[i] = c.value(b, &bad)
		}
		if bad.err != nil {
			if c.faulty == nil {
				c.faulty = make([]bool, n)
			}
			c.faulty[i] = true
		}
	}
	c.plain = nil
	return nil
}

// value is the number of a value in PLAIN form.
func (c *cursor) value(b []byte, bad *fault) float64 {
	if c.column.form == dataset.Text || c.column.width == 0 {
		return c.parse(0, b, bad)
	}
	var out [1]float64
	c.column.numbers(out[:], b, bad)
	return out[0]
}

// entry is an entry of the dictionary in PLAIN form.
func (c *cursor) entry(i int) []byte {
	if w := c.column.width; w > 0 {
		return c.raw[w*i : w*(i+1)]
	}
	end := len(c.raw)
	if i+1 < len(c.starts) {
		end = int(c.starts[i+1])
	}
	return c.raw[c.starts[i]+4 : end]
}
