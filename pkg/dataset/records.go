package dataset

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf8"
)

// records finds the values in a run of whole records. Lines of plain values, which most are,
// are split where they lie; a record with a quote, a lone CR, a NUL or a very long line goes
// through the scanner, whose rules hold for all, and its values are copied to extra.
type records struct {
	data    []byte // whole records
	pos     int    // where the next one begins
	line    int    // its line, from 1, counted within data
	columns int
	scanner scanner
	stop    [256]byte // what ends a run of a plain value, by class

	rows   int
	bounds []uint32 // start and end of each value, row by row, in data or, beyond its length, in extra
	extra  []byte
	starts []int // where each row begins in data
	lines  []int // on which line
}

// Classes of bytes that end a run of a plain value.
const (
	plainByte = iota
	delimiterByte
	lineFeedByte
	oddByte  // quote, CR, NUL: look closer
	highByte // not ASCII: fine if it is UTF-8
)

func newRecords(data []byte, comma byte, columns int) *records {
	r := &records{data: data, line: 1, columns: columns}
	r.scanner = scanner{chunk: data, end: len(data), done: true, line: 1}
	r.scanner.delimit(comma)
	for b := 0x80; b < 0x100; b++ {
		r.stop[b] = highByte
	}
	r.stop['"'], r.stop['\r'], r.stop[0], r.stop['\n'], r.stop[comma] = oddByte, oddByte, oddByte, lineFeedByte, delimiterByte
	return r
}

// next finds the values of the next records, of about size bytes: io.EOF after the last. A
// fault is a *ParseError whose Row and Line are counted within data, Column not set, and
// field its column's index; the rows before it are there.
func (r *records) next(size int) (field int, err error) {
	r.rows, r.bounds, r.extra, r.starts, r.lines = 0, r.bounds[:0], r.extra[:0], r.starts[:0], r.lines[:0]
	for limit := r.pos + size; r.pos < limit && r.pos < len(r.data); {
		before := len(r.bounds)
		start, line := r.pos, r.line
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
		if ok && got == 1 && len(r.value(0, before/2)) == 0 {
			r.bounds = r.bounds[:before] // a blank line
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

// plain splits the line at pos if it has nothing but plain values, and returns where the next
// one begins.
func (r *records) plain(pos int) (next int, ok bool) {
	data, stop, bounds := r.data, &r.stop, r.bounds
	start, i, ascii := pos, pos, true
	for {
		for i < len(data) && stop[data[i]] == plainByte {
			i++
		}
		end := i
		if i < len(data) {
			switch stop[data[i]] {
			case delimiterByte:
				bounds = append(bounds, uint32(start), uint32(i))
				i++
				start = i
				continue
			case highByte:
				ascii = false
				i++
				continue
			case oddByte:
				if data[i] != '\r' || i+1 == len(data) || data[i+1] != '\n' {
					return 0, false
				}
				i++
			}
			i++ // the line feed
		}
		r.bounds = append(bounds, uint32(start), uint32(end))
		if end-pos > maxField || !ascii && !utf8.Valid(data[pos:end]) {
			return 0, false
		}
		return i, true
	}
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
