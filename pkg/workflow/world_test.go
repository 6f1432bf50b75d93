package workflow_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/batch"
	"github.com/foretell-ml/foretell/pkg/local"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/dirstore"
	"github.com/foretell-ml/foretell/pkg/statistics"
	"github.com/foretell-ml/foretell/pkg/topology"
	"github.com/foretell-ml/foretell/pkg/training"
)

// The workflows that ship run here with the handlers that ship, over a store in a folder that
// stands for the bucket: data sets of penguins in one file and in 101, so that statistics and
// batches have two items each, and a model that batches predict with.
const (
	bucket  = "bucket"
	runText = `{"model":"penguins","data":{"source":"s3://bucket/data/penguins/","target":"species"},` +
		`"search":{"strategy":"grid"},"configurations":[{"learner":"baseline"},{"learner":"bayes","params":{"smoothing":[1,2,3]}}],"validation":{"folds":2},"seed":3}`
)

// job is an execution of a workflow: what it is started with, and where what it comes to lies.
type job struct {
	workflow, function string // the definition and its placeholder, less "Function"
	name               string
	input              any
	prefix             string // of the objects that it makes
	end                string // the one that says that it is done
	item, step         string // of its map: the child of the fault
}

// world is the functions with their store. Faults are what the next calls of a step come to
// instead, by step and item: "trial 0002-bayes".
type world struct {
	registry *registry.Registry
	engine   *training.Engine
	shards   *statistics.Jobs
	parts    *batch.Jobs

	mu     sync.Mutex
	faults map[string][]local.FunctionError
	calls  []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	store, err := dirstore.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../testdata/penguins.csv")
	if err != nil {
		t.Fatal(err)
	}
	put := func(key string, body []byte) {
		t.Helper()
		if _, err := store.Put(t.Context(), key, body, registry.Condition{}); err != nil {
			t.Fatal(err)
		}
	}
	put("data/penguins/penguins.csv", text)
	header, rows, _ := bytes.Cut(text, []byte("\n"))
	lines := bytes.SplitAfter(bytes.TrimSuffix(rows, []byte("\n")), []byte("\n"))
	for i := range 101 {
		body := append(slices.Clone(header), '\n')
		for _, line := range lines[i*len(lines)/101 : (i+1)*len(lines)/101] {
			body = append(body, line...)
		}
		put(fmt.Sprintf("data/many/%03d.csv", i), body)
	}
	models := &registry.Registry{Store: store}
	return &world{registry: models, faults: map[string][]local.FunctionError{},
		engine: &training.Engine{Registry: models, Source: training.BucketSource(bucket, models), Cloud: true},
		shards: &statistics.Jobs{Registry: models}, parts: &batch.Jobs{Registry: models}}
}

// training is a run of four trials.
func (w *world) training(t *testing.T) job {
	t.Helper()
	c, err := training.ParseConfig([]byte(runText))
	if err != nil {
		t.Fatal(err)
	}
	run, _, err := w.engine.Submit(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return job{topology.Training, "Train", string(run), map[string]any{"run": run}, "runs/" + string(run) + "/", "verdict.json", "0002-bayes", "trial"}
}

// statistics is a job of two shards.
func (w *world) statistics(t *testing.T) job {
	t.Helper()
	parts, err := w.registry.DataParts(t.Context(), "many")
	if err != nil {
		t.Fatal(err)
	}
	content, err := statistics.Content("many", statistics.Request{}, parts)
	if err != nil {
		t.Fatal(err)
	}
	id := statistics.Attempt(content, 1)
	return job{topology.Statistics, "Statistics", "many-" + string(id), statistics.Start{Dataset: "many", Job: id},
		"jobs/statistics/many/" + string(id) + "/", "result.json", "1", "shard"}
}

// batch is a batch of two parts, for which a model is trained first.
func (w *world) batch(t *testing.T) job {
	t.Helper()
	c, err := training.ParseConfig([]byte(strings.Replace(runText, `,{"learner":"bayes","params":{"smoothing":[1,2,3]}}`, "", 1)))
	if err != nil {
		t.Fatal(err)
	}
	run, _, err := w.engine.Submit(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	verdict, err := w.engine.Run(t.Context(), run, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := w.parts.Submit(t.Context(), "penguins", batch.Version{Version: verdict.Version, Digest: verdict.Digest}, batch.Request{Dataset: "many"})
	if err != nil {
		t.Fatal(err)
	}
	return job{topology.Batch, "Batch", "penguins-" + string(b.Batch), batch.Start{Model: "penguins", Batch: b.Batch},
		"batches/penguins/" + string(b.Batch) + "/", "manifest.json", "1", "part"}
}

// jobs are one of each workflow, by its name.
var jobs = map[string]func(*world, *testing.T) job{"training": (*world).training, "statistics": (*world).statistics, "batch": (*world).batch}

// definition is the workflow's, deployed.
func (j job) definition(t *testing.T) string {
	t.Helper()
	return j.deployed(t, strings.ToLower(j.function), bucket)
}

// deployed is the workflow with the names of a function and of a bucket.
func (j job) deployed(t *testing.T, function, bucket string) string {
	t.Helper()
	values := map[string]string{j.function + "Function": function, "Bucket": bucket}
	if j.function == "Train" {
		maps.Copy(values, topology.NoTasks)
	}
	text, err := local.Substitute(j.workflow, values)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// fail has the next calls of a step for an item fail.
func (w *world) fail(step, item string, with local.FunctionError, times int) {
	w.faults[strings.TrimSpace(step+" "+item)] = slices.Repeat([]local.FunctionError{with}, times)
}

// Faults of a function and of Lambda itself; of a task, whose container was killed for its memory
// (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/out-of-memory.html), and of ECS, which
// had no room for it (https://docs.aws.amazon.com/step-functions/latest/dg/connect-ecs.html) or
// throttled.
var (
	outOfMemory = local.FunctionError{Type: "States.TaskFailed", Message: `{"Containers":[{"ContainerArn":"arn:aws:ecs:us-east-1:1:container/c/t/1","ExitCode":137,"LastStatus":"STOPPED",` +
		`"Name":"train","Reason":"OutOfMemoryError: Container killed due to memory usage"}],"Cpu":"2048","LastStatus":"STOPPED","Memory":"4096","StopCode":"EssentialContainerExited",` +
		`"StoppedReason":"Essential container in task exited","TaskArn":"arn:aws:ecs:us-east-1:1:task/c/t"}`}
	noRoom    = local.FunctionError{Type: "AmazonECS.Unknown", Message: "Capacity is unavailable at this time. Please try again later or in a different availability zone"}
	slower    = local.FunctionError{Type: "ECS.AmazonECSException", Message: "Rate exceeded (Service: AmazonECS; Status Code: 400; Error Code: ThrottlingException)"}
	killed    = local.FunctionError{Type: "Runtime.OutOfMemory", Message: "signal: killed", Payload: json.RawMessage(`{"errorType":"Runtime.OutOfMemory","errorMessage":"signal: killed"}`)}
	throttled = local.FunctionError{Type: "Lambda.TooManyRequestsException", Message: "Rate Exceeded"}
)

var _ local.Invoker = (*world)(nil)

// Invoke calls the handler with the JSON that the workflow sends, as aws-lambda-go does: an error
// goes by the name of its type.
func (w *world) Invoke(ctx context.Context, function string, payload []byte) ([]byte, error) {
	var event struct {
		Step  string
		Input struct {
			Trial       string
			Shard, Part json.Number
		}
	}
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, err
	}
	call := strings.TrimSpace(event.Step + " " + event.Input.Trial + event.Input.Shard.String() + event.Input.Part.String())
	w.mu.Lock()
	w.calls = append(w.calls, call)
	faults := w.faults[call]
	if len(faults) > 0 {
		w.faults[call] = faults[1:]
	}
	w.mu.Unlock()
	if len(faults) > 0 {
		return nil, &faults[0]
	}
	answer, err := w.handle(ctx, function, payload)
	if err != nil {
		kind := fmt.Sprintf("%T", err)
		kind = kind[strings.LastIndexAny(kind, "*.")+1:]
		document, marshal := json.Marshal(map[string]string{"errorType": kind, "errorMessage": err.Error()})
		return nil, errors.Join(&local.FunctionError{Type: kind, Message: err.Error(), Payload: document}, marshal)
	}
	return json.Marshal(answer)
}

func (w *world) handle(ctx context.Context, function string, payload []byte) (any, error) {
	switch function {
	case "train":
		return handled(ctx, payload, w.engine.Handle)
	case "statistics":
		return handled(ctx, payload, w.shards.Handle)
	case "batch":
		return handled(ctx, payload, w.parts.Handle)
	}
	return nil, fmt.Errorf("no function %q", function)
}

func handled[E any](ctx context.Context, payload []byte, handle func(context.Context, E) (any, error)) (any, error) {
	var event E
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, err
	}
	return handle(ctx, event)
}

// count is how often a step was called.
func (w *world) count(call string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.calls {
		if c == call {
			n++
		}
	}
	return n
}

func (w *world) readObject(ctx context.Context, bucket, key string) ([]byte, error) {
	body, _, err := registry.Read(ctx, w.registry.Store, key)
	return body, err
}

func (w *world) writeObject(ctx context.Context, bucket, key string, body []byte) error {
	_, err := w.registry.Store.Put(ctx, key, body, registry.Condition{})
	return err
}

// environment is the local interpreter's, which does not wait between retries.
func (w *world) environment() local.Environment {
	return local.Environment{Invoker: w, ReadObject: w.readObject, WriteObject: w.writeObject, RunTask: w.runTask, MaxConcurrency: 2,
		Sleep: func(context.Context, time.Duration) error { return nil }}
}

// clock is a time of the store, which tells when a file was written: no two worlds have the same.
var clock = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)

// runTask does in a task what the environment says, with an engine of its own.
func (w *world) runTask(ctx context.Context, environment map[string]string) error {
	call := strings.TrimSpace("task " + environment[topology.EnvStep] + " " + environment[topology.EnvTrial])
	w.mu.Lock()
	w.calls = append(w.calls, call)
	faults := w.faults[call]
	if len(faults) > 0 {
		w.faults[call] = faults[1:]
	}
	w.mu.Unlock()
	if len(faults) > 0 {
		return &local.ExecutionError{Name: faults[0].Type, Cause: faults[0].Message}
	}
	host := &training.Engine{Registry: w.registry, Source: w.engine.Source, Cloud: true, Large: w.engine.Large}
	return host.Host(ctx, func(name string) string { return environment[name] })
}

// objects are all objects below prefixes, by key, without times.
func (w *world) objects(t *testing.T, prefixes ...string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, prefix := range prefixes {
		for info, err := range w.registry.Store.List(t.Context(), prefix) {
			if err != nil {
				t.Fatal(err)
			}
			body, err := w.readObject(t.Context(), bucket, info.Key)
			if err != nil {
				t.Fatal(err)
			}
			found[info.Key] = clock.ReplaceAllString(string(body), "TIME")
		}
	}
	return found
}
