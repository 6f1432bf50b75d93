package capture_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/capture"
	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// shop is an observation of three rows with every type of column; the texts are those of the request.
func shop(id string, texts ...string) capture.Observation {
	schema := dataset.Schema{
		{Name: "price", Type: dataset.Numeric}, {Name: "new", Type: dataset.Boolean}, {Name: "sold", Type: dataset.Timestamp},
		{Name: "colour", Type: dataset.Categorical, Levels: []string{"blue", "green", "red"}}, {Name: "note", Type: dataset.Text},
	}
	b := schema.Builder()
	for i, text := range texts {
		b.AddRow()
		for field, value := range []string{fmt.Sprint(0.1 * float64(i+1)), "true", "2026-11-27T10:00:00Z", []string{"red", "blue", "mauve"}[i%3], text} {
			if err := b.Text(field, value); err != nil {
				panic(err)
			}
		}
	}
	p := &pipeline.Pipeline{Schema: schema, Target: pipeline.Target{Name: "y", Task: dataset.Regression}}
	return capture.Observation{Model: "shop", Version: 3, Digest: "d", Role: capture.Main, ID: id, Pipeline: p, Table: b.Table(), Output: make([]float64, len(texts))}
}

// rowsOf reads all rows of a model that were kept at noon.
func rowsOf(t *testing.T, s registry.Store, m registry.ModelName) (all []*capture.Rows) {
	t.Helper()
	infos, err := capture.RowsOf(t.Context(), s, m, noon)
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range infos {
		rows, err := capture.ReadRows(t.Context(), s, info.Key)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, rows)
	}
	return all
}

// TestRows: rows come back as they were read, value by value, with the ids of their predictions;
// those of a shadow and of a request without an id are not kept, and the sketches hold none.
func TestRows(t *testing.T) {
	r, store, _ := newRecorder(t, "one")
	r.Keep, r.Share = capture.KeepRows, 1
	first, second := shop("a", "zebra crossing", "NA", "ant hill"), shop("b", "ant hill", "middle")
	r.Observe(first)
	r.Observe(second)
	nameless, shadow := shop("", "x"), shop("c", "x")
	shadow.Role, shadow.Digest = capture.Shadow, "e"
	r.Observe(nameless)
	r.Compare(shop("c", "x"), shadow)
	r.Flush(t.Context())
	all := rowsOf(t, store, "shop")
	if len(all) != 1 || all[0].Version != 3 || all[0].Digest != "d" || fmt.Sprint(all[0].IDs) != "[a-1 a-2 a-3 b-1 b-2]" {
		t.Fatalf("%+v", all)
	}
	got := all[0].Inputs()
	if err := got.Schema().Validate(); err != nil {
		t.Error(err)
	}
	for i, from := range []capture.Observation{first, second} {
		rows := [][]int{{0, 1, 2}, {3, 4}}[i]
		shaped, unseen, err := got.Select(rows).Conform(from.Pipeline.Schema)
		if err != nil || len(unseen) > 0 {
			t.Fatal(err, unseen)
		}
		if !slices.Equal(shaped.Contents(), from.Table.Contents()) {
			t.Errorf("rows of request %d are others", i+1)
		}
	}
	if c := got.Column("colour"); len(c.Levels) != 2 || c.Codes[2] != -1 { // mauve is unknown, green did not come
		t.Errorf("%+v", c)
	}
	for info, err := range store.List(t.Context(), "predictions/") {
		if err != nil {
			t.Fatal(err)
		}
		o, err := capture.Read(t.Context(), store, info.Key)
		if err != nil || o.Series[0].Kept != 5 || strings.Contains(string(o.Series[0].Inputs)+string(o.Series[0].Outputs), "zebra") {
			t.Errorf("%v: %+v", err, o)
		}
	}
}

// TestRowsOnlyIfSwitchedOn: what keeps less keeps no row.
func TestRowsOnlyIfSwitchedOn(t *testing.T) {
	for setting, want := range map[string]int{"sketches": 0, "predictions": 0, "rows": 1} {
		_, store, now := newRecorder(t, "one")
		r, err := capture.New(store, "one", setting, func() time.Time { return *now })
		if err != nil {
			t.Fatal(err)
		}
		r.Observe(shop("a", "x"))
		r.Flush(t.Context())
		if got := rowsOf(t, store, "shop"); len(got) != want {
			t.Errorf("%s: %d objects of rows", setting, len(got))
		}
	}
	for _, setting := range []string{"rows:", "rows:0", "rows:1.5", "rows:NaN", "rows:-0.1", "sketches:0.5", "all"} {
		if r, err := capture.New(nil, "one", setting, nil); err == nil {
			t.Errorf("%q makes %+v", setting, r)
		}
	}
	if r, err := capture.New(nil, "one", "off", nil); r != nil || err != nil {
		t.Errorf("off makes %v, %v", r, err)
	}
}

// TestSampledRows: a share of the requests is chosen by their ids, so that two instances choose the
// same ones, and a greater share has all of a smaller one.
func TestSampledRows(t *testing.T) {
	ids := func(instance string, share float64) map[string]bool {
		r, store, _ := newRecorder(t, instance)
		r.Keep, r.Share = capture.KeepRows, share
		for i := range 2000 {
			r.Observe(shop(fmt.Sprintf("request.%d", i), "x"))
		}
		r.Flush(t.Context())
		all := map[string]bool{}
		for _, rows := range rowsOf(t, store, "shop") {
			for _, id := range rows.IDs {
				all[id] = true
			}
		}
		return all
	}
	one, two, more := ids("one", 0.1), ids("two", 0.1), ids("one", 0.3)
	// Of 2,000, a tenth is 200 with a standard deviation of 13.4: within five of them.
	if len(one) < 133 || len(one) > 267 || len(one) != len(two) {
		t.Errorf("%d and %d of 2000", len(one), len(two))
	}
	for id := range one {
		if !two[id] || !more[id] {
			t.Errorf("%s is sampled by some", id)
		}
	}
}

// TestRowsAreBounded: no more than so many bytes are kept in an hour, and in the next one again.
func TestRowsAreBounded(t *testing.T) {
	r, store, now := newRecorder(t, "one")
	r.Keep, r.Share, r.RowBytes = capture.KeepRows, 1, 1000
	for range 100 {
		r.Observe(shop("a", "some text"))
	}
	*now = noon.Add(59 * time.Minute)
	r.Observe(shop("late", "some text"))
	*now = noon.Add(60 * time.Minute)
	r.Observe(shop("next", "some text"))
	r.Flush(t.Context())
	rows := rowsOf(t, store, "shop")[0]
	n := len(rows.IDs)
	// A row is 3 numbers, 2 codes and its id: 35 bytes, the first one has 3 and 9 of texts too.
	if want := int(math.Ceil((1000-12)/35.)) + 1; n != want || rows.IDs[n-1] != "next-1" || slices.Contains(rows.IDs, "late-1") {
		t.Errorf("%d rows, want %d: %v", n, want, rows.IDs)
	}
}

// TestRowsAreWrittenOnce: rows whose write fails, or whose answer is lost, are there once.
func TestRowsAreWrittenOnce(t *testing.T) {
	r, store, _ := newRecorder(t, "one")
	r.Keep, r.Share = capture.KeepRows, 1
	store.deaf = true
	r.Observe(shop("a", "x"))
	r.Flush(t.Context())
	store.deaf = false
	r.Flush(t.Context())
	if all := rowsOf(t, store, "shop"); len(all) != 1 || len(all[0].IDs) != 1 {
		t.Errorf("%+v", all)
	}
	if keys, err := capture.Keys(t.Context(), store, "shop", noon); err != nil || len(keys) != 1 {
		t.Errorf("%v, %v", keys, err)
	}
	if _, err := store.Put(t.Context(), "rows/shop/2026-11-27/two-1-1.json.gz", []byte("no gzip"), registry.Condition{}); err != nil {
		t.Fatal(err)
	}
	if _, err := capture.ReadRows(t.Context(), store, "rows/shop/2026-11-27/two-1-1.json.gz"); err == nil || !strings.Contains(err.Error(), "two-1-1") {
		t.Errorf("what is no object of rows: %v", err)
	}
}
