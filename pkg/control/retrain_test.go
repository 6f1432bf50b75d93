package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"

	"github.com/foretell-ml/foretell/pkg/local"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/memstore"
	"github.com/foretell-ml/foretell/pkg/training"
)

// within sends requests to a handler in this process, which a bubble of synctest can wait for.
type within struct{ http.Handler }

func (w within) Do(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	answer := httptest.NewRecorder()
	w.ServeHTTP(answer, r)
	return answer.Result(), nil
}

// timed is the retrain function between a scheduler with a clock and a workflow that is not there.
type timed struct {
	*Retrainer
	schedules EventBridge
	workflow  *fakeWorkflow
}

// newTimed is for a bubble: its clock is the bubble's.
func newTimed(t *testing.T) *timed {
	t.Helper()
	w := &timed{workflow: newWorkflow()}
	clock, err := local.OpenScheduler(local.SchedulerConfig{
		Dir: t.TempDir(), Groups: []string{"clock", "data"}, Log: slog.New(slog.DiscardHandler),
		Call: func(function string, event []byte) error {
			if function != "arn:aws:lambda:us-east-1:000000000000:function:retrain" {
				return fmt.Errorf("calls %s", function)
			}
			go w.handle(t, string(event))
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(clock.Close)
	w.schedules = EventBridge{
		Client: scheduler.New(scheduler.Options{Region: "us-east-1", HTTPClient: within{clock}, RetryMaxAttempts: 1,
			Credentials: credentials.NewStaticCredentialsProvider("id", "secret", "")}),
		Group: "clock", DataGroup: "data", Function: "arn:aws:lambda:us-east-1:000000000000:function:retrain",
		Role: "arn:aws:iam::000000000000:role/schedule", DeadLetters: "arn:aws:sqs:us-east-1:000000000000:letters", Now: time.Now,
	}
	w.Retrainer = &Retrainer{Bucket: "bucket", Store: memstore.New(time.Now()), Workflow: w.workflow, Waiting: w.schedules, Now: time.Now}
	return w
}

func (w *timed) handle(t *testing.T, event string) {
	t.Helper()
	var e RetrainEvent
	if err := json.Unmarshal([]byte(event), &e); err != nil {
		t.Errorf("%s: %v", event, err)
		return
	}
	if err := w.Handle(t.Context(), e); err != nil {
		t.Errorf("%s: %v", event, err)
	}
}

// register is what the api function does with a config's schedule.
func (w *timed) register(t *testing.T, model registry.ModelName, set, schedule string) {
	t.Helper()
	c, err := training.ParseConfig([]byte(fmt.Sprintf("model: %s\ndata: {source: s3://bucket/data/%s/, target: y}\nschedule: %s", model, set, schedule)))
	if err != nil {
		t.Fatal(err)
	}
	s := Server{Registry: &registry.Registry{Store: w.Store}, Schedule: w.schedules}
	if err := s.schedule(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

func (w *timed) arrives(t *testing.T, key string) {
	t.Helper()
	w.handle(t, fmt.Sprintf(`{"detail-type":"Object Created","source":"aws.s3","detail":{"bucket":{"name":"bucket"},"object":{"key":%q}}}`, key))
}

// started are the names of executions, in order.
func (w *timed) started() string {
	synctest.Wait()
	w.workflow.mu.Lock()
	defer w.workflow.mu.Unlock()
	return strings.Join(slices.Sorted(maps.Keys(w.workflow.executions)), " ")
}

// at sleeps until so long after midnight of 1 January 2000, when a bubble begins.
func at(d time.Duration) {
	time.Sleep(time.Until(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(d)))
}

// TestNewDataRetrains turns the clock: files that come together are one retrain, after as long as
// none came; what comes later is another.
func TestNewDataRetrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTimed(t)
		w.register(t, "wine", "wine", "{on_new_data: true}")
		w.register(t, "other", "beer", "{on_new_data: true, debounce: 1h}")
		w.register(t, "weekly", "wine", "cron(0 3 ? * MON *)")
		at(20 * time.Minute)
		if got := w.started(); got != "" {
			t.Errorf("without new data: %s", got)
		}
		for range 10 { // until minute 29
			w.arrives(t, "data/wine/2000/more.csv")
			time.Sleep(time.Minute)
		}
		for _, key := range []string{"data/wine-2/more.csv", "data/wine", "data/wine/", "data/wine/2001/", "runs/wine/x"} {
			w.arrives(t, key) // of other sets, and folders
		}
		at(44*time.Minute - time.Second)
		if got := w.started(); got != "" {
			t.Errorf("before it was quiet for 15 minutes: %s", got)
		}
		at(44 * time.Minute)
		if got := w.started(); got != "wine-20000101T004400Z" {
			t.Errorf("after 15 quiet minutes: %s", got)
		}
		at(3 * time.Hour)
		w.arrives(t, "data/wine/more.csv")
		at(4 * time.Hour)
		if got := w.started(); got != "wine-20000101T004400Z wine-20000101T031500Z" {
			t.Errorf("after more data: %s", got)
		}
		// By the clock, another model of the same data: on Monday at three.
		at(72 * time.Hour)
		if got := w.started(); !strings.HasPrefix(got, "weekly-20000103T030000Z wine-") {
			t.Errorf("after a weekend: %s", got)
		}
	})
}

// TestDataThatNeverCeases is trained on all the same: at the latest four debounce times after the
// first of it.
func TestDataThatNeverCeases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTimed(t)
		w.register(t, "wine", "wine", "{on_new_data: true, debounce: 10m}")
		for range 100 {
			w.arrives(t, "data/wine/more.csv")
			time.Sleep(time.Minute)
		}
		// The first came at 0:00, and the first after that retrain at 0:40: whether the clock is
		// first then or the file, that retrain starts, and once.
		if got := w.started(); got != "wine-20000101T004000Z wine-20000101T012000Z" {
			t.Errorf("in 100 minutes: %s", got)
		}
	})
}

// TestDataAsItFallsDue: a file that comes a second before a retrain moves the schedule, and takes
// nothing from it; the retrain that it moves to has the file for certain.
func TestDataAsItFallsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTimed(t)
		w.register(t, "wine", "wine", "{on_new_data: true, debounce: 10m}")
		w.arrives(t, "data/wine/a.csv")
		at(10*time.Minute - time.Second)
		w.arrives(t, "data/wine/b.csv")
		at(time.Hour)
		if got := w.started(); got != "wine-20000101T001000Z wine-20000101T001959Z" {
			t.Errorf("got %s", got)
		}
		w.arrives(t, "data/wine/c.csv") // long after what was due was started
		at(2 * time.Hour)
		if got := w.started(); got != "wine-20000101T001000Z wine-20000101T001959Z wine-20000101T011000Z" {
			t.Errorf("later: %s", got)
		}
	})
}

// TestWithdrawn: after a withdrawal nothing starts, neither what waited nor by the clock, and new
// data is nobody's business; a config without either part has the other end.
func TestWithdrawn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTimed(t)
		server := Server{Registry: &registry.Registry{Store: w.Store}, Schedule: w.schedules}
		withdraw := func() {
			t.Helper()
			r := httptest.NewRequestWithContext(t.Context(), "DELETE", "/v1/models/wine/schedule", nil)
			r.SetPathValue("model", "wine")
			if _, err := server.deleteSchedule(r); err != nil {
				t.Fatal(err)
			}
		}
		w.register(t, "wine", "wine", "{at: rate(1 day), on_new_data: true}")
		w.arrives(t, "data/wine/more.csv")
		withdraw()
		withdraw() // there is nothing left
		w.arrives(t, "data/wine/more.csv")
		at(100 * time.Hour)
		before := w.started() // a rate is due when it is made, in this cloud
		// What was on its way when it was withdrawn does nothing.
		w.handle(t, `{"model":"wine","due":"2000-01-05T03:00:00Z"}`)
		if got := w.started(); got != before || strings.Contains(got, " ") {
			t.Errorf("withdrawn, it starts %s", got)
		}
		w.register(t, "wine", "wine", "{at: cron(0 0 * * ? *), on_new_data: true}")
		w.register(t, "wine", "wine", "{on_new_data: true}")
		at(130 * time.Hour)
		if got := w.started(); got != before {
			t.Errorf("by a clock that it has no more: %s", got)
		}
		w.register(t, "wine", "wine", "cron(0 0 * * ? *)")
		w.arrives(t, "data/wine/more.csv")
		at(143 * time.Hour)
		if got := w.started(); got != before {
			t.Errorf("by data that it does not wait for any more: %s", got)
		}
		at(145 * time.Hour)
		if got := w.started(); got == before || !strings.HasSuffix(got, "wine-20000107T000000Z") {
			t.Errorf("by the clock: %s", got)
		}
	})
}

// TestTimesCollapse: a time that is delivered twice is one execution, running or ended, and one that
// clock and data have in common too. What cannot be done now is an error, to be tried again.
func TestTimesCollapse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTimed(t)
		w.register(t, "wine", "wine", "{on_new_data: true}")
		const event = `{"model":"wine","due":"2026-01-05T04:00:00+01:00","since":"2026-01-05T02:00:00Z"}`
		w.handle(t, event)
		w.handle(t, event)
		w.workflow.set("wine-20260105T030000Z", Execution{Status: "SUCCEEDED"})
		w.handle(t, event)
		if got := w.started(); got != "wine-20260105T030000Z" {
			t.Errorf("started %s", got)
		}
		w.workflow.fault = errors.New("no")
		due := RetrainEvent{Model: "wine", Due: time.Date(2026, 1, 6, 0, 0, 0, 0, time.UTC)}
		if err := w.Handle(t.Context(), due); !errors.Is(err, w.workflow.fault) {
			t.Errorf("not started: %v", err)
		}
		for _, e := range []RetrainEvent{{}, {Model: "wine"}, {Due: due.Due}, {Model: "../x", Due: due.Due}, {Type: "Object Deleted"}} {
			if err := w.Handle(t.Context(), e); err == nil {
				t.Errorf("%+v was taken", e)
			}
		}
	})
}

// TestLongestName: of the 80 characters of an execution's name the longest model leaves enough.
func TestLongestName(t *testing.T) {
	name := executionName(registry.ModelName(strings.Repeat("m", registry.MaxName)), time.Unix(0, 0))
	if len(name) != 80 || !strings.HasSuffix(name, "m-19700101T000000Z") {
		t.Errorf("%s has %d characters", name, len(name))
	}
}

// TestOneModelsFault does not keep another from hearing of new data.
func TestOneModelsFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTimed(t)
		w.register(t, "wine", "wine", "{on_new_data: true}")
		if _, err := w.Store.Put(t.Context(), training.ScheduleKey("ale"), []byte("{"), registry.Condition{}); err != nil {
			t.Fatal(err)
		}
		var e RetrainEvent
		e.Type, e.Detail.Object.Key = objectCreated, "data/wine/a.csv"
		if err := w.Handle(t.Context(), e); err == nil {
			t.Error("a config that cannot be read is no error")
		}
		at(time.Hour)
		if got := w.started(); got != "wine-20000101T001500Z" {
			t.Errorf("started %s", got)
		}
	})
}

// TestSampleEvent: the event beside the function is one of those that it takes.
func TestSampleEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTimed(t)
		w.register(t, "wine", "penguins", "{on_new_data: true}")
		text, err := os.ReadFile("../../functions/retrain/event.json")
		if err != nil {
			t.Fatal(err)
		}
		w.handle(t, string(text))
		at(time.Hour)
		if got := w.started(); got != "wine-20000101T001500Z" {
			t.Errorf("started %s", got)
		}
	})
}
