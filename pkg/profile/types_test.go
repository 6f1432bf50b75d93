package profile

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// A profile gives every column the type that reading it into a table gives, and counts what
// is there alike, though it has seen each block for itself.
func TestTypesAreThoseOfReading(t *testing.T) {
	kinds := []func(i int) string{
		func(i int) string { return fmt.Sprint(i) },
		func(i int) string { return fmt.Sprintf("%d.%02d", i, i%100) },
		func(i int) string { return []string{"true", "false", "TRUE"}[i%3] },
		func(i int) string { return fmt.Sprintf("2026-%02d-%02d", i%12+1, i%28+1) },
		func(i int) string { return fmt.Sprintf("2026-01-01T%02d:%02d:00Z", i%24, i%60) },
		func(i int) string { return []string{"red", "green", "Blue "}[i%3] },
		func(i int) string { return fmt.Sprintf("user-%d", i) },
		func(i int) string { return fmt.Sprintf("%05d", i) },
		func(i int) string { return strings.Repeat("long text ", 10) + fmt.Sprint(i%70) },
		func(int) string { return "" },
		func(int) string { return "inf" },
	}
	random := seed.Rand(12)
	for round := range 60 {
		rows, columns := 1+random.IntN(300), 1+random.IntN(5)
		var text strings.Builder
		for j := range columns {
			fmt.Fprintf(&text, "c%d,", j)
		}
		text.WriteString("end\n")
		first, second := make([]int, columns), make([]int, columns)
		for j := range columns {
			first[j], second[j] = random.IntN(len(kinds)), random.IntN(len(kinds))
		}
		for i := range rows {
			for j := range columns {
				kind := first[j]
				if random.IntN(100) < 2 { // now and then something else
					kind = second[j]
				}
				text.WriteString(kinds[kind](i) + ",")
			}
			text.WriteString("1\n")
		}
		part := dataset.Part{Name: "test.csv", Open: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(text.String())), nil
		}}
		table, _, err := dataset.ReadCSV(context.Background(), []dataset.Part{part}, dataset.Options{})
		if err != nil {
			t.Fatal(err)
		}
		p := scanned(t, text.String())
		whole := mustProfile(t, table)
		for i, c := range table.Columns {
			got := p.Columns[i]
			if got.Type != c.Type {
				t.Errorf("round %d: %s is %s, reading says %s: %+v", round, c.Name, got.Type, c.Type, got.Kinds)
			}
			if w := whole.Columns[i]; got.Count != w.Count || got.Missing != w.Missing {
				t.Errorf("round %d: %s: count %d, missing %d, want %d, %d", round, c.Name, got.Count, got.Missing, w.Count, w.Missing)
			}
		}
	}
}

// Characters of all lengths and kinds are counted as unicode has them, eight at a time or not, and
// sets of missing columns are told apart where they differ, of any width.
func TestWordsAtATime(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.OneOf(
			rapid.Map(rapid.IntRange(1, 127), func(c int) string { return string(rune(c)) }),
			rapid.SampledFrom([]string{"é", "٣", "\u00a0", "世", "\x00", "z", "Z", "a", "A", "@", "[", "`", "{", "/", ":"}),
		), 0, 40).Draw(r, "text"), "")
		var want Characters
		length := 0
		for _, c := range text {
			length++
			switch {
			case unicode.IsLetter(c):
				want.Letters++
			case unicode.IsDigit(c):
				want.Digits++
			case unicode.IsSpace(c):
				want.Spaces++
			default:
				want.Other++
			}
		}
		var got texts
		if n := got.characters([]byte(text), 1); n != length || got.Characters != want {
			r.Fatalf("%q: %d characters, %+v; want %d, %+v", text, n, got.Characters, length, want)
		}

		m := newMissingRows(rapid.IntRange(1, 40).Draw(r, "columns"))
		rows := rapid.IntRange(1, 30).Draw(r, "rows")
		m.begin(rows)
		for row := range rows {
			if rapid.IntRange(0, 3).Draw(r, "missing") == 0 {
				m.set(row, rapid.IntRange(0, m.width*8-1).Draw(r, "column"))
			}
		}
		for start := range rows {
			end := start
			for end < rows && string(m.bits[end*m.width:(end+1)*m.width]) == string(m.bits[start*m.width:(start+1)*m.width]) {
				end++
			}
			if got := m.runEnd(start, rows); got != end {
				r.Fatalf("%d bytes a row, from row %d: run ends at %d, not %d", m.width, start, got, end)
			}
		}
	})
}
