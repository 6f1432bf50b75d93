// Package nearest finds what a person probably meant: the known name that is fewest typing
// mistakes away.
package nearest

// Name returns the known name closest to name, or "" if none is close: at most a third of
// its letters, and at least one, may be wrong. Of equally close names the first wins.
func Name(name string, known []string) string {
	best, closest := "", max(1, len(name)/3)+1
	for _, k := range known {
		if d := distance(name, k); d < closest {
			best, closest = k, d
		}
	}
	return best
}

// Hint is a clause to end an error with: `; did you mean "x"?`, or nothing.
func Hint(name string, known []string) string {
	if n := Name(name, known); n != "" {
		return `; did you mean "` + n + `"?`
	}
	return ""
}

// distance is Levenshtein's: insertions, deletions and substitutions of bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
