package dataset

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"
)

// Limits that keep a hostile or broken file (a quote never closed, a disk image) from
// filling the memory. They are far above what real tables hold.
const (
	maxField  = 1 << 20  // bytes of one value
	maxRecord = 16 << 20 // bytes of one row
	maxFields = 1 << 16  // columns
	chunkSize = 64 << 10 // bytes read at a time, and looked at to find the delimiter
)

// syntaxError is a fault in the text of the current record. field is the index of the
// value at fault, -1 for the record as a whole.
type syntaxError struct {
	field int
	err   error
}

func (e *syntaxError) Error() string { return e.err.Error() }

// openQuoteError is a quoted value that the file ends in.
type openQuoteError struct{ line int }

func (e *openQuoteError) Error() string {
	if e.line == 0 {
		return "a quote that is opened there is never closed"
	}
	return fmt.Sprintf("the quote opened in line %d is never closed", e.line)
}

// scanner splits delimited text into records as RFC 4180 describes it, and is lenient
// where files in the wild are: rows end in LF, CRLF or CR; blank lines are skipped; white
// space around values and around their quotes is dropped; a quote inside an unquoted
// value is a character like any other. encoding/csv refuses the latter two, and does not
// bound the size of a value.
type scanner struct {
	src      io.Reader
	chunk    []byte
	pos, end int   // chunk[pos:end] is read and not yet used
	err      error // why reading stopped; nil at the end of the input
	done     bool

	dialect
	stop      [256]bool // the bytes that end a run of an unquoted value
	quoteStop [256]bool // those that end a run of a quoted one
	line      int       // the line that pos is on, from 1

	start  int    // the line that the current record starts on
	buf    []byte // the values of the current record, one after the other
	ends   []int  // where each ends in buf
	quoted []bool // which of them are in quotes
}

func newScanner(src io.Reader) *scanner {
	return &scanner{src: src, chunk: make([]byte, chunkSize), line: 1}
}

// write sets the signs that the text is written with; it is called before the first next.
func (s *scanner) write(d dialect) {
	s.dialect = d
	s.stop = [256]bool{'\n': true, '\r': true, 0: true}
	s.quoteStop = s.stop
	s.stop[d.comma], s.quoteStop[d.quote] = true, true
}

// next reads the next record that is not blank: io.EOF if there is none, a *syntaxError
// if it is malformed, else the error of the reader.
func (s *scanner) next() error {
	for {
		s.start, s.buf, s.ends, s.quoted = s.line, s.buf[:0], s.ends[:0], s.quoted[:0]
		c, ok := s.peek()
		switch {
		case !ok && s.err != nil:
			return s.err
		case !ok:
			return io.EOF
		case c == '\n' || c == '\r':
			s.newline() // blank lines, of which a hostile file may have millions
			continue
		case c == s.comment && c != 0:
			if err := s.skipComment(); err != nil {
				return err
			}
			continue
		}
		if err := s.record(); err != nil {
			return err
		}
		if len(s.ends) > 1 || s.quoted[0] || len(s.field(0)) > 0 {
			return nil
		}
	}
}

// field is the i-th value of the record, without surrounding white space. It is valid
// until the next call of next.
func (s *scanner) field(i int) []byte {
	begin := 0
	if i > 0 {
		begin = s.ends[i-1]
	}
	return bytes.TrimSpace(s.buf[begin:s.ends[i]])
}

// fail returns a syntaxError at the value being read.
func (s *scanner) fail(format string, args ...any) error {
	return &syntaxError{field: len(s.ends), err: fmt.Errorf(format, args...)}
}

func (s *scanner) record() error {
	for {
		begin := len(s.buf)
		s.skipSpace()
		var err error
		c, ok := s.peek()
		quoted := ok && c == s.quote
		if quoted {
			err = s.quotedField(begin)
		} else {
			err = s.take(&s.stop, begin)
		}
		if err != nil {
			return err
		}
		if !utf8.Valid(s.buf[begin:]) {
			return s.fail("value is not UTF-8; save the file in that encoding")
		}
		c, ok = s.peek()
		if ok && !s.stop[c] {
			return s.fail("text after a closing quote; a quote inside a quoted value is written twice")
		}
		if ok && c == 0 {
			return s.fail("NUL byte; this is not a text file, or not in UTF-8")
		}
		s.ends, s.quoted = append(s.ends, len(s.buf)), append(s.quoted, quoted)
		switch {
		case !ok:
			return s.err
		case c != s.comma:
			s.newline()
			return nil
		case len(s.ends) == maxFields:
			return &syntaxError{field: -1, err: fmt.Errorf("more than %d values in a row", maxFields)}
		}
		s.pos++
	}
}

// quotedField reads a value in quotes, of which the first is next, and the white space
// after it. Line ends inside become LF, so that a file means the same on every system.
func (s *scanner) quotedField(begin int) error {
	opened := s.line
	s.pos++
	for {
		if err := s.take(&s.quoteStop, begin); err != nil {
			return err
		}
		c, ok := s.peek()
		switch {
		case !ok && s.err != nil:
			return s.err
		case !ok:
			return &syntaxError{field: len(s.ends), err: &openQuoteError{opened}}
		case c == 0:
			return s.fail("NUL byte in a quoted value")
		case c != s.quote:
			s.newline()
			s.buf = append(s.buf, '\n')
			continue
		}
		s.pos++
		if c, ok := s.peek(); !ok || c != s.quote {
			s.skipSpace()
			return nil
		}
		s.pos++
		s.buf = append(s.buf, s.quote)
	}
}

// take appends bytes to buf up to one of stop, or the end of the input.
func (s *scanner) take(stop *[256]bool, begin int) error {
	for s.pos < s.end || s.fill() {
		i := s.pos
		for i < s.end && !stop[s.chunk[i]] {
			i++
		}
		s.buf = append(s.buf, s.chunk[s.pos:i]...)
		s.pos = i
		if len(s.buf)-begin > maxField {
			return s.fail("value is longer than %d bytes; is a quote left open?", maxField)
		}
		if len(s.buf) > maxRecord {
			return &syntaxError{field: -1, err: fmt.Errorf("row is longer than %d bytes", maxRecord)}
		}
		if i < s.end {
			break
		}
	}
	return s.err
}

// skipComment skips the line that is next.
func (s *scanner) skipComment() error {
	for length := 0; ; length++ {
		c, ok := s.peek()
		switch {
		case !ok:
			return s.err
		case c == '\n' || c == '\r':
			s.newline()
			return nil
		case length > maxRecord:
			return errLongComment
		}
		s.pos++
	}
}

var errLongComment = &syntaxError{field: -1, err: fmt.Errorf("comment is longer than %d bytes", maxRecord)}

// skipSpace skips the blanks before or after a quoted value, and those before any other.
func (s *scanner) skipSpace() {
	for {
		c, ok := s.peek()
		if !ok || c == s.comma || (c != ' ' && c != '\t') {
			return
		}
		s.pos++
	}
}

// newline skips the line end that is next: LF, CR or CRLF.
func (s *scanner) newline() {
	c, _ := s.peek()
	s.pos++
	s.line++
	if c == '\r' {
		if c, ok := s.peek(); ok && c == '\n' {
			s.pos++
		}
	}
}

// peek returns the next byte without using it up; false at the end of the input or when
// reading fails.
func (s *scanner) peek() (byte, bool) {
	if s.pos == s.end && !s.fill() {
		return 0, false
	}
	return s.chunk[s.pos], true
}

// fill reads the next chunk, all of it if the input has as much: what is detected in the
// first one must not depend on how a network cuts the file.
func (s *scanner) fill() bool {
	if s.done {
		return false
	}
	n, ended, err := readFull(s.src, s.chunk)
	s.pos, s.end = 0, n
	s.done, s.err = ended || err != nil, err
	return n > 0
}
