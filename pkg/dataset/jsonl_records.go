package dataset

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Limits of JSON Lines beside those of CSV. Rows name their columns, so that a few bytes can
// stand for as many cells as there are columns: a batch has no more than jsonBatchCells of
// them, and a piece of the file no more than jsonFreeCells plus jsonCells for each byte.
const (
	jsonDepth      = 64 // of brackets in a value that is not read
	jsonBatchCells = 1 << 20
	jsonFreeCells  = 16 << 20
	jsonCells      = 32
)

// jsonRecords finds the values in a run of whole lines, each a flat JSON object. The values
// are left where they lie; strings with escapes are written to extra. It is the records that
// columnReader reads.
type jsonRecords struct {
	records
	names  []string       // of the columns that the data may have
	at     map[string]int // the index of each name
	slot   []int          // of each name, the column to read, -1 if it is not
	point  byte           // the sign before the fraction that columnReader expects
	stamps []int          // of each name, the number of the last line that had it
	lineNo int            // counts lines for stamps
	open   bool           // other names may appear: what to read was said
	met    []bool         // of each name, whether any line had it
	cells  int            // so far
	filled []bool         // of each column to read, whether a row of the batch has a value
	// odd are, for each column to read, the rows whose value is a number in another form than
	// numberText's.
	odd [][]int
	key []byte // scratch
}

func newJSONRecords(data []byte, names []string, at map[string]int, slot []int, columns int, decimal byte) *jsonRecords {
	r := &jsonRecords{names: names, at: at, slot: slot, point: decimal}
	r.records = records{data: data, line: 1, columns: columns}
	r.stamps, r.met = make([]int, len(names)), make([]bool, len(names))
	r.odd, r.filled = make([][]int, columns), make([]bool, columns)
	if decimal == 0 {
		r.point = '.'
	}
	return r
}

// next finds the values of the next lines, of about size bytes: io.EOF after the last. A
// fault is a *ParseError whose Row and Line are counted within data; the rows before it are
// there.
func (r *jsonRecords) next(size int) error {
	r.rows, r.bounds, r.extra, r.starts, r.lines = 0, r.bounds[:0], r.extra[:0], r.starts[:0], r.lines[:0]
	for i := range r.odd {
		r.odd[i] = r.odd[i][:0]
	}
	clear(r.filled)
	for limit := r.pos + size; r.pos < limit && r.pos < len(r.data) && (r.rows+1)*r.columns <= max(jsonBatchCells, r.columns); {
		start, line := r.pos, r.line
		end := len(r.data)
		if i := bytes.IndexByte(r.data[start:], '\n'); i >= 0 {
			end = start + i
		}
		r.pos, r.line = min(end+1, len(r.data)), line+1
		first := skipJSONSpace(r.data, start, end)
		if first == end {
			continue // a blank line
		}
		if err := r.row(start, first, end); err != nil {
			if e, ok := errors.AsType[*ParseError](err); ok {
				e.Row, e.Line = r.rows+1, line
				return e
			}
			return &ParseError{Row: r.rows + 1, Line: line, Err: err}
		}
		r.rows++
		r.starts, r.lines = append(r.starts, start), append(r.lines, line)
	}
	if r.rows == 0 && r.pos >= len(r.data) {
		return io.EOF
	}
	return nil
}

// row reads the object of a line.
func (r *jsonRecords) row(start, first, end int) error {
	r.cells += r.columns
	switch {
	case end-start > maxRecord:
		return fmt.Errorf("row is longer than %d bytes", maxRecord)
	case r.cells > jsonFreeCells+jsonCells*len(r.data):
		return fmt.Errorf("the rows hold next to none of the %d columns; name those to read", len(r.names))
	}
	from := len(r.bounds)
	r.bounds = slices.Grow(r.bounds, 2*r.columns)[:from+2*r.columns]
	clear(r.bounds[from:])
	r.lineNo++
	name, known := -1, true
	return eachMember(r.data, first, end, &r.key, func(key []byte) error {
		// Most lines have their keys in the order of the columns.
		if next := name + 1; next < len(r.names) && string(key) == r.names[next] {
			name, known = next, true
		} else if i, ok := r.at[string(key)]; ok {
			name, known = i, true
		} else if len(key) == 0 {
			return errNoName
		} else if known = false; r.open {
			return nil
		} else {
			return &ParseError{Column: string(key), Err: fmt.Errorf("is not among the columns, which are those of the first %d lines or %d KiB; give it a type, or name the columns to read", jsonHeaderLines, chunkSize>>10)}
		}
		if r.stamps[name] == r.lineNo {
			return &ParseError{Column: r.names[name], Err: errors.New("appears twice in the row")}
		}
		r.stamps[name], r.met[name] = r.lineNo, true
		return nil
	}, func(v jsonValue) error {
		if !known {
			return v.err
		}
		if err := r.keep(r.slot[name], v); err != nil {
			return &ParseError{Column: r.names[name], Err: err}
		}
		return nil
	})
}

var errNoName = errors.New("a column has no name")

// keep takes the value of a column, -1 if it is not read.
func (r *jsonRecords) keep(column int, v jsonValue) error {
	if v.err != nil {
		return v.err
	}
	if column < 0 {
		return nil
	}
	start, end := v.start, v.end
	switch v.kind {
	case 'n':
		return nil // null: missing, as a key that is not there
	case '{', '[':
		what := "an object"
		if v.kind == '[' {
			what = "an array"
		}
		return errors.New("holds " + what + ", which is no value of a table; leave the column out of those to read")
	case '"':
		if end-start > maxField {
			return fmt.Errorf("value is longer than %d bytes", maxField)
		}
		if v.escaped {
			at := len(r.extra)
			var err error
			if r.extra, err = unescape(r.extra, r.data[start:end]); err != nil {
				return err
			}
			start, end = len(r.data)+at, len(r.data)+len(r.extra)
		}
	case '0':
		if end-start > maxField {
			return fmt.Errorf("value is longer than %d bytes", maxField)
		}
		if !plainNumber(r.data[start:end]) {
			r.odd[column] = append(r.odd[column], r.rows)
		}
		if r.point != '.' && bytes.IndexByte(r.data[start:end], '.') >= 0 {
			at := len(r.extra)
			r.extra = append(r.extra, r.data[start:end]...)
			r.extra[at+bytes.IndexByte(r.extra[at:], '.')] = r.point
			start, end = len(r.data)+at, len(r.data)+len(r.extra)
		}
	}
	i := 2 * (r.rows*r.columns + column)
	r.bounds[i], r.bounds[i+1] = uint32(start), uint32(end)
	r.filled[column] = true
	return nil
}

// rewrite brings the numbers of a column into the form in which a number that is sent to a
// model is looked up among texts (Builder.Number): 1.50 and 15e-1 are the category 1.5.
// Whole numbers stay as they are written, for a float64 may not hold them.
func (r *jsonRecords) rewrite(column int) {
	for _, row := range r.odd[column] {
		i := 2 * (row*r.columns + column)
		text := r.value(row, column)
		if r.point != '.' {
			text = bytes.Replace(text, []byte{r.point}, []byte{'.'}, 1)
		}
		v, ok := parseNumber(string(text))
		if !ok {
			continue // too large
		}
		at := len(r.data) + len(r.extra)
		r.extra = append(r.extra, numberText(v)...)
		r.bounds[i], r.bounds[i+1] = uint32(at), uint32(len(r.data)+len(r.extra))
	}
	r.odd[column] = r.odd[column][:0]
}

// plainNumber reports whether a JSON number surely is as numberText writes it: whole, or with
// at most 15 digits, which every float64 keeps, of which the last is not 0.
func plainNumber(b []byte) bool {
	if b[0] == '-' {
		b = b[1:]
		if b[0] == '0' {
			return false // -0, or -0.5, which is rare enough
		}
	}
	point := false
	for _, c := range b {
		switch c {
		case '.':
			point = true
		case 'e', 'E':
			return false
		}
	}
	return !point || len(b) <= 16 && b[len(b)-1] != '0' && !bytes.HasPrefix(b, []byte("0.00000"))
}
