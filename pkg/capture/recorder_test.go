package capture_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/capture"
	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/dirstore"
)

// regression is what a pipeline of one number and a free text looks like from here.
func regression() *pipeline.Pipeline {
	return &pipeline.Pipeline{
		Schema: dataset.Schema{{Name: "x", Type: dataset.Numeric}, {Name: "note", Type: dataset.Text}},
		Target: pipeline.Target{Name: "y", Task: dataset.Regression},
	}
}

// observation is of the rows x = from … to−1, all with the same note, predicted as 2x.
func observation(from, to int) capture.Observation {
	x, note := dataset.Column{Name: "x", Type: dataset.Numeric}, dataset.Column{Name: "note", Type: dataset.Text, Levels: []string{"call 555-0100"}}
	var output []float64
	for i := from; i < to; i++ {
		x.Values, note.Codes, output = append(x.Values, float64(i)), append(note.Codes, 0), append(output, float64(2*i))
	}
	t, err := dataset.NewTable(x, note)
	if err != nil {
		panic(err)
	}
	return capture.Observation{Model: "wine", Version: 1, Digest: "d", Alias: "champion", Role: capture.Main, ID: fmt.Sprint("r", from), Pipeline: regression(), Table: t, Output: output}
}

// faulty fails writes while it is down, and loses answers while it is deaf.
type faulty struct {
	registry.Store
	mu         sync.Mutex
	down, deaf bool
}

var errDown = errors.New("down")

func (f *faulty) Put(ctx context.Context, key string, body []byte, c registry.Condition) (registry.Info, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		return registry.Info{}, errDown
	}
	info, err := f.Store.Put(ctx, key, body, c)
	if f.deaf {
		return registry.Info{}, errDown
	}
	return info, err
}

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

func newRecorder(t *testing.T, instance string) (*capture.Recorder, *faulty, *time.Time) {
	t.Helper()
	s, err := dirstore.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	store, now := &faulty{Store: s}, noon
	return &capture.Recorder{Store: store, Instance: instance, Now: func() time.Time { return now }}, store, &now
}

// read returns the objects of the day, and all that their inputs hold, merged.
func read(t *testing.T, s registry.Store) (objects []*capture.Object, merged *profile.Profile) {
	t.Helper()
	keys, err := capture.Keys(t.Context(), s, "wine", noon)
	if err != nil {
		t.Fatal(err)
	}
	all := &profile.Partial{}
	for _, key := range keys {
		o, err := capture.Read(t.Context(), s, key)
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, o)
		for _, series := range o.Series {
			var p profile.Partial
			if err := p.UnmarshalBinary(series.Inputs); err != nil {
				t.Fatal(err)
			}
			if err := all.Merge(&p); err != nil {
				t.Fatal(err)
			}
		}
	}
	merged, err = all.Finish(t.Context(), profile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return objects, merged
}

// TestRecorder: instances write what they saw, after so many rows or so much time, and together it
// is what there was.
func TestRecorder(t *testing.T) {
	r, store, now := newRecorder(t, "one")
	r.Rows, r.Age = 100, time.Minute
	other := &capture.Recorder{Store: store, Instance: "two", Now: r.Now, Rows: 100, Age: time.Minute}
	begin := func(r *capture.Recorder) { r.Begin(t.Context())() }
	written := func() int { objects, _ := read(t, store); return len(objects) }

	begin(r)
	r.Observe(observation(0, 99))
	if begin(r); written() != 0 {
		t.Error("written before it is time")
	}
	r.Observe(observation(99, 100))
	if begin(r); written() != 1 {
		t.Error("not written after 100 rows")
	}
	r.Observe(observation(100, 101))
	*now = noon.Add(59 * time.Second)
	if begin(r); written() != 1 {
		t.Error("written before a minute has passed")
	}
	*now = noon.Add(time.Minute)
	if begin(r); written() != 2 {
		t.Error("not written after a minute")
	}
	other.Observe(observation(101, 600))
	other.Flush(t.Context())
	other.Flush(t.Context()) // nothing new
	objects, p := read(t, store)
	if len(objects) != 3 || objects[0].Instance != "one" || objects[1].Number != 2 || !objects[0].From.Equal(noon) || objects[2].Series[0].Seen != 499 {
		t.Errorf("objects %+v", objects)
	}
	x := p.Columns[0]
	if len(p.Columns) != 1 || x.Count != 600 || x.Numeric.Min != 0 || x.Numeric.Max != 599 || math.Abs(x.Numeric.Mean-299.5) > 1e-9 {
		t.Errorf("merged %+v of %d columns", x.Numeric, len(p.Columns))
	}
}

// TestNoRowsAndNoTexts: nothing that people wrote is in an object, nor rows, unless switched on.
func TestNoRowsAndNoTexts(t *testing.T) {
	r, store, _ := newRecorder(t, "one")
	r.Observe(observation(0, 3))
	r.Flush(t.Context())
	objects, _ := read(t, store)
	s := objects[0].Series[0]
	if len(s.Predictions) > 0 || strings.Contains(string(s.Inputs)+string(s.Outputs), "555") {
		t.Errorf("%+v", s)
	}
	r.Keep = capture.KeepPredictions
	r.Observe(observation(5, 8))
	r.Flush(t.Context())
	objects, _ = read(t, store)
	if p := objects[1].Series[0].Predictions; len(p) != 3 || p[0].ID != "r5-1" || p[2].ID != "r5-3" || p[2].Output[0] != 14 {
		t.Errorf("%+v", p)
	}
}

// TestLargeRequests: of 2,500 rows every third is looked at.
func TestLargeRequests(t *testing.T) {
	r, store, _ := newRecorder(t, "one")
	r.Observe(observation(0, 2500))
	r.Flush(t.Context())
	objects, p := read(t, store)
	if s := objects[0].Series[0]; s.Seen != 2500 || s.Rows != 834 || p.Columns[0].Numeric.Max != 2499 {
		t.Errorf("%d rows of %d, %+v", s.Rows, s.Seen, p.Columns[0].Numeric)
	}
}

// TestWriteFails: nothing is lost while the store is down for a few writes, then the oldest is, and
// is counted. A write whose answer is lost is not written twice.
func TestWriteFails(t *testing.T) {
	r, store, _ := newRecorder(t, "one")
	store.down = true
	for i := range 6 {
		r.Observe(observation(10*i, 10*i+10))
		r.Flush(t.Context())
	}
	if writes, lost := r.Failures(); writes != 6 || lost != 20 {
		t.Errorf("%d writes failed, %d rows lost", writes, lost)
	}
	store.down, store.deaf = false, true
	r.Flush(t.Context())
	store.deaf = false
	r.Flush(t.Context())
	objects, p := read(t, store)
	if len(objects) != 4 || p.Columns[0].Count != 40 || p.Columns[0].Numeric.Min != 20 || objects[3].Lost != 20 {
		t.Errorf("%d objects, %d rows from %v on, lost %d", len(objects), p.Columns[0].Count, p.Columns[0].Numeric.Min, objects[3].Lost)
	}
}

// TestNotEncodable: what JSON has no number for is lost, and what comes after it is written.
func TestNotEncodable(t *testing.T) {
	r, store, _ := newRecorder(t, "one")
	shadow := observation(0, 10)
	shadow.Role, shadow.Output = capture.Shadow, slices.Repeat([]float64{math.Inf(1)}, 10)
	r.Compare(observation(0, 10), shadow)
	r.Flush(t.Context())
	r.Observe(observation(10, 20))
	r.Flush(t.Context())
	objects, p := read(t, store)
	if _, lost := r.Failures(); len(objects) != 1 || p.Columns[0].Count != 10 || lost != 10 || objects[0].Lost != 10 {
		t.Errorf("%d objects, %d rows lost", len(objects), lost)
	}
}

// TestManySeries: more models than are followed at a time are counted as lost, not kept.
func TestManySeries(t *testing.T) {
	r, _, _ := newRecorder(t, "one")
	for i := range 70 {
		o := observation(0, 1)
		o.Digest = fmt.Sprint(i)
		r.Observe(o)
	}
	if _, lost := r.Failures(); lost != 6 {
		t.Errorf("%d rows lost, want 6 of 70", lost)
	}
}

// TestTogether: requests at once, while what they left is written.
func TestTogether(t *testing.T) {
	r, store, _ := newRecorder(t, "one")
	r.Rows = 50
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for j := range 100 {
				settle := r.Begin(t.Context())
				r.Observe(observation(100*i+j, 100*i+j+1))
				settle()
			}
		})
	}
	group.Wait()
	r.Flush(t.Context())
	if objects, p := read(t, store); p.Columns[0].Count != 800 || p.Columns[0].Distinct != 800 {
		t.Errorf("%d rows in %d objects", p.Columns[0].Count, len(objects))
	}
	var none *capture.Recorder
	none.Begin(t.Context())()
	none.Observe(observation(0, 1))
	none.Flush(t.Context())
}

// BenchmarkObserve is what a row of a request costs: ten numbers and ten categories.
func BenchmarkObserve(b *testing.B) {
	for _, rows := range []int{1, 100} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			p := &pipeline.Pipeline{Target: pipeline.Target{Name: "y", Task: dataset.Regression}}
			var columns []dataset.Column
			for i := range 20 {
				c := dataset.Column{Name: fmt.Sprint("c", i), Type: dataset.Numeric}
				if i%2 == 1 {
					c.Type, c.Levels = dataset.Categorical, []string{"a", "b", "c", "d"}
				}
				for row := range rows {
					if i%2 == 1 {
						c.Codes = append(c.Codes, int32(row%4))
					} else {
						c.Values = append(c.Values, float64(row)*1.37)
					}
				}
				p.Schema = append(p.Schema, dataset.Field{Name: c.Name, Type: c.Type, Levels: c.Levels})
				columns = append(columns, c)
			}
			t, err := dataset.NewTable(columns...)
			if err != nil {
				b.Fatal(err)
			}
			r := &capture.Recorder{Now: func() time.Time { return noon }}
			o := capture.Observation{Model: "m", Role: capture.Main, Pipeline: p, Table: t, Output: make([]float64, rows)}
			for b.Loop() {
				r.Observe(o)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows), "ns/row")
		})
	}
}
