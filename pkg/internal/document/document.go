// Package document reads what people write by hand, run configs and expectations, as YAML or
// JSON into a struct, and says everything that is wrong with it at once: a key that is not
// known, with the one that was probably meant, and a value of the wrong kind, each by its
// place: a pointer, and the line and column of the text.
//
// Order of use: Decode, for a text that is one value; Parse for one that is taken apart first,
// and Places to say where in it something is that was found wrong later.
//
// What it takes is bounded in length and depth, because anybody who may post one may post
// any: the parsers behind it recurse, and a stack that overflows ends the process.
package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// Fault is one thing wrong in a document.
type Fault struct {
	Pointer string `json:"pointer"` // JSON pointer (RFC 6901) into the document; "" is all of it
	Detail  string `json:"detail"`
	// Line and Column are where it stands in the text, both from 1 and columns in characters:
	// the key, or the entry of a list. 0 is unknown.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
}

const (
	maxBytes = 4 << 20
	maxDepth = 100 // of lists and mappings in each other
	maxKeys  = 10_000
	// maxFaults is how many faults are listed: what is wrong a million times is wrong once.
	maxFaults = 100
)

// Document is a text that was read and not yet held to a type.
type Document struct {
	// Tree is the value: map[string]any, []any, string, bool, json.Number or nil.
	Tree any
	// Places are where its values stand.
	Places Places
}

// Parse reads text. A document with faults has none to offer.
func Parse(text []byte) (*Document, []Fault) {
	if len(text) > maxBytes {
		return nil, []Fault{{Detail: fmt.Sprintf("is %d bytes long; want %d at most", len(text), maxBytes)}}
	}
	tree, places, faults := decode(text)
	if len(faults) > 0 {
		return nil, limited(faults)
	}
	plain, err := json.Marshal(tree)
	if err != nil {
		return nil, []Fault{{Detail: err.Error()}}
	}
	d := json.NewDecoder(bytes.NewReader(plain))
	d.UseNumber()
	if err := d.Decode(&tree); err != nil {
		return nil, []Fault{{Detail: err.Error()}}
	}
	return &Document{tree, places}, nil
}

// Decode reads text into what into points at, a struct with json tags. Keys that the struct
// does not have are faults, and so are values of another kind than its fields; a field whose
// type implements json.Unmarshaler judges values that are no mapping itself. If there are
// faults, into is as it was or half filled.
func Decode(text []byte, into any) []Fault {
	d, faults := Parse(text)
	if len(faults) > 0 {
		return faults
	}
	return d.Places.Locate(DecodeTree(d.Tree, into))
}

// DecodeTree is Decode of a document's tree, or of one made from trees. Its faults have no
// line and column: Places knows them.
func DecodeTree(tree, into any) []Fault {
	if _, ok := tree.(map[string]any); !ok {
		return []Fault{{Detail: "want a mapping, got " + kindOf(tree)}}
	}
	if faults := check(tree, reflect.TypeOf(into).Elem(), ""); len(faults) > 0 {
		return limited(faults)
	}
	plain, err := json.Marshal(tree)
	if err != nil {
		return []Fault{{Detail: err.Error()}}
	}
	if err := json.Unmarshal(plain, into); err != nil {
		return []Fault{fault(err)}
	}
	return nil
}

// limited cuts a list of faults that nobody would read to the end.
func limited(faults []Fault) []Fault {
	if len(faults) > maxFaults {
		return append(faults[:maxFaults:maxFaults], Fault{Detail: fmt.Sprintf("and %d more faults", len(faults)-maxFaults)})
	}
	return faults
}

// fault says where a value is one that check lets pass and the field does not hold: 1.5 or
// 1e30 where a whole number goes, or what an Unmarshaler refuses.
func fault(err error) Fault {
	var typed *json.UnmarshalTypeError
	if errors.As(err, &typed) && typed.Field != "" {
		return Fault{Pointer: pointer(typed.Field), Detail: fmt.Sprintf("want %s, got %s", words(typed.Type.Kind()), typed.Value)}
	}
	return Fault{Detail: err.Error()}
}
