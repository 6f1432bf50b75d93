package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/foretell-ml/foretell/pkg/profile"
)

// missingView is the missingness matrix: patterns × columns.
type missingView struct {
	Names         []label
	Rows          []missingRow
	Note          string
	Width, Height int
	Track, Path   string // cells that are there, and that are missing
	Shares        string // bars of how many rows a pattern has
	Right         int    // where what a row is stands
	More          int
}

// missingRow is a pattern: what stands at its left and right, and the same in words.
type missingRow struct{ Y, Count, Share, Words string }

// Of the matrix, in pixels: room at the left for counts; a cell; a bar.
const (
	gapLeft = 150
	gapCell = 16
	gapBar  = 110
)

func viewMissing(p *profile.Profile, at positioned) *missingView {
	names, more := missingNames(p, at)
	if len(names) == 0 {
		return nil
	}
	v := &missingView{More: more, Right: gapLeft + len(names)*gapCell + 10}
	var track, path, shares strings.Builder
	most, sum := 1, 0
	for _, pattern := range p.Patterns {
		most = max(most, pattern.Count)
		sum += pattern.Count
	}
	v.Note = "These patterns are those of all rows."
	if sum < p.Rows {
		v.Note = fmt.Sprintf("These patterns, the most frequent ones, are those of %s of the rows.", percent(sum, p.Rows))
	}
	top := v.labels(p, names, at)
	for i, pattern := range p.Patterns {
		y := top + i*gapCell
		row := missingRow{Y: strconv.Itoa(y + 12), Count: count(pattern.Count), Share: percent(pattern.Count, p.Rows), Words: "nothing is missing"}
		if pattern.Error > 0 {
			row.Count += " to " + count(pattern.Count+pattern.Error)
		}
		if len(pattern.Columns) > 0 {
			row.Words = "missing: " + some(pattern.Columns, 20)
		}
		missing := map[string]bool{}
		for _, name := range pattern.Columns {
			missing[name] = true
		}
		for j, name := range names {
			b := &track
			if missing[name] {
				b = &path
			}
			fmt.Fprintf(b, "M%d %dh%dv%dh-%dz", gapLeft+j*gapCell, y, gapCell-2, gapCell-2, gapCell-2)
		}
		fmt.Fprintf(&shares, "M%d %dh%sv6h-%sz", v.Right, y+4, fixed2(max(1, gapBar*float64(pattern.Count)/float64(most))), fixed2(max(1, gapBar*float64(pattern.Count)/float64(most))))
		v.Rows = append(v.Rows, row)
	}
	// Slanted names reach beyond the last cell.
	v.Width, v.Height = max(v.Right+gapBar, gapLeft+len(names)*gapCell+90), top+len(p.Patterns)*gapCell
	v.Track, v.Path, v.Shares = track.String(), path.String(), shares.String()
	return v
}

// labels names the columns, each with its share of missing values, and returns how much room
// that takes: it is slanted by 60°.
func (v *missingView) labels(p *profile.Profile, names []string, at positioned) (top int) {
	for _, name := range names {
		text := isolated(middle(name, 18))
		if i, found := at[name]; found {
			c := &p.Columns[i]
			text += " " + percent(c.Missing, c.Count+c.Missing)
		}
		v.Names = append(v.Names, label{Text: text})
		top = max(top, textWidth(text)*7/8+6)
	}
	for j := range v.Names {
		v.Names[j].X, v.Names[j].Y = strconv.Itoa(gapLeft+j*gapCell+11), strconv.Itoa(top-6)
	}
	return top
}

// isolated keeps a name that is written from right to left from turning around what follows.
func isolated(name string) string { return "\u2068" + name + "\u2069" }

// missingNames is the columns of the most frequent patterns in the data's order, and how many
// there are beyond those that are shown.
func missingNames(p *profile.Profile, at positioned) (names []string, more int) {
	seen := map[string]bool{}
	for _, pattern := range p.Patterns {
		for _, name := range pattern.Columns {
			if !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	more = max(0, len(names)-maxGaps)
	names = names[:len(names)-more]
	slices.SortStableFunc(names, func(a, b string) int { return at[a] - at[b] })
	return names, more
}
