package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/foretell-ml/foretell/pkg/profile"
)

// Names are cut to the width that leaves room for a whole sparkline, within these bounds. If
// even so less than minSparkline is left, the mean gives way to it.
const (
	minNameWidth = 12
	maxNameWidth = 24
	minSparkline = 6
)

// What a terminal shows at most; below it stands how many are left out.
const (
	maxTerminalAlerts  = 12
	maxTerminalColumns = 60 // those with alerts, anomalies or drift before others
	maxTerminalFound   = 100
)

// Statistics writes a profile as tables: the alerts, then a line per column of the data:
// type, share missing and distinct values; then of numbers least, mean, greatest and a
// histogram, and of all else the most frequent values, each with its share of the values
// present. Of wide data it is the columns with alerts and then the first ones. Values of
// columns that look like personal data are masked.
func Statistics(w io.Writer, p *profile.Profile, style Style) error {
	title := plural(p.Rows, "row", "rows") + " × " + plural(len(p.Columns), "column", "columns")
	if d := p.Duplicates; d != nil && d.Rows > 0 {
		about := ""
		if d.Error > 0 {
			about = "about "
		}
		title += fmt.Sprintf(", %s%s repeated rows", about, count(d.Rows))
	}
	if _, err := fmt.Fprintf(w, "%s\n\n", style.paint(title, text.Bold)); err != nil {
		return err
	}
	if err := style.alerts(w, p.Alerts); err != nil {
		return err
	}
	columns := alerted(p, maxTerminalColumns)
	headings := []heading{
		{name: "column"}, {name: "type"}, {name: "missing", right: true}, {name: "distinct", right: true}, {},
	}
	rows := make([][]string, len(columns))
	for i, c := range columns {
		rows[i] = style.column(c)
	}
	last := len(headings) - 1
	ranges := alignRanges(columns, true)
	room := style.width() - width(headings, rows, 0)
	if room-len(ranges[len(columns)]) < minNameWidth+minSparkline {
		ranges = alignRanges(columns, false)
	}
	heads := ranges[len(columns)]
	room -= len(heads) + profile.MaxBins
	for i := range columns {
		rows[i][0] = cut(rows[i][0], min(max(room, minNameWidth), maxNameWidth))
	}
	room = style.width() - width(headings, rows, last)
	headings[last].name = heads + cut("distribution", room-len(heads))
	for i, c := range columns {
		rows[i][last] = style.values(c, ranges[i], room)
	}
	if err := style.render(w, headings, rows); err != nil {
		return err
	}
	return style.leftOut(w, len(p.Columns)-len(columns), "column without alerts is", "columns without alerts are")
}

// alerted is at most so many columns, those with alerts before others, in the data's order.
func alerted(p *profile.Profile, most int) []*profile.Column {
	named := map[string]bool{}
	for _, a := range p.Alerts {
		for _, name := range a.Columns {
			named[name] = true
		}
	}
	var columns []*profile.Column
	for _, i := range choose(len(p.Columns), most, func(i int) bool { return named[p.Columns[i].Name] }) {
		columns = append(columns, &p.Columns[i])
	}
	return columns
}

// leftOut says that n more of something are not shown, if any.
func (s Style) leftOut(w io.Writer, n int, one, many string) error {
	if n <= 0 {
		return nil
	}
	_, err := fmt.Fprintf(w, "\n%s\n", s.paint(plural(n, "more "+one, "more "+many)+" in the JSON", text.Faint))
	return err
}

// alerts writes what a data scientist should look at, the most severe first: a line of what
// it is about, and below it what was seen and what can be done.
func (s Style) alerts(w io.Writer, alerts []profile.Alert) error {
	if len(alerts) == 0 {
		return nil
	}
	colors := map[profile.Severity]text.Color{profile.SeverityError: text.FgRed, profile.SeverityWarning: text.FgYellow, profile.SeverityInfo: text.FgBlue}
	var b strings.Builder
	indented := func(content string, colors ...text.Color) {
		for line := range strings.Lines(text.WrapSoft(content, s.width()-2)) {
			line = strings.TrimRight(line, " \n")
			fmt.Fprintf(&b, "  %s\n", s.paint(line, colors...))
		}
	}
	for _, a := range alerts[:min(len(alerts), maxTerminalAlerts)] {
		v := viewAlert(a)
		head := v.Icon + " " + v.Severity + ", " + v.Kind
		room := s.width() - text.StringWidthWithoutEscSequences(head) - len(": ")
		fmt.Fprintf(&b, "%s: %s\n", s.paint(head, text.Bold, colors[a.Severity]), cut(v.About, room))
		indented(v.Evidence)
		indented(v.Remedy, text.Faint)
	}
	if left := len(alerts) - maxTerminalAlerts; left > 0 {
		fmt.Fprintf(&b, "%s more alerts are in the JSON\n", count(left))
	}
	_, err := fmt.Fprintln(w, b.String())
	return err
}

// column is the row of one column, less its values.
func (s Style) column(c *profile.Column) []string {
	missing := s.paint("–", text.Faint)
	if c.Missing > 0 {
		missing = s.paint(percent(c.Missing, c.Count+c.Missing), text.FgYellow)
	}
	return []string{safe(c.Name), s.paint(string(c.Type), text.Faint), missing, distinct(c), ""}
}

// distinct is how many values there are, "≈" if that is estimated.
func distinct(c *profile.Column) string {
	if c.DistinctError > 0 {
		return "≈ " + count(c.Distinct)
	}
	return count(c.Distinct)
}

// personal names the kinds of personal data that a column looks like; "" if of none.
func personal(c *profile.Column) string {
	kinds := make([]string, len(c.Personal))
	for i, p := range c.Personal {
		kinds[i] = safe(p.Kind)
	}
	return strings.Join(kinds, ", ")
}

// masked says what the values of a column of personal data look like, and none of them.
func masked(c *profile.Column) string {
	text := "masked: " + personal(c)
	if len(c.Top) > 0 {
		text += " such as " + safe(c.Top[0].Mask())
	}
	return text
}

// alignRanges is, for each of the columns and then for the heading, least, mean and
// greatest value one below the other, with a gap behind each. They are no columns of the
// grid, because the values of other columns need that room. A narrow terminal has no mean.
func alignRanges(columns []*profile.Column, mean bool) []string {
	cells := make([][3]string, len(columns)+1)
	for i, c := range columns {
		cells[i] = bounds(c)
	}
	cells[len(columns)] = [3]string{"min", "mean", "max"}
	var widest [3]int
	for _, row := range cells {
		for j, cell := range row {
			widest[j] = max(widest[j], text.StringWidthWithoutEscSequences(cell))
		}
	}
	lines := make([]string, len(cells))
	for i, row := range cells {
		for j, cell := range row {
			if j == 1 && !mean {
				continue
			}
			lines[i] += text.AlignRight.Apply(cell, widest[j]) + strings.Repeat(" ", gap)
		}
	}
	return lines
}

// bounds is least, mean and greatest value of a column as text; days of a timestamp.
func bounds(c *profile.Column) [3]string {
	switch {
	case len(c.Personal) > 0: // the bounds are values
	case c.Period != nil:
		return [3]string{day(c.Period.First), "", day(c.Period.Last)}
	case c.Numeric != nil && !c.Type.Coded():
		return [3]string{number(c.Numeric.Min), number(c.Numeric.Mean), number(c.Numeric.Max)}
	}
	return [3]string{}
}

// day is the date of an RFC 3339 moment.
func day(moment string) string {
	date, _, _ := strings.Cut(safe(moment), "T")
	return date
}

// values is what the values look like, in at most width columns.
func (s Style) values(c *profile.Column, bounds string, width int) string {
	if c.Count == 0 {
		return s.paint("no values", text.Faint)
	}
	if len(c.Personal) > 0 {
		return cut(masked(c), width)
	}
	if c.Numeric == nil || c.Type.Coded() {
		return frequent(c, width)
	}
	note := ""
	if infinite := c.Infinite.Negative + c.Infinite.Positive; infinite > 0 {
		note = fmt.Sprintf(" + %s ∞", count(infinite))
	}
	line := sparkline(c.Numeric.Histogram.Counts, width-len(bounds)-text.StringWidthWithoutEscSequences(note))
	return bounds + s.paint(line, text.FgCyan) + note
}

// frequent lists the most frequent values, as many as fit and the first in any case.
func frequent(c *profile.Column, width int) string {
	if len(c.Top) > 0 && c.Distinct == c.Count && c.Count > 1 {
		return cut("all different, such as "+quoted(c.Top[0]), width)
	}
	if len(c.Top) == 0 {
		return cut("no value is frequent", width)
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
