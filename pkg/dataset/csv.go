package dataset

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"slices"
	"strings"
)

// Options says how to read CSV. The zero value detects and infers everything.
type Options struct {
	// Delimiter separates the values: any ASCII character but quote, CR, LF and NUL.
	// 0 detects comma, semicolon, tab or bar from the start of the first part.
	Delimiter byte
	// Types declares the types of columns by name; the types of all others are inferred.
	// A value that does not fit the declared type is a *ParseError.
	Types map[string]Type
	// Missing are the texts that mean "no value", compared after surrounding white space is
	// trimmed; nil means DefaultMissing. The empty text is missing in any case.
	Missing []string
	// Quote encloses values of CSV: a double quote if 0, else any ASCII punctuation that is
	// not the delimiter.
	Quote byte
	// Comment begins a line of CSV that is passed over; 0: no line is.
	Comment byte
	// Decimal is the sign before the fraction of numbers in text formats: a point if 0, else
	// ','. Thousands, if it is not 0, may stand between groups of three digits: '.', ',', ' ',
	// '_' or '\''. Neither is guessed: 1,234 is a number or another one, depending on who wrote it.
	Decimal, Thousands byte
	// Columns are the columns to read, by name, in the data set's order whatever theirs;
	// nil means all of them. One that is not there is a *ColumnError.
	Columns []string
	// Sample reads a part of the rows, chosen by position and the same each time: up to 1 the
	// share of the rows, above it their number. 0 reads all.
	Sample float64
	// Schema, if not nil, is enforced: each of its columns has to be there, of its type, and
	// a value that is none of its Levels, where it has any, is a *ParseError. Columns that it
	// does not name are left out unless Columns names them.
	Schema Schema
	// Workers is how many cores to use; 0 is all of them. The result does not depend on it.
	Workers int
}

// Validate reports all faults of the options at once.
func (o Options) Validate() error {
	var faults []error
	if d := o.Delimiter; d >= 0x80 || bytes.IndexByte([]byte("\"\r\n"), d) >= 0 {
		faults = append(faults, fmt.Errorf("delimiter %q cannot separate values", d))
	}
	for _, name := range slices.Sorted(maps.Keys(o.Types)) {
		if err := o.Types[name].Validate(); err != nil {
			faults = append(faults, &ColumnError{name, err})
		}
	}
	return errors.Join(faults...)
}

// missing is the set of the texts that mean "no value".
func (o Options) missing() map[string]bool {
	set := map[string]bool{"": true}
	tokens := o.Missing
	if tokens == nil {
		tokens = DefaultMissing
	}
	for _, token := range tokens {
		set[strings.TrimSpace(token)] = true
	}
	return set
}

// ReadCSV reads the parts, in their order, into one table. A part is UTF-8 text, with or
// without a byte order mark, whose first row names the columns: each once, and the same
// ones in every part. Rows end in LF, CRLF or CR; values may be quoted as in RFC 4180 and
// then hold delimiters and line ends; white space around a value does not count, quoted or
// not; blank lines are skipped. Every row has as many values as the header. A part may
// have no rows, but not all of them. A value is at most 1 MiB, a row 16 MiB and 65,536
// values.
//
// Text that is not a table is a *ParseError, a declared type for a column that is not
// there a *ColumnError, and failures of reading are wrapped as they are. Memory is 8 bytes
// for a number and 4 for a coded value, and each distinct text once. Parts are opened
// again only if a column that looked numeric for thousands of values turns out not to be.
func ReadCSV(ctx context.Context, parts []Part, o Options) (*Table, Digest, error) {
	if err := o.Validate(); err != nil {
		return nil, "", fmt.Errorf("read CSV: %w", err)
	}
	if len(parts) == 0 {
		return nil, "", errors.New("read CSV: no parts given")
	}
	r := reader{options: o, missing: o.missing(), delimiter: o.Delimiter}
	sums, err := r.pass(ctx, parts)
	if err != nil {
		return nil, "", err
	}
	if r.rows == 0 {
		return nil, "", &ParseError{Part: parts[0].Name, Err: errors.New("no rows below the header")}
	}
	if r.revise() {
		again, err := r.pass(ctx, parts)
		if err != nil {
			return nil, "", err
		}
		for i := range parts {
			if !bytes.Equal(sums[i], again[i]) {
				return nil, "", fmt.Errorf("read %s: it changed while it was read", parts[i].Name)
			}
		}
	}
	columns := make([]Column, len(r.collectors))
	for i, c := range r.collectors {
		columns[i] = c.column()
	}
	table, err := NewTable(columns...)
	return table, digestOf(sums), err
}

// ReadHeader reads the names of the columns and no more of the part than its first 64 KiB,
// unless the header itself is longer.
func ReadHeader(ctx context.Context, part Part, o Options) ([]string, error) {
	if err := o.Validate(); err != nil {
		return nil, fmt.Errorf("read CSV header: %w", err)
	}
	f, err := openCSV(ctx, part, o.Delimiter)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.header, nil
}

// reader is the state of one ReadCSV.
type reader struct {
	options    Options
	missing    map[string]bool
	delimiter  byte // 0 until it is detected in the first part
	first      string
	header     []string
	collectors []*collector
	rows       int
}

// pass reads all parts into the collectors and returns the SHA-256 of each.
func (r *reader) pass(ctx context.Context, parts []Part) ([][]byte, error) {
	sums := make([][]byte, len(parts))
	for i, part := range parts {
		sum, err := r.readPart(ctx, part)
		if err != nil {
			return nil, err
		}
		sums[i] = sum
	}
	return sums, nil
}

func (r *reader) readPart(ctx context.Context, part Part) ([]byte, error) {
	f, err := openCSV(ctx, part, r.delimiter)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if r.header == nil {
		r.delimiter, r.first = f.scanner.comma, part.Name
		if err := r.begin(f.header); err != nil {
			return nil, err
		}
	} else if err := sameHeader(r.header, f.header, r.first); err != nil {
		return nil, &ParseError{Part: part.Name, Line: f.scanner.start, Err: err}
	}
	for {
		err := f.next()
		if errors.Is(err, io.EOF) {
			return f.hash.Sum(nil), nil
		}
		if err != nil {
			return nil, err
		}
		for i, c := range r.collectors {
			if c.closed {
				continue
			}
			field := f.scanner.field(i)
			if r.missing[string(field)] {
				c.skip()
			} else if err := c.add(field); err != nil {
				return nil, f.fault(i, err)
			}
		}
		r.rows++
	}
}

// begin makes a collector per column.
func (r *reader) begin(header []string) error {
	r.header = header
	given := make(map[string]bool, len(header))
	for _, name := range header {
		given[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(r.options.Types)) {
		if !given[name] {
			return &ColumnError{name, errors.New("has a declared type but is not in the data")}
		}
	}
	r.collectors = make([]*collector, len(header))
	for i, name := range header {
		r.collectors[i] = newCollector(name, r.options.Types[name])
	}
	return nil
}

// revise prepares a second pass for the columns whose numbers were given up, and reports
// whether one is needed. The other columns are complete.
func (r *reader) revise() bool {
	again := false
	for i, c := range r.collectors {
		if c.closed {
			r.collectors[i] = newCollector(c.name, "")
			r.collectors[i].kinds = kinds{}
			again = true
		} else {
			c.closed = true
		}
	}
	return again
}

func sameHeader(want, got []string, first string) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d columns, but %s has %d", len(got), first, len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			return fmt.Errorf("column %d is %s, but in %s it is %s", i+1, quote(got[i]), first, quote(want[i]))
		}
	}
	return nil
}

// csvFile is an open part whose header has been read.
type csvFile struct {
	io.Closer
	part    string
	scanner *scanner
	hash    hash.Hash // of what has been read
	header  []string
	row     int
}

// openCSV opens a part and reads its header. A comma of 0 is detected.
func openCSV(ctx context.Context, part Part, comma byte) (*csvFile, error) {
	body, err := part.Open(ctx)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", part.Name, err)
	}
	f := &csvFile{Closer: body, part: part.Name, hash: sha256.New()}
	f.scanner = newScanner(io.TeeReader(&contextReader{ctx, body}, f.hash))
	if err := f.readHeader(comma); err != nil {
		body.Close()
		return nil, err
	}
	return f, nil
}

func (f *csvFile) readHeader(comma byte) error {
	err := f.scanner.begin(comma)
	if err == nil {
		err = f.scanner.next()
	}
	switch {
	case errors.Is(err, io.EOF):
		return &ParseError{Part: f.part, Err: errors.New("the file is empty")}
	case err != nil:
		return f.located(err)
	}
	seen := make(map[string]int, len(f.scanner.ends))
	for i := range f.scanner.ends {
		name := string(f.scanner.field(i))
		if i == 0 { // after a blank line, a byte order mark is not the file's first bytes
			name = strings.TrimSpace(strings.Trim(name, "\ufeff"))
		}
		if name == "" {
			return f.fault(-1, fmt.Errorf("column %d has no name", i+1))
		}
		if j := seen[name]; j > 0 {
			return f.fault(-1, fmt.Errorf("columns %d and %d are both named %s; the first row has to name the columns", j, i+1, quote(name)))
		}
		seen[name] = i + 1
		f.header = append(f.header, name)
	}
	return nil
}

// next reads the next row: io.EOF after the last.
func (f *csvFile) next() error {
	err := f.scanner.next()
	if errors.Is(err, io.EOF) {
		return err
	}
	f.row++
	if err != nil {
		return f.located(err)
	}
	if got := len(f.scanner.ends); got != len(f.header) {
		return f.fault(-1, fmt.Errorf("the row has %d values, the header %d", got, len(f.header)))
	}
	return nil
}

// located adds the position to a syntaxError, and the name of the part to any other.
func (f *csvFile) located(err error) error {
	if syntax, ok := errors.AsType[*syntaxError](err); ok {
		return f.fault(syntax.field, syntax.err)
	}
	return fmt.Errorf("read %s: %w", f.part, err)
}

// fault is a ParseError in the current row; field -1 means all of it.
func (f *csvFile) fault(field int, err error) error {
	e := &ParseError{Part: f.part, Row: f.row, Line: max(f.scanner.start, 1), Err: err}
	if 0 <= field && field < len(f.header) {
		e.Column = f.header[field]
	}
	return e
}

// contextReader ends with the context's error once that is done: every chunk asks.
type contextReader struct {
	ctx context.Context
	src io.Reader
}

func (r *contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.src.Read(p)
}
