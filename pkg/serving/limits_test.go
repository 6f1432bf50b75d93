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
