package dataset

import (
	"bytes"
	"errors"
	"fmt"
)

// Records reads delimited text one record at a time, by the rules of CSV but for the header:
// every record is a row, with as many values as it has. It is for a small text whose reader wants
// to know all that is wrong with it, such as the body of a request.
type Records struct {
	scanner *scanner
	row     int // of the record, from 1
}

// NewRecords reads records whose values the delimiter separates and double quotes enclose. A
// byte order mark is skipped.
func NewRecords(text []byte, delimiter byte) *Records {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	s := &scanner{chunk: text, end: len(text), done: true, line: 1}
	s.write(dialect{comma: delimiter, quote: usual.quote})
	return &Records{scanner: s}
}

// Next reads the next record that is not blank: io.EOF after the last. What is wrong with the
// text is a *ParseError with the line that the record starts on, and there is no other record
// then.
func (r *Records) Next() error {
	err := r.scanner.next()
	r.row++
	if syntax, ok := errors.AsType[*syntaxError](err); ok {
		cause := syntax.err
		if syntax.field >= 0 {
			cause = fmt.Errorf("value %d: %w", syntax.field+1, cause)
		}
		return &ParseError{Part: "text", Row: r.row, Line: r.scanner.start, Err: cause}
	}
	return err
}

// Len is the number of values of the record.
func (r *Records) Len() int { return len(r.scanner.ends) }

// Value is one of them, without white space around it.
func (r *Records) Value(i int) string { return string(r.scanner.field(i)) }

// Line is the line of the text that the record starts on, from 1.
func (r *Records) Line() int { return r.scanner.start }
