package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/topology"
)

// ticking is a clock that is a quarter of a second later each time.
func ticking() func() time.Time {
	now := time.UnixMilli(1_795_737_600_000)
	return func() time.Time {
		now = now.Add(250 * time.Millisecond)
		return now
	}
}

// measured sends an event and returns the one line of metrics that follows from it.
func measured(t *testing.T, ctx context.Context, e events.APIGatewayProxyRequest, h http.Handler) map[string]any {
	t.Helper()
	var log bytes.Buffer
	m := &gateway.Metrics{Function: "predict", To: &log, Now: ticking()}
	response, err := m.Measure(gateway.Handler(h, nil))(ctx, e)
	if err == nil && response.StatusCode == 0 {
		t.Fatal("no answer")
	}
	return oneLine(t, log.String())
}

// oneLine reads a log of one line, which fits the schema that AWS publishes, and in which every
// dimension and metric that is named has a value.
func oneLine(t *testing.T, log string) map[string]any {
	t.Helper()
	if strings.Count(log, "\n") != 1 {
		t.Fatalf("want one line, got %q", log)
	}
	schema, err := jsonschema.NewCompiler().Compile("../../testdata/emf.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(log))
	if err != nil || schema.Validate(value) != nil {
		t.Fatalf("%v, %v\n%s", err, schema.Validate(value), log)
	}
	var line map[string]any
	var told struct {
		AWS struct {
			CloudWatchMetrics []struct {
				Dimensions [][]string
				Metrics    []struct{ Name string }
			}
		} `json:"_aws"`
	}
	if json.Unmarshal([]byte(log), &line) != nil || json.Unmarshal([]byte(log), &told) != nil {
		t.Fatal(log)
	}
	for _, directive := range told.AWS.CloudWatchMetrics {
		for _, set := range directive.Dimensions {
			for _, name := range set {
				if text, ok := line[name].(string); !ok || text == "" {
					t.Errorf("dimension %s has no value:\n%s", name, log)
				}
			}
		}
		for _, metric := range directive.Metrics {
			if _, ok := line[metric.Name].(float64); !ok {
				t.Errorf("metric %s has no value:\n%s", metric.Name, log)
			}
		}
	}
	return line
}

// says fails unless a line has exactly these members, besides those of every line.
func says(t *testing.T, line map[string]any, want map[string]any) {
	t.Helper()
	want[topology.DimensionFunction], want["RequestId"], want[topology.MetricLatency] = "predict", "c6af9ac6-7b61-11e6-9a41-93e8deadbeef", 250.0
	delete(line, "_aws")
	for name, value := range want {
		if line[name] != value {
			t.Errorf("%s is %v, want %v", name, line[name], value)
		}
		delete(line, name)
	}
	if len(line) > 0 {
		t.Errorf("it says besides %v", line)
	}
}

// TestMetrics: each request makes one line, of what its handler found out and how it ended.
func TestMetrics(t *testing.T) {
	e := event(t, "get.json")
	e.RequestContext.RequestID = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
	answers := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		gateway.ObserveModel(r.Context(), "adult")
		gateway.ObserveRows(r.Context(), 12)
		gateway.ObserveLoad(r.Context(), 1500*time.Microsecond)
		gateway.WriteJSON(w, http.StatusOK, "fine")
	})
	says(t, measured(t, t.Context(), e, answers), map[string]any{
		topology.MetricFaults: 0.0, topology.MetricRefusals: 0.0, topology.DimensionModel: "adult", topology.MetricRows: 12.0, topology.MetricLoadTime: 1.5,
	})

	refuses := gateway.Func(func(_ http.ResponseWriter, r *http.Request) error {
		return gateway.ModelNotFound.New("no model " + strings.Repeat("x", 30))
	})
	says(t, measured(t, t.Context(), e, refuses), map[string]any{
		topology.MetricFaults: 0.0, topology.MetricRefusals: 1.0, topology.MetricErrors: 1.0, topology.DimensionProblem: "model-not-found",
	})

	fails := gateway.Func(func(_ http.ResponseWriter, r *http.Request) error {
		gateway.ObserveModel(r.Context(), "adult")
		return errors.New("the disk is full")
	})
	broken := map[string]any{topology.MetricFaults: 1.0, topology.MetricRefusals: 0.0, topology.MetricErrors: 1.0, topology.DimensionProblem: "internal-error"}
	withModel := map[string]any{topology.DimensionModel: "adult"}
	for name, value := range broken {
		withModel[name] = value
	}
	says(t, measured(t, t.Context(), e, fails), withModel)
	says(t, measured(t, t.Context(), e, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("bug") })), broken)

	large := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, gateway.MaxResponse)) })
	says(t, measured(t, t.Context(), e, large), map[string]any{
		topology.MetricFaults: 1.0, topology.MetricRefusals: 0.0, topology.MetricErrors: 1.0, topology.DimensionProblem: "response-too-large",
	})
}

// TestMetricsOfTheLate: a request that is given up is a timeout, and what its handler finds out
// afterwards changes nothing.
func TestMetricsOfTheLate(t *testing.T) {
	e := event(t, "get.json")
	e.RequestContext.RequestID = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
	ctx, cancel := context.WithTimeout(t.Context(), 520*time.Millisecond) // 500 ms of which are for the answer
	defer cancel()
	release, over := make(chan struct{}), make(chan struct{})
	stuck := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(over)
		<-release
		gateway.ObserveModel(r.Context(), "adult")
		gateway.ObserveRows(r.Context(), 5)
	})
	line := measured(t, ctx, e, stuck)
	close(release)
	<-over
	says(t, line, map[string]any{topology.MetricFaults: 1.0, topology.MetricRefusals: 0.0, topology.MetricErrors: 1.0, topology.DimensionProblem: "timeout"})
}

// TestMetricsOfNoRequest: an event that is none is a fault of whoever sent it, and is counted.
func TestMetricsOfNoRequest(t *testing.T) {
	line := measured(t, t.Context(), events.APIGatewayProxyRequest{}, http.NotFoundHandler())
	if line[topology.MetricFaults] != 1.0 {
		t.Errorf("%v", line)
	}
}

// TestWithoutMetrics: nothing is measured that nobody asked for, and a log that is closed takes no
// answer away.
func TestWithoutMetrics(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		gateway.ObserveRows(r.Context(), 1)
		gateway.WriteJSON(w, http.StatusOK, "fine")
	})
	reader, closed := io.Pipe()
	reader.Close()
	for _, m := range []*gateway.Metrics{nil, {Function: "predict", To: closed, Now: ticking()}} {
		response, err := m.Measure(gateway.Handler(h, nil))(t.Context(), event(t, "get.json"))
		if err != nil || response.StatusCode != http.StatusOK {
			t.Errorf("%+v, %v", response, err)
		}
	}
}

// BenchmarkMetrics is what a request takes with a line of metrics, and without.
func BenchmarkMetrics(b *testing.B) {
	log, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		gateway.ObserveModel(r.Context(), "adult")
		gateway.ObserveRows(r.Context(), 1)
		w.WriteHeader(http.StatusNoContent)
	})
	e := events.APIGatewayProxyRequest{HTTPMethod: "POST", Path: "/v1/models/adult/predict"}
	for name, m := range map[string]*gateway.Metrics{"metrics=off": nil, "metrics=on": {Function: "predict", To: log, Now: time.Now}} {
		measured := m.Measure(gateway.Handler(h, nil))
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := measured(b.Context(), e); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
