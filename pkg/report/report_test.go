package report

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/profile"
)

var update = flag.Bool("update", false, "write the golden files anew")

// compare holds output to a golden file, which a person has looked at.
func compare(t *testing.T, name string, write func(w *bytes.Buffer) error) {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), want) {
		t.Errorf("%s:\n%s\nwant\n%s\nif this is better, run the test with -update", name, b.Bytes(), want)
	}
}

func TestStatistics(t *testing.T) {
	for _, name := range []string{"penguins", "adult"} {
		parts, err := dataset.Files("../../testdata/" + name + ".csv")
		if err != nil {
			t.Fatal(err)
		}
		table, _, err := dataset.ReadCSV(context.Background(), parts, dataset.Options{})
		if err != nil {
			t.Fatal(err)
		}
		p, err := profile.New(context.Background(), table, profile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		compare(t, name, func(w *bytes.Buffer) error { return Statistics(w, p, Style{}) })
		holdWidth(t, name, 100, func(w *bytes.Buffer) error { return Statistics(w, p, Style{}) })
		holdWidth(t, name, 80, func(w *bytes.Buffer) error { return Statistics(w, p, Style{Width: 10}) })
	}
}

// holdWidth fails for a line wider than the terminal or with space at its end.
func holdWidth(t *testing.T, name string, width int, write func(w *bytes.Buffer) error) {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		line = strings.TrimSuffix(line, "\n")
		if n := text.StringWidthWithoutEscSequences(line); n > width {
			t.Errorf("%s: %d columns, want at most %d: %s", name, n, width, line)
		}
		if strings.TrimRight(line, " ") != line {
			t.Errorf("%s: spaces at the end of %q", name, line)
		}
	}
}

// edges is a profile of what rarely comes together.
func edges() *profile.Profile {
	summary := func(low, mean, high float64, counts ...int) *profile.NumericSummary {
		return &profile.NumericSummary{Min: low, Mean: mean, Max: high, Histogram: profile.Histogram{Counts: counts}}
	}
	return &profile.Profile{Rows: 1234567, Columns: []profile.Column{
		{Name: "all missing", Type: dataset.Numeric, Missing: 1234567},
		{Name: "with infinities", Type: dataset.Numeric, Count: 1234567, Distinct: 1234567,
			Infinite: profile.Infinite{Negative: 1, Positive: 12000}, Numeric: summary(-1.2345e300, 0.00001234, 1.2345e300, 1, 0, 5, 3)},
		{Name: "only infinities", Type: dataset.Numeric, Count: 2, Missing: 1234565, Distinct: 2,
			Infinite: profile.Infinite{Negative: 1, Positive: 1}, Top: []profile.Value{{Value: "-Inf", Count: 1}, {Value: "+Inf", Count: 1}}},
		{Name: "when", Type: dataset.Timestamp, Count: 1234566, Missing: 1, Distinct: 800000, Numeric: summary(0, 1e15, 1.8e15, 1, 2, 3, 4, 5, 6, 7, 8),
			Period: &profile.Period{First: "1970-01-01T00:00:00Z", Last: "2027-01-15T08:00:00Z"}},
		{Name: "flag", Type: dataset.Boolean, Count: 1000, Missing: 1233567, Distinct: 2,
			Top: []profile.Value{{Value: "false", Count: 999}, {Value: "true", Count: 1}}},
		{Name: "a name far too long for a table", Type: dataset.Categorical, Count: 1234567, Distinct: 1234567,
			Top: []profile.Value{{Value: "id-000001", Count: 1}}},
		{Name: "hostile\x1b[31m\n", Type: dataset.Text, Count: 1234567, Distinct: 90000, Top: []profile.Value{
			{Value: "\x1b]0;title\a", Count: 400000}, {Value: "", Count: 300000}, {Value: `a, "b"`, Count: 200000}}},
		{Name: "日本語", Type: dataset.Text, Count: 1234567, Distinct: 4, Top: []profile.Value{
			{Value: strings.Repeat("長い", 50), Count: 1234000, Truncated: true}, {Value: "短い", Count: 567}}},
	}}
}

func TestStatisticsOfEdges(t *testing.T) {
	write := func(w *bytes.Buffer) error { return Statistics(w, edges(), Style{}) }
	compare(t, "edges", write)
	holdWidth(t, "edges", 100, write)
}

// In a narrow terminal the mean gives way to the histogram, and only there.
func TestMeanGivesWay(t *testing.T) {
	summary := func(low, mean, high float64) *profile.NumericSummary {
		return &profile.NumericSummary{Min: low, Mean: mean, Max: high, Histogram: profile.Histogram{Counts: []int{1, 2, 3, 4, 5, 6}}}
	}
	p := &profile.Profile{Rows: 3000, Columns: []profile.Column{
		{Name: "a categorical name", Type: dataset.Categorical, Count: 3000, Missing: 293, Distinct: 3, Top: []profile.Value{{Value: "north", Count: 2000}}},
		{Name: "tiny", Type: dataset.Numeric, Count: 3000, Distinct: 2979, DistinctError: 0.01, Numeric: summary(-3.073e-9, -1.272e-12, 3.416e-9)}}}
	for width, mean := range map[int]bool{80: false, 120: true} {
		var b bytes.Buffer
		write := func(w *bytes.Buffer) error { return Statistics(w, p, Style{Width: width}) }
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(b.String(), "  mean  ") && strings.Contains(b.String(), "-1.272e-12"); got != mean || !strings.Contains(b.String(), sparkline([]int{1, 2, 3, 4, 5, 6}, 6)) {
			t.Errorf("%d columns: with the mean %t, want %t, and the histogram:\n%s", width, got, mean, b.String())
		}
		holdWidth(t, "mean", width, write)
	}
}

func TestStatisticsOfNothing(t *testing.T) {
	compare(t, "nothing", func(w *bytes.Buffer) error { return Statistics(w, &profile.Profile{}, Style{}) })
}

func leaderboard() []LeaderboardRow {
	return []LeaderboardRow{
		{Trial: "t007", Learner: "boosting", Score: 0.912345, StandardError: 0.00312, Params: map[string]any{
			"rounds": 200, "learning_rate": 0.1, "leaves": 31.0, "min_leaf": 20.0, "subsample": 0.8, "loss": "logistic", "monotone": []any{1.0, 0.0}}},
		{Trial: "t012", Learner: "boosting", Score: 0.91, StandardError: 0.0101, Params: map[string]any{"learning_rate": 0.0333333333}},
		{Trial: "t003", Learner: "logistic", Score: 0.9011, StandardError: 0.0041, Params: map[string]any{"l2": 1e-5, "intercept": true}},
		{Trial: "t001", Learner: "baseline", Score: 0.5},
		{Trial: "t005", Learner: "linear", Params: map[string]any{"l2": 0.0}, Failed: "column \"age\": singular\nstack"},
	}
}

func TestLeaderboard(t *testing.T) {
	write := func(w *bytes.Buffer) error { return Leaderboard(w, leaderboard(), "roc_auc", Style{}) }
	compare(t, "leaderboard", write)
	holdWidth(t, "leaderboard", 100, write)
	holdWidth(t, "leaderboard", 80, func(w *bytes.Buffer) error { return Leaderboard(w, leaderboard(), "roc_auc", Style{Width: 80}) })
}

func TestLeaderboardOfFailures(t *testing.T) {
	compare(t, "failures", func(w *bytes.Buffer) error { return Leaderboard(w, leaderboard()[4:], "rmse", Style{}) })
}

func TestColorsOnlyWhenAsked(t *testing.T) {
	text.EnableColors()
	for _, color := range []bool{false, true} {
		var b bytes.Buffer
		if err := errors.Join(
			Statistics(&b, edges(), Style{Color: color}),
			Leaderboard(&b, leaderboard(), "roc_auc", Style{Color: color}),
		); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(b.String(), "\x1b["); got != color {
			t.Errorf("color %v: escapes %v", color, got)
		}
		var plain bytes.Buffer
		if err := errors.Join(
			Statistics(&plain, edges(), Style{}),
			Leaderboard(&plain, leaderboard(), "roc_auc", Style{}),
		); err != nil {
			t.Fatal(err)
		}
		if got := text.StripEscape(b.String()); got != plain.String() {
			t.Errorf("color %v: without escapes\n%s\nwant\n%s", color, got, plain.String())
		}
	}
}

type brokenWriter struct{ left int }

var errBroken = errors.New("broken pipe")

func (w *brokenWriter) Write(b []byte) (int, error) {
	if w.left--; w.left < 0 {
		return 0, errBroken
	}
	return len(b), nil
}

func TestWriteErrorsAreReturned(t *testing.T) {
	for i := range 4 {
		if err := Statistics(&brokenWriter{i}, edges(), Style{}); !errors.Is(err, errBroken) {
			t.Errorf("statistics: error %v at write %d", err, i)
		}
		if err := Leaderboard(&brokenWriter{i}, leaderboard(), "mae", Style{}); !errors.Is(err, errBroken) {
			t.Errorf("leaderboard: error %v at write %d", err, i)
		}
	}
}

// alarming is a profile of alerts, and of values that must not be seen.
func alarming() *profile.Profile {
	p := &profile.Profile{Rows: 5000, Duplicates: &profile.Duplicates{Rows: 120, Error: 11}, Columns: []profile.Column{
		{Name: "mail", Type: dataset.Text, Count: 5000, Distinct: 4900, DistinctError: 0.016, TopError: 3,
			Personal: []profile.Personal{{Kind: "email", Share: 0.99}}, Top: []profile.Value{{Value: "ada@example.org", Count: 9}, {Value: "Lovelace\x1b", Count: 5}}},
		{Name: "card", Type: dataset.Numeric, Count: 5000, Distinct: 5000, Personal: []profile.Personal{{Kind: "card", Share: 1}, {Kind: "phone", Share: 0.1}},
			Numeric: &profile.NumericSummary{Min: 4111111111111111, Mean: 4.3e15, Max: 5500005555555559, Histogram: profile.Histogram{Edges: []float64{4111111111111111, 5500005555555559}, Counts: []int{5000}}},
			Top:     []profile.Value{{Value: "4111111111111111", Count: 1}}},
		{Name: "mixed", Type: dataset.Text, Count: 5000, Distinct: 20000, DistinctError: 0.016, Confidence: 0.75, Kinds: profile.Kinds{Number: 3750, Text: 1250},
			Numeric: &profile.NumericSummary{Min: 1, Mean: 2, Max: 3}},
	}}
	p.Alerts = []profile.Alert{
		{Kind: profile.AlertLeakage, Severity: profile.SeverityError, Columns: []string{"hostile\x1b[31m"}, Evidence: "it alone tells 99.8 % of what there is to know of \"income\"", Remedy: strings.Repeat("Is it known before the target is? ", 6)},
		{Kind: profile.AlertCorrelated, Severity: profile.SeverityWarning, Columns: strings.Split("abcdefghijkl", ""), Evidence: "12 columns go with each other", Remedy: "Keep one"},
		{Kind: profile.AlertDuplicates, Severity: profile.SeverityInfo, Evidence: "about 120 rows repeat", Remedy: "Remove them"},
	}
	for range 12 {
		p.Alerts = append(p.Alerts, profile.Alert{Kind: profile.AlertSkew, Severity: profile.SeverityInfo, Columns: []string{"mixed"}, Evidence: "skewness 12", Remedy: "Take the logarithm"})
	}
	return p
}

func TestStatisticsWithAlerts(t *testing.T) {
	write := func(w *bytes.Buffer) error { return Statistics(w, alarming(), Style{}) }
	compare(t, "alerts", write)
	holdWidth(t, "alerts", 100, write)
	var b bytes.Buffer
	if err := Statistics(&b, alarming(), Style{Color: true}); err != nil {
		t.Fatal(err)
	}
	var plain bytes.Buffer
	if err := write(&plain); err != nil {
		t.Fatal(err)
	}
	if text.StripEscape(b.String()) != plain.String() {
		t.Error("colors change the text")
	}
}

// TestPersonalDataIsNotShown looks for the values in all that is written of them.
func TestPersonalDataIsNotShown(t *testing.T) {
	var b bytes.Buffer
	drifted := &profile.Drift{Verdict: profile.Severe}
	for _, c := range alarming().Columns {
		drifted.Columns = append(drifted.Columns, profile.ColumnDrift{Name: c.Name, Baseline: c.Type, Current: c.Type, Verdict: profile.Severe})
	}
	if err := errors.Join(Statistics(&b, alarming(), Style{}), StatisticsHTML(&b, alarming(), About{}, Judgments{Drift: drifted, Baseline: alarming()})); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"ada", "example", "ovelace", "4111", "41111", "5500", "4.11", "e15", "e+15", "e&#43;15"} {
		if strings.Contains(strings.ReplaceAll(b.String(), pageCSS, ""), secret) {
			t.Errorf("%q is shown", secret)
		}
	}
	for _, mask := range []string{"a•••@e•••.org", "1111"} {
		if !strings.Contains(b.String(), mask) {
			t.Errorf("no %q", mask)
		}
	}
}

// Wide data does not flood a terminal: what matters is shown, and how much is left out.
func TestWideDataIsCut(t *testing.T) {
	p, j := broad(300), judgments(300)
	p.Alerts = append(p.Alerts, profile.Alert{Kind: profile.AlertSkew, Severity: profile.SeverityWarning, Columns: []string{"measure_299"}})
	p.Alerts[1].Columns = nil
	j.History.Anomalies = append(j.History.Anomalies, profile.Anomaly{Version: j.History.Versions[1].Version, Column: "measure_298"})
	for range 150 {
		j.History.Anomalies = append(j.History.Anomalies, profile.Anomaly{Version: j.History.Versions[0].Version, Column: "measure_001"})
	}
	for name, table := range map[string]struct {
		write func(w *bytes.Buffer, s Style) error
		lines int
		parts []string
	}{
		"statistics": {func(w *bytes.Buffer, s Style) error { return Statistics(w, p, s) }, 100, []string{"measure_299", "240 more columns without alerts are in the JSON"}},
		"drift":      {func(w *bytes.Buffer, s Style) error { return Drift(w, j.Drift, s) }, 100, []string{"240 more columns, none more severe, are in the JSON"}},
		"history":    {func(w *bytes.Buffer, s Style) error { return History(w, j.History, s) }, 190, []string{"measure_298", "240 more columns are in the JSON", "52 more anomalies are in the JSON"}},
		"violations": {func(w *bytes.Buffer, s Style) error { return Violations(w, j.Violations, s) }, 110, []string{"200 more are in the JSON"}},
	} {
		for _, width := range []int{80, 120} {
			var b bytes.Buffer
			write := func(w *bytes.Buffer) error { return table.write(w, Style{Width: width}) }
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(b.String(), "\n"); n > table.lines {
				t.Errorf("%s: %d lines, want at most %d", name, n, table.lines)
			}
			for _, part := range table.parts {
				if !strings.Contains(b.String(), part) {
					t.Errorf("%s: no %q", name, part)
				}
			}
			holdWidth(t, name, width, write)
		}
	}
}
