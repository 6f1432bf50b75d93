package profile

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

func TestDuplicateAlerts(t *testing.T) {
	wide := func() *Profile { return judged(t, numbersOf(1000, normals(1)), numbersOf(1000, normals(2))) }
	for _, c := range []struct {
		name       string
		profile    *Profile
		duplicates *Duplicates
		severity   Severity
		evidence   string
	}{
		{"copies", wide(), &Duplicates{Rows: 10}, SeverityWarning, "10 of 1000 rows (1 %) repeat"},
		{"a few", wide(), &Duplicates{Rows: 9}, SeverityInfo, "9 of 1000 rows (0.9 %) repeat"},
		{"about as many", wide(), &Duplicates{Rows: 100, Error: 12}, SeverityWarning, "about 100 of 1000 rows"},
		{"within the error", wide(), &Duplicates{Rows: 10, Error: 4}, "", ""},
		{"none", wide(), &Duplicates{}, "", ""},
		{"unknown", wide(), nil, "", ""},
		{"flags repeat by themselves", judged(t, numbersOf(1000, func(i int) float64 { return float64(i % 2) })), &Duplicates{Rows: 998}, "", ""},
	} {
		c.profile.Duplicates = c.duplicates
		found := find(alerts(c.profile, Options{}), AlertDuplicates)
		if c.severity == "" && len(found) == 0 {
			continue
		}
		if len(found) != 1 || found[0].Severity != c.severity || !strings.Contains(found[0].Evidence, c.evidence) || found[0].Columns != nil {
			t.Errorf("%s: got %+v, want %s with %q", c.name, found, c.severity, c.evidence)
		}
	}
}

func TestCorrelatedAlerts(t *testing.T) {
	r := func(v float64) *float64 { return &v }
	p := judged(t, numbersOf(100, normals(1)), numbersOf(100, normals(2)), numbersOf(100, normals(3)), numbersOf(100, normals(4)), numbersOf(100, normals(5)),
		textsOf(dataset.Categorical, 100, func(i int) string { return fmt.Sprint("x ", i%11) }))
	p.Pairs = &Pairs{Rows: 100, Strongest: []Pair{
		{A: "b", B: "e", Rows: 100, Strength: 1, Pearson: r(1)},
		{A: "b", B: "c", Rows: 100, Strength: 0.99, Pearson: r(-0.99), Spearman: r(-0.98)},
		{A: "c", B: "d", Rows: 100, Strength: 0.95, Pearson: r(0.95)},
		{A: "a", B: "b", Rows: 100, Strength: 0.949, Pearson: r(0.949)},
		{A: "a", B: "c", Rows: 29, Strength: 1, Pearson: r(1)},
		{A: "a", B: "f", Rows: 100, Strength: 1, CorrelationRatio: r(1)}, // nine rows a category
	}}
	for _, c := range []struct {
		target  string
		columns []string
	}{{"", []string{"b", "c", "d", "e"}}, {"e", []string{"b", "c", "d"}}, {"c", []string{"b", "e"}}} {
		found := find(alerts(p, Options{Target: c.target}), AlertCorrelated)
		if len(found) != 1 || !slices.Equal(found[0].Columns, c.columns) {
			t.Errorf("target %q: got %+v, want one alert on %v", c.target, found, c.columns)
		}
	}
	want := Alert{AlertCorrelated, SeverityWarning, []string{"b", "c", "d", "e"},
		`4 columns go with each other, the closest: "b" and "e" in 100 rows: Pearson 1.000`,
		`One of them says what the others do; for linear models keep one: data.drop: ["c", "d", "e"]`}
	if got := find(alerts(p, Options{}), AlertCorrelated)[0]; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestLeakageAlerts(t *testing.T) {
	r := func(v float64) *float64 { return &v }
	classes := textsOf(dataset.Categorical, 1000, func(i int) string { return []string{"no", "yes"}[i%2] })
	feature := numbersOf(1000, normals(1))
	names := textsOf(dataset.Categorical, 1000, func(i int) string { return fmt.Sprint("x ", i%201) })
	for _, c := range []struct {
		name     string
		feature  dataset.Column
		target   dataset.Column
		relation Relation
		severity Severity
		evidence string
	}{
		{"tells the class", feature, classes, Relation{Information: 0.63, Share: 0.91}, SeverityWarning, `it alone tells 91 % of what there is to know of "b"`},
		{"copies the class", feature, classes, Relation{Information: 0.69, Share: 0.99}, SeverityError, "99 %"},
		{"a good feature", feature, classes, Relation{Information: 0.6, Share: 0.86}, "", ""},
		{"tells a class that hardly occurs", feature, classes, Relation{Information: 0.01, Share: 0.99}, "", ""},
		{"categories of a few rows each", names, classes, Relation{Information: 0.69, Share: 0.99}, "", ""},
		{"tells the number", feature, numbersOf(1000, normals(3)), Relation{Information: 2, Share: 0.67}, SeverityWarning, "67 %"},
		{"copies the number", feature, numbersOf(1000, normals(3)), Relation{Information: 2.9, Share: 0.97}, SeverityError, "97 %"},
		{"goes with the number", feature, numbersOf(1000, normals(3)), Relation{Information: 1, Share: 0.3, Pair: &Pair{A: "a", B: "b", Rows: 900, Pearson: r(-0.995)}}, SeverityWarning, `"a" and "b" in 900 rows: Pearson -0.995`},
		{"is the number in other units", feature, numbersOf(1000, normals(3)), Relation{Information: 1, Share: 0.3, Pair: &Pair{A: "a", B: "b", Rows: 900, Pearson: r(1)}}, SeverityError, "Pearson 1.000"},
		{"goes well with the number", feature, numbersOf(1000, normals(3)), Relation{Information: 1, Share: 0.6, Pair: &Pair{A: "a", B: "b", Rows: 900, Pearson: r(0.98)}}, "", ""},
		{"is filled for one class", feature, classes, Relation{Information: 0.07, Share: 0.1, Missing: r(0.95)}, SeverityError, `whether it is filled (in 1000 of 1000 rows) tells 95 % of what there is to know of "b"`},
		{"is filled for one class and tells nothing else", feature, classes, Relation{Missing: r(1)}, SeverityError, "tells 100 %"},
		{"is filled for large numbers and tells nothing else", feature, numbersOf(1000, normals(3)), Relation{Missing: r(0.4)}, SeverityWarning, "tells 40 %"},
		{"is mostly filled for one class", feature, classes, Relation{Information: 0.07, Share: 0.1, Missing: r(0.4)}, SeverityWarning, "tells 40 %"},
		{"is filled a little more for one class", feature, classes, Relation{Information: 0.07, Share: 0.1, Missing: r(0.29)}, "", ""},
	} {
		p := judged(t, c.feature, c.target)
		c.relation.Column = "a"
		p.Target = &Target{Column: "b", Rows: 1000, Relations: []Relation{c.relation}}
		found := find(alerts(p, Options{Target: "b"}), AlertLeakage)
		switch {
		case c.severity == "" && len(found) > 0:
			t.Errorf("%s: unexpected %+v", c.name, found)
		case c.severity != "" && (len(found) != 1 || found[0].Severity != c.severity || !strings.Contains(found[0].Evidence, c.evidence) || !slices.Equal(found[0].Columns, []string{"a"})):
			t.Errorf("%s: got %+v, want %s with %q", c.name, found, c.severity, c.evidence)
		}
	}
	// Twenty rows in which the class is told by chance are no evidence.
	p := judged(t, numbersOf(20, normals(1)), textsOf(dataset.Categorical, 20, func(i int) string { return []string{"no", "yes"}[i%2] }))
	p.Target = &Target{Column: "b", Rows: 20, Relations: []Relation{{Column: "a", Information: 0.69, Share: 1, Missing: r(1)}}}
	if found := find(alerts(p, Options{Target: "b"}), AlertLeakage); len(found) > 0 {
		t.Errorf("20 rows: unexpected %+v", found)
	}
}

// The order is that of severity, kind and strength, and of columns where these are equal; of
// wide data it stays short, and names no more columns than a person reads.
func TestAlertsOrderAndBound(t *testing.T) {
	var columns []dataset.Column
	for i := range 300 {
		c := numbersOf(40, func(int) float64 { return 5 })
		c.Name = fmt.Sprintf("constant %03d", i)
		columns = append(columns, c)
	}
	for i := range 12 {
		c := numbersOf(40, with(nan, 20+i, func(row int) float64 { return float64(row * row) }))
		c.Name = fmt.Sprintf("missing %02d", i)
		columns = append(columns, c)
	}
	broken := numbersOf(40, with(inf, 1, func(row int) float64 { return float64(row) }))
	broken.Name = "y"
	p := judged(t, append(columns, broken)...)
	got := alerts(p, Options{Target: "y"})
	if len(got) != 1+10+10 {
		t.Fatalf("%d alerts, want 21: %+v", len(got), got)
	}
	if got[0].Kind != AlertInfinite || got[0].Severity != SeverityError {
		t.Errorf("first comes %+v, want the error", got[0])
	}
	if got[1].Columns[0] != "constant 000" || got[9].Columns[0] != "constant 008" {
		t.Errorf("constants begin with %v and %v", got[1].Columns, got[9].Columns)
	}
	rest := got[10]
	if len(rest.Columns) != maxAlertColumns || rest.Columns[0] != "constant 009" || !strings.HasPrefix(rest.Evidence, "the same of 291 more columns") || !strings.Contains(rest.Remedy, "data.drop: all of these") {
		t.Errorf("the rest of the constants: %d columns from %q, %q", len(rest.Columns), rest.Columns[0], rest.Evidence)
	}
	// The emptiest first: "missing 11" has 31 of 40 rows missing.
	if got[11].Columns[0] != "missing 11" || got[19].Columns[0] != "missing 03" || !slices.Equal(got[20].Columns, []string{"missing 00", "missing 01", "missing 02"}) {
		t.Errorf("missing: %v, %v, %v", got[11].Columns, got[19].Columns, got[20].Columns)
	}
	for range 3 {
		if again := alerts(p, Options{Target: "y"}); !reflect.DeepEqual(again, got) {
			t.Fatal("the same profile gives other alerts")
		}
	}
}

// Every kind has its place in the order.
func TestKindOrder(t *testing.T) {
	if len(kindOrder) != 20 || len(slices.Compact(slices.Sorted(slices.Values(kindOrder)))) != 20 {
		t.Errorf("%d kinds are ordered, want each of 20 once", len(kindOrder))
	}
}

func TestAlertsOfNothing(t *testing.T) {
	for name, p := range map[string]*Profile{
		"no columns": {}, "columns without rows": judged(t, numbersOf(0, nil), codesOf(dataset.Text)),
	} {
		if got := alerts(p, Options{Target: "a"}); got != nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
	// A profile without sketches, or with ones that cannot be read, is judged by the rest.
	p := judged(t, numbersOf(1000, lognormals(1)), numbersOf(1000, func(int) float64 { return 1 }))
	whole := alerts(p, Options{})
	if got := alerts(p.Compact(), Options{}); len(find(got, AlertConstant)) != 1 || len(find(got, AlertSkew)) != 1 {
		t.Errorf("without sketches: %+v", got)
	}
	p.Columns[0].Sketches = &Sketches{Quantiles: []byte{1, 2, 3}}
	if got := alerts(p, Options{}); len(got) > len(whole) || len(find(got, AlertConstant)) != 1 {
		t.Errorf("with a broken sketch: %+v", got)
	}
	// Nothing that is said may be no number.
	p = judged(t, numbersOf(1000, func(i int) float64 { return math.MaxFloat64 * math.Cos(float64(i)) }), numbersOf(1000, func(i int) float64 { return 5e-324 * float64(i%37) }))
	for _, a := range alerts(p, Options{Target: "a"}) {
		if strings.Contains(a.Evidence, "NaN") || strings.Contains(a.Evidence, "Inf") {
			t.Errorf("%+v", a)
		}
	}
}

// The fence of a lognormal variable is where its logarithm has six deviations, and that of a
// normal one where it has them itself.
func TestFence(t *testing.T) {
	for _, g := range []float64{0, 0.25, 1, 2} {
		at := func(z float64) float64 {
			if g == 0 {
				return z
			}
			return (math.Exp(g*z) - 1) / g
		}
		if got, want := fence(at(z75), at(z95)), at(fenceZ); math.Abs(got/want-1) > 1e-9 {
			t.Errorf("g = %v: %v, want %v", g, got, want)
		}
	}
	if got := fence(1, 1.5); math.Abs(got-fenceZ/z75) > 1e-12 {
		t.Errorf("a short tail has the fence %v, want that of a normal one", got)
	}
	for _, sides := range [][2]float64{{0, 1}, {0, 0}, {nan, 1}, {1, inf}, {-1, 1}} {
		if got := fence(sides[0], sides[1]); got != 0 {
			t.Errorf("fence(%v) = %v, want 0", sides, got)
		}
	}
}
