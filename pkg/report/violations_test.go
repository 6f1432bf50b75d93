package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/profile/expectation"
)

func TestViolations(t *testing.T) {
	violations := []expectation.Violation{
		{Rule: "rows", Expected: "at least 3000 rows", Found: "1999"},
		{Column: "id", Rule: "unique", Expected: "no value twice", Found: "the number of different values to ±1.6%: about 99 in 100 rows", Undecided: true},
		{Column: "age", Rule: "range", Expected: "at most 200", Found: "5009", Rows: 12345, About: true},
		{Column: "a name that is much longer than what fits", Rule: "values", Expected: "one of 2 values, at most 0.22% others", Found: "\"male\", \"\x1b[31mfemale\", \"and others that are so long that they take two lines\"", Rows: 333},
	}
	compare(t, "violations", func(w *bytes.Buffer) error { return Violations(w, violations, Style{}) })
	holdWidth(t, "violations", 100, func(w *bytes.Buffer) error { return Violations(w, violations, Style{}) })
	for want, list := range map[string][]expectation.Violation{
		"all expectations are fulfilled\n":                                      nil,
		"all expectations but those below are fulfilled, 1 cannot be decided\n": violations[1:2],
		"1 expectation is not fulfilled\n":                                      violations[:1],
		"1 expectation is not fulfilled, 1 cannot be decided\n":                 violations[:2],
	} {
		var b bytes.Buffer
		if err := Violations(&b, list, Style{}); err != nil || !strings.HasPrefix(b.String(), want) {
			t.Errorf("%v\n%s\nwant %s", err, b.String(), want)
		}
	}
	var colored bytes.Buffer
	if err := Violations(&colored, violations, Style{Color: true}); err != nil || !strings.Contains(colored.String(), "\x1b[31m✗") || strings.Contains(colored.String(), "\x1b[31mfemale") {
		t.Errorf("%v\n%q", err, colored.String())
	}
}
