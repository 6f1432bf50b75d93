package dataset

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestLinesTogether holds that lines which are split together have the values, places and faults of
// those that are split one by one: on bytes in which everything that matters is frequent, long enough
// that it falls on and across every border of 64 bytes.
func TestLinesTogether(t *testing.T) {
	if !hasLines {
		t.Log("this machine splits all lines one by one")
	}
	dialects := []dialect{usual, {comma: ';', quote: '\''}, {comma: '\t', quote: '"'}}
	rapid.Check(t, func(r *rapid.T) {
		d := rapid.SampledFrom(dialects).Draw(r, "dialect")
		columns := rapid.IntRange(1, 6).Draw(r, "columns")
		plain := rapid.StringMatching(`[a-z0-9.]{0,12}`)
		odd := rapid.OneOf(
			rapid.SampledFrom([]string{`""`, `"x"`, `"a,b;c"`, "\"a\nb\"", `"a""b"`, `""""`, `a"b`, ` "x" `, "\"\r\n\"", "é", "\u00a0", "x\r", "\"x\"\r", "\xff", "\x00", `"`, `"a"b`}),
			rapid.StringMatching(`[",;\t\r\n a]{0,8}`), rapid.StringMatching(`[a-z]{60,200}`))
		// Mostly plain lines, of as many values as there are columns.
		oddity := rapid.SampledFrom([]int{0, 1, 5, 50}).Draw(r, "odd values of a hundred")
		var b strings.Builder
		for range rapid.IntRange(1, 60).Draw(r, "rows") {
			n := columns
			if rapid.IntRange(0, 99).Draw(r, "ragged") < oddity/5 {
				n = rapid.IntRange(1, 7).Draw(r, "values")
			}
			for i := range n {
				if i > 0 {
					b.WriteByte(d.comma)
				}
				value := plain.Draw(r, "plain")
				if rapid.IntRange(0, 99).Draw(r, "odd") < oddity {
					value = strings.ReplaceAll(odd.Draw(r, "value"), `"`, string(d.quote))
				}
				b.WriteString(value)
			}
			b.WriteString(rapid.SampledFrom([]string{"\n", "\n", "\n", "\r\n"}).Draw(r, "line end"))
		}
		data, size := []byte(b.String()), rapid.IntRange(1, 2000).Draw(r, "batch")
		one, many := newRecords(data, d, columns), newRecords(data, d, columns)
		one.quick = false
		for {
			field, err := many.next(size)
			wantField, wantErr := one.next(size)
			if field != wantField || fmt.Sprint(err) != fmt.Sprint(wantErr) || many.pos != one.pos || many.line != one.line || many.rows != one.rows {
				r.Fatalf("%q: row %d, line %d, byte %d: %v; one by one row %d, line %d, byte %d: %v", data, many.rows, many.line, many.pos, err, one.rows, one.line, one.pos, wantErr)
			}
			if !slices.Equal(many.starts, one.starts) || !slices.Equal(many.lines, one.lines) {
				r.Fatalf("%q: rows begin at %v in lines %v; one by one at %v in %v", data, many.starts, many.lines, one.starts, one.lines)
			}
			for row := range one.rows {
				for column := range columns {
					if got, want := many.value(row, column), one.value(row, column); string(got) != string(want) {
						r.Fatalf("%q: row %d, column %d: %q, one by one %q", data, row, column, got, want)
					}
				}
			}
			if err != nil {
				return
			}
		}
	})
}

// A line of nothing but quotes is not blank: it has one value.
func TestQuotesAreNoBlankLine(t *testing.T) {
	for _, content := range []string{"a,b\n1,2\n\"\"", "a,b\n1,2\n\"\"\n3,4\n"} {
		_, _, err := ReadCSV(t.Context(), []Part{text("t.csv", content)}, Options{})
		if want := "t.csv: row 2 (line 3): the row has 1 values, the header 2"; err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", content, err, want)
		}
	}
	table, _, err := ReadCSV(t.Context(), []Part{text("t.csv", "a\n1\n\"\"\n\n3\n")}, Options{})
	if err != nil || table.Rows() != 3 || !table.Columns[0].Missing(1) {
		t.Errorf("of one column: %v, %v", table, err)
	}
}
