package profile

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

func TestColumnsComeAndGo(t *testing.T) {
	a := mustProfile(t, mustTable(t, named("same", spaced(100)), named("gone", spaced(100))))
	b := mustProfile(t, mustTable(t, named("new", spaced(50)), named("same", spaced(50))))
	d := Compare(a, b)
	var got []string
	for _, c := range d.Columns {
		got = append(got, c.Name+": "+string(c.Verdict)+", "+c.Reason)
	}
	want := []string{"same: stable, within chance", "gone: severe, the column is gone", "new: moderate, the column is new"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if d.Verdict != Severe || d.Reason != "2 of 3 columns drifted, 1 of them severely" || d.BaselineRows != 100 || d.CurrentRows != 50 || d.Tests != 5 {
		t.Errorf("%s: %s; %d and %d rows, %d tests", d.Verdict, d.Reason, d.BaselineRows, d.CurrentRows, d.Tests)
	}
}

func named(name string, values []float64) dataset.Column {
	return dataset.Column{Name: name, Type: dataset.Numeric, Values: values}
}

func TestVerdictOnTheDataSet(t *testing.T) {
	some, none := mustProfile(t, mustTable(t, numberColumn(spaced(100)...))), mustProfile(t, mustTable(t, numberColumn()))
	few := mustProfile(t, mustTable(t, numberColumn(1, 2, 3), named("y", []float64{3, 2, 1})))
	both := mustProfile(t, mustTable(t, numberColumn(spaced(100)...), named("y", repeated(math.NaN(), 100))))
	for _, c := range []struct {
		name    string
		a, b    *Profile
		verdict Verdict
		reason  string
	}{
		{"nothing", &Profile{}, &Profile{}, Unjudged, "there is nothing to compare"},
		{"the same", some, some, Stable, "no column drifted"},
		{"no rows now", some, none, Severe, "there are no rows; the baseline has 100"},
		{"no rows before", none, some, Unjudged, "there is nothing to compare"},
		{"few rows", few, few, Unjudged, "there is nothing to compare"},
		{"a column without values", both, both, Stable, "no column drifted; 1 of 2 could not be judged"},
	} {
		d := Compare(c.a, c.b)
		if d.Verdict != c.verdict || d.Reason != c.reason {
			t.Errorf("%s: %s: %s; want %s: %s", c.name, d.Verdict, d.Reason, c.verdict, c.reason)
		}
		mustJSON(t, d)
	}
}

// A data set against itself differs in nothing, with sketches and without.
func TestNothingDriftsFromItself(t *testing.T) {
	for _, name := range []string{"penguins", "adult", "wine-quality-white"} {
		p := mustProfile(t, readSet(t, name))
		for _, p := range []*Profile{p, p.Compact()} {
			d := Compare(p, p)
			if d.Verdict != Stable {
				t.Errorf("%s: %s: %s", name, d.Verdict, d.Reason)
			}
			for _, c := range d.Columns {
				for _, m := range c.Measures {
					expected := m.Kind == NewValues || m.Kind == VanishedValues
					if m.Value != 0 || m.P != 1 || m.Verdict != Stable || m.Moderate <= 0 && !expected {
						t.Errorf("%s of %s: %+v", c.Name, name, m)
					}
				}
			}
		}
	}
}

// The two halves of a shuffled file do not differ; the wines with much alcohol do from the
// others, and first of all in that.
func TestDriftOfRealData(t *testing.T) {
	wine := readSet(t, "wine-quality-white")
	alcohol := wine.Column("alcohol")
	var odd, even, strong, weak []int
	for i, v := range alcohol.Values {
		if i%2 == 1 {
			odd = append(odd, i)
		} else {
			even = append(even, i)
		}
		if v > 11 {
			strong = append(strong, i)
		} else {
			weak = append(weak, i)
		}
	}
	of := func(rows []int) *Profile { return mustProfile(t, wine.Select(rows)) }
	for _, c := range []struct {
		name     string
		a, b     []int
		verdict  Verdict
		strongly string
	}{{"halves", odd, even, Stable, ""}, {"strong", weak, strong, Severe, "alcohol"}} {
		a, b := of(c.a), of(c.b)
		for _, d := range []*Drift{Compare(a, b), Compare(a.Compact(), b.Compact())} {
			if d.Verdict != c.verdict {
				t.Errorf("%s: %s: %s", c.name, d.Verdict, d.Reason)
			}
			most, name := 0.0, ""
			for _, c := range d.Columns {
				if m := c.Measure(KolmogorovSmirnov); m != nil && m.Value > most {
					most, name = m.Value, c.Name
				}
			}
			if c.strongly != "" && name != c.strongly {
				t.Errorf("%s: %s drifted most, want %s", c.name, name, c.strongly)
			}
		}
	}
}

// Without sketches, measures are those with them but for what interpolation loses; they say
// that they are, and columns of few values lose nothing.
func TestInterpolationIsClose(t *testing.T) {
	const tolerance = 0.05 // of the half of 0.1 between two quantiles, on either side
	for _, shift := range []float64{0, 0.3, 1} {
		a, b := drawn(t, 2000, 0, "baseline ", 0), drawn(t, 1000, shift, "current ", 0)
		exact, close := Compare(a, b), Compare(a.Compact(), b.Compact())
		mixed := Compare(a, b.Compact())
		if mustJSON(t, mixed) != mustJSON(t, close) {
			t.Error("one profile with sketches is not compared as none")
		}
		for i, c := range exact.Columns {
			d := close.Columns[i]
			few := slices.Contains([]string{"five levels", "a rare level"}, c.Name)
			if c.Approximate || d.Approximate == few {
				t.Errorf("%s: approximate with sketches %t, without %t", c.Name, c.Approximate, d.Approximate)
			}
			for _, m := range c.Measures {
				got := d.Measure(m.Kind)
				switch {
				case got == nil && !few && (m.Kind == NewValues || m.Kind == VanishedValues):
				case got == nil:
					t.Errorf("%s: no %s", c.Name, m.Kind)
				case few && (got.Value != m.Value || got.P != m.P):
					t.Errorf("%s: %s %v, p %v, want %v, %v", c.Name, m.Kind, got.Value, got.P, m.Value, m.P)
				case m.Kind == KolmogorovSmirnov && c.Name != "without a variance" && math.Abs(got.Value-m.Value) > tolerance:
					t.Errorf("shift %v, %s: Kolmogorov–Smirnov %v, with sketches %v", shift, c.Name, got.Value, m.Value)
				}
			}
		}
	}
}

// What a rank may be off by is in the threshold: a sketch is no better than a sample whose
// median varies as much.
func TestRankErrorIsInTheThreshold(t *testing.T) {
	const n = 1_000_000
	p, q := &distribution{rows: n, knots: []knot{{0, 0, 0.5}, {1, 0.5, 1}}}, &distribution{rows: n, knots: []knot{{0, 0, 0.508}, {1, 0.508, 1}}}
	significant := func() bool {
		for _, test := range compareNumbers(p, q, 1) {
			if m := test.judge(1e-4); m.Kind == KolmogorovSmirnov {
				return m.significant
			}
		}
		t.Fatal("not measured")
		return false
	}
	if !significant() {
		t.Error("0.008 of a million rows each is no chance")
	}
	p.error, q.error = 0.0068, 0.0068
	if significant() {
		t.Error("0.008 is significant where either rank may be off by 0.0068")
	}
	if got, want := noise(100, 100), math.Sqrt(0.02); math.Abs(got-want) > 1e-15 {
		t.Errorf("noise %v, want %v", got, want)
	}
	// The median of n values has the standard error 0.5/√n: as much as 0.01 in one case of
	// 100 for n = (0.5·2.5758/0.01)² = 16,587.
	if got, want := noise(1e15, 1e15, 0.01), 1/math.Sqrt(16587.2); relative(got, want) > 1e-5 {
		t.Errorf("noise %v, want %v", got, want)
	}
}

// The same profiles give the same bytes each time, whatever the order of maps.
func TestDriftIsDeterministic(t *testing.T) {
	adult := readSet(t, "adult")
	var first, second []int
	for i := range adult.Rows() {
		if i < 4000 {
			first = append(first, i)
		} else {
			second = append(second, i)
		}
	}
	a, b := mustProfile(t, adult.Select(first)), mustProfile(t, adult.Select(second))
	want := mustJSON(t, Compare(a, b))
	for range 5 {
		if got := mustJSON(t, Compare(a, b)); got != want {
			t.Fatal("the same profiles give other bytes")
		}
	}
}

// Values that name rows are new each time; those of people are in no message.
func TestWhatIsNotJudgedOrNamed(t *testing.T) {
	id := func(from int) *Profile {
		var values []string
		for i := range 500 {
			values = append(values, "id-"+strconv.Itoa(from+i))
		}
		p := mustProfile(t, mustTable(t, textColumn(values...)))
		p.Columns[0].Identifier = "all values differ"
		return p
	}
	if c := Compare(id(0), id(500)).Columns[0]; c.Verdict != Unjudged || !strings.Contains(c.Reason, "names rows") {
		t.Errorf("identifiers: %s: %s", c.Verdict, c.Reason)
	}
	mail := func(address string) *Profile {
		p := mustProfile(t, mustTable(t, textColumn(slices.Repeat([]string{address, "b@c.de"}, 100)...)))
		p.Columns[0].Personal = []Personal{{Kind: "email", Share: 1}}
		return p
	}
	d := Compare(mail("secret@a.de"), mail("other@a.de"))
	if text := mustJSON(t, d); d.Verdict != Severe || strings.Contains(text, "@") {
		t.Errorf("personal data: %s", text)
	}
}

// Free text of which every value differs says nothing about drift; categories of which as many
// are new as were expected neither.
func TestNewTextsAreExpected(t *testing.T) {
	distinct := func(from, n int) dataset.Column {
		var values []string
		for i := range n {
			values = append(values, "text "+strconv.Itoa(from+i))
		}
		return textColumn(values...)
	}
	c := drifted(t, distinct(0, 500), distinct(500, 400))
	if m := c.Measure(NewValues); c.Verdict != Stable || m == nil || m.Value != 1 || m.P != 1 {
		t.Errorf("%s: %s, %+v", c.Verdict, c.Reason, m)
	}
	// Every value twice: none was expected to be new, and all are.
	twice := func(from int) dataset.Column {
		c := distinct(from, 300)
		c.Codes = append(c.Codes, c.Codes...)
		return c
	}
	c = drifted(t, twice(0), twice(300))
	if m := c.Measure(NewValues); c.Verdict != Severe || m.Verdict != Severe || len(c.New) != MaxTop || len(c.Vanished) != MaxTop {
		t.Errorf("%s: %s, %+v", c.Verdict, c.Reason, m)
	}
}

// Sketches that do not belong to the column, or cannot be read, are not used.
func TestForeignSketchesAreNotUsed(t *testing.T) {
	p := mustProfile(t, mustTable(t, numberColumn(spaced(1000)...), named("y", spaced(1000)[:1000])))
	for name, bytes := range map[string][]byte{"broken": []byte("broken"), "of others": mustProfile(t, mustTable(t, numberColumn(spaced(100)...))).Columns[0].Sketches.Quantiles} {
		other, err := New(context.Background(), mustTable(t, numberColumn(spaced(1000)...), named("y", spaced(1000))), Options{})
		if err != nil {
			t.Fatal(err)
		}
		other.Columns[0].Sketches.Quantiles = bytes
		d := Compare(p, other)
		if !d.Columns[0].Approximate || d.Columns[1].Approximate || d.Verdict != Stable {
			t.Errorf("%s: %s", name, mustJSON(t, d.Columns))
		}
	}
}
