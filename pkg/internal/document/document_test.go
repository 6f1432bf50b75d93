package document

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// order is a document with every kind of field.
type order struct {
	Name  string             `json:"name"`
	Count int                `json:"count"`
	Seed  uint64             `json:"seed"`
	Share *float64           `json:"share"`
	Fast  bool               `json:"fast"`
	Tags  []string           `json:"tags"`
	Parts []part             `json:"parts"`
	Free  map[string]any     `json:"free"`
	Sizes map[string]float64 `json:"sizes"`
	Own   own                `json:"own"`
	part2
}

type part struct {
	ID string `json:"id"`
}

type part2 struct {
	Embedded int `json:"embedded"`
	Hidden   int `json:"-"`
}

// own reads a text or a mapping.
type own struct {
	Text string `json:"text"`
}

func (o *own) UnmarshalJSON(text []byte) error {
	if text[0] == '"' {
		return json.Unmarshal(text, &o.Text)
	}
	type plain own
	return json.Unmarshal(text, (*plain)(o))
}

func TestDecode(t *testing.T) {
	share := 0.5
	want := order{Name: "a", Count: 3, Seed: 1<<64 - 1, Share: &share, Fast: true, Tags: []string{"x", "1"}, Parts: []part{{"p"}},
		Free: map[string]any{"anything": []any{1e-4}}, Sizes: map[string]float64{"a/b": 2}, Own: own{"t"}, part2: part2{Embedded: 7}}
	for _, text := range []string{
		`{"name":"a","count":3,"seed":18446744073709551615,"share":0.5,"fast":true,"tags":["x","1"],"parts":[{"id":"p"}],
			"free":{"anything":[1e-4]},"sizes":{"a/b":2},"own":"t","embedded":7}`,
		"name: a\ncount: 3\nseed: 18446744073709551615\nshare: 0.5\nfast: true\ntags: [x, '1']\nparts:\n- id: p\nfree: {anything: [1e-4]}\nsizes: {a/b: 2}\nown: {text: t}\nembedded: 7",
	} {
		var got order
		if faults := Decode([]byte(text), &got); faults != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s\ngot %+v, %v", text, got, faults)
		}
	}
}

// TestNumbers: what YAML 1.2 reads as a number is one, whatever the library says.
func TestNumbers(t *testing.T) {
	for text, want := range map[string]float64{"1e-4": 1e-4, "-2E+3": -2000, "19950942482267370000": 19950942482267370000, "+1": 1, "-0.5": -0.5, "1e400": 0} {
		var got order
		faults := Decode([]byte("share: "+text), &got)
		if text == "1e400" {
			if len(faults) != 1 {
				t.Errorf("%s: %v", text, faults)
			}
			continue
		}
		if faults != nil || *got.Share != want {
			t.Errorf("%s: %v, %v", text, got.Share, faults)
		}
	}
}

func TestFaultsNameTheirPlace(t *testing.T) {
	for text, want := range map[string][]string{
		"":              {": want a mapping, got nothing"},
		"[1]":           {": want a mapping, got a list"},
		"name: [":       {": "},
		"name: a\n---":  {": more than one document"},
		"name: &x a":    {": anchors"},
		"count: .nan":   {": NaN"},
		"Hidden: 1":     {`/Hidden: unknown key`},
		`{"a":1} {"b"}`: {": "},
		"nmae: a\nparts: [{id: a}, {Id: 2, x: 1}]\nown: {txt: a}": {
			`/nmae: unknown key; did you mean "name"?`, `/own/txt: did you mean "text"?`, `/parts/1/Id: did you mean "id"?`, "/parts/1/x: unknown key"},
		"name: 1\ncount: many\nseed: -1\nfast: maybe\ntags: x\nparts: [3]\nsizes: {a/b: x}\nshare: {}\nfree: 1": {
			"/count: want a whole number, got text", "/fast: want true or false, got text", "/free: want a mapping, got number 1", "/name: want text, got number 1",
			"/parts/0: want a mapping, got number 3", "/seed: want a whole number, not negative, got number -1", "/share: want a number, got a mapping",
			"/sizes/a~1b: want a number, got text", "/tags: want a list, got text"},
		"count: 1.5":   {"/count: want a whole number, got number 1.5"},
		"count: 1e300": {"/count: want a whole number, got number"},
	} {
		var got order
		faults := Decode([]byte(text), &got)
		if len(faults) != len(want) {
			t.Errorf("%q: %d faults, want %d: %v", text, len(faults), len(want), faults)
			continue
		}
		for i, w := range want {
			pointer, detail, _ := strings.Cut(w, ": ")
			if faults[i].Pointer != pointer || !strings.Contains(faults[i].Detail, detail) {
				t.Errorf("%q: got %+v, want %s", text, faults[i], w)
			}
		}
	}
}

// TestHostile: what would take a parser's stack or a minute is refused by a look at it.
func TestHostile(t *testing.T) {
	const many = 1 << 20
	lines, keys := &strings.Builder{}, &strings.Builder{}
	for i := range 300 {
		lines.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	for i := range maxKeys + 1 {
		fmt.Fprintf(keys, "k%d: 1\n", i)
	}
	for name, text := range map[string]string{
		"long":          strings.Repeat("a", maxBytes+1),
		"brackets":      strings.Repeat("[", many),
		"braces":        strings.Repeat("{a: ", many/4),
		"JSON":          strings.Repeat(`{"a":`, many/8) + "1" + strings.Repeat("}", many/8),
		"dashes":        strings.Repeat("- ", many/8) + "x",
		"indented":      lines.String(),
		"keys in lines": keys.String(),
		"keys below":    "free:\n" + strings.ReplaceAll(keys.String(), "k", "  k"),
		"keys":          strings.Repeat("? ", many/8) + "x",
		"not even UTF8": "\xff\xfe\x00name: a",
		"tab":           "\tname: a",
	} {
		var got order
		if faults := Decode([]byte(text), &got); len(faults) == 0 {
			t.Errorf("%s was read as %+v", name, got)
		} else if len(faults[0].Detail) > 2000 {
			t.Errorf("%s: the fault is %d bytes long", name, len(faults[0].Detail))
		}
	}
	deep := "free: {a: " + strings.Repeat("[", maxDepth-3) + strings.Repeat("]", maxDepth-3) + "}"
	var got order
	if faults := Decode([]byte(deep), &got); faults != nil {
		t.Errorf("%v", faults)
	}
	if faults := Decode([]byte("tags: ["+strings.Repeat("1,", 1000)+"]"), &got); len(faults) != maxFaults+1 || faults[maxFaults].Detail != "and 900 more faults" {
		t.Errorf("%d faults", len(faults))
	}
	beside := "x: [1]\nfree:\n" + strings.Repeat("  - 1\n", 500)
	if faults := Decode([]byte(beside), &got); len(faults) != 2 { // x is unknown and free no list, but 500 entries are not deep
		t.Errorf("%v", faults)
	}
}
