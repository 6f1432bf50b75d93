package dataset

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// skipJSONSpace returns where the white space of JSON that begins at i ends.
func skipJSONSpace(data []byte, i, end int) int {
	for i < end && (data[i] == ' ' || data[i] == '\t' || data[i] == '\r' || data[i] == '\n') {
		i++
	}
	return i
}

// jsonValue is a value in the text of an object.
type jsonValue struct {
	kind       byte // '"', '0' number, 't' true or false, 'n' null, '{' or '['
	start, end int  // of a string what is between the quotes
	escaped    bool // a string with escapes
	err        error
}

var errJSONEnds = errors.New("the line ends inside the object; it has to be on one line")

// eachMember calls name and then value for every member of the object at i, which ends at end
// but for white space. Faults in a value are given to value, so that it can name the column.
func eachMember(data []byte, i, end int, scratch *[]byte, name func(key []byte) error, value func(jsonValue) error) error {
	if line := data[i:end]; !utf8.Valid(line) {
		return errors.New("the row is not UTF-8; save the file in that encoding")
	}
	if data[i] != '{' {
		return errors.New("the line is not a JSON object like {\"column\": value}")
	}
	i = skipJSONSpace(data, i+1, end)
	if i < end && data[i] == '}' {
		return jsonEnd(data, i+1, end)
	}
	for {
		if i >= end {
			return errJSONEnds
		}
		if data[i] != '"' {
			return fmt.Errorf("want the name of a column in double quotes, got %s", quote(string(data[i:min(end, i+20)])))
		}
		key, next, err := stringAt(data, i, end)
		if err != nil {
			return err
		}
		text := data[key.start:key.end]
		if key.escaped {
			if *scratch, err = unescape((*scratch)[:0], text); err != nil {
				return err
			}
			text = *scratch
		}
		if err := name(bytes.TrimSpace(text)); err != nil {
			return err
		}
		if i = skipJSONSpace(data, next, end); i >= end {
			return errJSONEnds
		}
		if data[i] != ':' {
			return errors.New("want a colon after the name of a column")
		}
		v, next := valueAt(data, skipJSONSpace(data, i+1, end), end)
		if err := value(v); err != nil {
			return err
		}
		if i = skipJSONSpace(data, next, end); i >= end {
			return errJSONEnds
		}
		switch data[i] {
		case '}':
			return jsonEnd(data, i+1, end)
		case ',':
			i = skipJSONSpace(data, i+1, end)
		default:
			return errors.New("want a comma or the end of the object after a value")
		}
	}
}

func jsonEnd(data []byte, i, end int) error {
	if i = skipJSONSpace(data, i, end); i < end {
		return fmt.Errorf("want the end of the line after the object, got %s", quote(string(data[i:min(end, i+20)])))
	}
	return nil
}

// valueAt reads the value at i and returns where it ends.
func valueAt(data []byte, i, end int) (jsonValue, int) {
	fail := func(err error) (jsonValue, int) { return jsonValue{err: err}, end }
	if i >= end {
		return fail(errJSONEnds)
	}
	switch c := data[i]; {
	case c == '"':
		v, next, err := stringAt(data, i, end)
		v.err = err
		return v, next
	case c == '-' || c-'0' <= 9:
		next, ok := numberEnd(data, i, end)
		if !ok {
			return fail(fmt.Errorf("%s is not a number as JSON writes it", quote(string(data[i:min(end, next+1)]))))
		}
		return jsonValue{kind: '0', start: i, end: next}, next
	case c == '{' || c == '[':
		next, err := nestedEnd(data, i, end)
		if err != nil {
			return fail(err)
		}
		return jsonValue{kind: c, start: i, end: next}, next
	}
	for _, word := range []string{"null", "true", "false"} {
		if next := i + len(word); next <= end && string(data[i:next]) == word {
			return jsonValue{kind: "tn"[b2i(word == "null")], start: i, end: next}, next
		}
	}
	return fail(fmt.Errorf("%s is not a value of JSON; a missing value is null", quote(string(data[i:min(end, i+20)]))))
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// stringStop are the bytes that end a run of plain characters of a string.
var stringStop = func() (stop [256]bool) {
	for c := range ' ' {
		stop[c] = true
	}
	stop['"'], stop['\\'] = true, true
	return stop
}()

// stringAt reads the string at i and returns where it ends, behind its quote.
func stringAt(data []byte, i, end int) (v jsonValue, next int, err error) {
	v = jsonValue{kind: '"', start: i + 1}
	for i++; ; i++ {
		for i < end && !stringStop[data[i]] {
			i++
		}
		switch {
		case i >= end:
			return v, end, errors.New("a string is never closed; it has to be on one line")
		case data[i] == '"':
			v.end = i
			return v, i + 1, nil
		case data[i] != '\\':
			return v, end, fmt.Errorf("the character %U has to be written as an escape in a string", data[i])
		}
		v.escaped = true
		i++ // the escaped character is no quote; unescape looks at it
	}
}

// unescape appends the text of a string that is written as b.
func unescape(to, b []byte) ([]byte, error) {
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c != '\\' {
			to = append(to, c)
			continue
		}
		i++ // stringAt has seen that something follows
		switch b[i] {
		case '"', '\\', '/':
			to = append(to, b[i])
		case 'b':
			to = append(to, '\b')
		case 'f':
			to = append(to, '\f')
		case 'n':
			to = append(to, '\n')
		case 'r':
			to = append(to, '\r')
		case 't':
			to = append(to, '\t')
		case 'u':
			r, n, err := escapedRune(b[i-1:])
			if err != nil {
				return to, err
			}
			to = utf8.AppendRune(to, r)
			i += n - 2
		default:
			return to, fmt.Errorf("\\%c is not an escape of JSON", b[i])
		}
	}
	return to, nil
}

// escapedRune reads the character that \uXXXX or a pair of them at the start of b stands for.
func escapedRune(b []byte) (r rune, n int, err error) {
	first, ok := hex4(b)
	switch {
	case !ok:
		return 0, 0, errors.New("\\u wants four hexadecimal digits")
	case first == 0:
		return 0, 0, errors.New("the character NUL (\\u0000) is no text")
	case first < 0xd800 || first > 0xdfff:
		return first, 6, nil
	}
	if second, ok := hex4(b[6:]); ok && first < 0xdc00 && 0xdc00 <= second && second <= 0xdfff {
		return (first-0xd800)<<10 + second - 0xdc00 + 0x10000, 12, nil
	}
	return 0, 0, fmt.Errorf("\\u%04x is half of a character; the other half is missing", first)
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	v, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	return rune(v), err == nil
}

// numberEnd returns where the number at i ends, or where it goes wrong.
func numberEnd(data []byte, i, end int) (int, bool) {
	digits := func() bool {
		from := i
		for i < end && data[i]-'0' <= 9 {
			i++
		}
		return i > from
	}
	if data[i] == '-' {
		i++
	}
	if i < end && data[i] == '0' {
		if i++; i < end && data[i]-'0' <= 9 {
			return i, false
		}
	} else if !digits() {
		return i, false
	}
	if i < end && data[i] == '.' {
		if i++; !digits() {
			return i, false
		}
	}
	if i < end && data[i]|0x20 == 'e' {
		if i++; i < end && (data[i] == '+' || data[i] == '-') {
			i++
		}
		if !digits() {
			return i, false
		}
	}
	return i, true
}

// nestedEnd returns where the object or array at i ends.
func nestedEnd(data []byte, i, end int) (int, error) {
	start, depth := i, 0
	for ; i < end; i++ {
		switch data[i] {
		case '{', '[':
			if depth++; depth > jsonDepth {
				return 0, fmt.Errorf("brackets are nested deeper than %d", jsonDepth)
			}
		case '}', ']':
			if depth--; depth == 0 {
				if !json.Valid(data[start : i+1]) {
					return 0, errors.New("the value in brackets is not JSON")
				}
				return i + 1, nil
			}
		case '"':
			_, next, err := stringAt(data, i, end)
			if err != nil {
				return 0, err
			}
			i = next - 1
		}
	}
	return 0, errJSONEnds
}
