package training

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/capture"
	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/monitoring"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// asked has champion of the model ring predict the rows of a file, as the predict function that keeps
// rows does, ten a request, and returns what is true of each by the file.
func asked(t *testing.T, e *Engine, file, instance string, now time.Time) []monitoring.Outcome {
	t.Helper()
	source, err := e.Source(ctx, file)
	if err != nil {
		t.Fatal(err)
	}
	table, _, err := dataset.Read(ctx, source, dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	alias, _, err := e.Registry.Alias(ctx, "ring", registry.Champion)
	if err != nil {
		t.Fatal(err)
	}
	p, err := e.pipeline(ctx, "ring", alias.Digest)
	if err != nil {
		t.Fatal(err)
	}
	rows, _, err := table.Conform(p.Schema)
	if err != nil {
		t.Fatal(err)
	}
	r := &capture.Recorder{Store: e.Registry.Store, Instance: instance, Now: func() time.Time { return now }, Keep: capture.KeepRows, Share: 1}
	var outcomes []monitoring.Outcome
	for from := 0; from < table.Rows(); from += 10 {
		var some []int
		for row := from; row < min(from+10, table.Rows()); row++ {
			some = append(some, row)
			class := fmt.Sprint(table.Column("inside").Values[row] == 1)
			outcomes = append(outcomes, monitoring.Outcome{ID: fmt.Sprintf("%s.%d-%d", instance, from, row-from+1), Class: &class})
		}
		part := rows.Select(some)
		output, err := p.Predict(part)
		if err != nil {
			t.Fatal(err)
		}
		r.Observe(capture.Observation{Model: "ring", Version: alias.Version, Digest: alias.Digest, Role: capture.Main,
			ID: fmt.Sprintf("%s.%d", instance, from), Pipeline: p, Table: part, Output: output})
	}
	r.Flush(ctx)
	return outcomes
}

// other makes what is true untrue.
func other(o monitoring.Outcome) monitoring.Outcome {
	class := fmt.Sprint(*o.Class == "false")
	o.Class = &class
	return o
}

// TestContestByOutcomes: a challenger that is better on the rows that were held out has to be so on
// the rows that champion was asked about since, by what was posted as true of them.
func TestContestByOutcomes(t *testing.T) {
	folder := t.TempDir()
	data, fresh := filepath.Join(folder, "data.csv"), filepath.Join(folder, "fresh.csv")
	ring(t, data, 0, 1500, 0.1)
	ring(t, fresh, 5000, 400, 0.1)
	noon := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	const config = "model: ring\ndata: {source: %s, target: inside}\nvalidation: {folds: 3}\nconfigurations: [%s]\nsearch: {trials: 1}\npromote: {%s}\n"
	const line, trees = "{learner: logistic}", "{learner: boosting, params: {rounds: 30, leaves: 7}}"
	for name, c := range map[string]struct {
		promote  string
		asked    string // the rows
		outcomes func([]monitoring.Outcome) []monitoring.Outcome
		promoted bool
		reason   string
		warning  string
		want     Feedback
	}{
		"better": {"window: outcomes", fresh, nil, true, "on 400 live rows", "", Feedback{Outcomes: 400, Rows: 400}},
		"the world changed": {"window: outcomes", fresh, func(all []monitoring.Outcome) []monitoring.Outcome {
			for i := range all {
				all[i] = other(all[i])
			}
			return all
		}, false, "on 400 live rows", "", Feedback{Outcomes: 400, Rows: 400}},
		"some of no use": {"window: outcomes", fresh, func(all []monitoring.Outcome) []monitoring.Outcome {
			maybe, unknown := "maybe", all[3]
			all[0].Class, unknown.ID = &maybe, "nobody-1"
			return append(all[:200], unknown, other(all[1]))
		}, true, "on 198 live rows", "", Feedback{Outcomes: 201, Rows: 198, Unmatched: 1, Contradicted: 1, Unfit: 1}},
		"too few": {"window: outcomes", fresh, func(all []monitoring.Outcome) []monitoring.Outcome { return all[:29] },
			true, "held-out rows", "of 29 outcomes 29 rows can be compared on, and 30 are needed", Feedback{Outcomes: 29, Rows: 29}},
		"fewer than asked for": {"window: outcomes, window_rows: 500", fresh, nil, true, "held-out rows", "and 500 are needed", Feedback{Outcomes: 400, Rows: 400}},
		"none came": {"window: outcomes", fresh, func([]monitoring.Outcome) []monitoring.Outcome { return nil },
			true, "held-out rows", "of 0 outcomes 0 rows", Feedback{}},
		"of one class": {"window: outcomes", fresh, func(all []monitoring.Outcome) []monitoring.Outcome {
			return slices.DeleteFunc(all, func(o monitoring.Outcome) bool { return *o.Class == "true" })
		}, true, "held-out rows", "cannot be scored", Feedback{}},
		"of the training data": {"window: outcomes", data, nil, true, "held-out rows", "", Feedback{Outcomes: 1500}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := engine(t)
			if _, err := e.Run(ctx, submit(t, e, parse(t, fmt.Sprintf(config, data, line, ""))), nil); err != nil {
				t.Fatal(err)
			}
			outcomes := asked(t, e, c.asked, "one", noon)
			if c.outcomes != nil {
				outcomes = c.outcomes(outcomes)
			}
			if len(outcomes) > 0 {
				if err := monitoring.SaveOutcomes(ctx, e.Registry.Store, "ring", noon.AddDate(0, 0, 2), outcomes); err != nil {
					t.Fatal(err)
				}
			}
			verdict, err := e.Run(ctx, submit(t, e, parse(t, fmt.Sprintf(config, data, trees, c.promote))), nil)
			if err != nil {
				t.Fatal(err)
			}
			got := verdict.Contest.Feedback
			if got == nil || verdict.Promoted != c.promoted || !strings.Contains(verdict.Reason, c.reason) {
				t.Fatalf("promoted %t because %q, %+v", verdict.Promoted, verdict.Reason, got)
			}
			if warned := strings.Join(verdict.Warnings, "; "); !strings.Contains(warned, c.warning) {
				t.Errorf("warned of %q, want %q", warned, c.warning)
			}
			switch {
			case c.want.Outcomes > 0:
				c.want.From, c.want.To = "2026-11-27", "2026-11-29"
			case name == "of one class": // how many are is the noise's doing
				if got.Rows != got.Outcomes || got.Rows < 100 {
					t.Errorf("%+v", got)
				}
				return
			}
			if name == "of the training data" { // those that were held out are compared on: nobody learned from them
				if got.Learned+got.Rows != 1500 || got.Rows < 250 || got.Rows > 350 {
					t.Errorf("%+v", got)
				}
				return
			}
			if *got != c.want {
				t.Errorf("feedback %+v, want %+v", *got, c.want)
			}
		})
	}
}

// TestFeedbackOfARun: a run is judged by the outcomes that had come when it was submitted, which are
// part of its name; those that came since champion was made from the same config and data are no
// reason to train again.
func TestFeedbackOfARun(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data.csv")
	ring(t, data, 0, 1500, 0.1)
	noon := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	e := engine(t)
	config := parse(t, fmt.Sprintf("model: ring\ndata: {source: %s, target: inside}\nvalidation: {folds: 3}\nconfigurations: [{learner: logistic}]\nsearch: {trials: 1}\npromote: {window: outcomes, window_days: 2}\n", data))
	first := submit(t, e, config)
	if _, err := e.Run(ctx, first, nil); err != nil {
		t.Fatal(err)
	}
	post := func(day int) {
		t.Helper()
		outcomes := asked(t, e, data, fmt.Sprint("day", day), noon.AddDate(0, 0, day))
		if err := monitoring.SaveOutcomes(ctx, e.Registry.Store, "ring", noon.AddDate(0, 0, day), outcomes[:10]); err != nil {
			t.Fatal(err)
		}
	}
	post(0)
	second := submit(t, e, config)
	if second == first || second != submit(t, e, config) {
		t.Errorf("runs %s and %s", first, second)
	}
	post(1)
	post(2)
	third := submit(t, e, config)
	if r, err := e.Retrain(ctx, config); err != nil || r.Run != first {
		t.Errorf("%+v, %v: want the run of champion, %s", r, err, first)
	}
	for run, want := range map[RunID]Feedback{
		second: {From: "2026-11-27", To: "2026-11-27", Outcomes: 10},
		third:  {From: "2026-11-28", To: "2026-11-29", Outcomes: 20},
	} {
		verdict, err := e.Run(ctx, run, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := verdict.Contest.Feedback; got == nil || got.Outcomes != want.Outcomes || got.From != want.From || got.To != want.To || got.Learned+got.Rows != want.Outcomes {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}

// TestWindowOfOutcomesFaults: what goes with outcomes alone is refused without them.
func TestWindowOfOutcomesFaults(t *testing.T) {
	const config = "data: {source: a.csv, target: y}\npromote: {%s}\n"
	c := parse(t, fmt.Sprintf(config, "window: outcomes"))
	if c.Promote.WindowDays != 30 || c.Promote.WindowRows != 30 {
		t.Errorf("%+v", c.Promote)
	}
	for promote, pointer := range map[string]string{
		"window: outcomes, window_days: 31":     "/promote/window_days",
		"window: outcomes, window_days: -1":     "/promote/window_days",
		"window: outcomes, window_rows: 29":     "/promote/window_rows",
		"window: fresh.csv, window_days: 3":     "/promote/window_days",
		"window_rows: 100":                      "/promote/window_rows",
		"when: always, window: outcomes":        "/promote/window",
		"window: outcomes, window_rows: 1.5":    "/promote/window_rows",
		"window: outcomes, window_days: a week": "/promote/window_days",
	} {
		_, err := ParseConfig([]byte(fmt.Sprintf(config, promote)))
		if err == nil || !strings.Contains(err.Error(), pointer) {
			t.Errorf("%s: %v, want a fault of %s", promote, err, pointer)
		}
	}
}
