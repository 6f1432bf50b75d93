package control

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/dirstore"
	"github.com/foretell-ml/foretell/pkg/training"
)

// world is a control plane over a folder, with the penguins uploaded. What AWS does is
// faked.
type world struct {
	*Server
	workflow  *fakeWorkflow // of training runs
	profiler  *fakeWorkflow
	predictor *fakeWorkflow
	schedule  *fakeSchedule
}

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

func newWorld(t *testing.T) *world {
	t.Helper()
	store, err := dirstore.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	penguins, err := os.ReadFile("../../testdata/penguins.csv")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Put(t.Context(), "data/penguins/penguins.csv", penguins, registry.Condition{}); err != nil {
		t.Fatal(err)
	}
	models := &registry.Registry{Store: store}
	w := &world{workflow: newWorkflow(), profiler: newWorkflow(), predictor: newWorkflow(), schedule: &fakeSchedule{expressions: map[registry.ModelName]string{}}}
	w.Server = &Server{
		Bucket: "bucket", Registry: models,
		Engine: &training.Engine{Registry: models, Source: training.BucketSource("bucket", models)},
		Links:  w, Workflow: w.workflow, Profiling: w.profiler, Predicting: w.predictor, Schedule: w.schedule,
		Now: func() time.Time { return noon },
	}
	return w
}

// PresignGet implements Links.
func (w *world) PresignGet(_ context.Context, key string) (string, error) {
	return "https://s3/" + key + "?signed", nil
}

// PresignPost implements Links.
func (w *world) PresignPost(_ context.Context, key string, maxBytes int64, valid time.Duration) (string, map[string]string, error) {
	return "https://s3", map[string]string{"key": key, "max": fmt.Sprint(maxBytes), "valid": valid.String()}, nil
}

// fakeWorkflow behaves as Step Functions does: a name of a running execution is that
// execution, one that ended is taken.
type fakeWorkflow struct {
	mu         sync.Mutex
	executions map[string]Execution // by name
	fault      error                // of Start
}

func newWorkflow() *fakeWorkflow { return &fakeWorkflow{executions: map[string]Execution{}} }

func arn(name string) string { return "arn:" + name }

func (w *fakeWorkflow) Start(_ context.Context, name string, input any) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fault != nil {
		return "", w.fault
	}
	var of struct{ Run, Dataset, Job, Model, Batch, Schedule string }
	if text, err := json.Marshal(input); err != nil || json.Unmarshal(text, &of) != nil ||
		!strings.HasPrefix(name, of.Run+of.Schedule+"-") && name != of.Dataset+"-"+of.Job && !strings.HasPrefix(name, of.Model+"-"+of.Batch+"-") {
		return "", fmt.Errorf("execution %s with input %s", name, text)
	}
	if e, ok := w.executions[name]; ok && e.Status != "RUNNING" {
		return arn(name), ErrNameTaken
	}
	w.executions[name] = Execution{Status: "RUNNING"}
	return arn(name), nil
}

func (w *fakeWorkflow) Execution(_ context.Context, a string) (Execution, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e, ok := w.executions[strings.TrimPrefix(a, "arn:")]
	if !ok {
		return e, fmt.Errorf("no execution %s", a)
	}
	return e, nil
}

func (w *fakeWorkflow) set(name string, e Execution) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.executions[name] = e
}

func (w *fakeWorkflow) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.executions)
}

// fakeSchedule takes every expression but those with 99 in them.
type fakeSchedule struct {
	expressions map[registry.ModelName]string
}

func (s *fakeSchedule) Put(_ context.Context, m registry.ModelName, c training.ScheduleConfig) error {
	if strings.Contains(c.At, "99") {
		return &ScheduleError{c.At, "minute 99"}
	}
	s.expressions[m] = c.At
	return nil
}

func (s *fakeSchedule) Delete(_ context.Context, m registry.ModelName) error {
	delete(s.expressions, m)
	return nil
}

// do sends a request; header is name, value, …. It decodes the answer into v unless that is
// nil, and returns the response. It may be called from any goroutine.
func (w *world) do(t *testing.T, method, path, body string, v any, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer := httptest.NewRecorder()
	gateway.Routes(w.Routes()).ServeHTTP(answer, r)
	if v != nil {
		if err := json.Unmarshal(answer.Body.Bytes(), v); err != nil {
			t.Errorf("%s %s: %v: %s", method, path, err, answer.Body)
		}
	}
	return answer
}

// refused sends a request that must be answered by a problem of that type, with one fault
// at the pointer unless that is empty.
func (w *world) refused(t *testing.T, want gateway.Type, pointer, method, path, body string, header ...string) {
	t.Helper()
	var p gateway.Problem
	answer := w.do(t, method, path, body, &p, header...)
	if answer.Code != want.Status || p.Type != want.URI() {
		t.Errorf("%s %s %.80s: %d %+v, want %s", method, path, body, answer.Code, p, want.Slug)
	} else if pointer != "" && (len(p.Errors) != 1 || p.Errors[0].Pointer != pointer) {
		t.Errorf("%s %s %.80s: errors %+v, want one at %s", method, path, body, p.Errors, pointer)
	}
}

// keys are all objects but the data.
func (w *world) keys(t *testing.T) string {
	t.Helper()
	var keys []string
	for info, err := range w.Registry.Store.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(info.Key, "data/") {
			keys = append(keys, info.Key)
		}
	}
	return strings.Join(keys, " ")
}

// train does a submitted run in this process, as the workflow would.
func (w *world) train(t *testing.T, run training.RunID) {
	t.Helper()
	if _, err := w.Engine.Run(t.Context(), run, nil); err != nil {
		t.Fatal(err)
	}
}

const config = `{"model":"penguins","data":{"source":"s3://bucket/data/penguins/","target":"species"},"configurations":[{"learner":"baseline"}]%s}`

func plainConfig() string { return fmt.Sprintf(config, "") }

func scheduledConfig(expression string) string {
	return fmt.Sprintf(config, `,"schedule":"`+expression+`"`)
}

func isStatus(t *testing.T, got *httptest.ResponseRecorder, want int) {
	t.Helper()
	if got.Code != want {
		t.Fatalf("status %d, want %d: %s", got.Code, want, got.Body)
	}
	if ct := got.Header().Get("Content-Type"); want < http.StatusBadRequest && ct != "application/json" {
		t.Errorf("Content-Type %q", ct)
	}
}
