package serving_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/serving"
)

// TestMetricsOfPredict: a request makes one line, cold or warm, of its model and rows; the first says
// how long the artifact took to load. A model is told of as soon as it is there, whatever is wrong
// with the rows, and never if it is not there.
func TestMetricsOfPredict(t *testing.T) {
	r, _ := newRegistry(t)
	train(t, r, "adult", "boosting", "income")
	promote(t, r, "adult", 1)
	now := time.Unix(0, 0)
	clock := func() time.Time {
		now = now.Add(time.Millisecond)
		return now
	}
	var log bytes.Buffer
	server := &serving.Server{Registry: r, Now: clock, Fresh: time.Hour}
	h := (&gateway.Metrics{Function: "predict", To: &log, Now: clock}).Measure(gateway.Handler(gateway.Routes(server.Routes()), nil))
	const two, wrong = `{"instances":[{"age":39},{"age":40}]}`, `{"instances":[{"age":"old"}]}`
	for _, c := range []struct {
		model, body            string
		wantModel, wantProblem string
		rows, faults, refusals float64
		loads                  bool
	}{
		{"adult", two, "adult", "", 2, 0, 0, true},
		{"adult", two, "adult", "", 2, 0, 0, false},
		{"adult", two, "adult", "", 2, 0, 0, false},
		{"adult", wrong, "adult", "invalid-instances", 0, 0, 1, false},
		{"nobody", two, "", "model-not-found", 0, 0, 1, false},
	} {
		log.Reset()
		if _, err := h(t.Context(), events.APIGatewayProxyRequest{HTTPMethod: "POST", Path: "/v1/models/" + c.model + "/predict", Body: c.body,
			MultiValueHeaders: map[string][]string{"Content-Type": {"application/json"}}}); err != nil {
			t.Fatal(err)
		}
		var line struct {
			Function, Model, Problem string
			Latency, Rows            float64
			Faults, Refusals, Errors float64
			LoadTime                 *float64
		}
		if err := json.Unmarshal(log.Bytes(), &line); err != nil || strings.Count(log.String(), "\n") != 1 {
			t.Fatalf("%v\n%s", err, log.String())
		}
		if line.Function != "predict" || line.Model != c.wantModel || line.Problem != c.wantProblem || line.Rows != c.rows ||
			line.Faults != c.faults || line.Refusals != c.refusals || line.Errors != c.faults+c.refusals || line.Latency < 1 || (line.LoadTime != nil) != c.loads {
			t.Errorf("%s %s makes\n%s", c.model, c.body, log.String())
		}
	}
}
