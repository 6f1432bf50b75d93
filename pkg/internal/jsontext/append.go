package jsontext

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
)

// AppendText appends a text as JSON, without the escapes that HTML would need. What is no UTF-8
// becomes U+FFFD, as in encoding/json.
func AppendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			var text bytes.Buffer
			e := json.NewEncoder(&text)
			e.SetEscapeHTML(false)
			_ = e.Encode(s) // any text can be encoded
			return append(b, bytes.TrimSpace(text.Bytes())...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// AppendNumber appends a finite number as encoding/json does: like JavaScript.
func AppendNumber(b []byte, v float64) []byte {
	if size := math.Abs(v); size == 0 || 1e-6 <= size && size < 1e21 {
		return strconv.AppendFloat(b, v, 'f', -1, 64)
	}
	text, _ := json.Marshal(v) // rare, and finite
	return append(b, text...)
}
