package jsontext

import (
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// stops are the bytes that are more than a character of a string: the quote, escapes, control
// characters, and what is not ASCII.
var stops = func() (stops [256]bool) {
	for c := range stops {
		stops[c] = c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\'
	}
	return stops
}()

// Text reads a string. As with encoding/json, bytes that are no UTF-8 and halves of surrogate
// pairs become U+FFFD.
func (r *Reader) Text() (string, error) {
	text, plain, err := r.scan()
	if err != nil || plain {
		return text, err
	}
	return unquote(text), nil
}

// scan reads a string and returns what stands between its quotes, and whether that is its text.
func (r *Reader) scan() (text string, plain bool, err error) {
	if r.peek() != '"' {
		return "", false, r.want(String.String())
	}
	s, start, plain := r.text, r.at+1, true
	for i := start; i < len(s); {
		c := s[i]
		switch {
		case !stops[c]:
			i++
		case c == '"':
			r.at = i + 1
			return s[start:i], plain, nil
		case c == '\\':
			n := escape(s[i:])
			if n == 0 {
				r.at = i
				return "", false, r.badEscape()
			}
			plain = false
			i += n
		case c < ' ':
			r.at = i
			return "", false, r.fault(fmt.Sprintf("the character %U has to be written as an escape in a string", c))
		default:
			plain = false
			i++
		}
	}
	r.at = len(s)
	return "", false, r.want("")
}

// escape is the length of the escape that s begins with, 0 if it is none.
func escape(s string) int {
	if len(s) < 2 {
		return 0
	}
	switch s[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if _, ok := hex4(s[2:]); ok {
			return 6
		}
	}
	return 0
}

func (r *Reader) badEscape() error {
	rest := r.text[r.at:]
	if n := len(rest); n < 2 || n < 6 && rest[1] == 'u' {
		r.at = len(r.text)
		return r.want("")
	}
	if rest[1] == 'u' {
		return r.fault(`\u wants four hexadecimal digits`)
	}
	return r.fault(fmt.Sprintf("%q is not an escape of JSON", rest[:2]))
}

func hex4(s string) (rune, bool) {
	if len(s) < 4 {
		return 0, false
	}
	v := rune(0)
	for i := range 4 {
		c := s[i]
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		v = v<<4 | rune(c)
	}
	return v, true
}

// unquote is the text of a string whose escapes scan has seen to be right.
func unquote(s string) string {
	b := make([]byte, 0, len(s)+8)
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c >= utf8.RuneSelf:
			letter, n := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, letter)
			i += n
		case c != '\\':
			b = append(b, c)
			i++
		case s[i+1] == 'u':
			letter, _ := hex4(s[i+2:])
			i += 6
			if utf16.IsSurrogate(letter) {
				second := rune(-1)
				if len(s) >= i+6 && s[i] == '\\' && s[i+1] == 'u' {
					second, _ = hex4(s[i+2:])
				}
				if letter = utf16.DecodeRune(letter, second); letter != utf8.RuneError {
					i += 6
				}
			}
			b = utf8.AppendRune(b, letter)
		default:
			b = append(b, escaped[s[i+1]])
			i += 2
		}
	}
	return string(b)
}

// escaped is the character that a backslash and a character stand for.
var escaped = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// Number reads a number and returns it as it is written; Float is its value.
func (r *Reader) Number() (string, error) {
	if r.Kind() != Number {
		return "", r.want(Number.String())
	}
	s, start, i := r.text, r.at, r.at
	if s[i] == '-' {
		i++
	}
	if i < len(s) && s[i] == '0' {
		i++ // and no other digit
	} else if i = r.digits(i); i < 0 {
		return "", r.badNumber()
	}
	if i < len(s) && s[i] == '.' {
		if i = r.digits(i + 1); i < 0 {
			return "", r.badNumber()
		}
	}
	if i < len(s) && s[i]|0x20 == 'e' {
		if i++; i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		if i = r.digits(i); i < 0 {
			return "", r.badNumber()
		}
	}
	r.at = i
	return s[start:i], nil
}

// digits returns where the digits at i end, −1 if there is none, which then is the next byte.
func (r *Reader) digits(i int) int {
	start := i
	for i < len(r.text) && r.text[i]-'0' <= 9 {
		i++
	}
	if i == start {
		r.at = i
		return -1
	}
	return i
}

func (r *Reader) badNumber() error {
	if r.at >= len(r.text) {
		return r.want("")
	}
	return r.fault(fmt.Sprintf("want a digit of a number, got %q", rune(r.text[r.at])))
}

// pow10 are the powers of ten that a float64 holds exactly.
var pow10 = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// Float is the float64 nearest to a number that Number returned; false if it is beyond them.
// Most numbers are an integer below 2^53 over a power of ten up to 10^22, both exact, so that
// one division rounds once (Clinger, PLDI 1990); the others are strconv's.
func Float(number string) (float64, bool) {
	i, mantissa, count, point := 0, uint64(0), 0, 0
	negative := number[0] == '-'
	if negative {
		i = 1
	}
	for ; i < len(number); i++ {
		if c := number[i] - '0'; c <= 9 {
			mantissa = mantissa*10 + uint64(c)
			count++
		} else if number[i] == '.' {
			point = len(number) - i - 1
		} else {
			break // an exponent
		}
	}
	if i < len(number) || count > 19 || mantissa >= 1<<53 || point >= len(pow10) {
		v, err := strconv.ParseFloat(number, 64)
		return v, err == nil
	}
	v := float64(mantissa) / pow10[point]
	if negative {
		v = -v
	}
	return v, true
}
