package document

import (
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestEmit(t *testing.T) {
	share := 0.25
	v := order{Name: "a: b", Count: 3, Share: &share, Tags: []string{"x", "yes", "s3://b/k/"}, Parts: []part{{"p"}, {"q"}},
		Free: map[string]any{"range": map[string]any{"log": []any{0.01, 1}}}, Sizes: map[string]float64{}}
	text, err := Emit(v, func(pointer string) string {
		return map[string]string{"/name": "of the file", "/own": "default", "/parts": "two"}[pointer]
	})
	want := `name: "a: b"  # of the file
count: 3
seed: 0
share: 0.25
fast: false
tags: [x, "yes", s3://b/k/]
parts: [{id: p}, {id: q}]  # two
free:
  range: {log: [0.01, 1]}
sizes: {}
own:  # default
  text: ""
embedded: 0
`
	if err != nil || string(text) != want {
		t.Errorf("%v\n%s", err, text)
	}
	if _, err := Emit([]int{1}, func(string) string { return "" }); err == nil {
		t.Error("a list is no document")
	}
}

// TestEmitRoundTrip: what is written is read back, whatever texts there are.
func TestEmitRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.StringOf(rapid.RuneFrom([]rune("aZ0-_:#{}[],&*!|>'\"%@` \t\né.~?=/\\")))
		want := order{Name: words.Draw(t, "name"), Count: rapid.Int().Draw(t, "count"), Seed: rapid.Uint64().Draw(t, "seed")}
		want.Tags = rapid.SliceOfN(words, 1, 20).Draw(t, "tags")
		for range rapid.IntRange(1, 3).Draw(t, "parts") {
			want.Parts = append(want.Parts, part{strings.Repeat(words.Draw(t, "id"), 30)})
		}
		want.Sizes = rapid.MapOfN(words, rapid.Float64Range(-1e9, 1e9), 1, 8).Draw(t, "sizes")
		want.Free = map[string]any{"k": words.Draw(t, "free")}
		want.Own.Text = words.Draw(t, "own")
		text, err := Emit(want, func(string) string { return "a comment" })
		if err != nil {
			t.Fatal(err)
		}
		var got order
		if faults := Decode(text, &got); faults != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%s\n%v\ngot  %+v\nwant %+v", text, faults, got, want)
		}
	})
}
