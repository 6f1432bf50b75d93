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
	p := &profile.Profile{Rows: 100000}
	value := func(v float64) *float64 { return &v }
	for i := range columns {
		c := profile.Column{Name: fmt.Sprintf("measure_%03d", i), Type: dataset.Numeric, Count: 100000 - 37*i%5000, Missing: 37 * i % 5000, Distinct: 9000 + i}
		h := profile.Histogram{Edges: []float64{-4}}
		for b := range profile.MaxBins {
			h.Edges = append(h.Edges, -4+8*float64(b+1)/profile.MaxBins)
			h.Counts = append(h.Counts, int(20000*math.Exp(-math.Pow(float64(b-i%20), 2)/float64(4+i%9))))
		}
		c.Numeric = &profile.NumericSummary{Min: -4, Max: 4, Mean: 0.01 * float64(i%100), SD: value(1.2), Skewness: value(0.3), Quantiles: profile.Quantiles{P50: 0.1}, Histogram: h}
		switch i % 5 {
		case 1:
			c.Type, c.Numeric = dataset.Categorical, nil
			c.Top = []profile.Value{{Value: "north", Count: 50000}, {Value: "south & <b>east</b>", Count: 20000}, {Value: "west", Count: 9000}}
			c.Text = &profile.TextSummary{MinLength: 4, MaxLength: 19, MeanLength: 5, Characters: profile.Characters{Letters: 90, Digits: 1, Spaces: 5, Other: 4}}
		}
		p.Columns = append(p.Columns, c)
	}
	p.Columns[0].Name = `<script>alert("x")</script>`
	return p
}

func html(t *testing.T, p *profile.Profile, about About) string {
	t.Helper()
	var b bytes.Buffer
	if err := StatisticsHTML(&b, p, about); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestStatisticsHTML(t *testing.T) {
	about := About{Dataset: `a "b" <i>`, Version: "sha256:0123", Source: "s3://bucket/x?<y>", Bytes: 5 << 20}
	page := html(t, broad(30), about)
	if page != html(t, broad(30), about) {
		t.Error("the same profile gave different bytes")
	}
	for _, part := range []string{"default-src &#39;none&#39;", "&lt;script&gt;alert(", "log scale of counts", "5 MiB", "Most frequent values", "Standard deviation"} {
		if !strings.Contains(page, part) {
			t.Errorf("no %q in the page", part)
		}
	}
	for _, part := range []string{"<script>alert", "<b>east", "<i>", "?<y>", "http://", "https://", "url(", "@import", "<link", "<img", "style=", "ZgotmplZ"} {
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

func TestStatisticsHTMLOfEdges(t *testing.T) {
	html(t, &profile.Profile{}, About{})
	page := html(t, edges(), About{})
	if strings.Contains(page, "\x1b") || strings.Contains(page, "NaN") {
		t.Error("control characters or NaN in the page")
	}
}

// The size is bounded however wide the data is.
func TestStatisticsHTMLSize(t *testing.T) {
	for columns, most := range map[int]int{3: 100e3, 300: 3e6, 3000: 10e6, 6000: 12e6} {
		if n := len(html(t, broad(columns), About{})); n > most {
			t.Errorf("%d columns: %d bytes, want at most %d", columns, n, most)
		} else {
			t.Logf("%d columns: %d bytes", columns, n)
		}
	}
	if page := html(t, broad(5001), About{}); !strings.Contains(page, "1 more columns are in the JSON") || !strings.Contains(page, "last 4000 columns") {
		t.Error("the page does not say what it leaves out")
	}
}
