package dataset

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ParseError says where the text of a data set is not what it has to be.
type ParseError struct {
	Part string // the name of the part
	Row  int    // data row within the part from 1, the header not counted; 0: the header
	Line int    // line of the file from 1 on which the row starts; 0: the file has none, or it is not at any
	// Offset is the byte of the part at which the row begins, if Row is not known: in a Range.
	// Row and Line are 0 then.
	Offset int64
	Column string // the column's name; "": the whole row
	Err    error
}

func (e *ParseError) Error() string {
	var b strings.Builder
	b.WriteString(e.Part)
	switch {
	case e.Offset > 0:
		fmt.Fprintf(&b, ": row at byte %d", e.Offset)
	case e.Row > 0 && e.Line == 0:
		fmt.Fprintf(&b, ": row %d", e.Row) // of a format without lines
	case e.Row > 0:
		fmt.Fprintf(&b, ": row %d (line %d)", e.Row, e.Line)
	case e.Line > 0:
		fmt.Fprintf(&b, ": header (line %d)", e.Line)
	}
	if e.Column != "" {
		fmt.Fprintf(&b, ", column %q", e.Column)
	}
	return b.String() + ": " + e.Err.Error()
}

// shift moves the position behind rows and lines that come before.
func (e *ParseError) shift(rows, lines int) {
	e.Row += rows
	e.Line += lines
	if open, ok := e.Err.(*openQuoteError); ok {
		open.line += lines
	}
}

// place says where the row begins, whose number is not known.
func (e *ParseError) place(offset int64) {
	e.Row, e.Line, e.Offset = 0, 0, offset
	if open, ok := e.Err.(*openQuoteError); ok {
		open.line = 0
	}
}

// Unwrap returns the cause.
func (e *ParseError) Unwrap() error { return e.Err }

// InvalidData returns where and what is wrong; pkg/gateway finds the error by this method.
func (e *ParseError) InvalidData() (row int, column, detail string) {
	return e.Row, e.Column, e.Err.Error()
}

// ColumnError says what is wrong with a column, or with one value meant for it.
type ColumnError struct {
	Column string
	Err    error
}

func (e *ColumnError) Error() string { return fmt.Sprintf("column %q: %v", e.Column, e.Err) }

// Unwrap returns the cause.
func (e *ColumnError) Unwrap() error { return e.Err }

// InvalidData returns where and what is wrong, as ParseError's does; row 0 is all rows.
func (e *ColumnError) InvalidData() (row int, column, detail string) {
	return 0, e.Column, e.Err.Error()
}

// quote shows a user's value in an error: quoted, and cut to a length that can be read.
func quote(s string) string {
	const longest = 40 // bytes
	if len(s) <= longest {
		return strconv.Quote(s)
	}
	cut := longest
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return strconv.Quote(s[:cut]) + "…"
}
