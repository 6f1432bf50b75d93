package profile

import (
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// Dates that are not written as ISO 8601 has them are texts, and the alert says so instead of
// that there are many.
func TestAlertsOfDates(t *testing.T) {
	for _, c := range []struct {
		name     string
		values   []string
		evidence string // "": no alert
	}{
		{"days first", []string{"31/12/2025", "01/02/2025", "28/02/2024"}, `look like dates (day, month, year), and are read as categorical: "01/02/2025" (20)`},
		{"months first", []string{"12/31/25", "1/2/25", "2/28/24"}, "(month, day, year)"},
		{"years first", []string{"2025/12/31", "2025/2/1"}, "(year, month, day)"},
		{"by points", []string{"31.12.2025", "1.2.2025"}, "(day, month, year)"},
		{"with a time", []string{"31-12-2025 10:30", "01-02-2025 23:59:01"}, "(day, month, year)"},
		{"either order", []string{"01/02/2025", "03/04/2025"}, "in an order that these do not tell"},
		{"both orders", []string{"31/12/2025", "12/31/2025"}, "in an order that these do not tell"},
		{"ISO is read", []string{"2025-12-31", "2025-02-01"}, ""},
		{"a time alone", []string{"10:30", "11:30"}, ""},
		{"versions", []string{"1.2.14", "10.2.30"}, ""},
		{"scores", []string{"3/4", "31/12"}, ""},
		{"no month", []string{"31/13/2025", "30/20/2025"}, ""},
		{"telephones", []string{"555-12-2025-1", "12-555-2025"}, ""},
		{"two in three", []string{"31/12/2025", "01/02/2025", "unknown"}, ""},
		{"ranges", []string{"31/12/2025 to 01/02/2026", "1/1/2025 later"}, ""},
	} {
		p := judged(t, textsOf(dataset.Categorical, 20*len(c.values), func(i int) string { return c.values[i%len(c.values)] }))
		found := find(alerts(p, Options{}), AlertDates)
		switch {
		case c.evidence == "" && len(found) > 0:
			t.Errorf("%s: unexpected %+v", c.name, found)
		case c.evidence != "" && (len(found) != 1 || found[0].Severity != SeverityWarning || !strings.Contains(found[0].Evidence, c.evidence) || !strings.Contains(found[0].Remedy, "2025-12-31")):
			t.Errorf("%s: got %+v, want one with %q", c.name, found, c.evidence)
		}
	}
	many := judged(t, textsOf(dataset.Text, 300, func(i int) string {
		return strings.Join([]string{"28", "12", "20" + string('0'+rune(i/10%10)) + string('0'+rune(i%10))}, "/")
	}))
	if got := alerts(many, Options{}); len(find(got, AlertCardinality)) > 0 || len(find(got, AlertDates)) != 1 {
		t.Errorf("got %+v, want one alert on dates and none on many texts", got)
	}
}
