package profile

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

var nan, inf = math.NaN(), math.Inf(1)

func mustTable(t testing.TB, columns ...dataset.Column) *dataset.Table {
	t.Helper()
	table, err := dataset.NewTable(columns...)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func mustProfile(t testing.TB, table *dataset.Table) *Profile {
	t.Helper()
	p, err := New(context.Background(), table, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// one profiles a single column.
func one(t testing.TB, c dataset.Column) Column {
	t.Helper()
	return mustProfile(t, mustTable(t, c)).Columns[0]
}

// The whole JSON of columns at their edges: what is undefined must be absent.
func TestJSONOfEdges(t *testing.T) {
	for _, c := range []struct {
		name   string
		column dataset.Column
		want   string
	}{
		{"no rows", dataset.Column{Type: dataset.Numeric},
			`"type":"numeric","count":0,"missing":0,"distinct":0`},
		{"no rows of text", dataset.Column{Type: dataset.Text},
			`"type":"text","count":0,"missing":0,"distinct":0`},
		{"all missing", dataset.Column{Type: dataset.Timestamp, Values: []float64{nan, nan}},
			`"type":"timestamp","count":0,"missing":2,"distinct":0`},
		{"all categories missing", dataset.Column{Type: dataset.Categorical, Codes: []int32{-1, -1}, Levels: []string{"a"}},
			`"type":"categorical","count":0,"missing":2,"distinct":0`},
		{"one value has no deviation", dataset.Column{Type: dataset.Numeric, Values: []float64{nan, 2.5}},
			`"type":"numeric","confidence":1,"count":1,"missing":1,"distinct":1,"numeric":{"min":2.5,"max":2.5,"mean":2.5,"sum":2.5,"zeros":0,"negatives":0,"integers":0,"min_count":1,"max_count":1,` +
				`"quantiles":{"p01":2.5,"p05":2.5,"p25":2.5,"p50":2.5,"p75":2.5,"p95":2.5,"p99":2.5},` +
				`"histogram":{"edges":[2.5,2.5],"counts":[1]}},"top":[{"value":"2.5","count":1}]`},
		{"constant", dataset.Column{Type: dataset.Numeric, Values: []float64{0.1, 0.1, 0.1}},
			`"type":"numeric","confidence":1,"count":3,"missing":0,"distinct":1,"numeric":{"min":0.1,"max":0.1,"mean":0.1,"sd":0,"variance":0,"sum":0.30000000000000004,"zeros":0,"negatives":0,"integers":0,"min_count":3,"max_count":3,` +
				`"quantiles":{"p01":0.1,"p05":0.1,"p25":0.1,"p50":0.1,"p75":0.1,"p95":0.1,"p99":0.1},` +
				`"histogram":{"edges":[0.1,0.1],"counts":[3]}},"top":[{"value":"0.1","count":3}]`},
		{"infinities apart", dataset.Column{Type: dataset.Numeric, Values: []float64{inf, 1, -inf, inf, 1}},
			`"type":"numeric","confidence":1,"count":5,"missing":0,"distinct":3,"infinite":{"negative":1,"positive":2},` +
				`"numeric":{"min":1,"max":1,"mean":1,"sd":0,"variance":0,"sum":2,"zeros":0,"negatives":0,"integers":2,"min_count":2,"max_count":2,` +
				`"quantiles":{"p01":1,"p05":1,"p25":1,"p50":1,"p75":1,"p95":1,"p99":1},` +
				`"histogram":{"edges":[1,1],"counts":[2]}},` +
				`"top":[{"value":"1","count":2},{"value":"+Inf","count":2},{"value":"-Inf","count":1}]`},
		{"infinities only", dataset.Column{Type: dataset.Numeric, Values: []float64{-inf, nan}},
			`"type":"numeric","confidence":1,"count":1,"missing":1,"distinct":1,"infinite":{"negative":1,"positive":0},` +
				`"top":[{"value":"-Inf","count":1}]`},
		{"zeros of both signs are one value", dataset.Column{Type: dataset.Numeric, Values: []float64{0, math.Copysign(0, -1)}},
			`"type":"numeric","confidence":1,"count":2,"missing":0,"distinct":1,"numeric":{"min":0,"max":0,"mean":0,"sd":0,"variance":0,"sum":0,"zeros":2,"negatives":0,"integers":2,"min_count":2,"max_count":2,` +
				`"quantiles":{"p01":0,"p05":0,"p25":0,"p50":0,"p75":0,"p95":0,"p99":0},` +
				`"histogram":{"edges":[0,0],"counts":[2]}},"top":[{"value":"0","count":2}]`},
		{"boolean", dataset.Column{Type: dataset.Boolean, Values: []float64{1, 0, nan, 1}},
			`"type":"boolean","confidence":1,"count":3,"missing":1,"distinct":2,"top":[{"value":"true","count":2},{"value":"false","count":1}]`},
		{"timestamp", dataset.Column{Type: dataset.Timestamp, Values: []float64{1e6, 0}},
			`"type":"timestamp","confidence":1,"count":2,"missing":0,"distinct":2,"numeric":{"min":0,"max":1000000,"mean":500000,"sd":707106.7811865475,"variance":500000000000,"sum":1000000,` +
				`"skewness":0,"kurtosis":-2,"autocorrelation":-0.5,"zeros":1,"negatives":0,"integers":2,"min_count":1,"max_count":1,` +
				`"quantiles":{"p01":10000,"p05":50000,"p25":250000,"p50":500000,"p75":750000,"p95":950000,"p99":990000},` +
				`"histogram":{"edges":[0,500000,1000000],"counts":[1,1]}},"order":"strictly_decreasing",` +
				`"period":{"first":"1970-01-01T00:00:00Z","last":"1970-01-01T00:00:01Z"},` +
				`"top":[{"value":"1970-01-01T00:00:00Z","count":1},{"value":"1970-01-01T00:00:01Z","count":1}]`},
		{"quoted levels, one without rows", dataset.Column{Type: dataset.Categorical, Codes: []int32{2, 0, 2, -1}, Levels: []string{"a,b", "c", "say \"hi\"\n"}},
			`"type":"categorical","confidence":1,"count":3,"missing":1,"distinct":2,` +
				`"text":{"min_length":3,"max_length":9,"mean_length":7,"characters":{"letters":12,"digits":0,"spaces":4,"other":5}},` +
				`"top":[{"value":"say \"hi\"\n","count":2},{"value":"a,b","count":1}]`},
		{"empty text is a value", dataset.Column{Type: dataset.Text, Codes: []int32{0}, Levels: []string{""}},
			`"type":"text","confidence":1,"count":1,"missing":0,"distinct":1,` +
				`"text":{"min_length":0,"max_length":0,"mean_length":0,"characters":{"letters":0,"digits":0,"spaces":0,"other":0}},` +
				`"top":[{"value":"","count":1}]`},
	} {
		got, err := json.Marshal(mustProfile(t, mustTable(t, c.column)).Compact().Columns[0])
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if want := `{"name":"",` + c.want + `}`; string(got) != want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, want)
		}
	}
}

func TestNoColumns(t *testing.T) {
	got, err := json.Marshal(mustProfile(t, mustTable(t)))
	if want := `{"rows":0,"columns":[]}`; err != nil || string(got) != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}

// As far from 0 as float64 goes on either side: the range overflows, the statistics must not.
func TestNumbersAtTheEndsOfFloat64(t *testing.T) {
	const most = math.MaxFloat64
	c := one(t, dataset.Column{Type: dataset.Numeric, Values: []float64{-most, -most / 4, most / 4, most}})
	if _, err := json.Marshal(c); err != nil {
		t.Fatal(err)
	}
	n := c.Numeric
	if n.Mean != 0 || n.Quantiles.P50 != 0 || n.Quantiles.P25 != -0.4375*most {
		t.Errorf("mean %v, median %v, lower quartile %v", n.Mean, n.Quantiles.P50, n.Quantiles.P25)
	}
	if want := most * math.Sqrt(2.125/3); math.Abs(*n.SD/want-1) > 1e-15 {
		t.Errorf("deviation %v, want %v", *n.SD, want)
	}
	if want := []int{1, 1, 1, 1}; !slices.Equal(n.Histogram.Counts, want) {
		t.Errorf("counts %v of edges %v, want %v", n.Histogram.Counts, n.Histogram.Edges, want)
	}
	if c := one(t, dataset.Column{Type: dataset.Numeric, Values: []float64{-most, most}}); c.Numeric.SD != nil {
		t.Errorf("deviation %v, want none: it is beyond float64", *c.Numeric.SD)
	}
}

func TestNeighboursShareABin(t *testing.T) {
	c := one(t, dataset.Column{Type: dataset.Numeric, Values: []float64{1, 1, math.Nextafter(1, 2)}})
	if got := c.Numeric.Histogram; len(got.Edges) != 2 || !slices.Equal(got.Counts, []int{3}) {
		t.Errorf("histogram %v, want one bin of 3", got)
	}
}

func TestTopIsBoundedAndOrdered(t *testing.T) {
	var codes []int32
	levels := make([]string, 30)
	for i := range levels {
		levels[i] = fmt.Sprintf("level %02d", i)
		for range 1 + i%4 {
			codes = append(codes, int32(i))
		}
	}
	c := one(t, dataset.Column{Type: dataset.Categorical, Codes: codes, Levels: levels})
	var got []string
	for _, v := range c.Top {
		got = append(got, fmt.Sprintf("%s×%d", strings.TrimPrefix(v.Value, "level "), v.Count))
	}
	// Seven levels have 4 rows (3, 7 … 27), then the first three of those with 3 rows.
	want := "03×4 07×4 11×4 15×4 19×4 23×4 27×4 02×3 06×3 10×3"
	if strings.Join(got, " ") != want {
		t.Errorf("top %v, want %s", got, want)
	}
}

func TestLongAndBrokenTexts(t *testing.T) {
	long := strings.Repeat("ä", 200) // 400 bytes
	c := one(t, dataset.Column{Type: dataset.Text, Codes: []int32{0, 1, 1}, Levels: []string{"a\xff", long}})
	want := []Value{
		{Value: strings.Repeat("ä", 128), Count: 2, Truncated: true},
		{Value: "a\uFFFD", Count: 1},
	}
	if !reflect.DeepEqual(c.Top, want) {
		t.Errorf("top %v, want %v", c.Top, want)
	}
	c = one(t, dataset.Column{Type: dataset.Text, Codes: []int32{0}, Levels: []string{"x" + long}})
	if got, want := c.Top[0].Value, "x"+strings.Repeat("ä", 127); got != want {
		t.Errorf("a letter cut in two: %q", got)
	}
}

// mixed is a table of all types with n rows; every fifth value or so is missing.
func mixed(t testing.TB, n int) *dataset.Table {
	random := seed.Rand(7)
	columns := []dataset.Column{
		{Name: "number", Type: dataset.Numeric},
		{Name: "whole", Type: dataset.Numeric},
		{Name: "flag", Type: dataset.Boolean},
		{Name: "moment", Type: dataset.Timestamp},
		{Name: "class", Type: dataset.Categorical, Levels: []string{"a", "b", "c"}},
		{Name: "note", Type: dataset.Text, Levels: []string{"naïve", "plain", "quoted \"word\""}},
	}
	for range n {
		draw := []float64{random.NormFloat64(), float64(random.IntN(50)), float64(random.IntN(2)), float64(random.Int64N(2e15))}
		for j, v := range draw {
			if random.IntN(5) == 0 {
				v = nan
			}
			columns[j].Values = append(columns[j].Values, v)
		}
		for j := len(draw); j < len(columns); j++ {
			columns[j].Codes = append(columns[j].Codes, int32(random.IntN(4)-1))
		}
	}
	return mustTable(t, columns...)
}

func TestJSONRoundTrip(t *testing.T) {
	p := mustProfile(t, mixed(t, 500))
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var back Profile
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(&back, p) {
		t.Errorf("read back\n%+v\nwant\n%+v", back, *p)
	}
	again, err := json.Marshal(&back)
	if err != nil || !bytes.Equal(again, text) {
		t.Errorf("written again it differs: %v", err)
	}
}

// Order and autocorrelation apart, which are about it, and roundings.
func TestOrderOfRowsDoesNotMatter(t *testing.T) {
	orderless := func(table *dataset.Table) *Profile {
		p := mustProfile(t, table)
		for i := range p.Columns {
			p.Columns[i].Order = ""
			if numeric := p.Columns[i].Numeric; numeric != nil {
				numeric.Autocorrelation = nil
			}
		}
		return p
	}
	table := mixed(t, 500)
	want := orderless(table)
	for i := range 3 {
		rows := seed.Rand(uint64(i)).Perm(table.Rows())
		if difference := unlike(t, orderless(table.Select(rows)), want, 1e-12); difference != "" {
			t.Errorf("shuffle %d: %s", i, difference)
		}
	}
}

// unlike says where the JSON of two profiles differs by more than a tolerance, relative to
// the value or to 1.
func unlike(t *testing.T, a, b any, tolerance float64) string {
	t.Helper()
	var x, y any
	for _, pair := range []struct{ from, to any }{{a, &x}, {b, &y}} {
		text, err := json.Marshal(pair.from)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, pair.to); err != nil {
			t.Fatal(err)
		}
	}
	return differs(x, y, tolerance, "")
}

func differs(x, y any, tolerance float64, at string) string {
	switch v := x.(type) {
	case map[string]any:
		w, _ := y.(map[string]any)
		if len(v) != len(w) {
			return fmt.Sprintf("%s: %d members and %d", at, len(v), len(w))
		}
		for key := range v {
			if d := differs(v[key], w[key], tolerance, at+"/"+key); d != "" {
				return d
			}
		}
		return ""
	case []any:
		w, _ := y.([]any)
		if len(v) != len(w) {
			return fmt.Sprintf("%s: %d elements and %d", at, len(v), len(w))
		}
		for i := range v {
			if d := differs(v[i], w[i], tolerance, fmt.Sprint(at, "/", i)); d != "" {
				return d
			}
		}
		return ""
	case float64:
		if w, ok := y.(float64); ok && math.Abs(v-w) <= tolerance*max(1, math.Abs(w)) {
			return ""
		}
	}
	if !reflect.DeepEqual(x, y) {
		return fmt.Sprintf("%s: %.200v and %.200v", at, x, y)
	}
	return ""
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if p, err := New(ctx, mixed(t, 5), Options{}); !errors.Is(err, context.Canceled) || p != nil {
		t.Errorf("profile %v, error %v, want context.Canceled", p, err)
	}
}

func BenchmarkNew(b *testing.B) {
	for _, rows := range []int{1_000, 100_000} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			table := mixed(b, rows)
			b.ReportAllocs()
			for b.Loop() {
				mustProfile(b, table)
			}
		})
	}
}
