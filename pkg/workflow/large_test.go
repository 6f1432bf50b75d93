package workflow_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/local"
	"github.com/foretell-ml/foretell/pkg/topology"
	"github.com/foretell-ml/foretell/pkg/training"
	"github.com/foretell-ml/foretell/pkg/workflow"
)

// largeText is a run whose second trial no function has the time for, if it learns for as long as it
// may. It stops after some epochs.
const largeText = `{"model":"penguins","data":{"source":"s3://bucket/data/penguins/","target":"species"},"search":{"strategy":"grid"},` +
	`"configurations":[{"learner":"baseline"},{"learner":"mlp","params":{"epochs":100000,"members":30,"holdout":0.4,"patience":1}}],"validation":{"folds":2},"seed":3}`

// large is a run with a trial for a task.
func (w *world) large(t *testing.T) (job, error) {
	t.Helper()
	c, err := training.ParseConfig([]byte(largeText))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.engine.CheckQuote(t.Context(), c); err != nil {
		return job{}, err
	}
	run, _, err := w.engine.Submit(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return job{topology.Training, "Train", string(run), map[string]any{"run": run}, "runs/" + string(run) + "/", "verdict.json", "0002-mlp", "trial"}, nil
}

// TestLarge: a trial that fits no function goes to a task, and the run is concluded by one; both
// write what a function would have written. A task that fails is tried twice again, and one that ECS
// has no room for or throttles eight times. Where there are no tasks the run is refused.
func TestLarge(t *testing.T) {
	refused := newWorld(t)
	var placement *training.PlacementError
	if _, err := refused.large(t); !errors.As(err, &placement) || !strings.Contains(err.Error(), "0002-mlp") || !strings.Contains(err.Error(), "no tasks are deployed (large of the stage, docs/deploy.md)") {
		t.Fatalf("without tasks: %v", err)
	}
	here := newWorld(t)
	here.engine.Cloud = false
	j, err := here.large(t)
	if err != nil {
		t.Fatal(err)
	}
	want, err := here.engine.Run(t.Context(), training.RunID(j.name), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		fault local.FunctionError
		times int
	}{"at once": {}, "out of memory": {outOfMemory, 2}, "no room": {noRoom, 8}, "throttled": {slower, 8}} {
		w, times := newWorld(t), c.times
		w.engine.Large = training.OnFargate
		j, err := w.large(t)
		if err != nil {
			t.Fatal(err)
		}
		w.fail("task trial", "0002-mlp", c.fault, times)
		w.run(t, j)
		got, err := w.engine.Conclude(t.Context(), training.RunID(j.name))
		if err != nil || got.Digest != want.Digest {
			t.Errorf("%s: %+v, want %s, %v", name, got, want.Digest, err)
		}
		if n := w.count("task trial 0002-mlp"); n != 1+times || w.count("trial 0002-mlp") != 0 || w.count("trial 0001-baseline") != 1 || w.count("task conclude") != 1 || w.count("conclude") != 0 {
			t.Errorf("%s: %q", name, w.calls)
		}
		var trials []training.Trial
		body, err := w.readObject(t.Context(), bucket, j.prefix+"rounds/1.json")
		if err != nil || json.Unmarshal(body, &trials) != nil || trials[0].Task != nil || trials[1].Task == nil || *trials[1].Task != (training.Task{CPU: "2048", Memory: "4096"}) {
			t.Errorf("%s: %s, %v", name, body, err)
		}
	}
}

// TestLargeFails: a trial whose task fails every time is one that failed, and says why where Step
// Functions lists it; a run whose last task does fails, says why, and goes on from there when it is
// redriven.
func TestLargeFails(t *testing.T) {
	for name, c := range map[string]struct {
		fault       local.FunctionError
		tries       int
		error, told string
	}{
		"out of memory": {outOfMemory, 3, "States.TaskFailed", "container train ended with exit code 137; OutOfMemoryError: Container killed due to memory usage; the task had 4096 MB"},
		"no room":       {noRoom, 9, "AmazonECS.Unknown", "Capacity is unavailable"},
		"throttled":     {slower, 9, "ECS.AmazonECSException", "Rate exceeded"},
	} {
		w := newWorld(t)
		w.engine.Large = training.OnFargate
		j, err := w.large(t)
		if err != nil {
			t.Fatal(err)
		}
		w.fail("task trial", "0002-mlp", c.fault, 99)
		w.fail("task conclude", "", c.fault, c.tries)
		e, machine := executions(t, w, j)
		x, err := e.Start(machine, j.name, json.RawMessage(`{"run":"`+j.name+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		x = ended(t, e, x.ARN)
		if n, m := w.count("task trial 0002-mlp"), w.count("task conclude"); n != c.tries || m != c.tries {
			t.Errorf("%s: tried %d and %d times", name, n, m)
		}
		if board, err := w.engine.Leaderboard(t.Context(), training.RunID(j.name)); err != nil || !slices.Equal(board.Missing, []string{"0002-mlp"}) { // half of the trials may fail
			t.Errorf("%s: %+v, %v", name, board, err)
		}
		lost, err := workflow.Lost(t.Context(), w.registry.Store, "maps/"+j.prefix)
		if err != nil || len(lost) != 1 || lost[0].Error != c.error || !strings.Contains(lost[0].String(), c.told) {
			t.Errorf("%s: lost %v, %v", name, lost, err)
		}
		f, err := workflow.Last(t.Context(), w.registry.Store, j.prefix)
		if err != nil || f == nil || f.State != "Conclude" || f.Error != c.error || !strings.Contains(f.Cause, c.told) || strings.Contains(f.Cause, "arn:") || x.Status != local.Failed {
			t.Errorf("%s: %s, recorded %+v, %v", name, x.Status, f, err)
		}
		clear(w.faults)
		if _, err := e.Redrive(x.ARN); err != nil {
			t.Fatal(err)
		}
		if x = ended(t, e, x.ARN); x.Status != local.Succeeded {
			t.Errorf("%s: redriven it is %s: %s", name, x.Status, x.Cause)
		}
	}
}

// TestHostRefuses what no workflow tells it.
func TestHostRefuses(t *testing.T) {
	w := newWorld(t)
	j := w.training(t)
	if _, err := w.engine.Plan(t.Context(), training.RunID(j.name)); err != nil {
		t.Fatal(err)
	}
	for want, environment := range map[string]map[string]string{
		"FORETELL_STEP": {topology.EnvRun: j.name},
		"not found":     {topology.EnvStep: "trial", topology.EnvRun: j.name, topology.EnvTrial: "0009-bayes"},
		"run ":          {topology.EnvStep: "conclude", topology.EnvRun: "../models"},
	} {
		err := w.engine.Host(t.Context(), func(name string) string { return environment[name] })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", environment, err)
		}
	}
	if err := w.runTask(t.Context(), map[string]string{topology.EnvStep: "trial", topology.EnvRun: j.name, topology.EnvTrial: "0002-bayes"}); err != nil {
		t.Error(err)
	}
	if _, err := w.readObject(t.Context(), bucket, j.prefix+"trials/0002-bayes.json"); err != nil {
		t.Error(err)
	}
}
