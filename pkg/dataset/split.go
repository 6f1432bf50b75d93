package dataset

import "bytes"

// lastRecordEnd returns where the last whole record of data ends: behind its line end, or 0
// if there is none. data begins with a record.
func lastRecordEnd(data []byte, d dialect) (end int) {
	if d.comment != 0 {
		return lastEndWithComments(data, d)
	}
	quote := bytes.IndexByte(data, d.quote)
	if quote < 0 {
		return lastLineEnd(data, false)
	}
	// Line ends count up to the first quote that opens a value, and between those.
	from := 0 // behind the last quoted value
	for quote >= 0 {
		at := from + quote
		if !opens(data, at, d.comma) { // a character like any other
			next := bytes.IndexByte(data[at+1:], d.quote)
			if next < 0 {
				break
			}
			quote = at + 1 + next - from
			continue
		}
		if e := lastLineEnd(data[from:at], true); e > 0 {
			end = from + e
		}
		closing := closingQuote(data, at, d.quote)
		if closing < 0 {
			return end
		}
		from = closing + 1
		quote = bytes.IndexByte(data[from:], d.quote)
	}
	if e := lastLineEnd(data[from:], false); e > 0 {
		end = from + e
	}
	return end
}

// lastLineEnd returns where the last line of data ends: behind its LF, or its CR if it has no
// LF. A CR at the very end may be half of a line end unless a byte is known to follow it.
func lastLineEnd(data []byte, followed bool) int {
	if i := bytes.LastIndexByte(data, '\n'); i >= 0 {
		return i + 1
	}
	if !followed && len(data) > 0 {
		data = data[:len(data)-1]
	}
	return bytes.LastIndexByte(data, '\r') + 1
}

// opens reports whether the quote at i is the first of a value, blanks aside.
func opens(data []byte, i int, comma byte) bool {
	for i--; i >= 0; i-- {
		switch c := data[i]; {
		case c == comma || c == '\n' || c == '\r':
			return true
		case c != ' ' && c != '\t':
			return false
		}
	}
	return true
}

// closingQuote returns the quote that closes the value opened at i, -1 if there is none. One
// at the very end may be half of a doubled one.
func closingQuote(data []byte, i int, quote byte) int {
	for i++; ; i++ {
		next := bytes.IndexByte(data[i:], quote)
		if next < 0 || i+next+1 == len(data) {
			return -1
		}
		if i += next; data[i+1] != quote {
			return i
		}
		i++
	}
}
