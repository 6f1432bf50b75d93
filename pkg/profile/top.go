package profile

import (
	"strings"
	"unicode/utf8"
)

// MaxTop is how many of a column's most frequent values a profile keeps.
const MaxTop = 10

// MaxValue is how many bytes of a text a profile keeps.
const MaxValue = 256

// Value is a value and how many rows have it.
type Value struct {
	// Value is the value as text. Bytes that are not UTF-8 are replaced by U+FFFD.
	Value string `json:"value"`
	Count int    `json:"count"`
	// Truncated says that Value is only the beginning of the text, MaxValue bytes or a few less.
	Truncated bool `json:"truncated,omitempty"`
	// Masked says that Value shows the form of personal data alone: see Profile.Masked.
	Masked bool `json:"masked,omitempty"`
}

func newValue(text string, count int) Value {
	v := Value{Value: text, Count: count}
	if len(text) > MaxValue {
		end := MaxValue
		if mark := strings.LastIndex(text, cutMark); mark >= 0 && len(text)-mark == len(cutMark)+16 { // cut before
			end = mark
		}
		for end > MaxValue-utf8.UTFMax && !utf8.RuneStart(text[end]) {
			end--
		}
		v.Value, v.Truncated = text[:end], true
	}
	v.Value = strings.ToValidUTF8(v.Value, "\uFFFD")
	return v
}
