package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/profile"
)

// nameWidth is where the name of a column is cut.
const nameWidth = 24

// Statistics writes a profile as a table, a line per column of the data: type, share
// missing, distinct values, the range and mean of numbers, and in the last column either a
// histogram of the numbers or the most frequent values with their share of those present.
func Statistics(w io.Writer, p *profile.Profile, style Style) error {
	title := fmt.Sprintf("%s rows × %s columns", count(p.Rows), count(len(p.Columns)))
	if _, err := fmt.Fprintf(w, "%s\n\n", style.paint(title, text.Bold)); err != nil {
		return err
	}
	headings := []heading{
		{name: "column"}, {name: "type"}, {name: "missing", right: true}, {name: "distinct", right: true},
		{name: "min", right: true}, {name: "mean", right: true}, {name: "max", right: true}, {name: "distribution"},
	}
	last := len(headings) - 1
	rows := make([][]string, len(p.Columns))
	for i := range p.Columns {
		rows[i] = style.column(&p.Columns[i])
	}
	room := style.width() - width(headings, rows, last)
	for i := range p.Columns {
		rows[i][last] = style.distribution(&p.Columns[i], room)
	}
	return style.render(w, headings, rows)
}

// column is the row of one column, less its distribution.
func (s Style) column(c *profile.Column) []string {
	low, mean, high := bounds(c)
	missing := percent(c.Missing, c.Count+c.Missing)
	if c.Missing == 0 {
		missing = s.paint(missing, text.Faint)
	} else {
		missing = s.paint(missing, text.FgYellow)
	}
	return []string{
		cut(safe(c.Name), nameWidth), s.paint(string(c.Type), text.Faint), missing, count(c.Distinct),
		low, mean, high, "",
	}
}

// bounds is least, mean and greatest value of a column as text; days of a timestamp.
func bounds(c *profile.Column) (low, mean, high string) {
	const day = len("2006-01-02")
	switch {
	case c.Type == dataset.Timestamp && c.Period != nil:
		return cut(c.Period.First, day), "", cut(c.Period.Last, day)
	case c.Numeric != nil:
		return number(c.Numeric.Min), number(c.Numeric.Mean), number(c.Numeric.Max)
	}
	return "", "", ""
}

// distribution is what the values look like, in at most width columns.
func (s Style) distribution(c *profile.Column, width int) string {
	infinite := c.Infinite.Negative + c.Infinite.Positive
	switch {
	case c.Count == 0:
		return s.paint("no values", text.Faint)
	case c.Numeric != nil && infinite == 0:
		return s.paint(sparkline(c.Numeric.Histogram.Counts, width), text.FgCyan)
	case c.Numeric != nil:
		note := fmt.Sprintf(" %s infinite", count(infinite))
		return s.paint(sparkline(c.Numeric.Histogram.Counts, width-len(note)), text.FgCyan) + note
	}
	return frequent(c, width)
}

// frequent lists the most frequent values, as many as fit and the first in any case.
func frequent(c *profile.Column, width int) string {
	if c.Distinct == c.Count && c.Count > 1 {
		return cut("all different, such as "+quoted(c.Top[0]), width)
	}
	const more = ", …"
	list := ""
	for i, v := range c.Top {
		share := " " + percent(v.Count, c.Count)
		value := quoted(v)
		if i == 0 {
			list = cut(value, width-len(share)-len(more)) + share
			continue
		}
		longer := list + ", " + value + share
		room := width
		if i+1 < c.Distinct {
			room -= text.StringWidthWithoutEscSequences(more)
		}
		if text.StringWidthWithoutEscSequences(longer) > room {
			return list + more
		}
		list = longer
	}
	if len(c.Top) < c.Distinct {
		list += more
	}
	return list
}

// quoted is a value as it can stand in a list: in quotes if it would be misread without.
func quoted(v profile.Value) string {
	value := safe(v.Value)
	if v.Truncated {
		value += "…"
	}
	if value == "" || value != strings.TrimSpace(value) || strings.ContainsAny(value, `,"`) {
		return `"` + strings.ReplaceAll(value, `"`, `\"`) + `"`
	}
	return value
}
