package profile

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// shards cuts a table into so many runs of rows, and makes a Partial of each.
func shards(t *testing.T, table *dataset.Table, n int) []*Partial {
	t.Helper()
	parts := make([]*Partial, n)
	for i := range parts {
		parts[i] = NewPartial(fieldsOf(table), i)
		if err := parts[i].Add(batchOf(table, i*table.Rows()/n, (i+1)*table.Rows()/n)); err != nil {
			t.Fatal(err)
		}
	}
	return parts
}

func finished(t *testing.T, p *Partial) *Profile {
	t.Helper()
	profile, err := p.Finish(context.Background(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return profile
}

// Shards, whatever their number, merged in any order and stored in between, say what one
// pass says.
func TestShardsMergeToOnePass(t *testing.T) {
	for _, rows := range []int{1, 7, 500, 5000} {
		table := mixed(t, rows)
		want := mustProfile(t, table)
		for _, n := range []int{1, 2, 3, 7} {
			random := seed.Rand(uint64(rows*10 + n))
			parts := shards(t, table, n)
			for len(parts) > 1 { // any two, until one is left
				random.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
				a, b := parts[0], parts[1]
				if random.IntN(2) == 0 {
					a, b = stored(t, a), stored(t, b)
				}
				if err := a.Merge(b); err != nil {
					t.Fatal(err)
				}
				parts = append(parts[2:], a)
			}
			if d := unlike(t, finished(t, parts[0]), want, 1e-11); d != "" {
				t.Errorf("%d rows in %d shards: %s", rows, n, d)
			}
		}
	}
}

// Nothing, be it the zero value, without columns or a shard without rows, changes nothing on
// the left, on the right, or stored in between; and nothing and nothing is nothing.
func TestMergeWithNothing(t *testing.T) {
	table := mixed(t, 3000)
	shard := func() *Partial { return shards(t, table, 1)[0] }
	jsonOf := func(p *Partial) string {
		b, err := json.Marshal(finished(t, p))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	want := jsonOf(shard())
	for name, nothing := range map[string]func() *Partial{
		"the zero value":       func() *Partial { return new(Partial) },
		"no columns":           func() *Partial { return NewPartial(nil, 0) },
		"a shard without rows": func() *Partial { return NewPartial(fieldsOf(table), 1) },
		"stored":               func() *Partial { return stored(t, new(Partial)) },
		"stored without rows":  func() *Partial { return stored(t, NewPartial(fieldsOf(table), 1)) },
	} {
		left, right, both := nothing(), shard(), nothing()
		if err := left.Merge(shard()); err != nil {
			t.Fatalf("%s, left: %v", name, err)
		}
		if err := right.Merge(nothing()); err != nil {
			t.Fatalf("%s, right: %v", name, err)
		}
		if err := both.Merge(new(Partial)); err != nil {
			t.Fatalf("%s, both: %v", name, err)
		}
		if jsonOf(left) != want || jsonOf(right) != want {
			t.Errorf("%s changes something", name)
		}
		if p := finished(t, both); p.Rows != 0 || p.Alerts != nil || p.Pairs != nil || len(p.Columns) > 0 && p.Columns[0].Count != 0 {
			t.Errorf("%s: nothing and nothing is %+v", name, p)
		}
	}
}

func stored(t *testing.T, p *Partial) *Partial {
	t.Helper()
	b, err := p.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var r Partial
	if err := r.UnmarshalBinary(b); err != nil {
		t.Fatal(err)
	}
	again, err := r.MarshalBinary()
	if err != nil || !bytes.Equal(again, b) {
		t.Errorf("stored again it differs: %v", err)
	}
	return &r
}

// Beyond what is counted exactly, shards agree with one pass within the errors that the
// profile states.
func TestLargeShardsAgreeWithinErrors(t *testing.T) {
	const rows = 100_000
	random := seed.Rand(5)
	values := make([]float64, rows)
	codes := make([]int32, rows)
	levels := make([]string, 60_000)
	for i := range levels {
		levels[i] = fmt.Sprintf("user-%06d", i)
	}
	for i := range values {
		values[i] = math.Exp(random.NormFloat64())
		codes[i] = int32(random.IntN(len(levels)))
	}
	table := mustTable(t,
		dataset.Column{Name: "x", Type: dataset.Numeric, Values: values},
		dataset.Column{Name: "user", Type: dataset.Text, Codes: codes, Levels: levels})
	users := map[int32]bool{}
	for _, code := range codes {
		users[code] = true
	}
	sorted := slices.Sorted(slices.Values(values))
	parts := shards(t, table, 9)
	random.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	for _, o := range parts[1:] {
		if err := parts[0].Merge(o); err != nil {
			t.Fatal(err)
		}
	}
	merged, whole := finished(t, parts[0]), mustProfile(t, table)
	for name, p := range map[string]*Profile{"merged": merged, "whole": whole} {
		x, user := p.Columns[0], p.Columns[1]
		for _, c := range []struct {
			name  string
			got   Column
			exact int
		}{{"x", x, rows}, {"user", user, len(users)}} {
			if e := c.got.DistinctError; e <= 0 || math.Abs(float64(c.got.Distinct-c.exact)) > 4*e*float64(c.exact) {
				t.Errorf("%s: %d distinct of %s, want %d, error %v", name, c.got.Distinct, c.name, c.exact, e)
			}
		}
		q := x.Numeric.Quantiles
		for i, v := range []float64{q.P01, q.P05, q.P25, q.P50, q.P75, q.P95, q.P99} {
			want := []float64{0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99}[i]
			at, _ := slices.BinarySearch(sorted, v)
			if rank := float64(at) / rows; q.RankError <= 0 || math.Abs(rank-want) > 1.5*q.RankError {
				t.Errorf("%s: quantile %v has rank %v, error %v", name, want, rank, q.RankError)
			}
		}
		if p.Duplicates.Rows != 0 {
			t.Errorf("%s: %d duplicates, want none: %+v", name, p.Duplicates.Rows, p.Duplicates)
		}
		counted := 0
		for _, n := range x.Numeric.Histogram.Counts {
			counted += n
		}
		if counted != rows {
			t.Errorf("%s: the histogram counts %d", name, counted)
		}
	}
	for _, p := range []*Profile{merged, whole} { // compared above
		p.Alerts = nil
		for i := range p.Columns {
			p.Columns[i].Sketches, p.Columns[i].Distinct = nil, 0
			p.Columns[i].Top, p.Columns[i].TopError = nil, 0
			if n := p.Columns[i].Numeric; n != nil {
				n.Quantiles, n.Histogram = Quantiles{}, Histogram{}
			}
		}
	}
	if d := unlike(t, merged, whole, 1e-11); d != "" {
		t.Error(d)
	}
}

// The same bytes at any number of workers.
func TestScanAtAnyNumberOfWorkers(t *testing.T) {
	parts, err := dataset.Files("../../testdata/adult.csv")
	if err != nil {
		t.Fatal(err)
	}
	var want []byte
	for workers := 1; workers <= 4; workers++ {
		p, extent, err := Scan(context.Background(), dataset.CSV{Files: parts}, dataset.Options{Workers: workers}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if p.Rows != extent.Rows {
			t.Errorf("%d rows, %d were read", p.Rows, extent.Rows)
		}
		got, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = got
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%d workers: the profile differs", workers)
		}
	}
}

// scanned profiles CSV text.
func scanned(t *testing.T, text string) *Profile {
	t.Helper()
	part := dataset.Part{Name: "test.csv", Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(text)), nil
	}}
	p, _, err := Scan(context.Background(), dataset.CSV{Files: []dataset.Part{part}}, dataset.Options{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A column of several kinds is typed as a reader of it all would type it, and says so.
func TestMixedKinds(t *testing.T) {
	var text strings.Builder
	text.WriteString("n,when,flag,zip\n")
	for i := range 9999 {
		fmt.Fprintf(&text, "%d,2026-01-%02d,%v,%05d\n", i, i%28+1, i%2 == 0, 9000+i)
	}
	text.WriteString("oops,never,true,x\n")
	p := scanned(t, text.String())
	for i, want := range []struct {
		kind       dataset.Type
		confidence float64
		kinds      Kinds
	}{
		{dataset.Text, 0.9999, Kinds{Number: 9999, Text: 1}},
		{dataset.Categorical, 0.9999, Kinds{Timestamp: 9999, Text: 1}},
		{dataset.Boolean, 1, Kinds{}},
		{dataset.Text, 0.8999, Kinds{Number: 8999, Text: 1001}},
	} {
		c := p.Columns[i]
		if c.Type != want.kind || math.Abs(c.Confidence-want.confidence) > 1e-12 || c.Kinds != want.kinds {
			t.Errorf("%s is %s, confidence %v, %+v; want %+v", c.Name, c.Type, c.Confidence, c.Kinds, want)
		}
		if c.Distinct == 0 || c.Count != 10000 {
			t.Errorf("%s: %d distinct of %d", c.Name, c.Distinct, c.Count)
		}
	}
}

func TestCadence(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var values []float64
	for i := range 50_000 { // more moments than are counted one by one
		if i%1000 == 999 {
			continue
		}
		values = append(values, float64(start.Add(time.Duration(i)*time.Minute).UnixMicro()))
	}
	ordered := one(t, dataset.Column{Type: dataset.Timestamp, Values: values}).Period
	if ordered.Cadence != 60 || ordered.Gaps != 49 || ordered.LongestGap != 120 || ordered.Regular < 0.999 {
		t.Errorf("in order: %+v", ordered)
	}
	seed.Rand(1).Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
	if shuffled := one(t, dataset.Column{Type: dataset.Timestamp, Values: values}).Period; shuffled.Cadence != 0 {
		t.Errorf("too many and out of order: %+v", shuffled)
	}
	few := one(t, dataset.Column{Type: dataset.Timestamp, Values: values[:0:0]})
	if few.Period != nil {
		t.Errorf("no moments: %+v", few.Period)
	}
}

func TestDuplicatesAndPatterns(t *testing.T) {
	p := scanned(t, "a,b,c\n1,x,\n1,x,\n1,x,\n2,,\n3,y,4\n3,y,4\n")
	if p.Duplicates == nil || p.Duplicates.Rows != 3 || p.Duplicates.Error != 0 {
		t.Errorf("duplicates %+v, want 3", p.Duplicates)
	}
	want := []Pattern{{Columns: []string{"c"}, Count: 3}, {Columns: []string{}, Count: 2}, {Columns: []string{"b", "c"}, Count: 1}}
	if d := unlike(t, p.Patterns, want, 0); d != "" {
		t.Errorf("patterns %+v, want %+v: %s", p.Patterns, want, d)
	}
}

// Of more different rows than are counted, the number of repeats is estimated within its error.
func TestManyDuplicates(t *testing.T) {
	const rows = 300_000
	random := seed.Rand(3)
	values := make([]float64, rows)
	for i := range values {
		values[i] = float64(random.IntN(200_000))
	}
	different := map[float64]bool{}
	for _, v := range values {
		different[v] = true
	}
	p := mustProfile(t, mustTable(t, dataset.Column{Name: "x", Type: dataset.Numeric, Values: values}))
	exact := float64(rows - len(different))
	if d := p.Duplicates; d.Error == 0 || math.Abs(float64(d.Rows)-exact) > 4*d.Error {
		t.Errorf("%+v, want %v", d, exact)
	}
}

func TestMergeRefusesWhatDoesNotFit(t *testing.T) {
	a := NewPartial([]dataset.Field{{Name: "x"}}, 0)
	for name, o := range map[string]*Partial{
		"another column":   NewPartial([]dataset.Field{{Name: "y"}}, 1),
		"another type":     NewPartial([]dataset.Field{{Name: "x", Type: dataset.Text}}, 1),
		"more columns":     NewPartial([]dataset.Field{{Name: "x"}, {Name: "y"}}, 1),
		"the shard itself": NewPartial([]dataset.Field{{Name: "x"}}, 0),
	} {
		if err := a.Merge(o); err == nil {
			t.Errorf("%s: merged", name)
		}
	}
	var p Partial
	for _, b := range [][]byte{nil, []byte("no gob"), make([]byte, 1000)} {
		if err := p.UnmarshalBinary(b); err == nil {
			t.Errorf("%.10q is read", b)
		}
	}
}

// Files are blocks of their own: the same bytes at any number of workers, and merging a shard
// of each file says what one pass says.
func TestFilesMergeToOnePass(t *testing.T) {
	random := seed.Rand(21)
	var files []dataset.Part
	for range 7 {
		var text strings.Builder
		text.WriteString("id,x,at,city,mixed\n")
		for range 1 + random.IntN(3000) {
			city := []string{"Oslo", "Rome", "", "Lima", "lima "}[random.IntN(5)]
			mixed := []string{"1", "true", "2026-01-02", "words", "", "2.50"}[random.IntN(6)]
			fmt.Fprintf(&text, "%d,%.2f,2026-01-%02dT00:00:00Z,%s,%s\n", random.IntN(3000), random.NormFloat64(), 1+random.IntN(28), city, mixed)
		}
		content := text.String()
		files = append(files, dataset.Part{Name: "test.csv", Open: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(content)), nil
		}})
	}
	profileOf := func(workers int) []byte {
		p, _, err := Scan(t.Context(), dataset.CSV{Files: files}, dataset.Options{Workers: workers}, Options{Target: "city"})
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	want := profileOf(1)
	for workers := 2; workers <= 5; workers++ {
		if !bytes.Equal(profileOf(workers), want) {
			t.Errorf("%d workers: the profile differs", workers)
		}
	}
	var total *Partial
	for _, i := range random.Perm(len(files)) {
		p, _, err := Collect(t.Context(), dataset.CSV{Files: files[i : i+1]}, dataset.Options{}, i)
		if err != nil {
			t.Fatal(err)
		}
		if p = stored(t, p); total == nil {
			total = p
		} else if err := total.Merge(p); err != nil {
			t.Fatal(err)
		}
	}
	merged, err := total.Finish(t.Context(), Options{Target: "city"})
	if err != nil {
		t.Fatal(err)
	}
	var whole Profile
	if err := json.Unmarshal(want, &whole); err != nil {
		t.Fatal(err)
	}
	for _, p := range []*Profile{merged, &whole} { // of random rows: in another order
		p.Alerts = nil
		if p.Pairs.Sampled || p.Rows > maxSampleRows {
			t.Fatalf("%d rows are more than a sample has", p.Rows)
		}
	}
	if d := unlike(t, merged, &whole, 1e-11); d != "" {
		t.Error(d)
	}
}
