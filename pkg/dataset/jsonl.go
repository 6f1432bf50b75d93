package dataset

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/foretell-ml/foretell/pkg/internal/nearest"
)

// JSONLines is JSON Lines: UTF-8 text with or without a byte order mark, each line a JSON
// object whose members are the values of a row. Blank lines are skipped, and lines may end in
// CRLF.
//
// The columns are the names in the first 64 KiB of the first part that has a row, but no more
// than 1,000 lines of it and at least one, in order of appearance; then those of
// Options.Schema, Columns and Types that are not among them. Another name further down is left
// out if Schema or Columns say what to read, else it is a *ParseError: declare its type. A row
// without a name, or with null, has no value there.
//
// A string is the text that it would be in CSV: white space around it does not count, it is
// missing if CSV's would be, and "39" is a number where all the others are. A number with a
// fraction or exponent is text in its shortest form where it has to be text. Objects and
// arrays are no values: a *ParseError, unless the column is not among those to read. So are
// names that appear twice in a row, text that is not UTF-8, and the character NUL. A value is
// at most 1 MiB, a row 16 MiB and 65,536 values; there are no more than 16 MiB of blank lines
// before the first row of a part.
//
// It is read as CSV is, side by side on several cores.
type JSONLines struct {
	Files []Part
	Range *Range // the rows to read of the one file; nil: all of all files

	blockSize, batchSize int // bytes; 0: DigestPiece and 256 KiB. Tests make them small.
}

var _ Source = JSONLines{}

// jsonHeaderLines is how many lines are looked at for the names of the columns.
const jsonHeaderLines = 1000

// Parts are the files.
func (j JSONLines) Parts() []Part { return j.Files }

// Header reads no more than the first 64 KiB of the first part, unless a row is longer or the
// part has none.
func (j JSONLines) Header(ctx context.Context, o Options) ([]Field, error) {
	if err := cmp.Or(o.Validate(), o.RefuseCSV()); err != nil {
		return nil, fmt.Errorf("read JSON Lines header: %w", err)
	}
	for _, part := range j.Files {
		names, err := jsonHeader(ctx, part)
		if err != nil {
			return nil, err
		}
		if names == nil {
			continue
		}
		if names = o.declared(names); len(names) == 0 {
			return nil, errNoColumns(part)
		}
		fields, _, err := o.choose(names)
		return fields, err
	}
	return nil, j.noRows()
}

// Scan reads the parts in their order.
func (j JSONLines) Scan(ctx context.Context, o Options, to Consumer) (Extent, error) {
	if err := cmp.Or(o.Validate(), o.RefuseCSV()); err != nil {
		return Extent{}, fmt.Errorf("read JSON Lines: %w", err)
	}
	if len(j.Files) == 0 {
		return Extent{}, j.noRows()
	}
	if o.Sample > 0 {
		to = newSampler(to, o.Sample)
	}
	s := jsonScan{blockScan: blockScan{
		parts: j.Files, span: j.Range, blockSize: j.blockSize, batchSize: j.batchSize,
		options: o, to: to, missing: newMissingTexts(o),
	}}
	s.format = &s
	if s.blockSize == 0 {
		s.blockSize, s.batchSize = DigestPiece, 256<<10
	}
	err := s.run(ctx)
	if err == nil && s.extent.Rows == 0 && j.Range == nil {
		err = j.noRows()
	}
	if err == nil {
		s.extent.Absent = s.absent()
		if len(s.extent.Absent) > 0 && j.Range == nil {
			err = errAbsent(s.extent.Absent, s.header[:s.found])
		}
	}
	if sampled, ok := to.(*sampler); ok && err == nil {
		s.extent.Rows, err = sampled.finish()
	}
	if err != nil {
		return Extent{}, err
	}
	s.done()
	return s.extent, nil
}

func (j JSONLines) noRows() error {
	if len(j.Files) == 0 {
		return errors.New("read JSON Lines: no parts given")
	}
	return &ParseError{Part: j.Files[0].Name, Err: errors.New("no rows")}
}

func errNoColumns(part Part) error {
	return &ParseError{Part: part.Name, Err: fmt.Errorf("none of the first %d rows names a column", jsonHeaderLines)}
}

// jsonHeader reads the names of a part's columns; nil if it has no row.
func jsonHeader(ctx context.Context, part Part) ([]string, error) {
	body, err := part.Open(ctx)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", part.Name, err)
	}
	defer body.Close()
	src := &contextReader{ctx, body}
	var data []byte
	for {
		have := len(data)
		data = append(data, make([]byte, max(chunkSize, have))...) // twice as much each time
		n, whole, err := readFull(src, data[have:])
		data = data[:have+n]
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", part.Name, err)
		}
		names, _, ready, err := jsonNames(part.Name, data, whole)
		if err != nil || ready {
			return names, err
		}
	}
}

// jsonNames finds the names of the columns in the first bytes of a part, nil if it has no
// row, and where the text begins. ready is false if more of the part has to be read first. If
// a row cannot be read, it returns the names up to there beside the *ParseError.
func jsonNames(part string, data []byte, whole bool) (names []string, start int, ready bool, err error) {
	if !whole && len(data) < chunkSize {
		return nil, 0, false, nil
	}
	fail := func(row, line int, err error) ([]string, int, bool, error) {
		e, ok := errors.AsType[*ParseError](err)
		if !ok {
			e = &ParseError{Err: err}
		}
		e.Part, e.Row, e.Line = part, row, line
		return names, start, true, e
	}
	if start, err = jsonStart(data); err != nil {
		return fail(0, 0, err)
	}
	seen := map[string]bool{}
	var scratch []byte
	row, line := 0, 0
	for at := start; at < len(data) && row < jsonHeaderLines; line++ {
		end := bytes.IndexByte(data[at:], '\n')
		next := at + end + 1
		switch {
		case end >= 0:
			end += at
		case whole || len(data)-at > maxRecord:
			end, next = len(data), len(data)
		case row > 0:
			return names, start, true, nil
		default:
			return nil, 0, false, nil
		}
		if row > 0 && next > chunkSize {
			break
		}
		first := skipJSONSpace(data, at, end)
		at = next
		if first == end {
			continue
		}
		row++
		if names == nil {
			names = []string{} // a row, though perhaps of no values
		}
		if end-first > maxRecord {
			return fail(row, line+1, fmt.Errorf("row is longer than %d bytes", maxRecord))
		}
		name := ""
		err := eachMember(data, first, end, &scratch, func(key []byte) error {
			name = string(key)
			switch {
			case name == "":
				return errNoName
			case !seen[name] && len(names) == maxFields:
				names = nil // not even for a look
				return fmt.Errorf("more than %d columns", maxFields)
			case !seen[name]:
				names = append(names, name)
				seen[name] = true
			}
			return nil
		}, func(v jsonValue) error {
			if v.err != nil {
				return &ParseError{Column: name, Err: v.err}
			}
			return nil
		})
		if err != nil {
			return fail(row, line+1, err)
		}
	}
	if row == 0 && !whole { // nothing but blank lines so far
		if len(data) > maxRecord {
			return fail(0, 0, fmt.Errorf("no row in the first %d bytes", len(data)))
		}
		return nil, 0, false, nil
	}
	return names, start, true, nil
}

// jsonStart returns where the text of a part begins, and refuses what is not JSON Lines.
func jsonStart(data []byte) (int, error) {
	for _, f := range foreign {
		if bytes.HasPrefix(data, []byte(f.magic)) {
			return 0, errors.New(f.says)
		}
	}
	start := 0
	if bytes.HasPrefix(data, []byte("\ufeff")) {
		start = len("\ufeff")
	}
	if first := skipJSONSpace(data, start, len(data)); first < len(data) && data[first] == '[' {
		return 0, errors.New("the file is a JSON array; write one object per line, without brackets around them and commas between")
	}
	return start, nil
}

// declared are the names of the columns and behind them those that the options name besides.
func (o Options) declared(names []string) []string {
	names = slices.Clip(names)
	seen := make(map[string]bool, len(names))
	for _, name := range names {
		seen[name] = true
	}
	add := func(name string) {
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	for _, f := range o.Schema {
		add(f.Name)
	}
	for _, name := range o.Columns {
		add(name)
	}
	for _, name := range slices.Sorted(maps.Keys(o.Types)) {
		add(name)
	}
	return names
}

// absent are the columns that were declared and that no row has.
func (s *jsonScan) absent() (names []string) {
	for i, name := range s.header[s.found:] {
		if !s.met[s.found+i] {
			names = append(names, name)
		}
	}
	return names
}

// errAbsent refuses columns that were declared and that no row has: most likely a slip of the
// pen.
func errAbsent(names, found []string) error {
	var faults []error
	for _, name := range names {
		faults = append(faults, &ColumnError{name, errors.New("is declared but in no row of the data" + nearest.Hint(name, found))})
	}
	return errors.Join(faults...)
}
