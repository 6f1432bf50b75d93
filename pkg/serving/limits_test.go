package serving_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/serving"
)

// TestLimits: each limit of a request is a problem that says which one it is, in every format that
// can go beyond it.
func TestLimits(t *testing.T) {
	r, _ := newRegistry(t)
	train(t, r, "adult", "baseline", "income")
	promote(t, r, "adult", 1)
	h := (&serving.Server{Registry: r}).Routes()
	long := strings.Repeat("9", serving.MaxText+1)
	many := func(row, between string) string { return strings.Repeat(row+between, serving.MaxInstances) + row }
	for _, tt := range []struct {
		name, media, body string
		want              gateway.Type
		detail            string
	}{
		{"body", "text/csv", strings.Repeat("1", serving.MaxBody+1), gateway.BodyTooLarge, "6291456 bytes"},
		{"rows, JSON", "application/json", `{"instances": [` + many(`[1,"",1,""]`, ",") + `]}`, gateway.InvalidInstances, "more than 10000 rows"},
		{"rows, columns", "application/json", `{"inputs": {"age": [` + many("1", ",") + `]}}`, gateway.InvalidInstances, "more than 10000 rows"},
		{"rows, split", "application/json", `{"dataframe_split": {"columns": ["age"], "data": [` + many("[1]", ",") + `]}}`, gateway.InvalidInstances, "more than 10000 rows"},
		{"rows, CSV", "text/csv", "age\n" + many("1", "\n"), gateway.InvalidInstances, "more than 10000 rows"},
		{"rows, JSON Lines", "application/jsonlines", many(`{"age":1}`, "\n"), gateway.InvalidInstances, "more than 10000 rows"},
		{"text, JSON", "application/json", `{"instances": [{"job/class": "` + long + `"}]}`, gateway.InvalidInstances, "longer than 1048576 bytes"},
		{"number, JSON", "application/json", `{"instances": [{"age": ` + long + `}]}`, gateway.InvalidInstances, "longer than 1048576 bytes"},
		{"text, CSV", "text/csv", "job/class\n" + long + "\n", gateway.InvalidInstances, "longer than 1048576 bytes"},
		{"depth", "application/json", `{"instances": [{"age": ` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}]}`, gateway.InvalidJSON, "nested deeper than 64"},
		{"depth, JSON Lines", "application/jsonlines", `{"age": ` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}`, gateway.InvalidJSON, "nested deeper than 64"},
		{"member twice", "application/json", `{"inputs": [], "inputs": []}`, gateway.InvalidJSON, "appears twice"},
		{"column twice, row", "application/json", `{"instances": [{"age": 1, "age": 1}]}`, gateway.InvalidInstances, "appears twice"},
		{"column twice, columns", "application/json", `{"inputs": {"age": [1], "age": [1]}}`, gateway.InvalidInstances, "appears twice"},
		{"column twice, split", "application/json", `{"dataframe_split": {"columns": ["age", "age"], "data": [[1, 1]]}}`, gateway.InvalidInstances, "appears twice"},
		{"column twice, CSV", "text/csv", "age,age\n1,1\n", gateway.InvalidInstances, "appears twice"},
		{"two kinds of rows", "application/json", `{"inputs": [], "instances": []}`, gateway.InvalidInstances, "more than one of"},
	} {
		w := send(h, "/v1/models/adult/predict", tt.media, tt.body)
		var p gateway.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || !errors.Is(p, tt.want.New("")) || w.Code != tt.want.Status || !strings.Contains(p.Detail, tt.detail) {
			t.Errorf("%s: %d %.300s", tt.name, w.Code, w.Body)
		}
		if w.Body.Len() > 4<<10 {
			t.Errorf("%s: a problem of %d bytes", tt.name, w.Body.Len())
		}
	}
}

// TestLongValues: a value may be as long as the limit; of one that is longer by a byte the problem says
// where it is, in every format, be it a text or the digits of a number. Delimited text is not split
// into columns then: the line and the number of the value are known.
func TestLongValues(t *testing.T) {
	r, _ := newRegistry(t)
	train(t, r, "adult", "baseline", "income")
	promote(t, r, "adult", 1)
	h := (&serving.Server{Registry: r, Model: "adult"}).Routes()
	for _, tt := range []struct {
		target, media, before, after, pointer string
		line                                  int
	}{
		{"/v1/models/adult/predict", "application/json", `{"instances": [{"age": 1}, {"job/class": `, `}]}`, "/instances/1/job~1class", 0},
		{"/v1/models/adult/predict", "application/json", `{"instances": [{"age": 1}, [1, `, `, true, null]]}`, "/instances/1/1", 0},
		{"/v1/models/adult/predict", "application/json", `{"dataframe_records": [{"age": 1}, {"job/class": `, `}]}`, "/dataframe_records/1/job~1class", 0},
		{"/v1/models/adult/predict", "application/json", `{"dataframe_split": {"columns": ["age", "job/class"], "data": [[1, null], [2, `, `]]}}`, "/dataframe_split/data/1/1", 0},
		{"/v1/models/adult/predict", "application/json", `{"inputs": {"age": [1, 2], "job/class": [null, `, `]}}`, "/inputs/job~1class/1", 0},
		{"/v1/models/adult/predict", "application/json", `{"inputs": [{"age": 1}, {"job/class": `, `}]}`, "/inputs/1/job~1class", 0},
		{"/v1/models/adult/predict", "application/jsonlines", `{"age": 1}` + "\n" + `{"job/class": `, `}`, "/job~1class", 2},
		{"/v1/models/adult/predict", "text/csv", "age,job/class\n1,\n2,", "\n", "", 3},
		{"/v1/models/adult/validate", "text/tab-separated-values", "age\tjob/class\n1\t\n2\t", "\n", "", 3},
		{"/invocations", "text/csv", "1,,,\n2,", ",,\n", "", 2},
		{"/v2/models/adult/infer", "application/json", `{"inputs": [{"name": "age", "shape": [2], "datatype": "FP64", "data": [1, 2]}, {"name": "job/class", "shape": [2], "datatype": "BYTES", "data": [null, `, `]}]}`, "/inputs/1/data/1", 0},
	} {
		for kind, quote := range map[string]string{"text": `"`, "number": ""} {
			if kind == "number" && strings.Contains(tt.before, "BYTES") {
				continue // holds none
			}
			longest := quote + strings.Repeat("9", serving.MaxText) + quote
			longer := quote + strings.Repeat("9", serving.MaxText+1) + quote
			name := tt.target + " " + kind + " " + tt.before
			if w := send(h, tt.target, tt.media, tt.before+longest+tt.after); w.Code != http.StatusOK {
				t.Errorf("%s, as long as may be: %d %.300s", name, w.Code, w.Body)
			}
			w := send(h, tt.target, tt.media, tt.before+longer+tt.after)
			var p gateway.Problem
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != http.StatusUnprocessableEntity || w.Header().Get("Content-Type") != "application/problem+json" ||
				!errors.Is(p, gateway.InvalidInstances.New("")) || len(p.Errors) != 1 {
				t.Errorf("%s: %d %.300s", name, w.Code, w.Body)
				continue
			}
			if e := p.Errors[0]; e.Pointer != tt.pointer || e.Line != tt.line || tt.pointer != "" && (e.Row != 2 || e.Column != "job/class") || !strings.Contains(e.Detail, "longer than 1048576 bytes") {
				t.Errorf("%s: %+v", name, e)
			}
		}
	}
}

// stuck is a store that answers no more than its context lasts.
type stuck struct{ registry.Store }

func (stuck) Open(ctx context.Context, key string) (io.ReadCloser, registry.Info, error) {
	<-ctx.Done()
	return nil, registry.Info{}, ctx.Err()
}

// TestTimeLeft: before Lambda kills the function, the request is answered.
func TestTimeLeft(t *testing.T) {
	r, store := newRegistry(t)
	train(t, r, "adult", "baseline", "income")
	promote(t, r, "adult", 1)
	h := gateway.Routes((&serving.Server{Registry: &registry.Registry{Store: stuck{store}}}).Routes())
	ctx, cancel := context.WithTimeout(t.Context(), 600*time.Millisecond)
	defer cancel()
	response, err := gateway.Handler(h, nil)(ctx, events.APIGatewayProxyRequest{HTTPMethod: "POST", Path: "/v1/models/adult/predict",
		Headers: map[string]string{"Content-Type": "application/json"}, Body: `{"instances": [{"age": 30}]}`})
	var p gateway.Problem
	if err != nil || ctx.Err() != nil || response.StatusCode != http.StatusGatewayTimeout || json.Unmarshal([]byte(response.Body), &p) != nil || !errors.Is(p, gateway.Timeout.New("")) {
		t.Errorf("%+v, %v, %v", response, err, ctx.Err())
	}
}
