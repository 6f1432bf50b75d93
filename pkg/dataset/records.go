package dataset

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/bits"
	"sync"
	"unicode/utf8"
)

// records finds the values in a run of whole records. Lines of plain values, which most are,
// are split where they lie, quoted values too if there is no quote or line end in them; a record
// with another quote, a lone CR, a NUL or a very long line goes through the scanner, whose rules
// hold for all, and its values are copied to extra.
type records struct {
	data    []byte // whole records
	pos     int    // where the next one begins
	line    int    // its line, from 1, counted within data
	columns int
	scanner scanner
	stop    [256]byte // the class of each byte
	quick   bool      // many lines may be split together
	careful int       // not those before this one

	rows   int
	bounds []uint32 // start and end of each value, row by row, in data or, beyond its length, in extra
	extra  []byte
	starts []int // where each row begins in data
	lines  []int // on which line
	feeds  []uint32
}

// Classes of bytes. All but plain ones end a value, or are to be looked at closer.
const (
	plainByte = iota
	delimiterByte
	lineByte // LF and CR
	quoteByte
	nulByte
)

func newRecords(data []byte, d dialect, columns int) *records {
	// A line of one value may be blank, one that begins with the sign a comment.
	r := &records{data: data, line: 1, columns: columns, quick: hasLines && columns > 1 && d.comment == 0}
	if old, ok := freeRecords.Get().(*records); ok {
		r.bounds, r.feeds, r.starts, r.lines = old.bounds, old.feeds, old.starts, old.lines
	}
	r.scanner = scanner{chunk: data, end: len(data), done: true, line: 1}
	r.scanner.write(d)
	r.stop[d.quote], r.stop[0], r.stop['\n'], r.stop['\r'], r.stop[d.comma] = quoteByte, nulByte, lineByte, lineByte, delimiterByte
	return r
}

// freeRecords are records whose room is free for others.
var freeRecords sync.Pool

// free gives up the room of r, which is not to be used any more.
func (r *records) free() {
	r.data, r.scanner, r.extra = nil, scanner{}, nil
	freeRecords.Put(r)
}

// next finds the values of the next records, of about size bytes: io.EOF after the last. A
// fault is a *ParseError whose Row and Line are counted within data, Column not set, and
// field its column's index; the rows before it are there.
func (r *records) next(size int) (field int, err error) {
	r.rows, r.bounds, r.extra, r.starts, r.lines = 0, r.bounds[:0], r.extra[:0], r.starts[:0], r.lines[:0]
	for limit := r.pos + size; r.pos < limit && r.pos < len(r.data); {
		if r.quick && r.pos >= r.careful && r.plainLines(limit) {
			continue
		}
		before := len(r.bounds)
		start, line := r.pos, r.line
		if r.scanner.commented(r.data[start:]) {
			if err := r.skipComment(); err != nil {
				return -1, err
			}
			continue
		}
		next, ok := r.plain(start)
		if ok {
			r.pos = next
			r.line++
		} else {
			r.bounds = r.bounds[:before]
			if field, err := r.odd(); errors.Is(err, io.EOF) {
				r.pos = len(r.data) // blank lines
				break
			} else if err != nil {
				return field, err
			}
			line = r.scanner.start
		}
		got := (len(r.bounds) - before) / 2
		if ok && got == 1 && int(r.bounds[before]) == start && len(r.value(0, before/2)) == 0 {
			r.bounds = r.bounds[:before] // a blank line; a value in quotes begins behind them
			continue
		}
		if got != r.columns {
			return -1, r.fault(line, raggedError(got, r.columns))
		}
		r.rows++
		r.starts = append(r.starts, start)
		r.lines = append(r.lines, line)
	}
	if r.rows == 0 && r.pos >= len(r.data) {
		return -1, io.EOF
	}
	return -1, nil
}

// skipComment skips the line at pos.
func (r *records) skipComment() error {
	end := commentEnd(r.data, r.pos)
	if end < 0 { // it is the last, and may be half of one
		end = len(r.data)
	}
	if end-r.pos > maxRecord {
		return r.fault(r.line, errLongComment.err)
	}
	r.pos = end
	r.line++
	return nil
}

// plain splits the line at pos if it has nothing but plain values and quoted ones that need no
// copy, and returns where the next one begins.
//
// It looks at eight bytes at a time: one word tells which of them are delimiters or line
// feeds. Words that hold a quote, a CR or a NUL are gone through byte by byte.
func (r *records) plain(pos int) (next int, ok bool) {
	data, bounds := r.data, r.bounds
	if limit := pos + maxField + 2; limit < len(data) {
		data = data[:limit] // a longer line is not allowed: no need to split megabytes of it
	}
	delimiters, quotes := uint64(r.scanner.comma)*lowBits, uint64(r.scanner.quote)*lowBits
	seen := uint64(0) // all bytes in one, to find those that are not ASCII
	for start, i := pos, pos; ; {
		for i+8 <= len(data) {
			w := binary.LittleEndian.Uint64(data[i:])
			if anyZero(w)|anyZero(w^quotes)|anyZero(w^returns) != 0 {
				break
			}
			seen |= w
			for ends := zeroBytes(w^delimiters, w^feeds); ends != 0; ends &= ends - 1 {
				at := i + bits.TrailingZeros64(ends)/8
				bounds = append(bounds, uint32(start), uint32(at))
				start = at + 1
				if data[at] == '\n' {
					r.bounds = bounds
					return start, r.allowed(pos, at, seen)
				}
			}
			i += 8
		}
		for stop := min(i+8, len(data)); i < stop; {
			c := data[i]
			seen |= uint64(c)
			switch r.stop[c] {
			case plainByte:
				i++
				continue
			case quoteByte:
				if i != start || r.columns == 1 { // a quote inside a value; or a row that must not look blank
					return 0, false
				}
				end := r.quoted(i+1, &seen)
				if end < 0 || end+1 > len(data) {
					return 0, false
				}
				bounds = append(bounds, uint32(start+1), uint32(end))
				i = end + 1
			default:
				bounds = append(bounds, uint32(start), uint32(i))
			}
			// Here is what ends a value, or the data.
			switch {
			case i == len(data) && i < len(r.data):
				return 0, false
			case i == len(data):
			case data[i] == r.scanner.comma:
				i++
				start = i
				continue
			case data[i] == '\r' && i+1 < len(data) && data[i+1] == '\n':
				i++
			case data[i] != '\n':
				return 0, false
			}
			r.bounds = bounds
			return min(i+1, len(data)), r.allowed(pos, i, seen)
		}
		if i == len(data) && i < len(r.data) {
			return 0, false
		}
		if i == len(data) {
			r.bounds = append(bounds, uint32(start), uint32(i))
			return i, r.allowed(pos, i, seen)
		}
	}
}

// quoted returns the quote that closes the value whose text begins at i, -1 if there is one
// inside, or a line end or NUL, or if anything but a delimiter or a line end follows.
func (r *records) quoted(i int, seen *uint64) (end int) {
	for ; i < len(r.data); i++ {
		c := r.data[i]
		*seen |= uint64(c)
		switch r.stop[c] {
		case quoteByte:
			if i+1 == len(r.data) || r.stop[r.data[i+1]] == delimiterByte || r.stop[r.data[i+1]] == lineByte {
				return i
			}
			return -1
		case lineByte, nulByte:
			return -1
		}
	}
	return -1
}

// allowed reports whether a line may be taken as it is: not so long that a value might be too
// long, and UTF-8. seen has the bits of its bytes.
func (r *records) allowed(pos, end int, seen uint64) bool {
	return end-pos <= maxField && (seen&highBits == 0 || utf8.Valid(r.data[pos:end]))
}

// Words of eight equal bytes.
const (
	returns = lowBits * '\r'
	feeds   = lowBits * '\n'
)

// anyZero is not 0 if a byte of w is 0. It does not tell which.
func anyZero(w uint64) uint64 { return (w - lowBits) &^ w & highBits }

// zeroBytes has the highest bit of each byte that is 0 in a or in b.
func zeroBytes(a, b uint64) uint64 {
	// Added to 0x7f, the lower seven bits of a byte carry into the highest one unless they are
	// 0, and never into the next byte.
	const lower = ^uint64(highBits)
	return ^((a&lower + lower | a) & (b&lower + lower | b)) & highBits
}

// odd reads the record at pos with the scanner.
func (r *records) odd() (field int, err error) {
	s := &r.scanner
	s.pos, s.line = r.pos, r.line
	err = s.next()
	if errors.Is(err, io.EOF) {
		r.line = s.line
	}
	if syntax, ok := errors.AsType[*syntaxError](err); ok {
		return syntax.field, r.fault(s.start, syntax.err)
	} else if err != nil {
		return -1, err
	}
	r.pos, r.line = s.pos, s.line
	begin := 0
	for _, end := range s.ends {
		at := len(r.data) + len(r.extra)
		r.extra = append(r.extra, s.buf[begin:end]...)
		r.bounds = append(r.bounds, uint32(at), uint32(at+end-begin))
		begin = end
	}
	return -1, nil
}

// fault is a ParseError in the row after those that are complete.
func (r *records) fault(line int, err error) *ParseError {
	return &ParseError{Row: r.rows + 1, Line: line, Err: err}
}

// value is the value of a row in a column, without surrounding white space.
func (r *records) value(row, column int) []byte {
	i := 2 * (row*r.columns + column)
	start, end := int(r.bounds[i]), int(r.bounds[i+1])
	from := r.data
	if start >= len(from) && start < end {
		start, end, from = start-len(r.data), end-len(r.data), r.extra
	} else if start >= end {
		return nil
	}
	b := from[start:end]
	if inner(b[0]) && inner(b[len(b)-1]) {
		return b
	}
	return bytes.TrimSpace(b)
}

// inner reports whether no white space begins or ends with b.
func inner(b byte) bool { return ' ' < b && b < 0x80 }
