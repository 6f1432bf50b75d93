package monitoring_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/capture"
	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/monitoring"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/dirstore"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// people are rows of an age around a mean, a job and a note; income is high for a quarter.
func people(t *testing.T, rows int, mean float64, seed uint64) *dataset.Table {
	t.Helper()
	draw := rand.New(rand.NewPCG(seed, 1))
	age := dataset.Column{Name: "age", Type: dataset.Numeric}
	job := dataset.Column{Name: "job", Type: dataset.Categorical, Levels: []string{"Private", "State"}}
	note := dataset.Column{Name: "note", Type: dataset.Text, Levels: []string{"a b c", "d e f"}}
	income := dataset.Column{Name: "income", Type: dataset.Categorical, Levels: []string{"<=50K", ">50K"}}
	for i := range rows {
		age.Values = append(age.Values, mean+10*draw.NormFloat64())
		job.Codes = append(job.Codes, int32(draw.IntN(2)))
		note.Codes = append(note.Codes, int32(draw.IntN(2)))
		high := int32(0)
		if i%4 == 3 {
			high = 1
		}
		income.Codes = append(income.Codes, high)
	}
	table, err := dataset.NewTable(age, job, note, income)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// world has a baseline of the people as version 1, which predicts 0.25 of everybody.
type world struct {
	*monitoring.Monitor
	pipeline *pipeline.Pipeline
	digest   string
	now      time.Time
	metrics  bytes.Buffer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	s, err := dirstore.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{now: noon}
	w.Monitor = &monitoring.Monitor{Registry: &registry.Registry{Store: s}, Now: func() time.Time { return w.now }, Metrics: &w.metrics}
	table := people(t, 2000, 40, 1)
	goal, err := pipeline.NewTarget(table.Column("income"), "")
	if err != nil {
		t.Fatal(err)
	}
	inputs := table.Without("income")
	w.pipeline, err = pipeline.Fit(t.Context(), pipeline.Data{Inputs: inputs, Y: goal.Values(table.Column("income"))}, goal, pipeline.Configuration{Learner: "baseline"}, 7)
	if err == nil {
		err = w.pipeline.Finish(t.Context(), inputs, pipeline.Lineage{})
	}
	if err != nil {
		t.Fatal(err)
	}
	artifact, err := w.pipeline.Encode()
	if err != nil {
		t.Fatal(err)
	}
	m, err := w.Registry.Register(t.Context(), "adult", artifact, registry.Manifest{Run: "r", Classes: w.pipeline.Target.Classes})
	if err != nil {
		t.Fatal(err)
	}
	w.digest = m.Digest
	return w
}

// see has an instance answer people, 50 a request, and write what it saw.
func (w *world) see(t *testing.T, instance string, rows int, mean float64, seed uint64) {
	t.Helper()
	r := &capture.Recorder{Store: w.Registry.Store, Instance: instance, Now: w.Now, Keep: capture.KeepPredictions}
	table := people(t, rows, mean, seed).Without("income")
	for start := 0; start < rows; start += 50 {
		index := make([]int, min(50, rows-start))
		for i := range index {
			index[i] = start + i
		}
		part := table.Select(index)
		output, err := w.pipeline.Predict(part)
		if err != nil {
			t.Fatal(err)
		}
		r.Observe(capture.Observation{Model: "adult", Version: 1, Digest: w.digest, Alias: "champion", Role: capture.Main,
			ID: fmt.Sprintf("%s.%d", instance, start), Pipeline: w.pipeline, Table: part, Output: output})
	}
	r.Flush(t.Context())
}

func (w *world) day(t *testing.T) *monitoring.Report {
	t.Helper()
	r, err := w.Day(t.Context(), "adult", w.now)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func verdict(t *testing.T, r *monitoring.Report, column string) profile.Verdict {
	t.Helper()
	for _, c := range r.Versions[0].Drift.Columns {
		if c.Name == column {
			return c.Verdict
		}
	}
	t.Fatalf("no column %s in %+v", column, r.Versions[0].Drift)
	return ""
}

// TestDay: instances together are compared with training: people like those then are stable, people
// thirty years older are severely other in their age and in nothing else.
func TestDay(t *testing.T) {
	w := newWorld(t)
	if r := w.day(t); r.Verdict != profile.Unjudged || len(r.Versions) > 0 || r.Objects > 0 {
		t.Errorf("of nothing: %+v", r)
	}
	w.see(t, "one", 300, 40, 2)
	w.see(t, "two", 500, 40, 3)
	r := w.day(t)
	v := r.Versions[0]
	if r.Objects != 2 || r.Instances != 2 || v.Rows != 800 || v.Seen[capture.Main] != 800 || v.Version != 1 || v.Shift != nil {
		t.Errorf("%+v", r)
	}
	if r.Verdict != profile.Stable || len(v.Drift.Columns) != 2 { // not the note
		t.Errorf("%s: %s, %+v", r.Verdict, r.Reason, v.Drift)
	}
	if c := v.Outputs[0]; c.Name != "income" || c.Count != 800 || v.Outputs[1].Numeric.Mean != 0.25 {
		t.Errorf("outputs %+v", v.Outputs)
	}

	w.now = noon.AddDate(0, 0, 1)
	w.see(t, "three", 800, 70, 4)
	r = w.day(t)
	if r.Verdict != profile.Severe || verdict(t, r, "age") != profile.Severe || verdict(t, r, "job") != profile.Stable {
		t.Errorf("%s: %s", r.Verdict, r.Reason)
	}
	if s := r.Versions[0].Shift; s == nil || s.BaselineRows != 800 || s.Verdict != profile.Stable {
		t.Errorf("the predictions shifted: %+v", s)
	}
}

// TestRun writes today's and yesterday's reports and the metrics, again and again.
func TestRun(t *testing.T) {
	w := newWorld(t)
	if _, err := monitoring.Stored(t.Context(), w.Registry, "adult", ""); !errors.Is(err, registry.ErrNotFound) || !strings.Contains(err.Error(), "drift report of model adult") {
		t.Errorf("before: %v", err)
	}
	if _, err := monitoring.Stored(t.Context(), w.Registry, "beer", ""); err == nil || err.Error() != "model beer not found" {
		t.Errorf("of no model: %v", err)
	}
	w.see(t, "one", 300, 40, 2)
	w.now = noon.AddDate(0, 0, 1)
	w.see(t, "two", 300, 70, 3)
	for range 2 {
		w.metrics.Reset()
		done, err := w.Run(t.Context(), monitoring.Event{})
		if err != nil || strings.Join(done.Reports, " ") != "monitoring/adult/2026-11-27.json monitoring/adult/2026-11-28.json" {
			t.Fatalf("%v, %v", done, err)
		}
	}
	latest, err := monitoring.Stored(t.Context(), w.Registry, "adult", "")
	if err != nil || latest.Day != "2026-11-28" || latest.Verdict != profile.Severe {
		t.Errorf("%+v, %v", latest, err)
	}
	first, err := monitoring.Stored(t.Context(), w.Registry, "adult", "2026-11-27")
	if err != nil || first.Verdict != profile.Stable {
		t.Errorf("%+v, %v", first, err)
	}
	if _, err := monitoring.Stored(t.Context(), w.Registry, "adult", "../../models"); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("of no day: %v", err)
	}
	if _, err := w.Run(t.Context(), monitoring.Event{Day: "today"}); err == nil {
		t.Error("today is a day")
	}
	// The day before has been over for half a day, and is not told of any more.
	lines := strings.Split(strings.TrimSpace(w.metrics.String()), "\n")
	var line struct {
		AWS struct {
			CloudWatchMetrics []struct {
				Namespace  string
				Dimensions [][]string
				Metrics    []struct{ Name string }
			}
		} `json:"_aws"`
		Function, Model                                      string
		DriftedColumns, SeverelyDriftedColumns, CapturedRows int
	}
	if len(lines) != 1 || json.Unmarshal([]byte(lines[0]), &line) != nil || line.Function != "monitor" || line.Model != "adult" || line.DriftedColumns != 1 || line.SeverelyDriftedColumns != 1 || line.CapturedRows != 300 || line.AWS.CloudWatchMetrics[0].Namespace != "Foretell" {
		t.Errorf("metrics:\n%s", w.metrics.String())
	}
}

// TestLinesEndWithTheDay: what was captured in the last minutes of a day is told in the first hour of
// the next one, and from then on only what that is like.
func TestLinesEndWithTheDay(t *testing.T) {
	w := newWorld(t)
	w.now = noon.Add(12*time.Hour - time.Minute)
	w.see(t, "one", 300, 70, 2)
	for minutes, want := range map[int]int{1: 1, 60: 1, 61: 0, 600: 0} {
		w.metrics.Reset()
		w.now = noon.Add(12*time.Hour + time.Duration(minutes-1)*time.Minute)
		if done, err := w.Run(t.Context(), monitoring.Event{}); err != nil || len(done.Reports) != 1 {
			t.Errorf("%v, %v", done, err)
		}
		if got := strings.Count(w.metrics.String(), "SeverelyDriftedColumns\":1"); got != want {
			t.Errorf("%d minutes after the day %d lines: %s", minutes, got, w.metrics.String())
		}
	}
}

// counting counts the objects of predictions that are read.
type counting struct {
	registry.Store
	read atomic.Int64
	down string // prefix of what cannot be read
}

func (c *counting) Open(ctx context.Context, key string) (io.ReadCloser, registry.Info, error) {
	if c.down != "" && strings.HasPrefix(key, c.down) {
		return nil, registry.Info{}, errors.New("down")
	}
	if strings.HasPrefix(key, "predictions/") {
		c.read.Add(1)
	}
	return c.Store.Open(ctx, key)
}

// TestUnmatchedIDsAreLookedForOnce: an id that nobody knows has the predictions of the days before
// read when it comes, and not every hour; drift is written though they cannot be read.
func TestUnmatchedIDsAreLookedForOnce(t *testing.T) {
	w := newWorld(t)
	store := &counting{Store: w.Registry.Store}
	w.Registry.Store = store
	for day := range 20 {
		w.now = noon.AddDate(0, 0, day-20)
		w.see(t, fmt.Sprint("day", day), 10, 40, uint64(day))
	}
	w.now = noon
	w.see(t, "today", 300, 70, 99)
	high := ">50K"
	post := func(id string) {
		t.Helper()
		if err := monitoring.SaveOutcomes(t.Context(), store, "adult", w.now, []monitoring.Outcome{{ID: id, Class: &high}}); err != nil {
			t.Fatal(err)
		}
	}
	hour := func() int64 {
		t.Helper()
		store.read.Store(0)
		if _, err := w.Run(t.Context(), monitoring.Event{}); err != nil {
			t.Fatal(err)
		}
		return store.read.Load()
	}
	without := hour()
	post("nobody-1")
	first := hour()
	if again := hour(); first != without+21 || again != without {
		t.Errorf("%d objects read without outcomes, %d with one that nobody knows, %d an hour later", without, first, again)
	}
	report, err := monitoring.Stored(t.Context(), w.Registry, "adult", "")
	if err != nil || report.Outcomes == nil || report.Outcomes.Unmatched != 1 || report.Verdict != profile.Severe {
		t.Errorf("%+v, %v", report, err)
	}
	post("day3.0-1")
	if hour(); err != nil {
		t.Fatal(err)
	}
	report, err = monitoring.Stored(t.Context(), w.Registry, "adult", "")
	if err != nil || report.Outcomes.Rows != 2 || report.Outcomes.Unmatched != 1 || report.Outcomes.Versions[0].Rows != 1 {
		t.Errorf("%+v, %v", report, err)
	}
	store.down = "outcomes/"
	w.see(t, "late", 20, 70, 98)
	hour()
	report, err = monitoring.Stored(t.Context(), w.Registry, "adult", "")
	if err != nil || report.Objects != 2 || len(report.Warnings) != 2 || report.Verdict != profile.Severe {
		t.Errorf("%+v, %v", report, err)
	}
}

// TestBrokenObjects: what cannot be read is a warning, and the rest is looked at.
func TestBrokenObjects(t *testing.T) {
	w := newWorld(t)
	w.see(t, "one", 300, 40, 2)
	if _, err := w.Registry.Store.Put(t.Context(), "predictions/adult/2026-11-27/broken-1.json.gz", []byte("no gzip"), registry.Condition{}); err != nil {
		t.Fatal(err)
	}
	r := w.day(t)
	if r.Objects != 1 || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "broken-1") || r.Verdict != profile.Stable {
		t.Errorf("%+v", r)
	}
	if err := w.Registry.Store.Delete(t.Context(), "models/adult/artifacts/"+w.digest); err != nil {
		t.Fatal(err)
	}
	if r := w.day(t); len(r.Warnings) != 2 || r.Versions[0].Drift != nil || r.Versions[0].Rows != 300 {
		t.Errorf("without the artifact: %+v", r)
	}
}

// TestOutcomes: of ten predictions of 0.25, six outcomes come in time: one of them is >50K. The
// scores are worked out by hand: accuracy 5/6, log loss −(5·ln 0.75 + ln 0.25)/6, Brier score
// (5·0.25² + 0.75²)/6 of the second class, in the two-class form twice that.
func TestOutcomes(t *testing.T) {
	w := newWorld(t)
	w.see(t, "one", 10, 40, 2)
	w.now = noon.AddDate(0, 0, 3)
	class := func(row int, name string) monitoring.Outcome {
		return monitoring.Outcome{ID: fmt.Sprintf("one.0-%d", row), Class: &name}
	}
	save := func(all ...monitoring.Outcome) {
		t.Helper()
		if err := monitoring.SaveOutcomes(t.Context(), w.Registry.Store, "adult", w.now, all); err != nil {
			t.Fatal(err)
		}
	}
	value := 1.0
	for range 2 { // sent twice
		save(class(1, "<=50K"), class(2, "<=50K"), class(3, "<=50K"), class(4, "<=50K"), class(5, "<=50K"), class(6, ">50K"),
			class(7, "<=50K"), class(8, "none of these"), monitoring.Outcome{ID: "one.0-9", Value: &value}, class(77, ">50K"))
	}
	save(class(7, ">50K"), class(1, "<=50K")) // another truth, and one that is known
	o := w.day(t).Outcomes
	if o == nil || o.Rows != 10 || o.Contradicted != 1 || o.Unfit != 2 || o.Unmatched != 1 || len(o.Versions) != 1 {
		t.Fatalf("%+v", o)
	}
	v := o.Versions[0]
	if v.Version != 1 || v.Rows != 6 || *v.Right != 5.0/6 {
		t.Errorf("%+v", v)
	}
	near := func(name string, want float64) {
		t.Helper()
		if got := v.Scores[name]; math.Abs(got-want) > 1e-12 {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	near("accuracy", 5.0/6)
	near("log_loss", -(5*math.Log(0.75)+math.Log(0.25))/6)
	near("brier", (5*0.0625+0.5625)/6)
	if b := v.Reliability; len(b) != 1 || b[0].Rows != 6 || b[0].Said != 0.25 || math.Abs(b[0].Seen-1.0/6) > 1e-12 || !(b[0].Low < b[0].Seen && b[0].Seen < b[0].High) {
		t.Errorf("reliability %+v", b)
	}
	if err := w.Registry.Store.Delete(t.Context(), "models/adult/artifacts/"+w.digest); err != nil {
		t.Fatal(err)
	}
	if r := w.day(t); r.Outcomes == nil || r.Outcomes.Unmatched != 9 || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "version 1") {
		t.Errorf("without the artifact: %+v, %q", r.Outcomes, r.Warnings)
	}
	w.now = noon.AddDate(0, 0, 40)
	save(class(1, "<=50K"))
	if o := w.day(t).Outcomes; o.Unmatched != 1 || len(o.Versions) != 0 {
		t.Errorf("after forty days: %+v", o)
	}
}

func TestCheckOutcomes(t *testing.T) {
	one, name := 1.0, "a"
	fine := monitoring.Outcome{ID: "x-1", Value: &one}
	if _, err := monitoring.Check([]monitoring.Outcome{fine, {ID: "x-2", Class: &name}}); err != nil {
		t.Error(err)
	}
	for _, bad := range []monitoring.Outcome{{}, {ID: "x"}, {ID: "x", Value: &one, Class: &name}, {Value: &one}, {ID: strings.Repeat("x", 161), Value: &one}} {
		if i, err := monitoring.Check([]monitoring.Outcome{fine, bad}); err == nil || i != 1 {
			t.Errorf("%+v: %d, %v", bad, i, err)
		}
	}
}
