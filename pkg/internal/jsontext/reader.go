// Package jsontext reads JSON (RFC 8259) out of a text by one call per value: without
// reflection, without boxes, and without a copy but of strings that hold escapes. It is for what
// arrives in bulk, the rows of a request; one document at a time is encoding/json's.
//
//	r := jsontext.NewReader(body)
//	err := r.Object(func(name string) error { … r.Array(…) … r.Skip() … })
//	err = r.End()
//
// It takes what encoding/json takes and means the same by it, which a fuzz test compares, but
// for brackets deeper than MaxDepth. A name that appears twice is the caller's to see, who knows
// what names there are. AppendText and AppendNumber write what encoding/json writes.
package jsontext

import (
	"fmt"
	"strings"
)

// MaxDepth is how deep brackets may be nested: deeper than any table is, and shallow enough that
// a hostile text costs nothing.
const MaxDepth = 64

// Kind is what a value is, by its first character.
type Kind byte

// The kinds of values. Invalid is also the end of the text.
const (
	Invalid Kind = 0
	Null    Kind = 'n'
	Bool    Kind = 't'
	Number  Kind = '0'
	String  Kind = '"'
	Array   Kind = '['
	Object  Kind = '{'
)

// String names the kind for people, with its article.
func (k Kind) String() string {
	switch k {
	case Null:
		return "null"
	case Bool:
		return "true or false"
	case Number:
		return "a number"
	case String:
		return "a string"
	case Array:
		return "an array"
	case Object:
		return "an object"
	}
	return "no value"
}

// SyntaxError says where a text is not JSON, or not of the kind that was asked for.
type SyntaxError struct {
	Offset int // in bytes, from 0; the length of the text if it ends too early
	Detail string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("byte %d: %s", e.Offset+1, e.Detail) }

// Reader reads a text from its beginning to its end. After an error it is not to be used.
type Reader struct {
	text  string
	at    int // of the next byte
	depth int // open brackets
}

// NewReader reads a text, whose strings it returns parts of.
func NewReader(text string) *Reader { return &Reader{text: text} }

// Offset is where the next value begins, in bytes from 0.
func (r *Reader) Offset() int {
	r.peek()
	return r.at
}

// Kind is that of the next value.
func (r *Reader) Kind() Kind {
	switch c := r.peek(); c {
	case 'n', '"', '[', '{':
		return Kind(c)
	case 't', 'f':
		return Bool
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return Number
	}
	return Invalid
}

// Object reads an object: member is called for each name and has to read its value.
func (r *Reader) Object(member func(name string) error) error {
	if err := r.enter(Object); err != nil {
		return err
	}
	if r.peek() == '}' {
		return r.leave()
	}
	for {
		if r.peek() != '"' {
			return r.want("a name in double quotes")
		}
		name, err := r.Text()
		if err != nil {
			return err
		}
		if err := r.colon(); err != nil {
			return err
		}
		if err := member(name); err != nil {
			return err
		}
		if more, err := r.more('}'); !more {
			return err
		}
	}
}

// Array reads an array: element is called for each of its values and has to read it.
func (r *Reader) Array(element func() error) error {
	if err := r.enter(Array); err != nil {
		return err
	}
	if r.peek() == ']' {
		return r.leave()
	}
	for {
		if err := element(); err != nil {
			return err
		}
		if more, err := r.more(']'); !more {
			return err
		}
	}
}

// Skip reads a value of any kind.
func (r *Reader) Skip() error {
	switch kind := r.Kind(); kind {
	case String:
		_, _, err := r.scan()
		return err
	case Number:
		_, err := r.Number()
		return err
	case Bool:
		_, err := r.Bool()
		return err
	case Null:
		return r.Null()
	case Array, Object:
		return r.skipAll(kind)
	}
	return r.want("a value")
}

// skipAll reads an array or object. It calls itself through Skip, at most MaxDepth deep.
func (r *Reader) skipAll(kind Kind) error {
	if err := r.enter(kind); err != nil {
		return err
	}
	last := byte(kind) + 2 // ] and } are two after [ and {
	if r.peek() == last {
		return r.leave()
	}
	for {
		if kind == Object {
			if r.peek() != '"' {
				return r.want("a name in double quotes")
			}
			if _, _, err := r.scan(); err != nil {
				return err
			}
			if err := r.colon(); err != nil {
				return err
			}
		}
		if err := r.Skip(); err != nil {
			return err
		}
		if more, err := r.more(last); !more {
			return err
		}
	}
}

// Raw reads a value of any kind and returns its text, which is then known to be JSON.
func (r *Reader) Raw() (string, error) {
	start := r.Offset()
	err := r.Skip()
	return r.text[start:r.at], err
}

// End returns an error if anything but white space is left.
func (r *Reader) End() error {
	if r.peek() != 0 || r.at < len(r.text) {
		return r.fault("there is more after the JSON value")
	}
	return nil
}

// Bool reads true or false.
func (r *Reader) Bool() (bool, error) {
	switch r.peek() {
	case 't':
		return true, r.word("true")
	case 'f':
		return false, r.word("false")
	}
	return false, r.want(Bool.String())
}

// Null reads null.
func (r *Reader) Null() error {
	if r.peek() != 'n' {
		return r.want(Null.String())
	}
	return r.word("null")
}

// word reads a word whose first letter is the next byte.
func (r *Reader) word(word string) error {
	rest := r.text[r.at:]
	if strings.HasPrefix(rest, word) {
		r.at += len(word)
		return nil
	}
	if strings.HasPrefix(word, rest) { // cut off
		r.at = len(r.text)
		return r.want(word)
	}
	return r.fault("want " + word)
}

// peek skips white space and returns the next byte, 0 at the end.
func (r *Reader) peek() byte {
	for r.at < len(r.text) {
		switch c := r.text[r.at]; c {
		case ' ', '\t', '\r', '\n':
			r.at++
		default:
			return c
		}
	}
	return 0
}

func (r *Reader) enter(kind Kind) error {
	if r.peek() != byte(kind) {
		return r.want(kind.String())
	}
	if r.depth == MaxDepth {
		return r.fault(fmt.Sprintf("brackets are nested deeper than %d", MaxDepth))
	}
	r.depth++
	r.at++
	return nil
}

func (r *Reader) leave() error {
	r.depth--
	r.at++
	return nil
}

func (r *Reader) colon() error {
	if r.peek() != ':' {
		return r.want("a colon after the name")
	}
	r.at++
	return nil
}

// more reads what stands behind a value: a comma, or the bracket that closes.
func (r *Reader) more(last byte) (bool, error) {
	switch r.peek() {
	case ',':
		r.at++
		return true, nil
	case last:
		return false, r.leave()
	}
	return false, r.want("a comma or " + string(last))
}

// want is the error of something else than that, at the next byte.
func (r *Reader) want(what string) error {
	r.peek()
	if r.at >= len(r.text) {
		return r.fault("the text ends before the JSON value does")
	}
	if k := r.Kind(); k != Invalid {
		return r.fault("want " + what + ", got " + k.String())
	}
	return r.fault(fmt.Sprintf("want %s, got %q", what, rune(r.text[r.at])))
}

func (r *Reader) fault(detail string) error { return &SyntaxError{r.at, detail} }
