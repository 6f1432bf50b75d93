package report

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/profile"
)

func at(v float64) *float64 { return &v }

// drift is one of every kind of column.
func drift() *profile.Drift {
	measure := func(kind profile.MeasureKind, value float64, verdict profile.Verdict) profile.Measure {
		return profile.Measure{Kind: kind, Value: value, Verdict: verdict}
	}
	return &profile.Drift{
		BaselineRows: 48842, CurrentRows: 1200, Verdict: profile.Severe, Reason: "4 of 7 columns drifted, 2 of them severely", Tests: 20, Level: 0.0005,
		Columns: []profile.ColumnDrift{
			{Name: "stable", Baseline: dataset.Numeric, Current: dataset.Numeric, Verdict: profile.Stable, Reason: "within chance",
				MissingBaseline: at(0), MissingCurrent: at(0),
				Measures: []profile.Measure{measure(profile.PSI, 0.0123, profile.Stable), measure(profile.KolmogorovSmirnov, 0.0098, profile.Stable)}},
			{Name: "age", Baseline: dataset.Numeric, Current: dataset.Numeric, Verdict: profile.Moderate,
				Reason:          "the median went from 37 to 41, the standard deviation went from 13.7 to 13.2 (PSI 0.1412, JS 0.1571, KS 0.1603)",
				MissingBaseline: at(0), MissingCurrent: at(0.00001),
				Measures: []profile.Measure{measure(profile.PSI, 0.1412, profile.Moderate), measure(profile.KolmogorovSmirnov, 0.1603, profile.Moderate), measure(profile.MissingShare, 0.00001, profile.Stable)}},
			{Name: "a name far too long for a table", Baseline: dataset.Categorical, Current: dataset.Categorical, Verdict: profile.Severe, Approximate: true,
				Reason:          `missing values went from 0.5% to 62%; "Private\n" went from 70% to 12% of the values (PSI 1.5, V 0.58)`,
				MissingBaseline: at(0.005), MissingCurrent: at(0.62),
				Measures: []profile.Measure{measure(profile.PSI, 1.5, profile.Severe), measure(profile.ChiSquared, 0.58, profile.Severe), measure(profile.MissingShare, 0.615, profile.Severe)}},
			{Name: "id", Baseline: dataset.Text, Current: dataset.Text, Verdict: profile.Unjudged, Reason: "it names rows, so that its values are new each time",
				MissingBaseline: at(0), MissingCurrent: at(0)},
			{Name: "gone", Baseline: dataset.Boolean, Verdict: profile.Severe, Reason: "the column is gone"},
			{Name: "empty", Baseline: dataset.Numeric, Current: dataset.Numeric, Verdict: profile.Stable, Reason: "within chance", MissingBaseline: at(1), MissingCurrent: at(1)},
			{Name: "hostile\x1b[31m", Current: dataset.Boolean, Verdict: profile.Moderate, Reason: "the column is new"},
		},
	}
}

func TestDrift(t *testing.T) {
	for name, width := range map[string]int{"drift": 100, "drift_80": 80, "drift_120": 120} {
		write := func(w *bytes.Buffer) error { return Drift(w, drift(), Style{Width: width}) }
		compare(t, name, write)
		holdWidth(t, name, width, write)
	}
	compare(t, "drift_nothing", func(w *bytes.Buffer) error {
		return Drift(w, profile.Compare(&profile.Profile{}, &profile.Profile{}), Style{})
	})
}

// history is twelve versions in which little is defined always.
func history() *profile.History {
	const n = 12
	series := func(m profile.Metric, value func(i int) float64) profile.Series {
		s := profile.Series{Metric: m, Values: make([]*float64, n)}
		for i := range n {
			if v := value(i); !math.IsNaN(v) {
				s.Values[i] = &v
			}
		}
		return s
	}
	nan := math.NaN()
	h := &profile.History{Rows: series(profile.MetricRows, func(i int) float64 { return float64(12000 + 500*i) })}
	for i := range n {
		version := strings.Repeat(string(rune('a'+i)), 64)
		h.Versions = append(h.Versions, profile.HistoryVersion{Version: version, Time: time.Date(2026, time.January, 5+7*i, 3, 0, 0, 0, time.UTC)})
	}
	h.Columns = []profile.ColumnHistory{
		{Name: "age", Type: dataset.Numeric, Series: []profile.Series{
			series(profile.MetricMissing, func(i int) float64 { return float64(i%2) / 100 }),
			series(profile.MetricMean, func(i int) float64 {
				if i == 11 {
					return 52.123456
				}
				return 38 + float64(i%3)
			}),
			series(profile.MetricMedian, func(i int) float64 { return 37 }),
			series(profile.MetricSD, func(i int) float64 { return 13.64 }),
			series(profile.MetricDistinct, func(i int) float64 { return 73 }),
			series(profile.MetricTop, func(i int) float64 { return 0.03 }),
		}},
		{Name: "when", Type: dataset.Timestamp, Series: []profile.Series{
			series(profile.MetricMissing, func(i int) float64 { return 0 }),
			series(profile.MetricMean, func(i int) float64 { return float64(h.Versions[i].Time.UnixMicro()) }),
			series(profile.MetricSD, func(i int) float64 { return 2 * 86400e6 }),
		}},
		{Name: "a name far too long for a table", Type: dataset.Categorical, Series: []profile.Series{
			series(profile.MetricMissing, func(i int) float64 { return max(0, float64(i-6)/8) }),
			series(profile.MetricDistinct, func(i int) float64 { return 123456 + float64(i) }),
			series(profile.MetricTop, func(i int) float64 { return 0.7 + float64(i)/1000 }),
		}},
		{Name: "hostile\x1b[31m", Type: dataset.Boolean, Series: []profile.Series{
			series(profile.MetricMissing, func(i int) float64 {
				if i < 3 || i > 9 {
					return nan
				}
				return 1
			}),
			series(profile.MetricDistinct, func(i int) float64 {
				if i < 3 || i > 9 {
					return nan
				}
				return 0
			}),
		}},
		{Name: "huge", Type: dataset.Numeric, Series: []profile.Series{
			series(profile.MetricMissing, func(i int) float64 { return 0 }),
			series(profile.MetricMean, func(i int) float64 { return 1.5e308 * float64(i%3-1) }),
		}},
	}
	h.Anomalies = []profile.Anomaly{
		{Version: h.Versions[3].Version, Column: "hostile\x1b[31m", Verdict: profile.Moderate, Evidence: "the column is new"},
		{Version: h.Versions[10].Version, Column: "hostile\x1b[31m", Verdict: profile.Severe, Evidence: "the column is gone"},
		{Version: h.Versions[11].Version, Verdict: profile.Moderate, Metric: profile.MetricRows, Evidence: "rows 17500; in 11 earlier versions about 14500 (usual: 9667 to 21750)"},
		{Version: h.Versions[11].Version, Column: "age", Verdict: profile.Severe, Metric: profile.MetricMean, Evidence: "mean 52.12; in 11 earlier versions about 39 (usual: 34.69 to 43.31)"},
	}
	return h
}

func TestHistory(t *testing.T) {
	for name, width := range map[string]int{"history": 100, "history_80": 80, "history_120": 120} {
		write := func(w *bytes.Buffer) error { return History(w, history(), Style{Width: width}) }
		compare(t, name, write)
		holdWidth(t, name, width, write)
	}
	compare(t, "history_nothing", func(w *bytes.Buffer) error { return History(w, profile.Trend(nil), Style{}) })
	one := profile.Trend([]profile.Snapshot{{Version: "one", Time: time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC), Profile: edges()}})
	compare(t, "history_one", func(w *bytes.Buffer) error { return History(w, one, Style{}) })
}

// Both are in color when asked, and the same text without.
func TestDriftAndHistoryInColor(t *testing.T) {
	text.EnableColors()
	write := func(w *bytes.Buffer, color bool) error {
		return errors.Join(Drift(w, drift(), Style{Color: color}), History(w, history(), Style{Color: color}))
	}
	var plain, colored bytes.Buffer
	if err := errors.Join(write(&plain, false), write(&colored, true)); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(plain.String(), "\x1b") || !strings.Contains(colored.String(), "\x1b[31m") {
		t.Error("colors where none were asked for, or none where they were")
	}
	if got := text.StripEscape(colored.String()); got != plain.String() {
		t.Errorf("without escapes\n%s\nwant\n%s", got, plain.String())
	}
	for i := range 6 {
		if err := Drift(&brokenWriter{i}, drift(), Style{}); !errors.Is(err, errBroken) {
			t.Errorf("drift: error %v at write %d", err, i)
		}
		if err := History(&brokenWriter{i}, history(), Style{}); !errors.Is(err, errBroken) {
			t.Errorf("history: error %v at write %d", err, i)
		}
	}
}

func TestTrendline(t *testing.T) {
	for _, c := range []struct {
		values []*float64
		least  float64
		want   string
	}{
		{nil, 0, ""},
		{[]*float64{nil, nil}, 0, "  "},
		{[]*float64{at(0), at(0)}, 0, "▁▁"},
		{[]*float64{at(5), nil, at(5)}, 0.5, "▅ ▅"},
		{[]*float64{at(100), at(101)}, 10, "▄▅"}, // a hundredth more is nothing to see
		{[]*float64{at(0), at(4), at(8)}, 0.8, "▁▅█"},
		{[]*float64{at(-1.7e308), at(0), at(1.7e308)}, 1.7e307, "▁▅█"},
		{[]*float64{at(0), at(0), at(0.01)}, 0.05, "▁▁▂"},
		{[]*float64{at(0), at(0.5), at(1)}, 0.05, "▁▅█"},
	} {
		if got := trendline(c.values, c.least); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
