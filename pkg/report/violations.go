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
	broken := expectation.Broken(violations)
	title := style.paint("all expectations are fulfilled", text.Bold)
	if broken > 0 {
		title = style.paint(plural(broken, "expectation is", "expectations are")+" not fulfilled", text.Bold, text.FgRed)
	}
	if undecided := len(violations) - broken; undecided > 0 {
		if broken == 0 {
			title = style.paint("all expectations but those below are fulfilled", text.Bold)
		}
		title += style.paint(fmt.Sprintf(", %s cannot be decided", count(undecided)), text.FgYellow)
	}
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
			if v.Undecided == undecided {
				rows = append(rows, style.violation(v))
			}
		}
	}
	return style.render(w, headings, rows)
}

// violation is the row of one violation.
func (s Style) violation(v expectation.Violation) []string {
	mark, rows := s.paint("✗", text.FgRed), ""
	if v.Undecided {
		mark = s.paint("?", text.FgYellow)
	}
	if v.Rows > 0 {
		rows = count(v.Rows)
		if v.About {
			rows = "~" + rows
		}
	}
	return []string{mark, cut(safe(v.Column), maxNameWidth), v.Rule, rows, safe(v.Expected + ", and found " + v.Found)}
}

// plural is a number with the word for one or for many.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}
