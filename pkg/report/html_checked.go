package report

import "github.com/foretell-ml/foretell/pkg/profile/expectation"

// checkedView is what the data is not as expected.
type checkedView struct {
	Title  string
	Broken bool
	Rows   []violationView
	More   int
}

type violationView struct {
	Column                      linked
	Rule, Rows, Expected, Found string
	Undecided                   bool
}

func viewChecked(judged Judgments, at positioned) *checkedView {
	if !judged.Checked {
		return nil
	}
	broken, undecided := violationsTitle(judged.Violations)
	v := &checkedView{Title: broken + undecided, Broken: expectation.Broken(judged.Violations) > 0}
	for _, undecided := range []bool{false, true} {
		for _, violation := range judged.Violations {
			switch {
			case violation.Undecided != undecided:
			case len(v.Rows) == maxRows:
				v.More++
			default:
				view := violationView{Column: linked{"all rows", -1}, Rule: violation.Rule, Rows: violationRows(violation),
					Expected: safe(violation.Expected), Found: safe(violation.Found), Undecided: undecided}
				if violation.Column != "" {
					view.Column = at.link(violation.Column)
				}
				v.Rows = append(v.Rows, view)
			}
		}
	}
	return v
}
