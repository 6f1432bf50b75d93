package serving

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// suggestion is `; did you mean "age"?` for a name close to a column's, else "".
func suggestion(name string, schema dataset.Schema) string {
	best, at := 0, -1
	for i, f := range schema {
		// A third of the letters may be wrong, and the case of all of them.
		limit := (utf8.RuneCountInString(f.Name) + 2) / 3
		n := distance(strings.ToLower(name), strings.ToLower(f.Name), limit)
		if n <= limit && (at < 0 || n < best) {
			best, at = n, i
		}
	}
	if at < 0 {
		return "; it has " + someNames(schema)
	}
	return fmt.Sprintf("; did you mean %q?", schema[at].Name)
}

// distance is the number of letters to insert, delete or change to make a into b
// (Levenshtein), or more than limit if it is.
func distance(a, b string, limit int) int {
	x, y := []rune(a), []rune(b)
	if len(x)-len(y) > limit || len(y)-len(x) > limit {
		return limit + 1
	}
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j := range y {
			change := diagonal
			if x[i] != y[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(y)]
}

// someNames lists the first columns of a schema.
func someNames(schema dataset.Schema) string {
	const most = 8
	var b strings.Builder
	for i, f := range schema {
		if i == most {
			fmt.Fprintf(&b, " and %d more", len(schema)-most)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(cut(f.Name))
	}
	return b.String()
}

// cut shortens a user's text to what fits an error.
func cut(s string) string {
	const longest = 40 // letters
	n := 0
	for i := range s {
		if n++; n > longest {
			return s[:i] + "…"
		}
	}
	return s
}
