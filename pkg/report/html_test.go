package report

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/profile"
)

// broad is a made-up profile of so many columns with everything in it.
func broad(columns int) *profile.Profile {
	p := &profile.Profile{Rows: 100000, Duplicates: &profile.Duplicates{Rows: 120, Error: 11}}
	value := func(v float64) *float64 { return &v }
	for i := range columns {
		c := profile.Column{Name: fmt.Sprintf("measure_%03d", i), Type: dataset.Numeric, Confidence: 1, Count: 100000 - 37*i%5000, Missing: 37 * i % 5000, Distinct: 9000 + i}
		h := profile.Histogram{Edges: []float64{-4}}
		for b := range profile.MaxBins {
			h.Edges = append(h.Edges, -4+8*float64(b+1)/profile.MaxBins)
			h.Counts = append(h.Counts, int(20000*math.Exp(-math.Pow(float64(b-i%20), 2)/float64(4+i%9))))
		}
		c.Numeric = &profile.NumericSummary{Min: -4, Max: 4, Mean: 0.01 * float64(i%100), SD: value(1.2), Skewness: value(0.3), Quantiles: profile.Quantiles{P50: 0.1, RankError: 0.0033}, Histogram: h}
		switch i % 5 {
		case 1:
			c.Type, c.Numeric, c.DistinctError = dataset.Categorical, nil, 0.016
			c.Top = []profile.Value{{Value: "north", Count: 50000}, {Value: "south & <b>east</b>", Count: 20000}, {Value: "west", Count: 9000}}
			c.Text = &profile.TextSummary{MinLength: 4, MaxLength: 19, MeanLength: 5, Characters: profile.Characters{Letters: 90, Digits: 1, Spaces: 5, Other: 4}}
		case 2:
			c.Type, c.Numeric, c.Personal = dataset.Text, nil, []profile.Personal{{Kind: "email", Share: 0.99}}
			c.Top = []profile.Value{{Value: "ada@example.org", Count: 3}}
			c.Text = &profile.TextSummary{MinLength: 9, MaxLength: 30, MeanLength: 15, Variants: [][]profile.Value{{{Value: "Ada@example.org", Count: 2}}}}
		}
		p.Columns = append(p.Columns, c)
	}
	p.Columns[0].Name = `<script>alert("x")</script>`
	names := make([]string, min(columns, profile.MaxMatrix))
	pairs := &profile.Pairs{Rows: 16384, Sampled: true, Columns: names}
	for i := range names {
		names[i] = p.Columns[i].Name
		row := make([]float64, i)
		for j := range row {
			row[j] = math.Cos(float64(i*j)) * math.Exp(-float64(i-j)/8)
		}
		pairs.Matrix = append(pairs.Matrix, row)
		if i > 0 {
			pairs.Strongest = append(pairs.Strongest, profile.Pair{A: names[i-1], B: names[i], Rows: 16000, Strength: 1 / float64(i), Pearson: value(-1 / float64(i)), Spearman: value(0.3 / float64(i))})
		}
	}
	p.Pairs = pairs
	p.Target = &profile.Target{Column: names[1], Rows: 16384}
	for i := 2; i < columns; i++ {
		p.Target.Relations = append(p.Target.Relations, profile.Relation{Column: p.Columns[i].Name, Information: 0.6 / float64(i), Share: 1 / float64(i), Missing: value(0.02)})
	}
	p.Patterns = []profile.Pattern{{Count: 80000}, {Columns: names[1:], Count: 15000}, {Columns: names[2:3], Count: 5000, Error: 3}}
	p.Alerts = []profile.Alert{
		{Kind: profile.AlertLeakage, Severity: profile.SeverityError, Columns: names[:1], Evidence: "tells 99.8% of the target", Remedy: "leave it out"},
		{Kind: profile.AlertSkew, Severity: profile.SeverityWarning, Columns: names, Evidence: "skewness 12", Remedy: "take the logarithm"},
		{Kind: profile.AlertDuplicates, Severity: profile.SeverityInfo, Evidence: "120 rows repeat", Remedy: "drop them"}}
	return p
}

func html(t *testing.T, p *profile.Profile, about About, judged Judgments) string {
	t.Helper()
	var b bytes.Buffer
	if err := StatisticsHTML(&b, p, about, judged); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestStatisticsHTML(t *testing.T) {
	about := About{Dataset: `a "b" <i>`, Version: "sha256:0123", Source: "s3://bucket/x?<y>", Bytes: 5 << 20}
	page := html(t, broad(30), about, Judgments{})
	if page != html(t, broad(30), about, Judgments{}) {
		t.Error("the same profile gave different bytes")
	}
	for _, part := range []string{"default-src &#39;none&#39;", "&lt;script&gt;alert(", "skewness 12", "✕", "error", "≈ 9001",
		"log scale of counts", "±", "5 MiB", `id="heat"`, "0.33% of the rows", "Strongest pairs", "missing together", "Masked: the values look like personal data (email)", "a•••@e•••.org"} {
		if !strings.Contains(page, part) {
			t.Errorf("no %q in the page", part)
		}
	}
	for _, part := range []string{"<script>alert", "example.org", "<b>east", "<i>", "?<y>", "http://", "https://", "url(", "@import", "<link", "<img", "style=", "ZgotmplZ"} {
		if strings.Contains(page, part) {
			t.Errorf("%q in the page", part)
		}
	}
	if n := strings.Count(page, "<details>"); n != 30 {
		t.Errorf("%d columns, want 30", n)
	}
	// The policy names what stands between the tags: template.CSS and template.JS leave it as it is.
	if !strings.Contains(page, "<style>"+pageCSS+"</style>") || !strings.Contains(page, "<script>"+pageJS+"</script>") {
		t.Error("the style or the script is not that of the policy's hash")
	}
}

func TestStatisticsHTMLFolds(t *testing.T) {
	p := alarming()
	p.Target = &profile.Target{Column: "mixed", Relations: []profile.Relation{{Column: "card", Information: 0.2, Share: 0.31}, {Column: "mail"}}}
	page := html(t, p, About{}, Judgments{})
	for _, part := range []string{"3 more alerts, none more severe than these", `Nothing measurable:</b> <a href="#c0"><bdi>mail</bdi></a>`, "31.0%", "<bdi>e</bdi>, <bdi>f</bdi> and 6 more"} {
		if !strings.Contains(page, part) {
			t.Errorf("no %q in the page", part)
		}
	}
	// Each alert is at its column too, the most severe by the name.
	if n := strings.Count(page, "skewness 12"); n != 24 {
		t.Errorf("skewness is told %d times, want 12 times among the alerts and 12 times at the column", n)
	}
}

func TestStatisticsHTMLOfEdges(t *testing.T) {
	html(t, &profile.Profile{}, About{}, Judgments{})
	page := html(t, edges(), About{}, Judgments{})
	if strings.Contains(page, "\x1b") || strings.Contains(page, "NaN") {
		t.Error("control characters or NaN in the page")
	}
}

// The size is bounded however wide the data is.
func TestStatisticsHTMLSize(t *testing.T) {
	for columns, most := range map[int]int{3: 100e3, 300: 3e6, 3000: 10e6, 6000: 12e6} {
		if n := len(html(t, broad(columns), About{}, Judgments{})); n > most {
			t.Errorf("%d columns: %d bytes, want at most %d", columns, n, most)
		} else {
			t.Logf("%d columns: %d bytes", columns, n)
		}
	}
	if page := html(t, broad(5001), About{}, Judgments{}); !strings.Contains(page, "1 more columns are in the JSON") || !strings.Contains(page, "last 4000 columns") {
		t.Error("the page does not say what it leaves out")
	}
}
