package workflow_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/local"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/workflow"
)

// executions is the local cloud's Step Functions with the one machine of a job.
func executions(t *testing.T, w *world, j job) (*local.Executions, string) {
	t.Helper()
	machine, err := local.ParseMachine([]byte(j.definition(t)))
	if err != nil {
		t.Fatal(err)
	}
	arn := "arn:aws:states:us-east-1:000000000000:stateMachine:" + strings.ToLower(j.function)
	e, err := local.OpenExecutions(local.ExecutionsConfig{Dir: t.TempDir(), Machines: map[string]*local.Machine{arn: machine}, Environment: w.environment()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e, arn
}

// ended waits for the end of an execution.
func ended(t *testing.T, e *local.Executions, arn string) local.Execution {
	t.Helper()
	for begin := time.Now(); time.Since(begin) < time.Minute; time.Sleep(2 * time.Millisecond) {
		x, err := e.Describe(arn)
		if err != nil {
			t.Fatal(err)
		}
		if x.Status != local.Running {
			return x
		}
	}
	t.Fatal("the execution does not end")
	return local.Execution{}
}

// run is the job in an execution of its own.
func (w *world) run(t *testing.T, j job) {
	t.Helper()
	e, arn := executions(t, w, j)
	input, err := json.Marshal(j.input)
	if err != nil {
		t.Fatal(err)
	}
	x, err := e.Start(arn, j.name, input)
	if err != nil {
		t.Fatal(err)
	}
	if x = ended(t, e, x.ARN); x.Status != local.Succeeded {
		t.Fatalf("%s: %s: %s", x.State, x.Error, x.Cause)
	}
}

// TestFailedAndRedriven: wherever a workflow fails, what it worked on has a record of where and
// why, and the execution that is redriven, as one that is started anew, comes to what one that
// never failed comes to, and does again only what is missing.
func TestFailedAndRedriven(t *testing.T) {
	for name, make := range jobs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole := newWorld(t)
			j := make(whole, t)
			whole.run(t, j)
			want := whole.objects(t, j.prefix, "models/", "statistics/")
			last := map[string]string{"training": "conclude", "statistics": "merge", "batch": "conclude"}[name]
			for _, c := range []struct {
				step, item, state, cause string
				times                    int
			}{
				{"plan", "", "Plan", "signal: killed", 1},
				{j.step, j.item, "", "failed items: 1, the first: Runtime.OutOfMemory: signal: killed", 99},
				{last, "", strings.ToUpper(last[:1]) + last[1:], "signal: killed", 1},
			} {
				for _, redriven := range []bool{true, false} {
					w := newWorld(t)
					w.failsAndGoesOn(t, make(w, t), c.step, c.item, c.state, c.cause, c.times, redriven)
					got := w.objects(t, j.prefix, "models/", "statistics/")
					for key := range got {
						// A trial that was stopped when too many had failed may have kept a fold.
						if strings.Contains(key, "/failures/") || strings.Contains(key, "/checkpoints/") {
							delete(got, key)
						}
					}
					same(t, name+" after "+c.step+" failed", got, want)
				}
			}
		})
	}
}

// failsAndGoesOn has a job fail twice at a step and then succeed, redriven or started anew.
func (w *world) failsAndGoesOn(t *testing.T, j job, step, item, state, cause string, times int, redriven bool) {
	t.Helper()
	e, machine := executions(t, w, j)
	input, err := json.Marshal(j.input)
	if err != nil {
		t.Fatal(err)
	}
	// Half of the trials may fail, and every part.
	if state == "" {
		state = map[string]string{"trial": "Trials", "shard": "Shards", "part": "Conclude"}[j.step]
	}
	var arn string
	for n, suffix := range []string{"-1", "-2", "-3"} {
		clear(w.faults)
		if n < 2 {
			w.fail(step, item, killed, times)
			if j.step == "trial" && item != "" {
				w.fail(step, "0001-baseline", killed, times)
				w.fail(step, "0003-bayes", killed, times)
			}
		}
		if n == 0 || !redriven {
			x, err := e.Start(machine, j.name+suffix, input)
			if err != nil {
				t.Fatal(err)
			}
			arn = x.ARN
		} else if _, err := e.Redrive(arn); err != nil {
			t.Fatal(err)
		}
		x := ended(t, e, arn)
		if n == 2 {
			if x.Status != local.Succeeded {
				t.Errorf("at last: %s %s: %s", x.Status, x.Error, x.Cause)
			}
			return
		}
		f, err := workflow.Last(t.Context(), w.registry.Store, j.prefix)
		if err != nil || f == nil {
			t.Fatalf("%s: nothing is recorded, %v; %s: %s", step, err, x.Error, x.Cause)
		}
		redrives := 0
		if redriven {
			redrives = n
		}
		if x.Status != local.Failed || x.Error != "FailedError" || f.Execution != arn || f.State != state || f.Redrives != redrives || !strings.Contains(f.Cause, strings.Replace(cause, "items: 1", "items: "+map[bool]string{true: "3", false: "1"}[j.step == "trial"], 1)) || f.At.IsZero() {
			t.Errorf("%s, time %d: %+v, %s", step, n, f, x.Error)
		}
	}
}

// same compares objects.
func same(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	if a, b := slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)); !slices.Equal(a, b) {
		t.Errorf("%s: objects %q, want %q", what, a, b)
	}
	for key, body := range want {
		if got[key] != body {
			t.Errorf("%s: %s is %.300s, want %.300s", what, key, got[key], body)
		}
	}
}

// TestMessage: people are told what a function said, or what became of a task's container, and of
// neither the rest.
func TestMessage(t *testing.T) {
	for cause, want := range map[string]string{
		`{"errorMessage":"row 3","errorType":"ParseError","stackTrace":[{"path":"/secret"}]}`: "row 3",
		outOfMemory.Message: "Essential container in task exited; container train ended with exit code 137; OutOfMemoryError: Container killed due to memory usage; the task had 4096 MB",
		`{"StoppedReason":"CannotPullContainerError: pull image manifest","Containers":[{"Name":"train"}]}`:   "CannotPullContainerError: pull image manifest",
		`{"StoppedReason":"Essential container in task exited","Containers":[{"Name":"train","ExitCode":0}]}`: "Essential container in task exited",
		"Rate exceeded": "Rate exceeded", `{"other":1}`: `{"other":1}`, `{"Containers":3}`: `{"Containers":3}`, "": "",
	} {
		if got := workflow.Message(cause); got != want {
			t.Errorf("%s: %s, want %s", cause, got, want)
		}
	}
}

// TestRecordOnce: delivered twice a failure is recorded once, and the next one after it.
func TestRecordOnce(t *testing.T) {
	store := newWorld(t).registry.Store
	caught := workflow.Caught{}
	caught.Failed.State, caught.Failed.Failure.Error = "Plan", "ParseError"
	caught.Failed.Failure.Cause = `{"errorMessage":"row 3","errorType":"ParseError","stackTrace":[{"path":"/secret"}]}`
	for _, x := range []workflow.Execution{{ID: "a"}, {ID: "a"}, {ID: "b"}} {
		err := caught.Record(t.Context(), store, "runs/r/", "", x)
		if err == nil || err.Error() != "Plan failed: ParseError: row 3" {
			t.Errorf("got %v", err)
		}
	}
	caught.Failed.Execution.Redrives = 1
	if err := caught.Record(t.Context(), store, "runs/r/", "", workflow.Execution{ID: "b", Redrives: 1}); err == nil {
		t.Error("a failure of a redriven execution is none")
	}
	if err := caught.Record(t.Context(), store, "runs/r/", "", workflow.Execution{ID: "b", Redrives: 2}); err != nil {
		t.Errorf("redriven it does not go on: %v", err)
	}
	n := 0
	for info, err := range store.List(t.Context(), "runs/r/") {
		if err != nil {
			t.Fatal(err)
		}
		var f map[string]any
		if _, err := registry.ReadJSON(t.Context(), store, info.Key, &f); err != nil || f["at"] != nil || f["cause"] != "row 3" {
			t.Errorf("%s: %v, %v", info.Key, f, err)
		}
		n++
	}
	if f, err := workflow.Last(t.Context(), store, "runs/r/"); n != 3 || err != nil || f.Execution != "b" || f.Redrives != 1 {
		t.Errorf("%d records, the last %+v, %v", n, f, err)
	}
	if f, err := workflow.Last(t.Context(), store, "runs/s/"); f != nil || err != nil {
		t.Errorf("of nothing: %+v, %v", f, err)
	}
}
