package report

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/profile/expectation"
)

// judgments are made-up judgments of broad(columns), one of each kind for every few columns.
func judgments(columns int) Judgments {
	p := broad(columns)
	j := Judgments{Checked: true, Baseline: broad(columns), BaselineName: "last <week>",
		Drift:   &profile.Drift{BaselineRows: 5, CurrentRows: 7, Verdict: profile.Severe, Reason: "1 column drifted & so on"},
		History: &profile.History{Rows: profile.Series{Metric: profile.MetricRows}}}
	value := func(v float64) *float64 { return &v }
	for i := range 9 {
		j.History.Versions = append(j.History.Versions, profile.HistoryVersion{Version: fmt.Sprintf("%064d", i), Time: time.Unix(int64(86400*i), 0)})
		j.History.Rows.Values = append(j.History.Rows.Values, value(float64(1000+i)))
	}
	for i, c := range p.Columns {
		verdict := []profile.Verdict{profile.Stable, profile.Moderate, profile.Severe, profile.Unjudged}[i%4]
		j.Drift.Columns = append(j.Drift.Columns, profile.ColumnDrift{Name: c.Name, Verdict: verdict, Reason: "the reason", Approximate: true,
			Measures: []profile.Measure{{Kind: profile.PSI, Value: 0.31, Verdict: profile.Severe}, {Kind: profile.MissingShare, Verdict: profile.Stable}}})
		before := &j.Baseline.Columns[i]
		if before.Numeric != nil {
			before.Numeric.Min, before.Numeric.Max = -8, 4
		}
		if len(before.Top) > 1 {
			before.Top = before.Top[1:]
		}
		series := profile.Series{Metric: profile.MetricMissing}
		for v := range j.History.Versions {
			series.Values = append(series.Values, value(float64(v%4)/8))
		}
		series.Values[2] = nil
		means := profile.Series{Metric: profile.MetricMean, Values: make([]*float64, len(series.Values))}
		if means.Values[8] = value(135791); len(c.Personal) > 0 {
			means.Values[8] = value(246802)
		}
		j.History.Columns = append(j.History.Columns, profile.ColumnHistory{Name: c.Name, Type: c.Type, Series: []profile.Series{series, means}})
		j.Violations = append(j.Violations, expectation.Violation{Column: c.Name, Rule: "range", Expected: "at most 3", Found: "4 & more", Rows: 12, About: true, Undecided: i%3 == 2})
	}
	j.History.Anomalies = []profile.Anomaly{{Version: j.History.Versions[5].Version, Column: p.Columns[0].Name, Metric: profile.MetricMissing, Verdict: profile.Severe, Evidence: "far out"}}
	return j
}

func TestStatisticsHTMLOfJudgments(t *testing.T) {
	page := html(t, broad(30), About{}, judgments(30))
	for _, part := range []string{"20 expectations are not fulfilled, 10 cannot be decided", "4 &amp; more", "~12", "(undecided)",
		"Drift: severe", "1 column drifted &amp; so on", "7 rows compared with 5 rows of last &lt;week&gt;", "PSI ≈ 0.31 (severe)",
		"histograms before and now, from -8 to 4", "rare → 50%", "Stable:", "Could not be compared:",
		"9 versions, 1970-01-01 to 1970-01-09", "far out", "missing from 0% to 38%, 1 anomaly"} {
		if !strings.Contains(page, part) {
			t.Errorf("no %q in the page", part)
		}
	}
	if !strings.Contains(page, "135,791") || strings.Contains(page, "246,802") {
		t.Error("means are not shown of all columns but those of personal data")
	}
	if strings.Contains(page, "<week>") || strings.Contains(page, "example.org") || strings.Contains(page, "ZgotmplZ") {
		t.Error("a name or a value that must not be in the page is")
	}
	page = html(t, broad(300), About{}, judgments(300))
	for _, part := range []string{"90 more that drifted are in the JSON", "200 more are in the JSON", "240 more columns are in the JSON", "and 35 more"} {
		if !strings.Contains(page, part) {
			t.Errorf("no %q in the page of 300 columns", part)
		}
	}
}

// Bins of any width are drawn by density: the area is the share.
func TestDensities(t *testing.T) {
	h := profile.Histogram{Edges: []float64{0, 1, 4}, Counts: []int{1, 3}}
	want := []density{{0, 0.25, 1}, {0.25, 1, 1}}
	if got := densities(h, 0, 4); !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	spike := densities(profile.Histogram{Edges: []float64{4, 4}, Counts: []int{9}}, 0, 4)
	if len(spike) != 1 || spike[0].to > 1 || math.Abs((spike[0].to-spike[0].from)*spike[0].height-1) > 1e-12 {
		t.Errorf("one value is drawn as %v, want an area of 1 within the axis", spike)
	}
	if got := densities(profile.Histogram{}, 0, 1); got != nil {
		t.Errorf("of nothing: %v", got)
	}
}

func TestPairShares(t *testing.T) {
	column := func(distinct int, top ...profile.Value) *profile.Column {
		return &profile.Column{Type: dataset.Categorical, Count: 100, Distinct: distinct, Top: top}
	}
	got := pairShares(column(2, profile.Value{Value: "a", Count: 80}, profile.Value{Value: "b", Count: 20}),
		column(9, profile.Value{Value: "c", Count: 70}, profile.Value{Value: "b", Count: 21}))
	want := []sharePair{{"a", "80%", "rare", "80", "0"}, {"c", "0%", "70%", "0", "70"}, {"b", "20%", "21%", "20", "21"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
