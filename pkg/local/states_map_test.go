package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// mapOf is a Map over s3://bucket/items that invokes f for every item.
func mapOf(fields string) string {
	return one(`{"Type": "Map", "End": true, ` + fields + `
		"ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSON"}, "Parameters": {"Bucket": "bucket", "Key.$": "$.key"}},
		"ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "P", "States": {
			"P": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f", "Payload.$": "$"}, "OutputPath": "$.Payload", "End": true}}}}`)
}

func numbers(n int) string {
	items := make([]int, n)
	for i := range items {
		items[i] = i
	}
	data, err := json.Marshal(items)
	if err != nil {
		panic(err)
	}
	return string(data)
}

// failBelow fails for the items below a number and echoes the others.
func failBelow(n int, running *atomic.Int64, peak *atomic.Int64) Invoker {
	return invokeFunc(func(_ context.Context, _ string, payload []byte) ([]byte, error) {
		now := running.Add(1)
		defer running.Add(-1)
		for p := peak.Load(); now > p && !peak.CompareAndSwap(p, now); p = peak.Load() {
		}
		var i int
		if err := json.Unmarshal(payload, &i); err != nil {
			return nil, err
		}
		if i < n {
			return nil, &FunctionError{Type: "Low", Message: fmt.Sprint(i)}
		}
		return payload, nil
	})
}

func TestMap(t *testing.T) {
	tests := []struct {
		name, fields string
		items, fail  int
		wantError    string
	}{
		{name: "100 items", items: 100},
		{name: "no items", items: 0},
		{name: "one item", items: 1},
		{name: "nothing is tolerated", items: 100, fail: 1, wantError: "States.ExceedToleratedFailureThreshold"},
		{name: "half is tolerated", fields: `"ToleratedFailurePercentage": 50.0,`, items: 100, fail: 50},
		{name: "more than half is not", fields: `"ToleratedFailurePercentage": 50.0,`, items: 100, fail: 51, wantError: "States.ExceedToleratedFailureThreshold"},
		{name: "all are tolerated", fields: `"ToleratedFailurePercentage": 100,`, items: 3, fail: 3},
		{name: "count", fields: `"ToleratedFailureCount": 2,`, items: 100, fail: 2},
		{name: "over count", fields: `"ToleratedFailureCount": 2,`, items: 100, fail: 3, wantError: "States.ExceedToleratedFailureThreshold"},
		{name: "the lower of two thresholds", fields: `"ToleratedFailureCount": 2, "ToleratedFailurePercentage": 90,`, items: 100, fail: 3, wantError: "States.ExceedToleratedFailureThreshold"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var running, peak atomic.Int64
			env := Environment{
				Invoker:        failBelow(test.fail, &running, &peak),
				ReadObject:     objects(map[string]string{"k": numbers(test.items)}),
				MaxConcurrency: 7,
			}
			got, err := mustParse(t, mapOf(test.fields)).Run(t.Context(), env, "run", json.RawMessage(`{"key":"k"}`))
			if test.wantError != "" {
				checkOutcome(t, got, err, "", test.wantError, fmt.Sprintf("of %d items failed", test.items))
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			checkResults(t, got, test.items, test.fail)
			if peak.Load() > 7 {
				t.Errorf("%d children ran at once, want at most 7", peak.Load())
			}
		})
	}
}

// checkResults wants failure records below fail and the items themselves from there on.
func checkResults(t *testing.T, got json.RawMessage, items, fail int) {
	t.Helper()
	var results []any
	if err := json.Unmarshal(got, &results); err != nil || len(results) != items {
		t.Fatalf("%d results and %v, want %d", len(results), err, items)
	}
	for i, r := range results {
		if i >= fail {
			if r != float64(i) {
				t.Errorf("result %d is %v", i, r)
			}
			continue
		}
		record, ok := r.(map[string]any)
		if !ok || record["Status"] != "FAILED" || record["Error"] != "Low" || record["Input"] != fmt.Sprint(i) {
			t.Errorf("result %d is %v, want the record of a failure", i, r)
		}
	}
}

func TestMapConcurrencyOfTheFile(t *testing.T) {
	var running, peak atomic.Int64
	env := Environment{Invoker: failBelow(0, &running, &peak), ReadObject: objects(map[string]string{"k": numbers(50)}), MaxConcurrency: 20}
	if _, err := mustParse(t, mapOf(`"MaxConcurrency": 2,`)).Run(t.Context(), env, "run", json.RawMessage(`{"key":"k"}`)); err != nil {
		t.Fatal(err)
	}
	if peak.Load() > 2 {
		t.Errorf("%d children ran at once, want at most 2", peak.Load())
	}
}

func TestMapItemSelector(t *testing.T) {
	env := Environment{Invoker: echo, ReadObject: objects(map[string]string{"k": `[{"a":1},{"a":2}]`})}
	m := mustParse(t, mapOf(`"ItemSelector": {"i.$": "$$.Map.Item.Index", "a.$": "$$.Map.Item.Value.a", "key.$": "$.key", "run.$": "$$.Execution.Name"},`))
	got, err := m.Run(t.Context(), env, "run", json.RawMessage(`{"key":"k"}`))
	checkOutcome(t, got, err, `[{"i":0,"a":1,"key":"k","run":"run"},{"i":1,"a":2,"key":"k","run":"run"}]`, "", "")
}

func TestMapReaderFaults(t *testing.T) {
	stored := objects(map[string]string{"object": `{}`, "text": `[1`, "deep": `[[1]]`})
	tests := []struct{ key, fields, wantError, wantCause string }{
		{"nothing", "", "States.ItemReaderFailed", "no object bucket/nothing"},
		{"object", "", "States.ItemReaderFailed", "not a JSON array"},
		{"text", "", "States.ItemReaderFailed", "not JSON"},
		{"deep", `"ItemSelector": {"a.$": "$$.Map.Item.Value.a"},`, "States.ParameterPathFailure", "$$.Map.Item.Value.a"},
	}
	for _, test := range tests {
		_, err := mustParse(t, mapOf(test.fields)).Run(t.Context(), Environment{Invoker: echo, ReadObject: stored}, "run", json.RawMessage(`{"key":"`+test.key+`"}`))
		checkOutcome(t, nil, err, "", test.wantError, test.wantCause)
	}
}

// TestMapResultTooLarge: a Map without ResultWriter keeps the quota even where ResultPath
// drops its result, as on AWS.
func TestMapResultTooLarge(t *testing.T) {
	big := `"` + strings.Repeat("a", 100_000) + `"`
	env := Environment{Invoker: echo, ReadObject: objects(map[string]string{"k": `[` + big + `,` + big + `,` + big + `]`})}
	_, err := mustParse(t, mapOf(`"ResultPath": null,`)).Run(t.Context(), env, "run", json.RawMessage(`{"key":"k"}`))
	checkOutcome(t, nil, err, "", "States.DataLimitExceeded", "result of all items")
}

// TestMapWriter: results go to S3 instead of to the next state, whatever their size, and what
// failed and what never ran is listed also of a Map that fails.
func TestMapWriter(t *testing.T) {
	big := `"` + strings.Repeat("a", 100_000) + `"`
	written := map[string]string{}
	env := Environment{
		Invoker: invokeFunc(func(_ context.Context, _ string, payload []byte) ([]byte, error) {
			if string(payload) == "2" {
				return nil, &FunctionError{Type: "Two", Message: "no"}
			}
			return payload, nil
		}),
		MaxConcurrency: 1,
		ReadObject:     objects(map[string]string{"big": `[` + big + `,` + big + `,` + big + `]`, "two": `[1,2,null]`}),
		WriteObject: func(_ context.Context, bucket, key string, body []byte) error {
			if bucket == "full" {
				return errors.New("no more room")
			}
			written[key] = string(body)
			return nil
		},
	}
	writer := func(bucket string) string {
		return `"ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "` + bucket + `", "Prefix.$": "$.prefix"}},`
	}
	got, err := mustParse(t, mapOf(writer("b"))).Run(t.Context(), env, "run", json.RawMessage(`{"key":"big","prefix":"p"}`))
	var result struct{ ResultWriterDetails struct{ Bucket, Key string } }
	if err != nil || json.Unmarshal(got, &result) != nil || result.ResultWriterDetails.Bucket != "b" || !strings.HasPrefix(result.ResultWriterDetails.Key, "p/") || written[result.ResultWriterDetails.Key] == "" {
		t.Errorf("%s, %v", got, err)
	}
	clear(written)
	_, err = mustParse(t, mapOf(writer("b"))).Run(t.Context(), env, "run", json.RawMessage(`{"key":"two","prefix":"p/"}`))
	checkOutcome(t, nil, err, "", "States.ExceedToleratedFailureThreshold", "1 of 3 items failed")
	var ends []string
	for key, body := range written {
		ends = append(ends, key[strings.LastIndexByte(key, '/')+1:]+" "+body)
	}
	slices.Sort(ends)
	for i, want := range []string{`FAILED_0.json [{"Cause":"{\"errorMessage\":\"no\",\"errorType\":\"Two\"}","Error":"Two","Input":"2","Name":"run-S-1","Status":"FAILED"}]`,
		`PENDING_0.json [{"Input":"null","Name":"run-S-2","Status":"PENDING"}]`, `SUCCEEDED_0.json [{"Input":"1","Name":"run-S-0","Output":"1","Status":"SUCCEEDED"}]`, "manifest.json"} {
		if i >= len(ends) || !strings.HasPrefix(ends[i], want) {
			t.Errorf("written %q, want %q", ends, want)
			break
		}
	}
	_, err = mustParse(t, mapOf(writer("full"))).Run(t.Context(), env, "run", json.RawMessage(`{"key":"big","prefix":"p"}`))
	checkOutcome(t, nil, err, "", "States.ResultWriterFailed", "no more room")
}

// TestMapStops holds that the children that still run are stopped, and none starts, once
// too many have failed or the caller gave up; and that Run waits for them.
func TestMapStops(t *testing.T) {
	reason := errors.New("pulled the plug")
	for _, byCaller := range []bool{false, true} {
		ctx, cancel := context.WithCancelCause(t.Context())
		var calls, running atomic.Int64
		env := Environment{
			MaxConcurrency: 4,
			ReadObject:     objects(map[string]string{"k": numbers(1000)}),
			Invoker: invokeFunc(func(ctx context.Context, _ string, payload []byte) ([]byte, error) {
				running.Add(1)
				defer running.Add(-1)
				if calls.Add(1) == 4 { // all workers are busy
					if byCaller {
						cancel(reason)
					} else {
						return nil, &FunctionError{Type: "Last", Message: "straw"}
					}
				}
				<-ctx.Done()
				return nil, ctx.Err()
			}),
		}
		_, err := mustParse(t, mapOf("")).Run(ctx, env, "run", json.RawMessage(`{"key":"k"}`))
		if byCaller {
			if err != reason {
				t.Errorf("Run gave %v, want the cause %v", err, reason)
			}
		} else {
			checkOutcome(t, nil, err, "", "States.ExceedToleratedFailureThreshold", "1 of 1000 items failed")
		}
		if calls.Load() != 4 || running.Load() != 0 {
			t.Errorf("%d calls and %d still running, want 4 and 0", calls.Load(), running.Load())
		}
		cancel(nil)
	}
}

// TestTrainingWorkflow runs the workflow that ships, with a function that keeps its state
// in objects as the train function does: two rounds of trials, a flaky and a hopeless one
// among them, and one that needs the time of several workers.
func TestTrainingWorkflow(t *testing.T) {
	definition, err := Substitute(topology.Training, withoutTasks(map[string]string{"TrainFunction": "train", "Bucket": "bucket"}))
	if err != nil {
		t.Fatal(err)
	}
	m := mustParse(t, definition)
	train := &fakeTrain{}
	var slept sleeper
	env := Environment{
		Invoker: train, Sleep: slept.sleep, MaxConcurrency: 3, WriteObject: train.write,
		ReadObject: objects(map[string]string{
			"runs/r/items-0": `[{"trial":"a"},{"trial":"b"},{"trial":"hopeless"}]`,
			"runs/r/items-1": `[{"trial":"c"},{"trial":"flaky"},{"trial":"slow"},{"trial":"long"}]`,
		}),
	}
	got, err := m.Run(t.Context(), env, "r-1", json.RawMessage(`{"run":"r"}`))
	if err != nil {
		t.Fatal(err)
	}
	sameJSON(t, got, `{"run":"r","trials":["a","b","c","flaky","slow"]}`)
	if want := "plan advance advance conclude"; strings.Join(train.steps, " ") != want {
		t.Errorf("steps %v, want %s", train.steps, want)
	}
	checkRounds(t, train)
	if len(slept.delays) != 9 {
		t.Errorf("waited %v, want 9 delays: two for the throttled trial, two for the one that fails, five for the one that goes on, none for the one that cannot be", slept.delays)
	}
}

// withoutTasks adds what the workflow is told where there are no tasks.
func withoutTasks(values map[string]string) map[string]string {
	maps.Copy(values, topology.NoTasks)
	return values
}

// fakeTrain stands for the train function.
type fakeTrain struct {
	mutex  sync.Mutex
	steps  []string
	trials map[string]bool
	flaky  int
	slow   int

	written map[string]string // of s3://bucket
}

func (f *fakeTrain) write(_ context.Context, bucket, key string, body []byte) error {
	if f.written == nil {
		f.written = map[string]string{}
	}
	f.written[bucket+"/"+key] = string(body)
	return nil
}

// checkRounds wants both rounds' results in S3, each listed once by its map run's manifest.
func checkRounds(t *testing.T, f *fakeTrain) {
	t.Helper()
	listed := 0
	for key, body := range f.written {
		if !strings.HasSuffix(key, "/manifest.json") {
			continue
		}
		var manifest struct {
			DestinationBucket string
			ResultFiles       map[string][]struct{ Key string }
		}
		if err := json.Unmarshal([]byte(body), &manifest); err != nil || manifest.DestinationBucket != "bucket" || len(manifest.ResultFiles) != 3 {
			t.Errorf("%s: %s, %v", key, body, err)
		}
		for status, files := range manifest.ResultFiles {
			for _, file := range files {
				var children []struct{ Status, Input, Output, Error, Cause string }
				if err := json.Unmarshal([]byte(f.written["bucket/"+file.Key]), &children); err != nil || !strings.HasPrefix(file.Key, "maps/runs/r/") {
					t.Errorf("%s: %v", file.Key, err)
				}
				for _, c := range children {
					listed++
					if c.Status != status || !strings.Contains(c.Input, `"step":"trial"`) || (c.Error == "") != (status == "SUCCEEDED") || (c.Output == "") != (status == "FAILED") {
						t.Errorf("%s: %+v", status, c)
					}
				}
			}
		}
	}
	if len(f.written) != 2*3 || listed != 7 {
		t.Errorf("%d children in %v", listed, slices.Sorted(maps.Keys(f.written)))
	}
}

func (f *fakeTrain) Invoke(_ context.Context, function string, payload []byte) ([]byte, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	var event struct {
		Step  string
		Input struct {
			Run, Trial string
			Round      int
		}
	}
	if err := json.Unmarshal(payload, &event); err != nil || function != "train" {
		return nil, fmt.Errorf("%s called with %s", function, payload)
	}
	if event.Step != "trial" && event.Input.Round != len(f.steps) {
		return nil, fmt.Errorf("after %v: %s", f.steps, payload)
	}
	switch event.Step {
	case "trial":
		return f.trial(event.Input.Trial)
	case "plan":
		f.trials = map[string]bool{}
	case "conclude":
		f.steps = append(f.steps, event.Step)
		return json.Marshal(map[string]any{"run": event.Input.Run, "trials": slices.Sorted(maps.Keys(f.trials))})
	}
	f.steps = append(f.steps, event.Step)
	rounds := len(f.steps)
	return json.Marshal(map[string]any{"run": event.Input.Run, "round": rounds, "items": fmt.Sprintf("runs/r/items-%d", rounds-1), "results": fmt.Sprintf("maps/runs/r/%d", rounds), "task": nil, "done": rounds == 3})
}

func (f *fakeTrain) trial(name string) ([]byte, error) {
	if name == "hopeless" {
		return nil, &FunctionError{Type: "Diverged", Message: "loss is NaN"}
	}
	if name == "long" {
		return nil, &FunctionError{Type: "TooLongError", Message: "one fold takes longer than a worker has"}
	}
	if name == "slow" && f.slow < 5 {
		f.slow++
		return nil, &FunctionError{Type: "UnfinishedError", Message: "the next goes on from there"}
	}
	if name == "flaky" && f.flaky < 2 {
		f.flaky++
		return nil, &FunctionError{Type: "Lambda.TooManyRequestsException", Message: "slow down"}
	}
	f.trials[name] = true
	return json.Marshal(map[string]string{"trial": name})
}

// TestStatisticsWorkflow runs the workflow that ships: shards that are throttled or fail once
// are done again, one that stays broken fails the job, and bad data skips the map.
func TestStatisticsWorkflow(t *testing.T) {
	definition, err := Substitute(topology.Statistics, map[string]string{"StatisticsFunction": "statistics", "Bucket": "bucket"})
	if err != nil {
		t.Fatal(err)
	}
	m := mustParse(t, definition)
	for _, c := range []struct {
		name, plan, items, want, fault string
		delays                         int
	}{
		{"flaky", `"items":"k","results":"maps/j","done":false`, `[{"shard":0},{"shard":1,"fails":2},{"shard":2,"throttled":3}]`, `{"version":"0+1+2"}`, "", 5},
		{"broken", `"items":"k","results":"maps/j","done":false`, `[{"shard":0},{"shard":1,"fails":9}]`, "", "FailedError", 2},
		{"bad data", `"items":"none","results":"maps/j","done":true`, `[]`, `{"version":""}`, "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var slept sleeper
			f := &fakeStatistics{plan: c.plan, tries: map[int]int{}}
			write := func(context.Context, string, string, []byte) error { return nil }
			env := Environment{Invoker: f, Sleep: slept.sleep, MaxConcurrency: 1, ReadObject: objects(map[string]string{"k": c.items}), WriteObject: write}
			got, err := m.Run(t.Context(), env, "j-1", json.RawMessage(`{"dataset":"d","job":"j","request":{}}`))
			checkOutcome(t, got, err, c.want, c.fault, "")
			if len(slept.delays) != c.delays {
				t.Errorf("waited %v, want %d delays", slept.delays, c.delays)
			}
		})
	}
}

// fakeStatistics stands for the statistics function.
type fakeStatistics struct {
	mutex sync.Mutex
	plan  string
	tries map[int]int
	done  []string
}

func (f *fakeStatistics) Invoke(_ context.Context, function string, payload []byte) ([]byte, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	var event struct {
		Step  string
		Input struct {
			Job, Dataset            string
			Shard, Fails, Throttled int
			Failed                  struct {
				State   string
				Failure struct{ Error string }
			}
		}
	}
	if err := json.Unmarshal(payload, &event); err != nil || function != "statistics" {
		return nil, fmt.Errorf("%s called with %s", function, payload)
	}
	in := event.Input
	switch event.Step {
	case "plan":
		return fmt.Appendf(nil, `{"dataset":%q,"job":%q,%s}`, in.Dataset, in.Job, f.plan), nil
	case "shard":
		f.tries[in.Shard]++
		switch n := f.tries[in.Shard]; {
		case n <= in.Fails:
			return nil, &FunctionError{Type: "Error", Message: "S3 does not answer"}
		case n <= in.Throttled:
			return nil, &FunctionError{Type: "Lambda.TooManyRequestsException", Message: "slow down"}
		}
		f.done = append(f.done, fmt.Sprint(in.Shard))
		return fmt.Appendf(nil, `{"shard":%d}`, in.Shard), nil
	case "merge":
		if in.Dataset != "d" || in.Job != "j" {
			return nil, fmt.Errorf("merge of %s", payload)
		}
		return fmt.Appendf(nil, `{"version":%q}`, strings.Join(f.done, "+")), nil
	}
	if event.Step == "failed" && in.Failed.State == "Shards" && in.Failed.Failure.Error == errorToleranceExceeded {
		return nil, &FunctionError{Type: "FailedError", Message: "recorded"}
	}
	return nil, fmt.Errorf("step %s: %s", event.Step, payload)
}
