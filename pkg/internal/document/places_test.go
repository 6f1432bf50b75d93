package document

import (
	"fmt"
	"strings"
	"testing"
)

// TestFaultsNameLineAndColumn: in YAML and in JSON, of keys, of entries of lists, of what is
// missing, behind what is wider than a byte, and of what no parser takes.
func TestFaultsNameLineAndColumn(t *testing.T) {
	for text, want := range map[string][]string{
		"name: a\nnmae: b": {"2:1 /nmae"},
		"name: é\nparts:\n  - id: a\n  - id: b\n    x: 1": {"5:5 /parts/1/x"},
		"parts: [{id: a}, {Id: 2}]":                       {"1:19 /parts/1/Id"},
		"parts:\n- 3\n-   id: 4":                          {"2:3 /parts/0", "3:5 /parts/1/id"},
		"own:\n  # a comment\n  txt: a":                   {"3:3 /own/txt"},
		"\"nm\\u0061e\": a":                               {"1:1 /nmae"},
		"? nmae\n: 1":                                     {"1:1 /nmae"},
		"name: a\nname: b":                                {"2:1 "},
		"name: a\n  seed: [":                              {"1:7 "},
		"name: a\n---\nseed: 1":                           {"2:1 "},
		"name: &x a":                                      {"1:7 "},
		"{\n \"name\": \"é\", \"nmae\": 1,\n \"parts\": [\n  {\"id\": \"a\"},\n 3]}": {"2:15 /nmae", "5:2 /parts/1"},
		`{"name": "a", "own": {"txt": [{"id": 1}]}, "fast": 1}`:                      {"1:44 /fast", "1:23 /own/txt"},
		"{\"name\": \"a\",\n\"seed\": 1, \"name\": \"b\"}":                           {"2:12 /name"},
		`{"parts": [{"id": 1}, {"id": "b"}, {"i/d": 2}]}`:                            {"1:13 /parts/0/id", "1:37 /parts/2/i~1d"},
	} {
		var got order
		var places []string
		for _, f := range Decode([]byte(text), &got) {
			places = append(places, fmt.Sprintf("%d:%d %s", f.Line, f.Column, f.Pointer))
		}
		if strings.Join(places, ", ") != strings.Join(want, ", ") {
			t.Errorf("%q: %q, want %q", text, places, want)
		}
	}
}

// TestLocate: what is found wrong later, and what is not there, has the place of what it is in.
func TestLocate(t *testing.T) {
	d, faults := Parse([]byte("name: a\nown:\n  text: b"))
	if faults != nil {
		t.Fatal(faults)
	}
	for pointer, want := range map[string]Place{"/own/text": {3, 3}, "/own/length": {2, 1}, "/seed": {}, "": {}, "/own/text/x/0": {3, 3}} {
		f := d.Places.Locate([]Fault{{Pointer: pointer}})[0]
		if (Place{f.Line, f.Column}) != want {
			t.Errorf("%s is at %d:%d, want %v", pointer, f.Line, f.Column, want)
		}
	}
	known := d.Places.Locate([]Fault{{Pointer: "/own", Line: 9, Column: 9}})[0]
	if known.Line != 9 {
		t.Errorf("a known line became %d", known.Line)
	}
}
