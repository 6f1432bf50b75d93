// Package document reads what people write by hand, run configs and expectations, as YAML or
// JSON into a struct, and says everything that is wrong with it at once: a key that is not
// known, with the one that was probably meant, and a value of the wrong kind, each by its
// place.
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
}

const (
	maxBytes = 4 << 20
	maxDepth = 100 // of lists and mappings in each other
	maxKeys  = 10_000
	// maxFaults is how many faults are listed: what is wrong a million times is wrong once.
	maxFaults = 100
)

// Decode reads text into what into points at, a struct with json tags. Keys that the struct
// does not have are faults, and so are values of another kind than its fields; a field whose
// type implements json.Unmarshaler judges values that are no mapping itself. If there are
// faults, into is as it was or half filled.
func Decode(text []byte, into any) []Fault {
	if len(text) > maxBytes {
		return []Fault{{"", fmt.Sprintf("is %d bytes long; want %d at most", len(text), maxBytes)}}
	}
	tree, err := decode(text)
	if err != nil {
		return []Fault{{"", err.Error()}}
	}
	plain, err := json.Marshal(tree)
	if err != nil {
		return []Fault{{"", err.Error()}}
	}
	d := json.NewDecoder(bytes.NewReader(plain))
	d.UseNumber()
	if err := d.Decode(&tree); err != nil {
		return []Fault{{"", err.Error()}}
	}
	want := reflect.TypeOf(into).Elem()
	if _, ok := tree.(map[string]any); !ok {
		return []Fault{{"", "want a mapping, got " + kindOf(tree)}}
	}
	if faults := check(tree, want, ""); len(faults) > maxFaults {
		return append(faults[:maxFaults:maxFaults], Fault{"", fmt.Sprintf("and %d more faults", len(faults)-maxFaults)})
	} else if len(faults) > 0 {
		return faults
	}
	if err := json.Unmarshal(plain, into); err != nil {
		return []Fault{fault(err)}
	}
	return nil
}

// fault says where a value is one that check lets pass and the field does not hold: 1.5 or
// 1e30 where a whole number goes, or what an Unmarshaler refuses.
func fault(err error) Fault {
	var typed *json.UnmarshalTypeError
	if errors.As(err, &typed) && typed.Field != "" {
		return Fault{pointer(typed.Field), fmt.Sprintf("want %s, got %s", words(typed.Type.Kind()), typed.Value)}
	}
	return Fault{"", err.Error()}
}
