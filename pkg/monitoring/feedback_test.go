package monitoring_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/capture"
	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/monitoring"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// keep has an instance answer people, each by a request of its own, and keep them; it returns them.
func (w *world) keep(t *testing.T, instance string, version, rows int, seed uint64) *dataset.Table {
	t.Helper()
	r := &capture.Recorder{Store: w.Registry.Store, Instance: instance, Now: w.Now, Keep: capture.KeepRows, Share: 1}
	table := people(t, rows, 40, seed).Without("income")
	for i := range rows {
		part := table.Select([]int{i})
		output, err := w.pipeline.Predict(part)
		if err != nil {
			t.Fatal(err)
		}
		r.Observe(capture.Observation{Model: "adult", Version: version, Digest: fmt.Sprint("digest", version), Role: capture.Main,
			ID: fmt.Sprintf("%s.%d", instance, i), Pipeline: w.pipeline, Table: part, Output: output})
	}
	r.Flush(t.Context())
	return table
}

func (w *world) feedback(t *testing.T, days int) *monitoring.Feedback {
	t.Helper()
	objects, err := monitoring.FeedbackObjects(t.Context(), w.Registry.Store, "adult", days)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, o := range objects {
		keys = append(keys, o.Key)
	}
	f, err := monitoring.ReadFeedback(t.Context(), w.Registry.Store, keys)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestFeedback: rows of several instances and versions are joined with what came true of them, value
// by value, within so many days of the last outcome.
func TestFeedback(t *testing.T) {
	w := newWorld(t)
	if f := w.feedback(t, 30); f.From != "" || f.Outcomes != 0 || len(f.Labelled) > 0 {
		t.Errorf("of nothing: %+v", f)
	}
	high := ">50K"
	outcomes := func(instance string, rows ...int) (all []monitoring.Outcome) {
		for _, row := range rows {
			all = append(all, monitoring.Outcome{ID: fmt.Sprintf("%s.%d-1", instance, row), Class: &high})
		}
		return all
	}
	post := func(all []monitoring.Outcome) {
		t.Helper()
		if err := monitoring.SaveOutcomes(t.Context(), w.Registry.Store, "adult", w.now, all); err != nil {
			t.Fatal(err)
		}
	}
	w.now = noon.AddDate(0, 0, -5)
	w.keep(t, "old", 1, 5, 1)
	post(outcomes("old", 0, 1))
	w.now = noon
	one, two, other := w.keep(t, "one", 2, 20, 2), w.keep(t, "two", 2, 30, 3), w.keep(t, "other", 1, 4, 4)
	post(slices.Concat(outcomes("one", 3, 7), outcomes("two", 29), outcomes("other", 2), outcomes("gone", 1)))
	if _, err := w.Registry.Store.Put(t.Context(), "rows/adult/2026-11-27/a-1-1.json.gz", []byte("no gzip"), registry.Condition{}); err != nil {
		t.Fatal(err)
	}
	f := w.feedback(t, 3)
	if f.From != "2026-11-27" || f.To != "2026-11-27" || f.Outcomes != 5 || f.Unmatched != 1 || len(f.Labelled) != 2 || len(f.Warnings) != 1 || !strings.Contains(f.Warnings[0], "a-1-1") {
		t.Fatalf("%+v", f)
	}
	a, b := f.Labelled[0], f.Labelled[1]
	if a.Version != 1 || b.Version != 2 || len(a.Truths) != 1 || len(b.Truths) != 3 || *b.Truths[2].Class != high {
		t.Errorf("%+v", f.Labelled)
	}
	hashes := slices.Concat(one.Select([]int{3, 7}).Contents(), two.Select([]int{29}).Contents())
	if !slices.Equal(b.Inputs.Contents(), hashes) || !slices.Equal(a.Inputs.Contents(), other.Select([]int{2}).Contents()) {
		t.Error("rows are others than were asked about")
	}
	if err := b.Inputs.Schema().Validate(); err != nil {
		t.Error(err)
	}
	if f := w.feedback(t, 30); f.From != "2026-11-22" || f.Outcomes != 7 || len(f.Labelled) != 2 || len(f.Labelled[0].Truths) != 3 {
		t.Errorf("of all days: %+v", f)
	}
	w.now = noon.Add(20 * 24 * time.Hour)
	post(outcomes("one", 5)) // of a row that is too old for a week, and for the gate therefore
	if f := w.feedback(t, 7); f.Outcomes != 1 || f.Unmatched != 1 || f.From != "2026-12-17" {
		t.Errorf("of the last week: %+v", f)
	}
}
