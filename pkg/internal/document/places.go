package document

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
)

// Place is where something stands in a text: line and column from 1, columns in characters.
type Place struct{ Line, Column int }

// Places tells by JSON pointer where the values of a document stand: the key of a mapping's
// value, the first character of a list's entry.
type Places map[string]Place

// Locate gives faults the line and column of what they point at, or of the nearest thing
// around it that is in the text: a key that is missing is missing from its mapping.
func (p Places) Locate(faults []Fault) []Fault {
	for i := range faults {
		if faults[i].Line > 0 {
			continue
		}
		for at := faults[i].Pointer; ; at = at[:strings.LastIndexByte(at, '/')] {
			if place, ok := p[at]; ok {
				faults[i].Line, faults[i].Column = place.Line, place.Column
				break
			}
			if !strings.HasPrefix(at, "/") {
				break
			}
		}
	}
	return faults
}

// ofYAML notes what stands at and below a node.
func (p Places) ofYAML(n ast.Node, at string) {
	switch n := n.(type) {
	case *ast.MappingNode:
		for _, entry := range n.Values {
			p.ofYAML(entry, at)
		}
	case *ast.MappingValueNode:
		key := at + "/" + Escape(keyOf(n.Key))
		if token := n.Key.GetToken(); token != nil {
			p[key] = Place{token.Position.Line, token.Position.Column}
		}
		p.ofYAML(n.Value, key)
	case *ast.SequenceNode:
		for i, entry := range n.Values {
			inside := fmt.Sprintf("%s/%d", at, i)
			if token := first(entry).GetToken(); token != nil {
				p[inside] = Place{token.Position.Line, token.Position.Column}
			}
			p.ofYAML(entry, inside)
		}
	case *ast.TagNode:
		p.ofYAML(n.Value, at)
	}
}

// keyOf is the text of a mapping's key.
func keyOf(n ast.Node) string {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value
	case *ast.MappingKeyNode: // ? key
		return keyOf(n.Value)
	}
	return n.String()
}

// first is the node that a value begins with: a mapping in lines has its colon for a token.
func first(n ast.Node) ast.Node {
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return n.Values[0].Key
		}
	case *ast.MappingValueNode:
		return n.Key
	}
	return n
}

// ofJSON notes what stands in a text that is valid JSON. Keys that a mapping has twice are
// faults, of which a decoder would keep the last without a word.
func (p Places) ofJSON(text []byte) (faults []Fault) {
	type level struct {
		at    string
		list  bool
		index int
		key   string // of the value that comes next; only while named
		named bool
	}
	var open []level
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	seen := counter{text: text, line: 1, column: 1}
	for {
		before := d.InputOffset()
		token, err := d.Token()
		if err != nil {
			return faults // io.EOF: the text is valid
		}
		place := seen.to(int(before) + bytes.IndexFunc(text[before:], func(r rune) bool { return !strings.ContainsRune(" \t\r\n,:", r) }))
		delim, _ := token.(json.Delim)
		if delim == '}' || delim == ']' {
			open = open[:len(open)-1]
			continue
		}
		at := ""
		if n := len(open) - 1; n >= 0 {
			switch {
			case open[n].list:
				at = fmt.Sprintf("%s/%d", open[n].at, open[n].index)
				open[n].index++
				p[at] = place
			case !open[n].named:
				open[n].key, open[n].named = token.(string), true
				at = open[n].at + "/" + Escape(open[n].key)
				if old, twice := p[at]; twice {
					faults = append(faults, Fault{at, fmt.Sprintf("stands in line %d already; want each key once", old.Line), place.Line, place.Column})
				}
				p[at] = place
				continue
			default:
				at, open[n].named = open[n].at+"/"+Escape(open[n].key), false
			}
		}
		if delim != 0 {
			open = append(open, level{at: at, list: delim == '['})
		}
	}
}

// counter turns growing offsets of a text into places.
type counter struct {
	text                 []byte
	offset, line, column int
}

func (c *counter) to(offset int) Place {
	for c.offset < offset {
		r, size := utf8.DecodeRune(c.text[c.offset:])
		c.offset += size
		c.column++
		if r == '\n' {
			c.line, c.column = c.line+1, 1
		}
	}
	return Place{c.line, c.column}
}
