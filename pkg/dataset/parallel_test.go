package dataset

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// csvText draws text that looks like CSV and has everything in it that makes reading it hard.
func csvText(t *rapid.T) string {
	columns := rapid.IntRange(1, 3).Draw(t, "columns")
	value := rapid.OneOf(
		rapid.SampledFrom([]string{"", "1", "-2.5", "1e3", "007", "NA", "x", " y ", "2024-02-29", "2024-02-28T10:00:00Z", "true",
			"12345678901234567890", "0.1", "Inf", "\"q\"", "\"a,b\"", "\"line\nend\"", "\"cr\r\nlf\"", "\"\"\"\"", "mid\"dle", "\"\"", "é", "\u00a0z\u00a0"}),
		rapid.StringMatching(`[a-c0-3",. ]{0,6}`),
		rapid.StringMatching(`[0-9]{1,4}(\.[0-9]{1,3})?`),
	)
	line := rapid.SampledFrom([]string{"\n", "\n", "\n", "\r\n", "\n\n", "\r"})
	var b strings.Builder
	for i := range columns {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, "c%d", i)
	}
	b.WriteString("\n")
	for range rapid.IntRange(0, 30).Draw(t, "rows") {
		n := columns
		if rapid.IntRange(0, 60).Draw(t, "ragged") == 0 {
			n++
		}
		for i := range n {
			if i > 0 {
				b.WriteString(",")
			}
			b.WriteString(value.Draw(t, "value"))
		}
		b.WriteString(line.Draw(t, "line"))
	}
	text := b.String()
	if rapid.IntRange(0, 9).Draw(t, "cut") == 0 {
		text = text[:rapid.IntRange(0, len(text)).Draw(t, "length")]
	}
	if rapid.IntRange(0, 20).Draw(t, "spoil") == 0 {
		at := rapid.IntRange(0, len(text)).Draw(t, "at")
		text = text[:at] + rapid.SampledFrom([]string{"\x00", "\xff", "\""}).Draw(t, "byte") + text[at:]
	}
	return text
}

// However the file is cut into blocks and batches, and whoever reads them: the same table as
// row by row, or the same error at the same place.
func TestAnyBlocksAndWorkers(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		content, o := dialectText(r)
		o.Workers = rapid.IntRange(1, 4).Draw(r, "workers")
		if rapid.Bool().Draw(r, "declared") {
			o.Types = map[string]Type{"c0": rapid.SampledFrom([]Type{Numeric, Categorical, Timestamp, Boolean, Text}).Draw(r, "type")}
		}
		want, wantErr := readSlowly(context.Background(), []Part{text("t.csv", content)}, o)
		source := CSV{Files: []Part{text("t.csv", content)},
			blockSize: rapid.IntRange(1, 200).Draw(r, "block"), batchSize: rapid.IntRange(1, 100).Draw(r, "batch"), headSize: 1}
		got, _, err := Read(context.Background(), source, o)
		if wantErr != nil || err != nil {
			if fmt.Sprint(err) != fmt.Sprint(wantErr) {
				r.Fatalf("%q\nerror %v\n want %v", content, err, wantErr)
			}
			return
		}
		equalTables(t, got, want)
	})
}

// The first fault in the file is the one that is told, though a later block fails sooner.
func TestFirstFaultWins(t *testing.T) {
	var b strings.Builder
	b.WriteString("a,b\n")
	for i := range 5000 {
		switch i {
		case 2000:
			b.WriteString("1,2,3\n")
		case 2100, 4000:
			b.WriteString("1\n")
		default:
			b.WriteString("1,2\n")
		}
	}
	for workers := 1; workers <= 4; workers++ {
		_, _, err := Read(t.Context(), CSV{Files: []Part{text("t.csv", b.String())}, blockSize: 1000, batchSize: 300, headSize: 1}, Options{Workers: workers})
		fault, ok := errors.AsType[*ParseError](err)
		if !ok || fault.Row != 2001 || fault.Line != 2002 {
			t.Errorf("%d workers: %v", workers, err)
		}
	}
}

// A sample is the same rows whatever the workers, in the order of the file.
func TestSample(t *testing.T) {
	var b strings.Builder
	b.WriteString("i,s\n")
	for i := range 20_000 {
		fmt.Fprintf(&b, "%d,text %d\n", i, i%7)
	}
	for _, c := range []struct {
		sample   float64
		low, top int
	}{{0.1, 1800, 2200}, {1, 20_000, 20_000}, {500, 500, 500}, {50_000, 20_000, 20_000}} {
		var first *Table
		for workers := 1; workers <= 3; workers++ {
			source := CSV{Files: []Part{text("t.csv", b.String())}, blockSize: 5000, batchSize: 700, headSize: 10}
			table, _, err := Read(t.Context(), source, Options{Sample: c.sample, Workers: workers})
			if err != nil {
				t.Fatal(err)
			}
			if n := table.Rows(); n < c.low || n > c.top {
				t.Errorf("sample %v: %d rows", c.sample, n)
			}
			values := table.Column("i").Values
			for i := 1; i < len(values); i++ {
				if values[i] <= values[i-1] {
					t.Fatalf("sample %v: row %d out of order", c.sample, i)
				}
			}
			if first == nil {
				first = table
			}
			equalTables(t, table, first)
		}
	}
}

func TestColumnsAndSchema(t *testing.T) {
	content := "a,b,c\n1,x,2\n2,y,3\n"
	table := read(t, content, Options{Columns: []string{"c", "a"}})
	if got := fmt.Sprint(texts(table)); got != "[[a c] [numeric numeric] [1 2] [2 3]]" {
		t.Error(got)
	}
	schema := Schema{{Name: "b", Type: Categorical, Levels: []string{"x", "y", "z"}}, {Name: "c", Type: Numeric}}
	if got := fmt.Sprint(texts(read(t, content, Options{Schema: schema}))); got != "[[b c] [categorical numeric] [x 2] [y 3]]" {
		t.Error(got)
	}
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{Columns: []string{"a", "d"}}, `column "d": is to be read but not in the data`},
		{Options{Schema: Schema{{Name: "e", Type: Numeric}}}, `column "e": is in the schema but not in the data`},
		{Options{Schema: Schema{{Name: "b", Type: Numeric}}}, `t.csv: row 1 (line 2), column "b": "x" is not a number`},
		{Options{Schema: Schema{{Name: "b", Type: Categorical, Levels: []string{"x"}}}}, `t.csv: row 2 (line 3), column "b": "y" is none of the values that the schema lists`},
		{Options{Sample: 1.5}, "sample 1.5 is neither"},
		{Options{Columns: []string{}}, "columns: none are named"},
	} {
		if _, _, err := ReadCSV(t.Context(), []Part{text("t.csv", content)}, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %s", c.o, err, c.want)
		}
	}
}
