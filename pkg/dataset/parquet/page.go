package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// pageHeader is what stands before each page.
type pageHeader struct {
	kind         int64 // of page: see below
	uncompressed int64 // bytes of the page
	compressed   int64 // bytes that follow the header
	values       int64
	encoding     encoding
	levels       encoding // of version 1
	definition   int64    // bytes of definition levels; version 2
	repetition   int64    // bytes of repetition levels; version 2
	plain        bool     // version 2: the values are not compressed, whatever the codec
}

// Kinds of pages.
const (
	dataPage       = 0
	indexPage      = 1
	dictionaryPage = 2
	dataPage2      = 3
)

// encoding is how the values of a page are written.
type encoding int64

const (
	plainEncoding        encoding = 0
	plainDictionary      encoding = 2
	rle                  encoding = 3
	deltaBinaryPacked    encoding = 5
	deltaLengthByteArray encoding = 6
	deltaByteArray       encoding = 7
	rleDictionary        encoding = 8
	byteStreamSplit      encoding = 9
)

// maxHeader is how long a page header may be: it can hold the least and the greatest value.
const maxHeader = 4 << 20

// parsePageHeader reads the header that data begins with and returns how long it is.
func parsePageHeader(data []byte) (h pageHeader, size int, err error) {
	h.kind = -1
	r := &thriftReader{data: data}
	r.structure(thriftStruct, func(id int, kind byte) bool {
		switch {
		case id == 1:
			h.kind = r.number(kind)
		case id == 2:
			h.uncompressed = r.number(kind)
		case id == 3:
			h.compressed = r.number(kind)
		case id == 5 && kind == thriftStruct, id == 7 && kind == thriftStruct, id == 8 && kind == thriftStruct:
			page := id
			r.structure(kind, func(id int, kind byte) bool {
				switch {
				case id == 1:
					h.values = r.number(kind)
				case page != 8 && id == 2, page == 8 && id == 4:
					h.encoding = encoding(r.number(kind))
				case page == 5 && id == 3:
					h.levels = encoding(r.number(kind))
				case page == 8 && id == 5:
					h.definition = r.number(kind)
				case page == 8 && id == 6:
					h.repetition = r.number(kind)
				case page == 8 && id == 7:
					h.plain = kind == thriftFalse
				default:
					return false
				}
				return true
			})
		default:
			return false
		}
		return true
	})
	return h, r.at, r.err
}

func (h *pageHeader) check() error {
	switch {
	case h.compressed < 0 || h.compressed > maxPage:
		return fmt.Errorf("a page claims %d compressed bytes; at most %d are read", h.compressed, maxPage)
	case h.uncompressed < 0 || h.uncompressed > maxPage:
		return fmt.Errorf("a page claims %d bytes; at most %d are read", h.uncompressed, maxPage)
	case h.values < 0:
		return fmt.Errorf("a page claims %d values", h.values)
	case h.definition < 0 || h.repetition < 0 || h.definition+h.repetition > min(h.compressed, h.uncompressed):
		return errors.New("a page's levels are longer than the page")
	}
	return nil
}

// nextPage goes to the next page of values.
func (c *cursor) nextPage() error {
	for {
		h, data, err := c.readPage()
		if err != nil {
			return err
		}
		switch h.kind {
		case dictionaryPage:
			if c.hasEntries {
				return errors.New("there are two dictionaries")
			}
			if err := c.readDictionary(&h, data); err != nil {
				return err
			}
		case dataPage, dataPage2:
			if c.seen += h.values; c.seen > c.total {
				return fmt.Errorf("the pages claim %d values or more, the row group has %d rows", c.seen, c.total)
			}
			if h.values == 0 {
				continue
			}
			return c.beginPage(&h, data)
		}
	}
}

// readPage reads the next page and decompresses it. Its bytes are valid until the next one is
// read; those of a dictionary stay.
func (c *cursor) readPage() (h pageHeader, data []byte, err error) {
	for want := 1 << 10; ; want *= 8 {
		head, err := c.in.peek(want)
		if err != nil {
			return h, nil, err
		}
		if len(head) == 0 {
			return h, nil, fmt.Errorf("the column has %d values where the row group has %d rows", c.seen, c.total)
		}
		size := 0
		h, size, err = parsePageHeader(head)
		if errors.Is(err, errCutOff) && len(head) == want && want < maxHeader {
			continue
		}
		if err == nil {
			err = h.check()
		}
		if err != nil {
			return h, nil, fmt.Errorf("page header: %w", err)
		}
		head, err = c.in.take(size)
		if err != nil {
			return h, nil, err
		}
		c.hash.Write(head)
		break
	}
	// What a chunk decompresses to was claimed in the footer, and judged there.
	if c.unpacked += h.uncompressed; c.unpacked > 2*c.chunk.uncompressed+chunkOverrun {
		return h, nil, fmt.Errorf("the pages decompress to %d bytes or more, the footer claims %d", c.unpacked, c.chunk.uncompressed)
	}
	body, err := c.in.take(int(h.compressed))
	c.hash.Write(body)
	if err != nil || h.kind == indexPage {
		return h, nil, err
	}
	if c.chunk.codec == uncompressed {
		if h.compressed != h.uncompressed {
			return h, nil, fmt.Errorf("a page that is not compressed claims %d bytes and %d", h.compressed, h.uncompressed)
		}
		if h.kind == dictionaryPage {
			body = append(c.unusedRaw(), body...)
		}
		return h, body, nil
	}
	out, more := c.unusedRaw(), h.uncompressed
	if h.kind != dictionaryPage {
		out, more = c.buffer, h.uncompressed-c.longest
		c.longest = max(c.longest, h.uncompressed)
	}
	if err := c.hold(more); err != nil {
		return h, nil, err
	}
	if cap(out) < int(h.uncompressed) {
		out = make([]byte, h.uncompressed)
	}
	out = out[:h.uncompressed]
	if h.kind != dictionaryPage {
		c.buffer = out
	}
	levels := h.definition + h.repetition // of version 2: never compressed
	copy(out, body[:levels])
	if h.plain {
		if len(out) != len(body) {
			return h, nil, fmt.Errorf("a page that is not compressed claims %d bytes and %d", h.compressed, h.uncompressed)
		}
		copy(out, body)
		return h, out, nil
	}
	return h, out, c.chunk.codec.decompress(out[levels:], body[levels:])
}

// unusedRaw is the memory of a dictionary of a row group before, none if this one has a dictionary.
func (c *cursor) unusedRaw() []byte {
	if c.hasEntries {
		return nil
	}
	return c.raw[:0]
}

// hold counts bytes that are kept while a row group is read.
func (c *cursor) hold(bytes int64) error {
	if bytes <= 0 {
		return nil
	}
	if held := c.group.held.Add(bytes); held > freeHeld+heldPer*c.group.file.size {
		return fmt.Errorf("the pages of the row group's columns take more than %d bytes of memory at a time; name fewer columns, or write the file with smaller pages", freeHeld+heldPer*c.group.file.size)
	}
	return nil
}

// beginPage takes the levels and the values of a page apart.
func (c *cursor) beginPage(h *pageHeader, data []byte) (err error) {
	c.rows = int(h.values)
	var levels []byte
	switch {
	case h.kind == dataPage2:
		levels, data = data[h.repetition:h.repetition+h.definition], data[h.repetition+h.definition:]
	case c.column.optional:
		if h.levels != rle {
			return fmt.Errorf("definition levels in encoding %d are not supported", h.levels)
		}
		if len(data) < 4 || int64(binary.LittleEndian.Uint32(data)) > int64(len(data)-4) {
			return errors.New("a page's levels are longer than the page")
		}
		n := int(binary.LittleEndian.Uint32(data))
		levels, data = data[4:4+n], data[4+n:]
	}
	if c.column.optional {
		if c.levels, err = newHybrid(levels, 1); err != nil {
			return err
		}
	}
	c.coded, c.plain = false, nil
	width, most := c.column.width, int(h.values)
	switch e, kind := h.encoding, c.column.physical; {
	case e == plainEncoding && kind == boolean:
		c.plain = unpackBits(data, most)
	case e == plainEncoding:
		c.plain = data
	case e == rleDictionary || e == plainDictionary:
		if !c.hasEntries {
			return errors.New("the values are in a dictionary, and there is none")
		}
		c.coded, c.indexes = true, hybrid{}
		if len(data) > 0 { // nothing if all values are missing
			c.indexes, err = newHybrid(data[1:], int(data[0]))
		}
	case e == rle && kind == boolean:
		c.plain, err = c.booleans(data, most)
	case e == deltaBinaryPacked && (kind == int32s || kind == int64s):
		var values []int64
		if len(data) > 0 {
			values, _, err = deltas(data, most)
		}
		c.plain = plainIntegers(values, width)
	case e == deltaLengthByteArray && kind == byteArrays && len(data) > 0:
		c.plain, err = deltaLengths(data, most)
	case e == deltaByteArray && (kind == byteArrays || kind == fixedArrays) && len(data) > 0:
		c.plain, err = deltaTexts(data, most, width)
	case e == byteStreamSplit && width > 0 && kind != boolean:
		c.plain, err = streamSplit(data, width)
	case len(data) == 0:
	default:
		return fmt.Errorf("encoding %d of %s values is not supported", e, c.column.form)
	}
	if made := int64(len(c.plain)); err == nil && h.encoding != plainEncoding && made > c.made {
		err = c.hold(made - c.made)
		c.made = made
	}
	return err
}

// unpackBits makes a byte of each bit.
func unpackBits(data []byte, most int) []byte {
	out := make([]byte, min(8*len(data), most))
	for i := range out {
		out[i] = data[i>>3] >> (i & 7) & 1
	}
	return out
}

// booleans reads RLE of one bit behind its length.
func (c *cursor) booleans(data []byte, most int) ([]byte, error) {
	if len(data) == 0 {
		return nil, nil
	}
	if len(data) < 4 {
		return nil, errFewer
	}
	h, err := newHybrid(data[4:], 1)
	if err != nil {
		return nil, err
	}
	var out []byte
	var some [1024]int32
	for len(out) < most {
		n := min(most-len(out), len(some))
		switch count, value, err := h.same(n); {
		case errors.Is(err, errFewer):
			return out, nil // the missing ones are not among them
		case err != nil:
			return nil, err
		case count > 0:
			n = count
			for i := range some[:n] {
				some[i] = value
			}
		default:
			n = min(n, h.left)
			if err := h.read(some[:n]); err != nil {
				return nil, err
			}
		}
		for _, v := range some[:n] {
			out = append(out, byte(v)&1)
		}
	}
	return out, nil
}

func plainIntegers(values []int64, width int) []byte {
	out := make([]byte, 0, len(values)*width)
	for _, v := range values {
		if width == 4 {
			out = binary.LittleEndian.AppendUint32(out, uint32(v))
		} else {
			out = binary.LittleEndian.AppendUint64(out, uint64(v))
		}
	}
	return out
}
