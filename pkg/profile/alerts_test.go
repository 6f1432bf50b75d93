package profile

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// floatsOf makes n values.
func floatsOf(n int, f func(i int) float64) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = f(i)
	}
	return values
}

// codesOf makes a coded column of the texts.
func codesOf(kind dataset.Type, texts ...string) dataset.Column {
	c := dataset.Column{Type: kind}
	for _, text := range texts {
		code := slices.Index(c.Levels, text)
		switch {
		case text == "":
			code = -1
		case code < 0:
			code = len(c.Levels)
			c.Levels = append(c.Levels, text)
		}
		c.Codes = append(c.Codes, int32(code))
	}
	return c
}

// textsOf makes a coded column of n texts.
func textsOf(kind dataset.Type, n int, f func(i int) string) dataset.Column {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = f(i)
	}
	return codesOf(kind, texts...)
}

// judged profiles columns named a, b, … and returns the profile with no alerts yet.
func judged(t *testing.T, columns ...dataset.Column) *Profile {
	t.Helper()
	for i := range columns {
		if columns[i].Name == "" {
			columns[i].Name = string(rune('a' + i))
		}
	}
	p := mustProfile(t, mustTable(t, columns...))
	p.Alerts = nil
	for i := range p.Columns {
		p.Columns[i].Identifier = identifierOf(&p.Columns[i], p.Rows)
	}
	return p
}

// find returns the alerts of a kind.
func find(list []Alert, kind AlertKind) (found []Alert) {
	for _, a := range list {
		if a.Kind == kind {
			found = append(found, a)
		}
	}
	return found
}

func numbersOf(n int, f func(i int) float64) dataset.Column {
	return dataset.Column{Type: dataset.Numeric, Values: floatsOf(n, f)}
}

// normal and lognormal values, the same each time.
func normals(seed uint64) func(int) float64 {
	random := rand.New(rand.NewPCG(seed, 9))
	return func(int) float64 { return random.NormFloat64() }
}

func lognormals(seed uint64) func(int) float64 {
	random := rand.New(rand.NewPCG(seed, 9))
	return func(int) float64 { return math.Exp(random.NormFloat64()) }
}

// with replaces the first n values.
func with(value float64, n int, f func(int) float64) func(int) float64 {
	return func(i int) float64 {
		v := f(i)
		if i < n {
			return value
		}
		return v
	}
}

// Each kind on one column a: data that it is about, and data that nearly is.
func TestColumnAlerts(t *testing.T) {
	written := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	day := func(d int) float64 { return float64(written.AddDate(0, 0, d).UnixMicro()) }
	for _, c := range []struct {
		name     string
		kind     AlertKind
		column   dataset.Column
		options  Options
		severity Severity // "": no alert
		evidence string   // part of it
	}{
		{"one value", AlertConstant, numbersOf(5, func(int) float64 { return 7 }), Options{}, SeverityWarning, `all 5 rows have "7"`},
		{"one value in the target", AlertConstant, numbersOf(5, func(int) float64 { return 7 }), Options{Target: "a"}, SeverityError, "all 5 rows"},
		{"one text", AlertConstant, textsOf(dataset.Categorical, 5, func(int) string { return "x" }), Options{}, SeverityWarning, `"x"`},
		{"one value or none", AlertConstant, numbersOf(5, func(i int) float64 { return []float64{7, nan}[i%2] }), Options{}, SeverityInfo, "3 rows have \"7\" and 2 have no value"},
		{"one row", AlertConstant, numbersOf(1, func(int) float64 { return 7 }), Options{}, "", ""},
		{"two values", AlertConstant, numbersOf(5, func(i int) float64 { return float64(i % 2) }), Options{}, "", ""},

		{"99 in 100", AlertNearlyConstant, numbersOf(1000, with(1, 10, func(int) float64 { return 0 })), Options{}, SeverityInfo, `990 of 1000 values (99 %) are "0"`},
		{"989 in 1000", AlertNearlyConstant, numbersOf(1000, with(1, 11, func(int) float64 { return 0 })), Options{}, "", ""},
		{"99 in 100 of few rows", AlertNearlyConstant, numbersOf(199, with(1, 1, func(int) float64 { return 0 })), Options{}, "", ""},

		{"half missing", AlertMissing, numbersOf(10, with(nan, 5, func(i int) float64 { return float64(i) })), Options{}, SeverityWarning, "5 of 10 rows (50 %) have no value"},
		{"all missing", AlertMissing, numbersOf(3, func(int) float64 { return nan }), Options{}, SeverityWarning, "3 of 3 rows (100 %)"},
		{"target half missing", AlertMissing, numbersOf(10, with(nan, 5, func(i int) float64 { return float64(i) })), Options{Target: "a"}, SeverityError, "50 %"},
		{"four in ten missing", AlertMissing, numbersOf(10, with(nan, 4, func(i int) float64 { return float64(i) })), Options{}, "", ""},

		{"many categories", AlertCardinality, textsOf(dataset.Categorical, 3000, func(i int) string { return fmt.Sprint("city ", i%51) }), Options{}, SeverityInfo, "51 categories in 3000 rows, 58.8 rows each"},
		{"rare categories", AlertCardinality, textsOf(dataset.Categorical, 100, func(i int) string { return fmt.Sprint("city ", i%21) }), Options{}, SeverityInfo, "21 categories"},
		{"free text", AlertCardinality, textsOf(dataset.Text, 60, func(i int) string { return fmt.Sprint("it said ", i) }), Options{}, SeverityWarning, "60 different texts"},
		{"categories", AlertCardinality, textsOf(dataset.Categorical, 3000, func(i int) string { return fmt.Sprint("city ", i%50) }), Options{}, "", ""},

		{"row numbers", AlertIdentifier, numbersOf(100, func(i int) float64 { return float64(i + 1) }), Options{}, SeverityWarning, "from 1 to 100, by one"},
		{"row numbers to predict", AlertIdentifier, numbersOf(100, func(i int) float64 { return float64(i + 1) }), Options{Target: "a"}, SeverityError, "by one"},

		{"no name", AlertUnnamed, dataset.Column{Name: "Unnamed: 0", Type: dataset.Numeric, Values: []float64{1, 5}}, Options{}, SeverityInfo, "no name"},
		{"no name twice", AlertUnnamed, dataset.Column{Name: "Unnamed: 0.1", Type: dataset.Numeric, Values: []float64{1, 5}}, Options{}, SeverityInfo, "no name"},
		{"a name", AlertUnnamed, dataset.Column{Name: "Unnamed: roads", Type: dataset.Numeric, Values: []float64{1, 5}}, Options{}, "", ""},

		{"keys of 64 bits", AlertInexact, numbersOf(50, func(i int) float64 { return 1.7e18 + 1e15*float64(i*i%50) - 1e18 }), Options{}, SeverityWarning, "from 700000000000000000 to 749000000000000000, and beyond 9,007,199,254,740,992"},
		{"negative keys", AlertInexact, numbersOf(50, func(i int) float64 { return -1<<53 - 2*float64(i) }), Options{}, SeverityWarning, "to -9007199254740992"},
		{"as far as all are told apart", AlertInexact, numbersOf(50, func(i int) float64 { return 1<<53 - float64(i) }), Options{}, "", ""},
		{"keys that look like nanoseconds", AlertInexact, numbersOf(50, func(i int) float64 { return 1.7e18 + 1e9*float64(i) }), Options{}, SeverityWarning, "from 1700000000000000000"},
		{"atoms", AlertInexact, numbersOf(50, func(i int) float64 { return 6.02e23 + 1e20*float64(i) }), Options{}, "", ""},
		{"fractions among them", AlertInexact, numbersOf(50, with(0.5, 1, func(i int) float64 { return 1e17 + 1e15*float64(i) })), Options{}, "", ""},

		{"lognormal", AlertSkew, numbersOf(2000, lognormals(1)), Options{}, SeverityInfo, "half of the values are at most"},
		{"lognormal to the left", AlertSkew, numbersOf(2000, func() func(int) float64 { f := lognormals(1); return func(i int) float64 { return -f(i) } }()), Options{}, SeverityInfo, "skewness -"},
		{"counts", AlertSkew, numbersOf(2000, func(i int) float64 { return float64(min(17, 1<<(i%40)>>20)) }), Options{}, "", ""},
		{"hardly skewed, with two mistakes", AlertSkew, numbersOf(2000, with(1e6, 2, func() func(int) float64 {
			f := lognormals(1)
			return func(i int) float64 { return 100 + math.Sqrt(f(i)) }
		}())), Options{}, "", ""},
		{"normal", AlertSkew, numbersOf(2000, normals(1)), Options{}, "", ""},
		{"normal with one outlier", AlertSkew, numbersOf(2000, with(1e6, 1, normals(1))), Options{}, "", ""},

		{"a code in ages", AlertOutliers, numbersOf(2000, with(999, 2, func() func(int) float64 {
			f := normals(2)
			return func(i int) float64 { return math.Round(40 + 12*f(i)) }
		}())), Options{}, SeverityWarning, "up to 999"},
		{"on both sides", AlertOutliers, numbersOf(2000, with(-50, 1, with(40, 2, normals(3)))), Options{}, SeverityWarning, "up to 40; 1 below"},
		{"normal", AlertOutliers, numbersOf(100_000, normals(4)), Options{}, "", ""},
		{"lognormal", AlertOutliers, numbersOf(100_000, lognormals(4)), Options{}, "", ""},
		{"exponential", AlertOutliers, numbersOf(100_000, func() func(int) float64 {
			r := rand.New(rand.NewPCG(1, 1))
			return func(int) float64 { return r.ExpFloat64() }
		}()), Options{}, "", ""},
		{"counts", AlertOutliers, numbersOf(10_000, func() func(int) float64 {
			r := rand.New(rand.NewPCG(1, 2))
			return func(int) float64 { return math.Floor(r.ExpFloat64() * 3) }
		}()), Options{}, "", ""},
		{"few rows", AlertOutliers, numbersOf(29, with(1e9, 1, normals(5))), Options{}, "", ""},

		{"an infinity", AlertInfinite, numbersOf(10, with(inf, 1, func(i int) float64 { return float64(i) })), Options{}, SeverityError, "1 of 10 values are infinite (0 negative, 1 positive)"},
		{"an infinity in the target", AlertInfinite, numbersOf(10, with(-inf, 1, func(i int) float64 { return float64(i) })), Options{Target: "a"}, SeverityError, "1 negative"},
		{"finite", AlertInfinite, numbersOf(10, with(math.MaxFloat64, 1, func(i int) float64 { return float64(i) })), Options{}, "", ""},

		{"two classes, 10 : 1", AlertImbalance, textsOf(dataset.Categorical, 220, func(i int) string { return []string{"no", "yes"}[max(0, 1-i%11)] }), Options{Target: "a"}, SeverityInfo, `"yes" has 20 rows (9.09 %), "no" has 200`},
		{"a class of 9 rows", AlertImbalance, textsOf(dataset.Categorical, 30, func(i int) string { return []string{"no", "yes"}[max(0, min(1, 9-i))] }), Options{Target: "a"}, SeverityWarning, "1 of 2 classes have less than 10 rows"},
		{"0 and 1", AlertImbalance, numbersOf(220, func(i int) float64 { return float64(max(0, 1-i%11)) }), Options{Target: "a"}, SeverityInfo, `"1" has 20 rows`},
		{"twelve classes", AlertImbalance, textsOf(dataset.Categorical, 4096, func(i int) string { return fmt.Sprintf("c%02d", bucket(i)) }), Options{Target: "a"}, SeverityWarning, "4 of 12 classes have less than 10 rows"},
		{"two classes, 9 : 1", AlertImbalance, textsOf(dataset.Categorical, 200, func(i int) string { return []string{"no", "yes"}[max(0, 1-i%10)] }), Options{Target: "a"}, "", ""},
		{"no target", AlertImbalance, textsOf(dataset.Categorical, 220, func(i int) string { return []string{"no", "yes"}[max(0, 1-i%11)] }), Options{}, "", ""},
		{"grades are numbers", AlertImbalance, numbersOf(220, func(i int) float64 { return float64(max(0, 2-i%20)) }), Options{Target: "a"}, "", ""},

		{"a date in 2099", AlertFuture, dataset.Column{Type: dataset.Timestamp, Values: floatsOf(50, with(day(27000), 1, func(i int) float64 { return day(-i) }))}, Options{Modified: written}, SeverityWarning, "2 % of the moments are later"},
		{"due dates", AlertFuture, dataset.Column{Type: dataset.Timestamp, Values: floatsOf(50, func(i int) float64 { return day(i) })}, Options{Modified: written}, SeverityInfo, "96 % of the moments"},
		{"a day in another zone", AlertFuture, dataset.Column{Type: dataset.Timestamp, Values: floatsOf(50, func(i int) float64 { return day(1 - i) })}, Options{Modified: written}, "", ""},
		{"unknown when written", AlertFuture, dataset.Column{Type: dataset.Timestamp, Values: floatsOf(50, func(i int) float64 { return day(i) })}, Options{}, "", ""},

		{"cut off above", AlertCap, numbersOf(5000, limited(50_000.1, math.Inf(-1))), Options{}, SeverityInfo, "have the greatest value, 50000.1"},
		{"cut off above, the target", AlertCap, numbersOf(5000, limited(50_000.1, math.Inf(-1))), Options{Target: "a"}, SeverityWarning, "greatest"},
		{"cut off below", AlertCap, numbersOf(5000, limited(inf, 2000)), Options{}, SeverityInfo, "have the least value, 2000"},
		{"not cut off", AlertCap, numbersOf(5000, limited(inf, -inf)), Options{}, "", ""},
		{"no more than 9 rows", AlertCap, numbersOf(5000, with(1e6, 9, limited(inf, -inf))), Options{}, "", ""},
		{"a tenth are zero", AlertCap, numbersOf(5000, with(0, 500, limited(inf, -inf))), Options{}, "", ""},
		{"per cent", AlertCap, numbersOf(5000, func(i int) float64 { return min(100, float64(i%1200)/10) }), Options{}, "", ""},
		{"more than half", AlertCap, numbersOf(5000, with(200_000, 2600, limited(150_000, -inf))), Options{}, "", ""},
		{"points of a game of which the most are in favor", AlertCap, numbersOf(5000, with(30, 300, func(i int) float64 { return float64(2 + i%12) })), Options{}, "", ""},
		{"a scale of 30", AlertCap, numbersOf(5000, func(i int) float64 { return float64(i % 30) }), Options{}, "", ""},
	} {
		p := judged(t, c.column)
		found := find(alerts(p, c.options), c.kind)
		switch {
		case c.severity == "" && len(found) > 0:
			t.Errorf("%s, %s: unexpected %+v", c.kind, c.name, found)
		case c.severity != "" && len(found) != 1:
			t.Errorf("%s, %s: %d alerts, want 1: %+v", c.kind, c.name, len(found), found)
		case c.severity != "":
			a := found[0]
			if a.Severity != c.severity || !strings.Contains(a.Evidence, c.evidence) || !slices.Equal(a.Columns, []string{cmp.Or(c.column.Name, "a")}) || a.Remedy == "" {
				t.Errorf("%s, %s: got %+v, want %s with %q", c.kind, c.name, a, c.severity, c.evidence)
			}
		}
	}
}

// bucket puts half of what is left of 4,096 into each next of twelve classes.
func bucket(i int) int {
	for class, left := 0, 4096; ; class++ {
		left /= 2
		if i >= left || class == 11 && i >= 0 {
			return min(class, 11)
		}
	}
}

// limited are lognormal incomes, whole, that somebody cut off.
func limited(high, low float64) func(int) float64 {
	f := lognormals(6)
	return func(i int) float64 { return max(low, min(high, math.Round(10_000*f(i)))) }
}

// What New does not fill in from a table, by hand.
func TestAlertsByHand(t *testing.T) {
	for _, c := range []struct {
		name     string
		kind     AlertKind
		change   func(*Column)
		severity Severity
		evidence string
	}{
		{"numbers and a text", AlertMixedTypes, func(c *Column) {
			c.Kinds, c.Top = Kinds{Number: 95, Text: 5}, []Value{{Value: "12", Count: 9}, {Value: "n.k.", Count: 5}}
		}, SeverityWarning, `95 numbers, 5 texts, so that all are read as categorical; not numeric: "n.k." (5)`},
		{"years and days", AlertMixedTypes, func(c *Column) { c.Kinds = Kinds{Number: 40, Timestamp: 60} }, SeverityInfo, "40 numbers, 60 moments"},
		{"numbers in texts", AlertMixedTypes, func(c *Column) { c.Kinds = Kinds{Number: 40, Text: 60} }, "", ""},
		{"one kind", AlertMixedTypes, func(c *Column) { c.Confidence = 1 }, "", ""},

		{"variants", AlertVariants, func(c *Column) {
			c.Text.Variants = [][]Value{{{Value: "Yes", Count: 50}, {Value: "yes", Count: 7}}}
		}, SeverityWarning, `"Yes" (50), "yes" (7)`},
		{"no variants", AlertVariants, func(c *Column) {}, "", ""},

		{"addresses", AlertPersonal, func(c *Column) {
			c.Personal, c.Top = []Personal{{"email", 0.98}}, []Value{{Value: "jane@example.com", Count: 2}}
		}, SeverityWarning, "98 % of the values look like e-mail addresses, such as j•••@e•••.com"},
		{"a tenth are cards by chance", AlertPersonal, func(c *Column) { c.Personal = []Personal{{"card", 0.1}} }, "", ""},
	} {
		p := judged(t, textsOf(dataset.Categorical, 100, func(i int) string { return []string{"x", "y"}[i%2] }))
		c.change(&p.Columns[0])
		found := find(alerts(p, Options{}), c.kind)
		switch {
		case c.severity == "" && len(found) > 0:
			t.Errorf("%s, %s: unexpected %+v", c.kind, c.name, found)
		case c.severity != "" && (len(found) != 1 || found[0].Severity != c.severity || !strings.Contains(found[0].Evidence, c.evidence)):
			t.Errorf("%s, %s: got %+v, want %s with %q", c.kind, c.name, found, c.severity, c.evidence)
		}
	}
}

// No text of a column with personal data is shown as it is.
func TestAlertsMask(t *testing.T) {
	p := judged(t, textsOf(dataset.Categorical, 10, func(int) string { return "jane@example.com" }))
	p.Columns[0].Personal = []Personal{{"email", 1}}
	p.Columns[0].Text.Variants = [][]Value{{{Value: "jane@example.com", Count: 5}, {Value: "Jane@example.com", Count: 5}}}
	for _, a := range alerts(p, Options{Target: "a"}) {
		if strings.Contains(strings.ToLower(a.Evidence+a.Remedy), "jane") {
			t.Errorf("shows the value: %+v", a)
		}
	}
}

// Addresses are one alert, not also free text.
func TestAlertsOfPersonalText(t *testing.T) {
	p := judged(t, textsOf(dataset.Text, 60, func(i int) string { return strings.Repeat("a", i+1) + "@example.com" }))
	p.Columns[0].Personal = []Personal{{"email", 1}}
	if got := alerts(p, Options{}); len(got) != 1 || got[0].Kind != AlertPersonal {
		t.Errorf("got %+v, want one alert on personal data", got)
	}
}
