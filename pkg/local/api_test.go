package local

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// invokerFunc is an Invoker for tests of what stands before the functions.
type invokerFunc func(ctx context.Context, function string, payload []byte) ([]byte, error)

func (f invokerFunc) Invoke(ctx context.Context, function string, payload []byte) ([]byte, error) {
	return f(ctx, function, payload)
}

var testRoutes = []topology.Route{
	{Method: "GET", Path: "/v1/models", Function: "api"},
	{Method: "GET", Path: "/v1/models/{model}", Function: "api"},
	{Method: "GET", Path: "/v1/models/{model}/aliases/{alias}", Function: "api"},
	{Method: "PUT", Path: "/v1/models/{model}/aliases/{alias}", Function: "api"},
	{Method: "POST", Path: "/v1/models/{model}/predict", Function: "predict"},
}

func newFront(t *testing.T, f invokerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(&front{routes: testRoutes, invoker: f, timeout: 100 * time.Millisecond, log: slog.New(slog.DiscardHandler)})
	t.Cleanup(server.Close)
	return server
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		method, path string
		route        string
		parameters   map[string]string
		allowed      []string
	}{
		{"GET", "/v1/models", "/v1/models", nil, nil},
		{"GET", "/v1/models/adult", "/v1/models/{model}", map[string]string{"model": "adult"}, nil},
		{"PUT", "/v1/models/a%2Fb/aliases/x", "/v1/models/{model}/aliases/{alias}", map[string]string{"model": "a%2Fb", "alias": "x"}, nil},
		{"DELETE", "/v1/models/m/aliases/x", "", nil, []string{"GET", "PUT"}},
		{"HEAD", "/v1/models", "", nil, []string{"GET"}},
		{"GET", "/v1/models/", "", nil, nil},
		{"GET", "/v1/models/m/", "", nil, nil},
		{"GET", "/v1", "", nil, nil},
		{"GET", "/", "", nil, nil},
	} {
		route, parameters, allowed := match(testRoutes, c.method, c.path)
		var path string
		if route != nil {
			path = route.Path
		}
		if path != c.route || !reflect.DeepEqual(parameters, c.parameters) || !reflect.DeepEqual(allowed, c.allowed) {
			t.Errorf("%s %s: %q %v %v; want %q %v %v", c.method, c.path, path, parameters, allowed, c.route, c.parameters, c.allowed)
		}
	}
}

func TestEvent(t *testing.T) {
	var got events.APIGatewayProxyRequest
	var raw []byte
	var function string
	server := newFront(t, func(_ context.Context, name string, payload []byte) ([]byte, error) {
		function, raw = name, payload
		return []byte(`{"statusCode":200}`), json.Unmarshal(payload, &got)
	})
	q, err := http.NewRequest("POST", server.URL+"/v1/models/a%20b/predict?alias=champion&x=1&x=2", strings.NewReader("größe"))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Content-Type", "text/csv")
	q.Header["X-Many"] = []string{"a", "b"}
	q.Header.Set("User-Agent", "test")
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if function != "predict" || got.Resource != "/v1/models/{model}/predict" || got.Path != "/v1/models/a%20b/predict" || got.HTTPMethod != "POST" {
		t.Errorf("%s: %s %s %s", function, got.HTTPMethod, got.Resource, got.Path)
	}
	if want := map[string]string{"model": "a%20b"}; !reflect.DeepEqual(got.PathParameters, want) {
		t.Errorf("path parameters %v, want %v", got.PathParameters, want)
	}
	if want := map[string]string{"alias": "champion", "x": "2"}; !reflect.DeepEqual(got.QueryStringParameters, want) {
		t.Errorf("query %v, want %v", got.QueryStringParameters, want)
	}
	if want := map[string][]string{"alias": {"champion"}, "x": {"1", "2"}}; !reflect.DeepEqual(got.MultiValueQueryStringParameters, want) {
		t.Errorf("query values %v, want %v", got.MultiValueQueryStringParameters, want)
	}
	if got.Headers["Content-Type"] != "text/csv" || got.Headers["X-Many"] != "b" || !reflect.DeepEqual(got.MultiValueHeaders["X-Many"], []string{"a", "b"}) {
		t.Errorf("headers %v, %v", got.Headers, got.MultiValueHeaders)
	}
	if got.Headers["Host"] != q.Host || got.Headers["X-Forwarded-For"] != "127.0.0.1" || got.Headers["X-Forwarded-Proto"] != "http" {
		t.Errorf("headers %v", got.Headers)
	}
	if got.Body != "größe" || got.IsBase64Encoded {
		t.Errorf("body %q, base64 %v", got.Body, got.IsBase64Encoded)
	}
	c := got.RequestContext
	if c.Stage != "local" || c.Identity.SourceIP != "127.0.0.1" || c.Identity.UserAgent != "test" || c.AccountID != Account ||
		c.RequestID == "" || c.RequestID != answer.Header.Get("X-Amzn-RequestId") || c.ResourcePath != got.Resource {
		t.Errorf("request context %+v", c)
	}
	post(t, server.URL+"/v1/models/m/predict", "\xff\x00")
	if got.Body != "/wA=" || !got.IsBase64Encoded {
		t.Errorf("binary body %q, base64 %v", got.Body, got.IsBase64Encoded)
	}
	// What is not there is null, as on AWS.
	if !bytes.Contains(raw, []byte(`"queryStringParameters":null`)) || !bytes.Contains(raw, []byte(`"stageVariables":null`)) {
		t.Errorf("event %s", raw)
	}
}

func post(t *testing.T, url, body string) (status int, header http.Header, text string) {
	t.Helper()
	return do(t, "POST", url, body)
}

func do(t *testing.T, method, url, body string) (status int, header http.Header, text string) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	read, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(read)
}

func TestResponse(t *testing.T) {
	for _, c := range []struct {
		name, answer string
		status       int
		header       http.Header
		body         string
	}{
		{"text", `{"statusCode":201,"headers":{"content-type":"text/plain"},"body":"ok"}`, 201, http.Header{"Content-Type": {"text/plain"}}, "ok"},
		{"base64", `{"statusCode":200,"body":"AP8=","isBase64Encoded":true}`, 200, nil, "\x00\xff"},
		{"merged headers", `{"statusCode":200,"headers":{"x-a":"1","X-B":"3"},"multiValueHeaders":{"X-A":["1","2"],"x-b":["1"]}}`, 200,
			http.Header{"X-A": {"1", "2"}, "X-B": {"1", "3"}}, ""},
		{"length of its own", `{"statusCode":200,"headers":{"Content-Length":"99","Transfer-Encoding":"chunked"},"body":"ok"}`, 200,
			http.Header{"Content-Length": {"2"}}, "ok"},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := newFront(t, func(context.Context, string, []byte) ([]byte, error) { return []byte(c.answer), nil })
			status, header, body := do(t, "GET", server.URL+"/v1/models", "")
			if status != c.status || body != c.body {
				t.Errorf("%d %q, want %d %q", status, body, c.status, c.body)
			}
			for name, want := range c.header {
				if !reflect.DeepEqual(header[name], want) {
					t.Errorf("%s: %v, want %v", name, header[name], want)
				}
			}
		})
	}
}

func TestProblems(t *testing.T) {
	answers := func(answer string, err error) invokerFunc {
		return func(context.Context, string, []byte) ([]byte, error) { return []byte(answer), err }
	}
	const predict = "/v1/models/m/predict"
	for _, c := range []struct {
		name, method, path, body string
		invoker                  invokerFunc
		status                   int
		slug                     string
	}{
		{"unknown route", "GET", "/v2", "", nil, 404, "route-not-found"},
		{"wrong method", "DELETE", "/v1/models", "", nil, 405, "method-not-allowed"},
		{"body over the limit", "POST", predict, strings.Repeat("x", 7<<20), nil, 413, "body-too-large"},
		{"event over the limit", "POST", predict, "", answers("", &FunctionError{Type: ErrorRequestTooLarge}), 413, "body-too-large"},
		{"throttled", "POST", predict, "", answers("", &FunctionError{Type: ErrorThrottled}), 429, "too-many-requests"},
		{"function timeout", "POST", predict, "", answers("", &FunctionError{Type: ErrorTimeout}), 504, "timeout"},
		{"gateway timeout", "POST", predict, "", func(ctx context.Context, _ string, _ []byte) ([]byte, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}, 504, "timeout"},
		{"handler error", "POST", predict, "", answers("", &FunctionError{Type: "sqlError", Message: "secret"}), 502, "internal-error"},
		{"other error", "POST", predict, "", answers("", errors.New("secret")), 502, "internal-error"},
		{"no JSON", "POST", predict, "", answers("secret", nil), 502, "internal-error"},
		{"no status", "POST", predict, "", answers(`{"body":"secret"}`, nil), 502, "internal-error"},
		{"bad base64", "POST", predict, "", answers(`{"statusCode":200,"body":"secret!","isBase64Encoded":true}`, nil), 502, "internal-error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := newFront(t, c.invoker)
			status, header, body := do(t, c.method, server.URL+c.path, c.body)
			var p struct {
				Type, Title, Detail, Instance string
				Status                        int
			}
			if err := json.Unmarshal([]byte(body), &p); err != nil {
				t.Fatalf("%v: %s", err, body)
			}
			if status != c.status || p.Status != c.status || p.Type != "https://foretell-ml.github.io/problems/"+c.slug || p.Title == "" || p.Detail == "" || p.Instance != c.path {
				t.Errorf("%d %s", status, body)
			}
			if got := header.Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("content type %s", got)
			}
			if strings.Contains(body, "secret") {
				t.Errorf("the answer tells what only the log may: %s", body)
			}
			if c.status == 405 && header.Get("Allow") != "GET" {
				t.Errorf("allow %q", header.Get("Allow"))
			}
		})
	}
}
