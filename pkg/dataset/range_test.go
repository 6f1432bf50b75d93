package dataset

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// ranged is a file in memory that can be read from anywhere.
func ranged(name, content string) Part {
	p := text(name, content)
	p.Size = int64(len(content))
	p.OpenAt = func(_ context.Context, offset, length int64) (io.ReadCloser, error) {
		return io.NopCloser(io.NewSectionReader(strings.NewReader(content), offset, length)), nil
	}
	return p
}

// readRanges reads a file in ranges that are cut at multiples of block, each again from where
// the one before ended if it was not read from there, and joins them. Every row is one text.
func readRanges(ctx context.Context, source func(Range) Source, o Options, size int64, cuts []int64) (rows []string, whole Extent, again int, err error) {
	var extents []Extent
	start := int64(0)
	read := func(r Range) ([]string, Extent, error) {
		t := &rowTexts{}
		e, err := source(r).Scan(ctx, o, t)
		return t.rows, e, err
	}
	for i, end := range append(cuts, size) {
		if end <= start && size > 0 {
			continue
		}
		r := Range{Start: start, End: max(end, 1)}
		got, extent, err := read(r)
		var guess *GuessError
		if i > 0 && errors.As(err, &guess) && guess.Start != extents[len(extents)-1].Last || err == nil && len(extents) > 0 && extent.First != extents[len(extents)-1].Last {
			if err == nil { // Join has to see it
				var seam *SeamError
				if _, err := Join(append(extents, extent, Extent{Range: &Range{Start: end, End: size}, Size: size, First: extent.Last})...); !errors.As(err, &seam) || seam.Range.Start != start {
					return nil, whole, again, fmt.Errorf("an extent from byte %d instead of %d joins: %v", extent.First, extents[len(extents)-1].Last, err)
				}
			}
			again++
			r.First = extents[len(extents)-1].Last
			got, extent, err = read(r)
			if errors.As(err, &guess) {
				return nil, whole, again, errors.New("a known start is called a guess")
			}
		}
		if err != nil {
			return nil, whole, again, err
		}
		rows, extents, start = append(rows, got...), append(extents, extent), end
	}
	for i, j := 0, len(extents)-1; i < j; i, j = i+1, j-1 {
		extents[i], extents[j] = extents[j], extents[i]
	}
	whole, err = Join(extents...)
	return rows, whole, again, err
}

// rowTexts is a consumer that writes each row as text.
type rowTexts struct{ rows []string }

func (t *rowTexts) Begin([]Field) error { return nil }
func (t *rowTexts) Block() Sink         { return &rowTexts{} }
func (t *rowTexts) End(s Sink) error    { t.rows = append(t.rows, s.(*rowTexts).rows...); return nil }
func (t *rowTexts) Add(b *Batch) error {
	for i := range b.Rows {
		var row strings.Builder
		for _, c := range b.Columns {
			if c.Codes == nil {
				fmt.Fprint(&row, c.Values[i])
			} else if c.Codes[i] >= 0 {
				fmt.Fprintf(&row, "%q", c.Levels[c.Codes[i]])
			}
			row.WriteByte('|')
		}
		t.rows = append(t.rows, row.String())
	}
	return nil
}

// However a file is cut into ranges: the rows, digest and count of one scan, or an error where
// that has one.
func TestAnyRanges(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		content, o := dialectText(r)
		if rapid.IntRange(0, 5).Draw(r, "bom") == 0 {
			content = "\ufeff" + content
		}
		o.Workers = rapid.IntRange(1, 3).Draw(r, "workers")
		block := rapid.IntRange(1, 100).Draw(r, "block")
		all := CSV{Files: []Part{ranged("t.csv", content)}, blockSize: block, batchSize: 50, headSize: 1}
		fields, err := all.Header(r.Context(), Options{Delimiter: ',', Quote: o.Quote, Comment: o.Comment})
		if err != nil {
			return
		}
		o.Types = map[string]Type{} // what is inferred is inferred from all rows, which no range has
		for _, f := range fields {
			o.Types[f.Name] = Text
		}
		want := &rowTexts{}
		wantExtent, wantErr := all.Scan(r.Context(), o, want)
		var cuts []int64
		for at := int64(0); at < int64(len(content)); at += int64(block) {
			if rapid.Bool().Draw(r, "cut") {
				cuts = append(cuts, at)
			}
		}
		source := func(span Range) Source {
			c := all
			c.Range = &span
			return c
		}
		rows, got, _, err := readRanges(r.Context(), source, o, int64(len(content)), cuts)
		if wantErr != nil {
			if err == nil && got.Rows > 0 {
				r.Fatalf("%q cut at %v: no error, want %v", content, cuts, wantErr)
			}
			return
		}
		if err != nil || strings.Join(rows, "\n") != strings.Join(want.rows, "\n") || got.Digest != wantExtent.Digest || got.Rows != wantExtent.Rows {
			r.Fatalf("%q cut at %v in blocks of %d: %v %v\n%q\nwant %v\n%q", content, cuts, block, err, got, rows, wantExtent, want.rows)
		}
	})
}

// Quoted text that looks like rows is longer than what a guess is tried on in a short range:
// the guess is wrong, it is said, and the range is read again.
func TestQuotedTextThatLooksLikeRows(t *testing.T) {
	var b strings.Builder
	b.WriteString("a,b\n")
	for i := range 20 {
		fmt.Fprintf(&b, "%d,\"%s\"\n", i, strings.Repeat("1,2\n", 100))
	}
	content := b.String()
	all := CSV{Files: []Part{ranged("t.csv", content)}, blockSize: 64, batchSize: 50, headSize: 1}
	o := Options{Types: map[string]Type{"a": Text, "b": Text}}
	want := &rowTexts{}
	extent, err := all.Scan(t.Context(), o, want)
	if err != nil {
		t.Fatal(err)
	}
	var cuts []int64
	for at := int64(128); at < int64(len(content)); at += 128 {
		cuts = append(cuts, at)
	}
	rows, got, again, err := readRanges(t.Context(), func(r Range) Source { c := all; c.Range = &r; return c }, o, int64(len(content)), cuts)
	if err != nil || again == 0 || fmt.Sprint(rows) != fmt.Sprint(want.rows) || got.Digest != extent.Digest || got.Rows != 20 {
		t.Errorf("%v, %d ranges read again, %d rows, want 20 and digest %s: %+v", err, again, len(rows), extent.Digest, got)
	}
	// A stretch that is long enough tells both apart.
	all.blockSize = 1024
	cuts = []int64{1024, 4096}
	if rows, _, again, err = readRanges(t.Context(), func(r Range) Source { c := all; c.Range = &r; return c }, o, int64(len(content)), cuts); err != nil || again != 0 || len(rows) != 20 {
		t.Errorf("%v, %d ranges read again, %d rows", err, again, len(rows))
	}
}

func TestJSONLinesRanges(t *testing.T) {
	var b bytes.Buffer
	for i := range 50 {
		line, err := json.Marshal(map[string]string{"a": fmt.Sprint(i), "b": strings.Repeat("x\n\"", i%7)})
		if err != nil {
			t.Fatal(err)
		}
		b.Write(line)
		b.WriteString([]string{"\n", "\r\n", "\n\n"}[i%3])
	}
	content := b.String()
	all := JSONLines{Files: []Part{ranged("t.jsonl", content)}, blockSize: 10, batchSize: 50}
	o := Options{Types: map[string]Type{"a": Text, "b": Text}}
	want := &rowTexts{}
	extent, err := all.Scan(t.Context(), o, want)
	if err != nil {
		t.Fatal(err)
	}
	for step := int64(10); step < int64(len(content)); step += 130 {
		var cuts []int64
		for at := step; at < int64(len(content)); at += step {
			cuts = append(cuts, at)
		}
		rows, got, again, err := readRanges(t.Context(), func(r Range) Source { j := all; j.Range = &r; return j }, o, int64(len(content)), cuts)
		if err != nil || again != 0 || fmt.Sprint(rows) != fmt.Sprint(want.rows) || got.Digest != extent.Digest || got.Rows != 50 {
			t.Fatalf("step %d: %v, %d again, %d rows: %+v", step, err, again, len(rows), got)
		}
	}
	o.Types["c"] = Text
	if _, _, _, err := readRanges(t.Context(), func(r Range) Source { j := all; j.Range = &r; return j }, o, int64(len(content)), []int64{100, 200}); err == nil || !strings.Contains(err.Error(), `"c": is declared but in no row`) {
		t.Error(err)
	}
}

func TestRangeFaults(t *testing.T) {
	content := "a,b\n1,2\n3,4\n5,x\n7,8\n"
	part := ranged("t.csv", content)
	o := Options{Types: map[string]Type{"b": Numeric}}
	small := func(r Range) CSV {
		return CSV{Files: []Part{part}, Range: &r, blockSize: 4, batchSize: 9, headSize: 1}
	}
	_, err := small(Range{Start: 8, End: 16}).Scan(t.Context(), o, &rowTexts{})
	if err == nil || err.Error() != `t.csv: row at byte 12, column "b": "x" is not a number (a record was taken to begin at byte 8)` {
		t.Error(err)
	}
	fault, ok := errors.AsType[*ParseError](err)
	if !ok || fault.Row != 0 || fault.Offset != 12 {
		t.Errorf("%+v", fault)
	}
	compressed := small(Range{Start: 0, End: 8})
	compressed.Files = []Part{text("t.csv.gz", content)}
	two := small(Range{Start: 0, End: 8})
	two.Files = []Part{part, part}
	for _, c := range []struct {
		source CSV
		o      Options
		want   string
	}{
		{compressed, o, "can only be read from its start"},
		{two, o, "one of one file, not of 2"},
		{small(Range{Start: 2, End: 8}), o, "multiples of 4"},
		{small(Range{Start: 8, End: 10}), o, "multiples of 4"},
		{small(Range{Start: 8, End: 8}), o, "has no range"},
		{small(Range{Start: 40, End: 44}), o, "has no range"},
		{small(Range{Start: 8, End: 12, First: 4}), o, "lies before"},
		{small(Range{Start: 8, End: 12}), Options{Sample: 2}, "draw a share"},
	} {
		if _, err := c.source.Scan(t.Context(), c.o, &rowTexts{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %s", *c.source.Range, err, c.want)
		}
	}
	a, b := Extent{Range: &Range{Start: 0, End: 8}, Size: 20, Last: 8}, Extent{Range: &Range{Start: 8, End: 20}, Size: 20, First: 8}
	changed, gap := b, b
	changed.Size = 21
	gap.Range = &Range{Start: 12, End: 20}
	for _, extents := range [][]Extent{{}, {a}, {b}, {a, a}, {a, gap}, {a, changed}, {a, {Rows: 1}}} {
		if got, err := Join(extents...); err == nil {
			t.Errorf("%+v join: %+v", extents, got)
		}
	}
}
