package dataset

import (
	"bytes"
	"errors"
	"io"
)

// recordEnd returns where the record or comment that begins at begin ends: behind its line end, -1 if data
// ends before it does.
func recordEnd(data []byte, begin int, d dialect) int {
	if d.commented(data[begin:]) {
		return commentEnd(data, begin)
	}
	stops := string([]byte{d.quote, '\n', '\r'})
	for i := begin; ; {
		n := bytes.IndexAny(data[i:], stops)
		if n < 0 {
			return -1
		}
		i += n
		switch data[i] {
		case '\n':
			return i + 1
		case '\r':
			switch {
			case i+1 == len(data):
				return -1 // half of a line end, perhaps
			case data[i+1] == '\n':
				return i + 2
			}
			return i + 1
		}
		if opens(data[begin:], i-begin, d.comma) {
			if i = closingQuote(data, i, d.quote); i < 0 {
				return -1
			}
		}
		i++
	}
}

// lineStart returns where a line of data begins, counted from 1.
func lineStart(data []byte, line int) int {
	at := 0
	for ; line > 1; line-- {
		n := bytes.IndexAny(data[at:], "\n\r")
		if n < 0 {
			break
		}
		at += n + 1
		if data[at-1] == '\r' && at < len(data) && data[at] == '\n' {
			at++
		}
	}
	return at
}

// guess tries both: that at is in a quoted value, and that it is not.
func (s *csvScan) guess(data []byte, at int) (start int, sure bool) {
	outside := s.lineEnd(data, at)
	stretch := data[:min(len(data), at+guessSize)]
	if bytes.IndexByte(stretch[at:], s.quote) < 0 {
		return outside, len(stretch) > at+maxField // no value is as long
	}
	inside := -1
	if closing := closingQuote(stretch, at-1, s.quote); closing >= 0 {
		inside = recordEnd(stretch, closing+1, s.dialect)
	}
	if inside < 0 || outside == inside {
		return outside, false
	}
	if outside < 0 || s.plausible(stretch, inside) > s.plausible(stretch, outside) {
		return inside, false
	}
	return outside, false
}

// lineEnd returns where the first record at or behind at begins if at is in no quoted value.
func (s *csvScan) lineEnd(data []byte, at int) int {
	switch c := data[at-1]; {
	case at == len(data):
		return -1
	case c == '\n' || c == '\r' && data[at] != '\n':
		return at
	case c == '\r':
		return at + 1
	}
	// A quote at the very start is told by what is before it.
	begin := at
	for begin > 0 && data[begin-1] != '\n' && data[begin-1] != '\r' && data[begin-1] != s.comma && data[begin-1] != s.quote {
		begin--
	}
	if begin > 0 && data[begin-1] == s.quote {
		begin--
		if opens(data, begin, s.comma) {
			begin = at // that value would be closed before
		}
	}
	return recordEnd(data, begin, s.dialect)
}

// plausible says how well what begins at start reads as records: the share of the bytes that
// are before the first fault.
func (s *csvScan) plausible(data []byte, start int) int {
	data = data[start:]
	records := newRecords(data[:lastRecordEnd(data, s.dialect)], s.dialect, len(s.header))
	if len(records.data) == 0 {
		return -1
	}
	rows := 0
	for {
		_, err := records.next(s.batchSize)
		rows += records.rows
		if errors.Is(err, io.EOF) {
			return 2*len(data) + rows // no fault at all
		}
		if err != nil {
			return min(records.pos, len(data))
		}
	}
}
