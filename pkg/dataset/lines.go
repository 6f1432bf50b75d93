package dataset

import (
	"slices"
	"unicode/utf8"
)

// lineBytes is how many bytes are looked at together: few, because what is behind the last whole
// line of them is looked at again.
const lineBytes = 32 << 10

// lineRoom is how much room splitLines wants in bounds for n bytes, each of which may end a value, and for
// what it writes beyond the last one.
func lineRoom(n int) int { return 2*n + 32 }

// plainLines takes the lines between pos and limit that are as plain would take them, up to the
// first one that is to be looked at closer, and reports whether there are any.
func (r *records) plainLines(limit int) bool {
	from, to := r.pos, min(limit, r.pos+lineBytes, len(r.data))
	before, room := len(r.bounds), lineRoom(to-from)
	r.bounds, r.feeds = slices.Grow(r.bounds, room), slices.Grow(r.feeds[:0], room)
	values, n, ascii := splitLines(r.data, from, to, r.scanner.dialect, r.bounds[before:before+room], r.feeds[:room])
	if n == 0 {
		return false
	}
	feeds := r.feeds[:n]
	if !ascii && !utf8.Valid(r.data[from:feeds[n-1]]) {
		r.careful = to // line by line, to find which
		return false
	}
	bounds := r.bounds[before : before+2*values]
	taken := 0
	for _, feed := range feeds {
		// The values are in order: if this one ends where the line does, the line has as many as
		// there are columns.
		last := 2*(taken+r.columns) - 1
		if last >= len(bounds) || bounds[last] != feed && (bounds[last]+1 != feed || r.data[feed-1] != r.scanner.quote) || int(feed)-r.pos > maxField {
			break
		}
		taken += r.columns
		r.starts, r.lines = append(r.starts, r.pos), append(r.lines, r.line)
		r.rows++
		r.line++
		r.pos = int(feed) + 1
	}
	r.bounds = r.bounds[:before+2*taken]
	return taken > 0
}
