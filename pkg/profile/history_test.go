package profile

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// versions are snapshots a day apart.
func versions(profiles ...*Profile) []Snapshot {
	var history []Snapshot
	for i, p := range profiles {
		history = append(history, Snapshot{Version: fmt.Sprintf("v%d", i+1), Time: time.Unix(int64(i)*86400, 0).UTC(), Profile: p})
	}
	return history
}

// day is a data set of one day: a normal column, one that is missing in a tenth of the rows,
// and categories.
func day(t testing.TB, i, rows int, change func(columns []dataset.Column)) *Profile {
	r := seed.Rand(seed.Derive(7, "day", i))
	normal, sparse, levels := make([]float64, rows), make([]float64, rows), make([]string, rows)
	for j := range rows {
		normal[j], sparse[j], levels[j] = 50+10*r.NormFloat64(), r.ExpFloat64(), strconv.Itoa(r.IntN(4))
		if r.IntN(10) == 0 {
			sparse[j] = missing()
		}
	}
	columns := []dataset.Column{
		{Name: "normal", Type: dataset.Numeric, Values: normal},
		{Name: "sparse", Type: dataset.Numeric, Values: sparse},
		textColumn(levels...),
	}
	columns[2].Name = "level"
	if change != nil {
		change(columns)
	}
	return mustProfile(t, mustTable(t, columns...))
}

func missing() float64 { v, _ := strconv.ParseFloat("NaN", 64); return v }

// found lists anomalies as "version column metric verdict".
func found(h *History) []string {
	var list []string
	for _, a := range h.Anomalies {
		list = append(list, strings.Join([]string{a.Version, a.Column, string(a.Metric), string(a.Verdict)}, " "))
	}
	return list
}

func TestTrendFindsWhatIsUnusual(t *testing.T) {
	for _, c := range []struct {
		name   string
		rows   int // of the last version
		change func(columns []dataset.Column)
		want   []string
	}{
		{"nothing", 1000, nil, nil},
		{"a few more rows", 1200, nil, nil},
		{"half of the rows", 500, nil, []string{"v8  rows moderate"}},
		{"few rows", 100, nil, []string{"v8  rows severe"}},
		{"a shift", 1000, func(c []dataset.Column) {
			for i := range c[0].Values {
				c[0].Values[i] += 4
			}
		}, []string{"v8 normal mean moderate", "v8 normal median moderate"}},
		{"a great shift", 1000, func(c []dataset.Column) {
			for i := range c[0].Values {
				c[0].Values[i] += 10
			}
		}, []string{"v8 normal mean severe", "v8 normal median severe"}},
		{"another unit", 1000, func(c []dataset.Column) {
			for i := range c[0].Values {
				c[0].Values[i] = (c[0].Values[i] - 50) * 2
			}
		}, []string{"v8 normal mean severe", "v8 normal median severe", "v8 normal sd severe"}},
		{"missing", 1000, func(c []dataset.Column) {
			for i := range c[1].Values {
				if i%3 == 0 {
					c[1].Values[i] = missing()
				}
			}
		}, []string{"v8 sparse missing_share severe"}},
		{"none missing", 1000, func(c []dataset.Column) {
			for i, v := range c[1].Values {
				if v != v {
					c[1].Values[i] = 0.5
				}
			}
		}, []string{"v8 sparse missing_share severe", "v8 sparse top_share severe"}},
		{"one level", 1000, func(c []dataset.Column) {
			clear(c[2].Codes)
		}, []string{"v8 level distinct severe", "v8 level top_share severe"}},
		{"a type", 1000, func(c []dataset.Column) {
			name := c[0].Name
			c[0] = textColumn(slices.Repeat([]string{"a", "b"}, 500)...)
			c[0].Name = name
		}, []string{"v8 normal  severe"}},
		{"a name", 1000, func(c []dataset.Column) { c[1].Name = "dense" }, []string{"v8 dense  moderate", "v8 sparse  severe"}},
	} {
		var profiles []*Profile
		for i := range 7 {
			profiles = append(profiles, day(t, i, 1000+10*i, nil))
		}
		profiles = append(profiles, day(t, 7, c.rows, c.change))
		h := Trend(versions(profiles...))
		if got := found(h); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		for _, a := range h.Anomalies {
			if a.Metric != "" && (a.Value == nil || a.Low == nil || a.High == nil || *a.Value >= *a.Low && *a.Value <= *a.High) {
				t.Errorf("%s: %s", c.name, mustJSON(t, a))
			}
		}
		mustJSON(t, h)
	}
}

func TestSeriesOfHistory(t *testing.T) {
	nan := missing()
	first := mustProfile(t, mustTable(t, numberColumn(1, 2, 6, nan), dataset.Column{Name: "old", Type: dataset.Text, Codes: []int32{0, 1, 1, -1}, Levels: []string{"a", "b"}}))
	second := mustProfile(t, mustTable(t, dataset.Column{Name: "new", Type: dataset.Boolean, Values: []float64{1, 0}}, numberColumn(nan, nan)))
	got := mustJSON(t, Trend(versions(first, second)))
	want := `{"versions":[{"version":"v1","time":"1970-01-01T00:00:00Z"},{"version":"v2","time":"1970-01-02T00:00:00Z"}],` +
		`"rows":{"metric":"rows","values":[4,2]},"columns":[` +
		`{"name":"new","type":"boolean","series":[{"metric":"missing_share","values":[null,0]},{"metric":"distinct","values":[null,2]},{"metric":"top_share","values":[null,0.5]}]},` +
		`{"name":"x","type":"numeric","series":[{"metric":"missing_share","values":[0.25,1]},{"metric":"mean","values":[3,null]},{"metric":"median","values":[2,null]},` +
		`{"metric":"sd","values":[2.6457513110645907,null]},{"metric":"distinct","values":[3,0]},{"metric":"top_share","values":[0.3333333333333333,null]}]},` +
		`{"name":"old","type":"text","series":[{"metric":"missing_share","values":[0.25,null]},{"metric":"distinct","values":[2,null]},{"metric":"top_share","values":[0.6666666666666666,null]}]}],` +
		`"anomalies":[{"version":"v2","column":"new","verdict":"moderate","evidence":"the column is new"},{"version":"v2","column":"old","verdict":"severe","evidence":"the column is gone"}]}`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestHistoryAtTheEdges(t *testing.T) {
	if got := mustJSON(t, Trend(nil)); got != `{"versions":[],"rows":{"metric":"rows","values":[]},"columns":[],"anomalies":[]}` {
		t.Errorf("of nothing: %s", got)
	}
	if got := found(Trend(versions(&Profile{}))); got != nil {
		t.Errorf("of one version: %q", got)
	}
	constant := func(v float64, n int) *Profile { return mustProfile(t, mustTable(t, numberColumn(repeated(v, n)...))) }
	for _, c := range []struct {
		name string
		last *Profile
		want []string
	}{
		{"the same", constant(5, 100), nil},
		{"another constant", constant(6, 100), []string{"v6 x mean severe", "v6 x median severe"}},
		{"no rows", constant(5, 0), []string{"v6  rows severe"}},
		{"all missing", constant(missing(), 100), []string{"v6 x missing_share severe"}},
		{"not constant", mustProfile(t, mustTable(t, numberColumn(spaced(100)...))), []string{"v6 x mean severe", "v6 x median severe", "v6 x sd severe", "v6 x top_share severe"}},
	} {
		h := Trend(versions(constant(5, 100), constant(5, 100), constant(5, 100), constant(5, 100), constant(5, 100), c.last))
		if got := found(h); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		mustJSON(t, h)
	}
	empty := Trend(versions(&Profile{}, &Profile{}, &Profile{}, &Profile{}, constant(5, 10)))
	if got := found(empty); !slices.Equal(got, []string{"v5  rows severe", "v5 x  moderate"}) {
		t.Errorf("rows after none: %q", got)
	}
	mustJSON(t, empty)
}

// With fewer than four versions before it, a version is compared with the one before.
func TestEarlyVersionsAreCompared(t *testing.T) {
	var profiles []*Profile
	for i := range 5 {
		profiles = append(profiles, day(t, i, 1000, func(c []dataset.Column) {
			if i == 2 {
				for j := range c[0].Values {
					c[0].Values[j] += 20
				}
			}
		}))
	}
	h := Trend(versions(profiles...))
	// There and back; the fifth is like the median of those before.
	if got := found(h); !slices.Equal(got, []string{"v3 normal  severe", "v4 normal  severe"}) {
		t.Errorf("%q", got)
	}
	if e := h.Anomalies[0].Evidence; !strings.Contains(e, "the median went from") {
		t.Errorf("evidence %q", e)
	}
}

// Versions of one process, whose mean wanders by as much as matters and whose rows grow by a
// tenth each time: what is usual is no anomaly but for once in 100 of ten versions each.
func TestUsualVersionsAreQuiet(t *testing.T) {
	quiet := 0
	const histories = 50
	for trial := range histories {
		r := seed.Rand(seed.Derive(3, "wander", trial))
		var profiles []*Profile
		rows := 200.0
		for range 14 {
			rows *= 1.1
			profiles = append(profiles, wandering(t, r, int(rows)))
		}
		if h := Trend(versions(profiles...)); !slices.ContainsFunc(h.Anomalies, func(a Anomaly) bool { return a.Metric != "" }) {
			quiet++
		}
	}
	t.Logf("%d of %d histories are quiet", quiet, histories)
	if quiet < histories-12 { // once in 1,000 if 5 are due, or 6 as mean and median differ
		t.Errorf("%d of %d histories are quiet", quiet, histories)
	}
}

func wandering(t testing.TB, r *rand.Rand, rows int) *Profile {
	values := make([]float64, rows)
	place := r.NormFloat64() * 3
	for i := range values {
		values[i] = place + 10*r.NormFloat64()
	}
	return mustProfile(t, mustTable(t, numberColumn(values...)))
}

// The factors are those of the simulation.
func TestUsualSpreadIsSimulated(t *testing.T) {
	golden := map[string]float64{}
	readGolden(t, "history_mad.json", &golden)
	if len(golden) != len(usualSpread) {
		t.Fatalf("%d sizes, want %d", len(usualSpread), len(golden))
	}
	for _, u := range usualSpread {
		if want := golden[strconv.Itoa(u.n)]; relative(u.times, want) > 0.01 { // as the trials say by themselves
			t.Errorf("%d: %v, want %v", u.n, u.times, want)
		}
	}
}
