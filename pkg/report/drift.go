package report

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/foretell-ml/foretell/pkg/profile"
)

// Drift writes how a data set differs from its baseline as a table, the columns that drifted
// most first: verdict, population stability index, the greatest difference of distribution
// functions for numbers or Cramér's V for categories, the share of missing values before and
// now, and why.
func Drift(w io.Writer, d *profile.Drift, style Style) error {
	title := fmt.Sprintf("drift: %s, %s", d.Verdict, safe(d.Reason))
	size := fmt.Sprintf("baseline %s rows, current %s rows", count(d.BaselineRows), count(d.CurrentRows))
	if _, err := fmt.Fprintf(w, "%s\n%s\n\n", style.paint(title, text.Bold, verdictColor(d.Verdict)), size); err != nil {
		return err
	}
	headings := []heading{
		{name: "column"}, {name: "verdict"}, {name: "PSI", right: true}, {name: "KS, V", right: true},
		{name: "missing", right: true}, {name: "why", wrap: true},
	}
	columns := make([]*profile.ColumnDrift, len(d.Columns))
	for i := range d.Columns {
		columns[i] = &d.Columns[i]
	}
	slices.SortStableFunc(columns, func(a, b *profile.ColumnDrift) int {
		return cmp.Compare(severity(b.Verdict), severity(a.Verdict))
	})
	approximate := false
	all := len(columns)
	columns = columns[:min(all, maxTerminalColumns)]
	rows := make([][]string, len(columns))
	for i, c := range columns {
		rows[i] = style.drift(c)
		approximate = approximate || c.Approximate
	}
	if err := style.render(w, headings, rows); err != nil {
		return err
	}
	if err := style.leftOut(w, all-len(columns), "column, not more severe, is", "columns, none more severe, are"); err != nil || !approximate {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s\n", style.paint("≈ interpolated: one of the profiles has no sketches", text.Faint))
	return err
}

// drift is the row of one column.
func (s Style) drift(c *profile.ColumnDrift) []string {
	distance := c.Measure(profile.KolmogorovSmirnov)
	if distance == nil {
		distance = c.Measure(profile.ChiSquared)
	}
	why := safe(c.Reason)
	if severity(c.Verdict) < severity(profile.Moderate) {
		why = s.paint(why, text.Faint)
	}
	return []string{
		cut(safe(c.Name), min(max(s.width()-64, minNameWidth), maxNameWidth)),
		s.paint(string(c.Verdict), verdictColor(c.Verdict)),
		s.measure(c.Measure(profile.PSI), c.Approximate), s.measure(distance, c.Approximate),
		s.missing(c), why,
	}
}

// measure is its value with the color of its own verdict.
func (s Style) measure(m *profile.Measure, approximate bool) string {
	if m == nil {
		return ""
	}
	value := strconv.FormatFloat(m.Value, 'f', 2, 64)
	if approximate {
		value = "≈" + value
	}
	return s.paint(value, verdictColor(m.Verdict))
}

// missing is the share of missing values before and now, or of the one side that there is.
func (s Style) missing(c *profile.ColumnDrift) string {
	a, b := c.MissingBaseline, c.MissingCurrent
	if a == nil || b == nil {
		return ""
	}
	if *a == 0 && *b == 0 {
		return s.paint("–", text.Faint)
	}
	content := share(*a) + " → " + share(*b)
	if m := c.Measure(profile.MissingShare); m != nil && severity(m.Verdict) >= severity(profile.Moderate) {
		return s.paint(content, verdictColor(m.Verdict))
	}
	return content
}

// share formats a share as percent does.
func share(v float64) string {
	const whole = 1 << 40
	part := int(math.Round(float64(v * whole)))
	if part == 0 && v > 0 {
		part = 1
	}
	return percent(part, whole)
}

// severity orders verdicts, those that say nothing last.
func severity(v profile.Verdict) int {
	return slices.Index([]profile.Verdict{profile.Unjudged, profile.Stable, profile.Moderate, profile.Severe}, v)
}

func verdictColor(v profile.Verdict) text.Color {
	switch v {
	case profile.Severe:
		return text.FgRed
	case profile.Moderate:
		return text.FgYellow
	case profile.Stable:
		return text.FgGreen
	}
	return text.Faint
}
