// Package nearest finds what a person probably meant: the known name that is fewest typing
// mistakes away.
package nearest

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Name returns the known name closest to name, or "" if none is close: a third of the known
// name's letters may be wrong, and the case of all of them. Of equally close names the
// first wins.
func Name(name string, known []string) string {
	best, closest := "", -1
	for _, k := range known {
		limit := (utf8.RuneCountInString(k) + 2) / 3
		d := distance(strings.ToLower(name), strings.ToLower(k), limit)
		if d <= limit && d < utf8.RuneCountInString(k) && (closest < 0 || d < closest) {
			best, closest = k, d
		}
	}
	return best
}

// Hint ends an error about an unknown name: `; did you mean "x"?`, or else which names there
// are.
func Hint(name string, known []string) string {
	if n := Name(name, known); n != "" {
		return fmt.Sprintf("; did you mean %q?", n)
	}
	if len(known) == 0 {
		return "; there are none"
	}
	return "; known are " + List(known)
}

// List joins the first names, each cut to a length that can be read, for an error.
func List(names []string) string {
	const most, longest = 8, 40
	var b strings.Builder
	for i, name := range names {
		if i == most {
			fmt.Fprintf(&b, " and %d more", len(names)-most)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		if r := []rune(name); len(r) > longest {
			name = string(r[:longest]) + "…"
		}
		b.WriteString(name)
	}
	return b.String()
}

// distance is the number of letters to insert, delete or change to make a into b
// (Levenshtein, Soviet Physics Doklady 10, 1966), or more than limit if it is.
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
