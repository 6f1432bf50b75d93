package dataset

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
)

// CSV is delimited text: UTF-8 with or without a byte order mark, whose first row names the
// columns: each once, and the same ones in every part; of those without a name see Unnamed.
// Rows end in LF, CRLF or CR; values may be quoted as in RFC 4180 and then hold delimiters and
// line ends; white space around a value does not count, quoted or not; blank lines are skipped,
// and so are lines that begin with Options.Comment if that is set. Every row has as many values
// as the header. A part may have no rows, but not all of them. A value is at most 1 MiB, a row
// 16 MiB and 65,536 values.
//
// It is read in pieces of 8 MiB, cut behind the last whole record, side by side on several
// cores.
type CSV struct {
	Files []Part
	Range *Range // the records to read of the one file; nil: all of all files
	// First is the index of the first file among those of the data set that these are a shard
	// of: shards draw the rows that one scan draws, if Options.Sample is a share.
	First int

	// Bytes of a block, of a batch, and of what the header is looked for in; 0: DigestPiece,
	// 256 KiB and 64 KiB. Tests make them small.
	blockSize, batchSize, headSize int
}

var _ Source = CSV{}

// Parts are the files.
func (c CSV) Parts() []Part { return c.Files }

// Header reads no more of the first part than its first 64 KiB, unless the header itself is
// longer.
func (c CSV) Header(ctx context.Context, o Options) ([]Field, error) {
	if err := o.Validate(); err != nil {
		return nil, fmt.Errorf("read CSV header: %w", err)
	}
	if len(c.Files) == 0 {
		return nil, errors.New("read CSV: no parts given")
	}
	f, err := openCSV(ctx, c.Files[0], o)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	fields, _, err := o.choose(f.header)
	return fields, err
}

// Detect returns the options with the delimiter and the quote that Scan detects in the first
// part, where they do not say.
func (c CSV) Detect(ctx context.Context, o Options) (Options, error) {
	if len(c.Files) == 0 {
		return o, errors.New("read CSV: no parts given")
	}
	f, err := openCSV(ctx, c.Files[0], o)
	if err != nil {
		return o, err
	}
	defer f.Close()
	o.Delimiter, o.Quote = f.scanner.comma, f.scanner.quote
	return o, nil
}

// ErrNoRows is why a ParseError says that there are headers and nothing below them. The
// Extent beside it is that of what was read: one shard of a data set may have no rows.
var ErrNoRows = errors.New("no rows below the header")

// Scan reads the parts in their order.
func (c CSV) Scan(ctx context.Context, o Options, to Consumer) (Extent, error) {
	if err := o.Validate(); err != nil {
		return Extent{}, fmt.Errorf("read CSV: %w", err)
	}
	if len(c.Files) == 0 {
		return Extent{}, errors.New("read CSV: no parts given")
	}
	if o.Sample > 0 {
		to = newSampler(to, o.Sample)
	}
	s := csvScan{dialect: o.dialect(), headSize: c.headSize, blockScan: blockScan{
		parts: c.Files, firstPart: c.First, span: c.Range, blockSize: c.blockSize, batchSize: c.batchSize,
		options: o, to: to, missing: newMissingTexts(o),
	}}
	s.format = &s
	if s.blockSize == 0 {
		s.blockSize, s.batchSize, s.headSize = DigestPiece, 256<<10, chunkSize
	}
	if err := s.run(ctx); err != nil {
		return Extent{}, err
	}
	s.done()
	if s.extent.Rows == 0 && c.Range == nil {
		return s.extent, &ParseError{Part: c.Files[0].Name, Err: ErrNoRows}
	}
	if sampled, ok := to.(*sampler); ok {
		var err error
		if s.extent.Rows, err = sampled.finish(); err != nil {
			return Extent{}, err
		}
	}
	return s.extent, nil
}

// ReadHeader reads the names of a part's columns and no more of it than its first 64 KiB,
// unless the header itself is longer.
func ReadHeader(ctx context.Context, part Part, o Options) ([]string, error) {
	fields, err := CSV{Files: []Part{part}}.Header(ctx, o)
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return names, err
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

func raggedError(got, want int) error {
	return fmt.Errorf("the row has %d values, the header %d", got, want)
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

// openCSV opens a part and reads its header.
func openCSV(ctx context.Context, part Part, o Options) (*csvFile, error) {
	body, err := part.Open(ctx)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", part.Name, err)
	}
	f := &csvFile{Closer: body, part: part.Name, hash: sha256.New()}
	f.scanner = newScanner(io.TeeReader(&contextReader{ctx, body}, f.hash))
	if err := f.readHeader(o.dialect(), o.NumberForm()); err != nil {
		body.Close()
		return nil, err
	}
	return f, nil
}

func (f *csvFile) readHeader(d dialect, numbers NumberForm) error {
	err := f.scanner.begin(d, numbers)
	if err == nil {
		err = f.scanner.next()
	}
	switch {
	case errors.Is(err, io.EOF):
		return &ParseError{Part: f.part, Err: errors.New("the file is empty")}
	case err != nil:
		return f.located(err)
	}
	names := make([]string, len(f.scanner.ends))
	for i := range names {
		names[i] = string(f.scanner.field(i))
	}
	// After a blank line, a byte order mark is not the file's first bytes.
	names[0] = strings.TrimSpace(strings.Trim(names[0], "\ufeff"))
	if err := nameColumns(names); err != nil {
		return f.fault(-1, err)
	}
	f.header = names
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
		return f.fault(-1, raggedError(got, len(f.header)))
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
