package profile

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// drifted compares two columns of the same name.
func drifted(t testing.TB, a, b dataset.Column) ColumnDrift {
	t.Helper()
	d := Compare(mustProfile(t, mustTable(t, a)), mustProfile(t, mustTable(t, b)))
	if len(d.Columns) != 1 {
		t.Fatalf("%d columns", len(d.Columns))
	}
	return d.Columns[0]
}

func numberColumn(values ...float64) dataset.Column {
	return dataset.Column{Name: "x", Type: dataset.Numeric, Values: values}
}

// textColumn is a categorical column of texts, "" for missing.
func textColumn(values ...string) dataset.Column {
	c := dataset.Column{Name: "x", Type: dataset.Categorical}
	for _, v := range values {
		if v != "" {
			c.Levels = append(c.Levels, v)
		}
	}
	slices.Sort(c.Levels)
	c.Levels = slices.Compact(c.Levels)
	for _, v := range values {
		code, _ := slices.BinarySearch(c.Levels, v)
		if v == "" {
			code = -1
		}
		c.Codes = append(c.Codes, int32(code))
	}
	return c
}

type goldenDrift struct {
	Normal, ChiSquared, Kolmogorov, Hypergeometric [][]float64
	Chi                                            [][]float64 `json:"chi_squared"`
	Proportions                                    []struct {
		A, N, B, M int
		P          float64
	}
	Floors []struct {
		Shift, PSI float64
		KS         float64 `json:"kolmogorov_smirnov"`
		JS         float64 `json:"jensen_shannon"`
		V          float64 `json:"cramers_v"`
	}
	Numbers []struct {
		Name                  string
		Baseline, Current     []string
		PSI                   *float64
		KS                    *float64 `json:"kolmogorov_smirnov"`
		JS                    *float64 `json:"jensen_shannon"`
		Wasserstein, Distance *float64
	}
	Categories []struct {
		Name                      string
		Table                     [2][]int
		Statistic, P, Effect, PSI float64
		JS                        float64 `json:"jensen_shannon"`
		Freedom                   int     `json:"degrees_of_freedom"`
	}
}

// relative is how far a is from b, as a share of b.
func relative(a, b float64) float64 {
	if a == b {
		return 0
	}
	return math.Abs(a-b) / math.Abs(b)
}

func TestTailsAgreeWithScipy(t *testing.T) {
	var golden goldenDrift
	readGolden(t, "drift_scipy.json", &golden)
	const tolerance = 1e-10
	check := func(name string, args []float64, got, tolerance float64) {
		t.Helper()
		if want := args[len(args)-1]; relative(got, want) > tolerance {
			t.Errorf("%s%v: %v", name, args, got)
		}
	}
	for _, r := range golden.Normal {
		check("normal", r, normalTails(r[0]), tolerance)
	}
	for _, r := range golden.Chi {
		check("χ²", r, chiSquaredTail(r[0], int(r[1])), tolerance)
	}
	for _, r := range golden.Kolmogorov {
		check("Kolmogorov", r, kolmogorovTail(r[0]), tolerance)
	}
	for _, r := range golden.Hypergeometric {
		// logarithms of factorials of 10⁵ have no more digits
		check("hypergeometric", r, exactTail(int(r[0]), int(r[1]), int(r[2]), int(r[3])), 1e-9)
	}
	if n := len(golden.Normal) * len(golden.Chi) * len(golden.Kolmogorov) * len(golden.Hypergeometric); n == 0 {
		t.Error("a table is empty")
	}
	for _, p := range golden.Proportions {
		if got := shareTails(p.A, p.N, p.B, p.M); relative(got, p.P) > 1e-9 {
			t.Errorf("%d of %d and %d of %d: p %v, want %v", p.A, p.N, p.B, p.M, got, p.P)
		}
	}
	for _, level := range []float64{0.5, 0.01, 1e-6, 1e-12} {
		for name, tail := range map[string]func(float64) float64{
			"normal": normalTails, "Kolmogorov": kolmogorovTail, "χ²": func(x float64) float64 { return chiSquaredTail(x, 7) },
		} {
			if got := tail(critical(level, tail)); relative(got, level) > 1e-9 {
				t.Errorf("%s: tail at the critical value of %v is %v", name, level, got)
			}
		}
	}
}

func TestEffectsAreThoseOfNormalShifts(t *testing.T) {
	var golden goldenDrift
	readGolden(t, "drift_scipy.json", &golden)
	for i, got := range [][5]float64{{moderateShift, 0.1, moderateKS, moderateJS, moderateV}, {severeShift, 0.25, severeKS, severeJS, severeV}} {
		want := golden.Floors[i]
		for j, w := range []float64{want.Shift, want.PSI, want.KS, want.JS, want.V} {
			if math.Abs(got[j]-w) > 1e-8 {
				t.Errorf("floor %d of measure %d: %v, want %v", i, j, got[j], w)
			}
		}
	}
}

// same fails unless the measure has the value, or is absent for nil. Sums of hundreds of shares
// differ in their last digits.
func sameMeasure(t *testing.T, name string, c *ColumnDrift, kind MeasureKind, want *float64) {
	t.Helper()
	m := c.Measure(kind)
	if (m == nil) != (want == nil) {
		t.Errorf("%s: %s there: %t, want %t", name, kind, m != nil, want != nil)
	} else if m != nil && math.Abs(m.Value-*want) > 1e-10*max(1, *want) {
		t.Errorf("%s: %s %v, want %v", name, kind, m.Value, *want)
	}
}

func TestNumbersAgreeWithScipy(t *testing.T) {
	var golden goldenDrift
	readGolden(t, "drift_scipy.json", &golden)
	if len(golden.Numbers) == 0 {
		t.Fatal("there are none")
	}
	parse := func(texts []string) (values []float64) {
		for _, s := range texts {
			v, err := strconv.ParseFloat(s, 64)
			if err != nil {
				t.Fatal(err)
			}
			values = append(values, v)
		}
		return values
	}
	for _, g := range golden.Numbers {
		c := drifted(t, numberColumn(parse(g.Baseline)...), numberColumn(parse(g.Current)...))
		if c.Approximate {
			t.Errorf("%s: approximate, with sketches", g.Name)
		}
		sameMeasure(t, g.Name, &c, PSI, g.PSI)
		sameMeasure(t, g.Name, &c, JensenShannon, g.JS)
		sameMeasure(t, g.Name, &c, KolmogorovSmirnov, g.KS)
		sameMeasure(t, g.Name, &c, Wasserstein, g.Wasserstein)
		if m := c.Measure(Wasserstein); m != nil && relative(*m.Statistic, *g.Distance) > 1e-10 {
			t.Errorf("%s: distance %v, want %v", g.Name, *m.Statistic, *g.Distance)
		}
	}
}

func TestCategoriesAgreeWithScipy(t *testing.T) {
	var golden goldenDrift
	readGolden(t, "drift_scipy.json", &golden)
	if len(golden.Categories) == 0 {
		t.Fatal("there are none")
	}
	for _, g := range golden.Categories {
		var sides [2]dataset.Column
		for i, counts := range g.Table {
			var values []string
			for level, n := range counts {
				values = append(values, slices.Repeat([]string{strconv.Itoa(level)}, n)...)
			}
			sides[i] = textColumn(values...)
		}
		c := drifted(t, sides[0], sides[1])
		sameMeasure(t, g.Name, &c, ChiSquared, &g.Effect)
		sameMeasure(t, g.Name, &c, PSI, &g.PSI)
		sameMeasure(t, g.Name, &c, JensenShannon, &g.JS)
		m := c.Measure(ChiSquared)
		if m.Freedom != g.Freedom || relative(*m.Statistic, g.Statistic) > 1e-10 || relative(m.P, g.P) > 1e-9 && g.P > 1e-200 {
			t.Errorf("%s: χ² %v, %d degrees of freedom, p %v, want %v, %d, %v", g.Name, *m.Statistic, m.Freedom, m.P, g.Statistic, g.Freedom, g.P)
		}
	}
}

// A threshold is where the verdict changes: what is at Moderate is significant and great.
func TestThresholdsAreWhereVerdictsChange(t *testing.T) {
	var golden goldenDrift
	readGolden(t, "drift_scipy.json", &golden)
	a, b := make([]float64, 300), make([]float64, 200)
	for i := range a {
		a[i] = float64(i)
	}
	for shift := range 60 {
		for i := range b {
			b[i] = float64(i)*1.5 + float64(3*shift)
		}
		c := drifted(t, numberColumn(a...), numberColumn(b...))
		for _, m := range c.Measures {
			want := Stable
			if m.Value >= m.Severe {
				want = Severe
			} else if m.Value >= m.Moderate {
				want = Moderate
			}
			if m.Verdict != want {
				t.Errorf("shift %d: %s is %s, but its value is %v with thresholds %v and %v", shift, m.Kind, m.Verdict, m.Value, m.Moderate, m.Severe)
			}
		}
	}
}

func TestHolm(t *testing.T) {
	for _, c := range []struct {
		p    []float64
		want float64
	}{
		{nil, 0.05},
		{[]float64{0.04}, 0.05},
		{[]float64{0.06}, 0.05},
		{[]float64{0.01, 0.04, 0.03, 0.005}, 0.025}, // Holm rejects 0.005 and 0.01 at 0.05
		{[]float64{0.02, 0.5, 0.5, 0.5}, 0.0125},
		{[]float64{0, 0, 0}, 0.05},
	} {
		var tests []test
		for _, p := range c.p {
			tests = append(tests, test{measure: Measure{P: p}})
		}
		if got := holm(tests, 0.05); math.Abs(got-c.want) > 1e-15 {
			t.Errorf("%v: level %v, want %v", c.p, got, c.want)
		}
	}
}

// mustJSON is v as JSON, which fails for what is not finite.
func mustJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// spaced is n numbers from 0 to below 1.
func spaced(n int) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = float64(i) / float64(n)
	}
	return values
}

func repeated(v float64, n int) []float64 { return slices.Repeat([]float64{v}, n) }

func TestDriftAtTheEdges(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	many := textColumn(slices.Repeat([]string{"a", "b"}, 100)...)
	moments := func(values []float64) dataset.Column {
		c := dataset.Column{Name: "x", Type: dataset.Timestamp}
		for _, v := range values {
			c.Values = append(c.Values, math.Round(v*1e12))
		}
		return c
	}
	for _, c := range []struct {
		name    string
		a, b    dataset.Column
		verdict Verdict
		reason  string // in part
	}{
		{"no rows", numberColumn(), numberColumn(), Unjudged, "fewer than 20"},
		{"no rows now", numberColumn(spaced(100)...), numberColumn(), Unjudged, "fewer than 20"},
		{"one row", numberColumn(1), numberColumn(2), Unjudged, "fewer than 20"},
		{"the same", numberColumn(spaced(100)...), numberColumn(spaced(100)...), Stable, "within chance"},
		{"a constant", numberColumn(repeated(5, 100)...), numberColumn(repeated(5, 50)...), Stable, "within chance"},
		{"another constant", numberColumn(repeated(5, 100)...), numberColumn(repeated(3, 100)...), Severe, "the median went from 5 to 3"},
		{"all missing", numberColumn(repeated(nan, 100)...), numberColumn(repeated(nan, 100)...), Unjudged, "fewer than 20"},
		{"all missing now", numberColumn(spaced(100)...), numberColumn(repeated(nan, 100)...), Severe, "missing values went from 0 % to 100 %"},
		{"infinite now", numberColumn(spaced(100)...), numberColumn(repeated(inf, 100)...), Severe, "infinities"},
		{"infinite and the other way", numberColumn(repeated(-inf, 50)...), numberColumn(repeated(inf, 50)...), Severe, "infinities"},
		{"some infinite", numberColumn(append(spaced(100), repeated(inf, 60)...)...), numberColumn(spaced(160)...), Severe, "median"},
		{"the ends of float64", numberColumn(append(spaced(50), repeated(-1.7e308, 50)...)...), numberColumn(append(spaced(50), repeated(1.7e308, 50)...)...), Severe, "median"},
		{"a text", numberColumn(spaced(100)...), many, Severe, "the type went from numeric to categorical"},
		{"texts of another kind", many, dataset.Column{Name: "x", Type: dataset.Text, Codes: many.Codes, Levels: many.Levels}, Stable, "within chance"},
		{"a text, of which there is none", numberColumn(spaced(100)...), dataset.Column{Name: "x", Type: dataset.Text, Codes: slices.Repeat([]int32{-1}, 100)}, Severe, "missing"},
		{"a level", textColumn(slices.Repeat([]string{"a"}, 100)...), textColumn(slices.Repeat([]string{"a"}, 80)...), Stable, "within chance"},
		{"new levels", many, textColumn(slices.Repeat([]string{"a", "c"}, 100)...), Severe, `50 % of the values are new, such as "c"`},
		{"gone levels", many, textColumn(slices.Repeat([]string{"a"}, 200)...), Severe, `50 % of the earlier values are gone, such as "b"`},
		{"flags", dataset.Column{Name: "x", Type: dataset.Boolean, Values: slices.Repeat([]float64{0, 1}, 100)},
			dataset.Column{Name: "x", Type: dataset.Boolean, Values: slices.Repeat([]float64{1, 1, 1, 1, 0}, 40)}, Severe, `"false" went from 50 % to 20 %`},
		{"moments of the same time", moments(spaced(100)), moments(spaced(90)), Stable, "within chance"},
		{"later moments", moments(spaced(100)), moments(append(spaced(100)[50:], 1.1, 1.2)), Stable, "time went on: moments went from 1970-01-01"},
		{"earlier moments", moments(spaced(100)), moments(spaced(300)[:100]), Severe, "moments went from"},
	} {
		got := drifted(t, c.a, c.b)
		if got.Verdict != c.verdict || !strings.Contains(got.Reason, c.reason) {
			t.Errorf("%s: %s: %s; want %s: … %s …", c.name, got.Verdict, got.Reason, c.verdict, c.reason)
		}
		if mustJSON(t, got); got.Reason == "" {
			t.Errorf("%s: no reason", c.name)
		}
		for _, m := range got.Measures {
			if !(m.P >= 0 && m.P <= 1) || !(m.Value >= 0) || !(m.Severe >= m.Moderate) {
				t.Errorf("%s: %+v", c.name, m)
			}
		}
	}
}
