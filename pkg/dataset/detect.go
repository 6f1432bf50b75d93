package dataset

import (
	"bytes"
	"errors"
	"io"
	"math"
	"slices"
)

// delimiters are those that are detected, the more usual first.
var delimiters = []byte{',', ';', '\t', '|'}

// detected records are parsed with each delimiter; more would not change the answer.
const sampleRecords = 32

// detect fills in the signs that are not known. The delimiter is the one that splits the header
// into the most columns and every record of the sample into as many. If none splits them alike,
// it is the one that splits the header into the most: the records then are ragged, and the
// reader says where. A file of one column gets the comma. A sign that numbers are written with
// (Options.Decimal, Thousands) is the delimiter only if no other is as good.
//
// The quote is " unless the sample says otherwise beyond doubt (apostrophesQuote): texts hold
// apostrophes, and a value that begins with one would swallow the rows behind it.
//
// whole says that the sample is all of the file, not cut in the middle of a record.
func (d dialect) detect(sample []byte, whole bool, numbers NumberForm) dialect {
	guessed := d
	if d.quote == 0 {
		guessed.quote = '"'
	}
	guessed = guessed.delimit(sample, whole, numbers)
	if d.quote == 0 && bytes.IndexByte(sample, '\'') >= 0 {
		other := d
		other.quote = '\''
		if other = other.delimit(sample, whole, numbers); apostrophesQuote(sample, whole, other, guessed) {
			return other
		}
	}
	return guessed
}

// delimit detects the delimiter, the quote being known.
func (d dialect) delimit(sample []byte, whole bool, numbers NumberForm) dialect {
	if d.comma != 0 {
		return d
	}
	var candidates, last []byte
	for _, c := range delimiters {
		switch {
		case c == d.quote || c == d.comment:
		case c == numbers.Decimal || c == numbers.Thousands:
			last = append(last, c)
		default:
			candidates = append(candidates, c)
		}
	}
	candidates = append(candidates, last...)
	best, most, even := candidates[0], 1, false
	for _, c := range candidates {
		d.comma = c
		columns, same := tryDialect(sample, whole, d)
		if columns > 1 && (same && !even || same == even && columns > most) {
			best, most, even = c, columns, same
		}
	}
	d.comma = best
	return d
}

// tryDialect returns the number of columns of the header, and whether the first records of the
// sample have as many.
func tryDialect(sample []byte, whole bool, d dialect) (columns int, same bool) {
	r := newSampleReader(sample, whole, d)
	for i := range sampleRecords {
		ended, err := r.next()
		if i == 0 {
			columns = len(r.ends)
		}
		switch {
		case ended:
			return columns, true
		case err != nil || len(r.ends) != columns:
			return columns, false
		}
	}
	return columns, true
}

// sampleReader reads the records of a sample.
type sampleReader struct {
	*scanner
	whole bool
}

func newSampleReader(sample []byte, whole bool, d dialect) sampleReader {
	s := &scanner{chunk: sample, end: len(sample), done: true, line: 1}
	s.write(d)
	return sampleReader{s, whole}
}

// next reads the next record; ended says that there is none, or that it may go on after the
// sample.
func (r sampleReader) next() (ended bool, err error) {
	err = r.scanner.next()
	_, more := r.peek()
	return errors.Is(err, io.EOF) || !more && !r.whole, err
}

// fewestQuoted is how many values of a column have to be quoted, and no other, to show that
// they are.
const fewestQuoted = 3

// apostrophesQuote reports whether the quote of a sample is ' and not ", which double is the
// dialect for. All of these have to hold:
//
//   - Read with ', all records of the sample are as long as the header, and no value is at
//     fault: each that begins with an apostrophe ends with one.
//   - No value begins with ".
//   - Something says that apostrophes are more than text: the header is quoted; or all values
//     of some column are, three at least; or records are of different length, or at fault,
//     unless apostrophes quote.
func apostrophesQuote(sample []byte, whole bool, single, double dialect) bool {
	r := newSampleReader(sample, whole, single)
	rows, evidence := 0, false
	var quoted []int // of each column: values in quotes; below 0 if others are not
	for ; ; rows++ {
		ended, err := r.next()
		if ended {
			break
		}
		if rows == 0 {
			quoted = make([]int, len(r.ends))
			evidence = slices.Contains(r.quoted, true)
		}
		if err != nil || len(r.ends) != len(quoted) {
			return false
		}
		for i, in := range r.quoted {
			value := r.field(i)
			switch {
			case !in && bytes.HasPrefix(value, []byte{'"'}):
				return false
			case rows == 0:
			case in:
				quoted[i]++
			case len(value) > 0:
				quoted[i] = math.MinInt
			}
		}
	}
	return evidence || len(quoted) > 0 && slices.Max(quoted) >= fewestQuoted || rows > 1 && !evenDialect(sample, whole, double)
}

// evenDialect reports whether all records of the sample are as long as the first.
func evenDialect(sample []byte, whole bool, d dialect) bool {
	r := newSampleReader(sample, whole, d)
	for columns := 0; ; {
		ended, err := r.next()
		if ended {
			return true
		}
		if columns == 0 {
			columns = len(r.ends)
		}
		if err != nil || len(r.ends) != columns {
			return false
		}
	}
}

// foreign are the beginnings of files that are taken for CSV by mistake.
var foreign = []struct{ magic, says string }{
	{"\xff\xfe", "the file is in UTF-16; save it as UTF-8"},
	{"\xfe\xff", "the file is in UTF-16; save it as UTF-8"},
	{"\x1f\x8b", "the file is compressed with gzip; decompress it"},
	{"\x28\xb5\x2f\xfd", "the file is compressed with zstd; decompress it"},
	{"PK\x03\x04", "the file is a ZIP archive or a spreadsheet; export it as CSV"},
	{"PAR1\x15", "the file is in Parquet format, not CSV; its name has to end in .parquet"},
}

// begin reads the start of the file: it skips a byte order mark, refuses what is not text,
// and sets the dialect, detecting what is not known of it.
func (s *scanner) begin(d dialect, numbers NumberForm) error {
	s.peek()
	if s.err != nil {
		return s.err
	}
	sample := s.chunk[:s.end]
	for _, f := range foreign {
		if bytes.HasPrefix(sample, []byte(f.magic)) {
			return &syntaxError{field: -1, err: errors.New(f.says)}
		}
	}
	if bytes.HasPrefix(sample, []byte("\ufeff")) {
		s.pos += len("\ufeff")
	}
	if d.comma == 0 || d.quote == 0 {
		end := min(s.end, chunkSize)
		d = d.detect(s.chunk[s.pos:end], end == s.end && s.end < len(s.chunk), numbers)
	}
	s.write(d)
	return nil
}
