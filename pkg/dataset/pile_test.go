package dataset

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A column in which most rows have a text of their own is piled up, and looked up again once most are
// repeats. However it was read, and by however many workers, each row has its text, and levels are
// sorted, each once.
func TestPile(t *testing.T) {
	const rows = 4 * piledFrom
	columnsOf := map[string]func(i int) string{
		"few":  func(i int) string { return fmt.Sprint("a text ", i%1000) },
		"own":  func(i int) string { return fmt.Sprint("key ", i*7919%1_000_003) },
		"gaps": func(i int) string { return strings.Repeat(fmt.Sprint("key ", i), min(i%20, 1)) },
		"many of two beginnings": func(i int) string {
			return []string{"https", "http"}[i%2] + "://a.example/with/a/path/" + fmt.Sprint(i/2)
		},
		"come again": func(i int) string { return fmt.Sprint("customer ", i%(piledFrom+piledFrom/2)) },
	}
	piled := map[string]pile{"own": {on: true}, "gaps": {on: true}, "many of two beginnings": {on: true}, "come again": {over: true}}
	for name, of := range columnsOf {
		var content strings.Builder
		var column, want []string
		content.WriteString("n,s\n")
		for i := range rows {
			column = append(column, of(i))
			fmt.Fprintf(&content, "1,%s\n", column[i])
		}
		want = slices.Compact(slices.Sorted(slices.Values(column)))
		if want[0] == "" {
			want = want[1:]
		}
		for workers := 1; workers <= 3; workers += 2 {
			part := text("t.csv", content.String())
			r := &tableReader{workers: workers}
			if _, err := (CSV{Files: []Part{part}, blockSize: content.Len() / 20, batchSize: 50_000, headSize: 1000}).Scan(t.Context(), Options{Workers: workers}, r); err != nil {
				t.Fatal(err)
			}
			if p := r.columns[1].pile; p.on != piled[name].on || p.over != piled[name].over {
				t.Errorf("%s: piled up %v, no more %v", name, p.on, p.over)
			}
			if kept := r.columns[1].levels.len(); kept > 2*len(want)+2*piledFrom {
				t.Errorf("%s: %d texts are kept of %d", name, kept, len(want))
			}
			columns, err := r.table(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got := columns[1]; !slices.Equal(got.Levels, want) {
				t.Fatalf("%s, %d workers: %d levels are not the %d sorted texts", name, workers, len(got.Levels), len(want))
			}
			for i, code := range columns[1].Codes {
				if code < 0 && column[i] != "" || code >= 0 && columns[1].Levels[code] != column[i] {
					t.Fatalf("%s, %d workers: row %d has code %d, and was %q", name, workers, i, code, column[i])
				}
			}
		}
	}
}
