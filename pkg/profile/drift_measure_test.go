package profile

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// By how much a share has to change is Cohen's h, computed elsewhere: sin²(arcsin√p ± h/2) − p.
func TestChangeOfShareThatMatters(t *testing.T) {
	const n = 1_000_000_000 // chance is nothing
	for _, c := range []struct {
		a, b             int // per cent
		moderate, severe float64
	}{
		{0, 1, 0.024792, 0.061209},
		{50, 51, 0.155492, 0.239713},
		{50, 49, 0.155492, 0.239713},
		{90, 91, 0.073454, 0.094847},
		{90, 80, 0.113121, 0.192804},
		{100, 99, 0.024792, 0.061209},
		{99, 100, 1, 1}, // out of reach
	} {
		m := compareShares(MissingShare, c.a*n/100, n, c.b*n/100, n).judge(0.01)
		if math.Abs(m.Moderate-c.moderate) > 1e-4 || math.Abs(m.Severe-c.severe) > 1e-4 {
			t.Errorf("%d%% to %d%%: %v and %v, want %v and %v", c.a, c.b, m.Moderate, m.Severe, c.moderate, c.severe)
		}
	}
}

// The least change that is significant is the threshold where chance is more than what matters.
func TestChanceOfShares(t *testing.T) {
	for _, c := range []struct{ a, n, m int }{{0, 100, 100}, {30, 100, 50}, {1000, 1000000, 20}, {500, 1000, 300}, {100, 100, 100}} {
		for _, level := range []float64{0.01, 1e-4} {
			for b := range c.m + 1 {
				m := compareShares(MissingShare, c.a, c.n, b, c.m).judge(level)
				if got := m.Value >= m.Moderate-1e-12; got != (m.Verdict != Stable) {
					t.Errorf("%d of %d, %d of %d at %v: %s, but %v with the threshold %v", c.a, c.n, b, c.m, level, m.Verdict, m.Value, m.Moderate)
				}
			}
		}
	}
}

func TestRareCategoriesArePooled(t *testing.T) {
	of := func(rows int, counts map[string]int) *categories { return &categories{rows: rows, counts: counts} }
	for _, c := range []struct {
		name string
		p, q *categories
		a, b []int
	}{
		{"rare ones join the rarest", of(100, map[string]int{"a": 60, "b": 38, "c": 1, "d": 1}), of(100, map[string]int{"a": 50, "b": 47, "e": 3}), []int{60, 40}, []int{50, 50}},
		{"rare ones are one", of(100, map[string]int{"a": 80, "b": 4, "c": 4, "d": 4, "e": 4, "f": 4}), of(100, map[string]int{"a": 90, "b": 4, "c": 4, "g": 2}), []int{80, 20}, []int{90, 10}},
		{"all are rare", of(100, map[string]int{"a": 1}), of(100, map[string]int{"b": 1}), []int{100}, []int{100}},
		{"rare on a large side alone", of(10000, map[string]int{"a": 9990, "b": 10}), of(100, map[string]int{"a": 50, "b": 50}), []int{9990, 10}, []int{50, 50}},
		{"not known well", &categories{rows: 100, counts: map[string]int{"a": 50, "b": 30}, off: 5, unknown: 5}, of(100, map[string]int{"a": 100}), []int{50, 50}, []int{100, 0}},
	} {
		a, b := pooled(c.p, c.q)
		if !slices.Equal(a, c.a) || !slices.Equal(b, c.b) {
			t.Errorf("%s: %v and %v, want %v and %v", c.name, a, b, c.a, c.b)
		}
	}
}

// Functions that cross between two knots have two triangles between them.
func TestWassersteinOfSlopes(t *testing.T) {
	p := &distribution{rows: 100, knots: []knot{{0, 0, 0}, {1, 1, 1}}}
	q := &distribution{rows: 100, knots: []knot{{0, 0, 0.25}, {1, 0.75, 1}}}
	w, ok := wasserstein(p, q, 0.5)
	if !ok || *w.measure.Statistic != 0.125 || w.measure.Value != 0.25 {
		t.Errorf("%+v, want 0.125 and 0.25", w.measure)
	}
}

// One outlier of the smaller side, or in a sketch where it stands for many, is chance.
func TestAnOutlierIsNoDrift(t *testing.T) {
	body := knot{0, 0, 1}
	with := func(rows int, share, grain float64) *distribution {
		return &distribution{rows: rows, grain: grain, knots: []knot{{0, 0, 1 - share}, {1e9, 1 - share, 1}}}
	}
	for _, c := range []struct {
		name        string
		p, q        *distribution
		significant bool
	}{
		{"of 50", &distribution{rows: 1000, knots: []knot{body}}, with(50, 0.02, 0), false},
		{"of 64 in 20,000", &distribution{rows: 20000, knots: []knot{body}, grain: 64. / 20000}, with(20000, 64./20000, 64./20000), false},
		{"64 of 20,000", &distribution{rows: 20000, knots: []knot{body}}, with(20000, 64./20000, 0), true},
	} {
		w, ok := wasserstein(c.p, c.q, 1)
		if !ok || (w.measure.P <= 2e-4) != c.significant {
			t.Errorf("%s: p %v", c.name, w.measure.P)
		}
	}
}

func TestForeignTextsAreNotCounted(t *testing.T) {
	profile := func(n int) *Profile {
		return mustProfile(t, mustTable(t, textColumn(slices.Repeat([]string{"a", "b"}, n)...)))
	}
	a, b := profile(100), profile(100)
	b.Columns[0].Sketches.Frequent = profile(7).Columns[0].Sketches.Frequent
	if m := Compare(a, b).Columns[0].Measure(NewValues); m == nil || m.Value != 0 {
		t.Errorf("the values listed are not read: %+v", m)
	}
	if k := counted(&b.Columns[0]); k != nil {
		t.Errorf("counts of another column: %+v", k)
	}
}

// One of 30 rows may be missing where none was; a mean may differ by a rounding where all were
// the same.
func TestChanceInHistories(t *testing.T) {
	history := func(last Column) []string {
		first := last
		first.Missing, first.Count = 0, 30
		summary := *last.Numeric
		summary.Mean = 0.1
		first.Numeric = &summary
		var all []Snapshot
		for i := range 6 {
			c := first
			if i == 5 {
				c = last
			}
			all = append(all, Snapshot{Version: "v", Time: time.Unix(int64(i), 0), Profile: &Profile{Rows: 30, Columns: []Column{c}}})
		}
		return found(Trend(all))
	}
	zero := 0.0
	column := Column{Name: "x", Type: dataset.Numeric, Count: 29, Missing: 1, Numeric: &NumericSummary{Mean: math.Nextafter(0.1, 1), SD: &zero}}
	if got := history(column); got != nil {
		t.Errorf("%q", got)
	}
	column.Count, column.Missing = 15, 15
	column.Numeric.Mean = 0.1001
	// Of too few values, the mean is not judged.
	if got := history(column); !slices.Equal(got, []string{"v x missing_share severe"}) {
		t.Errorf("%q", got)
	}
}

// The least numbers there are have no halves, the greatest no differences.
func TestWayBetweenTheEndsOfFloat64(t *testing.T) {
	const least, most = 5e-324, math.MaxFloat64
	for _, c := range [][4]float64{{0, least, least, 1}, {0, least, 0, 0}, {-most, most, 0, 0.5}, {-most, most, most, 1}, {1, 3, 2, 0.5}} {
		if got := way(c[0], c[1], c[2]); got != c[3] {
			t.Errorf("way%v is %v", c[:3], got)
		}
	}
}
