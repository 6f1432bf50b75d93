package report

import (
	"fmt"
	"io"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/foretell-ml/foretell/pkg/profile/expectation"
)

// Violations writes what a data set is not as expected, a line each: the column, the rule,
// what was expected and found, and in how many rows, "~" before a number that is estimated.
// What could not be decided comes last, and is marked "?".
func Violations(w io.Writer, violations []expectation.Violation, style Style) error {
	broken, undecided := violationsTitle(violations)
	colors := []text.Color{text.Bold}
	if expectation.Broken(violations) > 0 {
		colors = append(colors, text.FgRed)
	}
	title := style.paint(broken, colors...) + style.paint(undecided, text.FgYellow)
	if _, err := fmt.Fprintln(w, title); err != nil || len(violations) == 0 {
		return err
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	headings := []heading{{}, {name: "column"}, {name: "rule"}, {name: "rows", right: true}, {name: "expected, and found", wrap: true}}
	var rows [][]string
	for _, undecided := range []bool{false, true} {
		for _, v := range violations {
			if v.Undecided == undecided && len(rows) < maxTerminalFound {
				rows = append(rows, style.violation(v))
			}
		}
	}
	if err := style.render(w, headings, rows); err != nil {
		return err
	}
	return style.leftOut(w, len(violations)-len(rows), "is", "are")
}

// violation is the row of one violation.
func (s Style) violation(v expectation.Violation) []string {
	mark := s.paint("✗", text.FgRed)
	if v.Undecided {
		mark = s.paint("?", text.FgYellow)
	}
	return []string{mark, cut(safe(v.Column), maxNameWidth), v.Rule, violationRows(v), safe(v.Expected + ", and found " + v.Found)}
}

// violationRows is in how many rows, "~" before an estimate, "" if that is not known.
func violationRows(v expectation.Violation) string {
	switch {
	case v.Rows == 0:
		return ""
	case v.About:
		return "~" + count(v.Rows)
	}
	return count(v.Rows)
}

// violationsTitle is how many expectations are not fulfilled, and how many undecided.
func violationsTitle(violations []expectation.Violation) (broken, undecided string) {
	n := expectation.Broken(violations)
	rest := len(violations) - n
	switch {
	case n > 0:
		broken = plural(n, "expectation is", "expectations are") + " not fulfilled"
	case rest > 0:
		broken = "all expectations but those below are fulfilled"
	default:
		broken = "all expectations are fulfilled"
	}
	if rest > 0 {
		undecided = fmt.Sprintf(", %s cannot be decided", count(rest))
	}
	return broken, undecided
}

// plural is a number with the word for one or for many.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}
