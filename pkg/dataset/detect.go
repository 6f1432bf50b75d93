package dataset

import (
	"bytes"
	"errors"
	"io"
)

// delimiters are those that are detected, the more usual first.
var delimiters = []byte{',', ';', '\t', '|'}

// detected records are parsed with each delimiter; more would not change the answer.
const sampleRecords = 32

// detectDelimiter returns the delimiter that splits the header into the most columns and
// every record of the sample into as many. If none splits them alike, the one that splits
// the header into the most: the records then are ragged, and the reader says where. A
// file of one column gets the comma. whole says that the sample is all of the file, not
// cut in the middle of a record.
func detectDelimiter(sample []byte, whole bool) byte {
	best, most, even := delimiters[0], 1, false
	for _, comma := range delimiters {
		columns, same := tryDelimiter(sample, comma, whole)
		if columns > 1 && (same && !even || same == even && columns > most) {
			best, most, even = comma, columns, same
		}
	}
	return best
}

// tryDelimiter returns the number of columns of the header, and whether the records of the
// sample have as many.
func tryDelimiter(sample []byte, comma byte, whole bool) (columns int, same bool) {
	s := &scanner{chunk: sample, end: len(sample), done: true, line: 1}
	s.delimit(comma)
	for i := range sampleRecords {
		err := s.next()
		_, more := s.peek()
		cut := !more && !whole // the record may go on after the sample
		if i == 0 {
			columns = len(s.ends)
		}
		switch {
		case cut || errors.Is(err, io.EOF):
			return columns, true
		case err != nil || len(s.ends) != columns:
			return columns, false
		}
	}
	return columns, true
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
// and sets the delimiter, detecting it if comma is 0.
func (s *scanner) begin(comma byte) error {
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
	if comma == 0 {
		end := min(s.end, chunkSize)
		comma = detectDelimiter(s.chunk[s.pos:end], end == s.end && s.end < len(s.chunk))
	}
	s.delimit(comma)
	return nil
}
