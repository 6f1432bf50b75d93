package serving_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/serving"
)

// exchange sends a request to a host and returns what it answers.
type exchange func(t *testing.T, r *http.Request) (status int, header http.Header, body string)

// hosts are the ways in which a handler is reached.
func hosts(t *testing.T, h http.Handler) map[string]exchange {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- gateway.Host{}.Serve(ctx, l, h) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return map[string]exchange{
		"in process": func(t *testing.T, r *http.Request) (int, http.Header, string) {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			return w.Code, w.Header(), w.Body.String()
		},
		"Lambda": func(t *testing.T, r *http.Request) (int, http.Header, string) {
			return byEvent(t, h, r)
		},
		"HTTP": func(t *testing.T, r *http.Request) (int, http.Header, string) {
			r.URL.Scheme, r.URL.Host, r.RequestURI = "http", l.Addr().String(), ""
			response, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			return response.StatusCode, response.Header, string(body)
		},
	}
}

// byEvent sends a request as API Gateway does: as JSON, in and out.
func byEvent(t *testing.T, h http.Handler, r *http.Request) (int, http.Header, string) {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	e := events.APIGatewayProxyRequest{
		HTTPMethod: r.Method, Path: r.URL.EscapedPath(), MultiValueHeaders: r.Header,
		MultiValueQueryStringParameters: r.URL.Query(), Body: string(body),
		RequestContext: events.APIGatewayProxyRequestContext{RequestID: "an-id"},
	}
	if !utf8.Valid(body) {
		e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	var sent events.APIGatewayProxyRequest
	event, err := json.Marshal(e)
	if err != nil || json.Unmarshal(event, &sent) != nil {
		t.Fatal(err)
	}
	response, err := gateway.Handler(h, nil)(t.Context(), sent)
	if err != nil || response.IsBase64Encoded {
		t.Fatalf("%+v, %v", response, err)
	}
	return response.StatusCode, response.MultiValueHeaders, response.Body
}

// TestEveryHost: every host gives the same answers, byte for byte, for requests of every format
// and for every kind of fault.
func TestEveryHost(t *testing.T) {
	r, _ := newRegistry(t)
	train(t, r, "adult", "boosting", "income")
	promote(t, r, "adult", 1)
	h := gateway.Routes((&serving.Server{Registry: r, Model: "adult"}).Routes())
	type request struct {
		name, method, target, media, body string
		header                            [2]string
		status                            int
	}
	const path = "/v1/models/adult/predict"
	requests := []request{
		{name: "ping", method: "GET", target: "/ping", status: 200},
		{name: "ready", method: "GET", target: "/v2/models/adult/ready", status: 200},
		{name: "metadata", method: "GET", target: "/v2/models/adult", status: 200},
		{name: "no route", method: "GET", target: "/v3", status: 404},
		{name: "no method", method: "DELETE", target: path, status: 405},
		{name: "no model", method: "POST", target: "/v1/models/wine%2Fred/predict", body: `{"instances": [{"age": 1}]}`, status: 422},
		{name: "no JSON", method: "POST", target: path, body: `{"instances": [NaN]}`, status: 400},
		{name: "no body", method: "POST", target: path, status: 400},
		{name: "no rows", method: "POST", target: path, body: `{"instances": []}`, status: 422},
		{name: "faults", method: "POST", target: path, body: `{"instances": [{"age": "x"}, {"aeg": 1}]}`, status: 422},
		{name: "not acceptable", method: "POST", target: path, body: `{"instances": [{"age": 30}]}`, header: [2]string{"Accept", "image/png"}, status: 406},
		{name: "no media type", method: "POST", target: path, media: "application/xml", body: `<a/>`, status: 415},
		{name: "too large", method: "POST", target: path, body: strings.Repeat(" ", serving.MaxBody+1), status: 413},
		{name: "no parameter", method: "POST", target: path + "?expalin=true", body: `{"instances": [{"age": 30}]}`, status: 400},
		{name: "escapes", method: "POST", target: path + "?alias=champi%6fn", body: `{"instances": [{"job\u002fclass": "<é>"}]}`, status: 200},
		{name: "CSV out", method: "POST", target: path, body: `{"instances": [{"age": 30}]}`, header: [2]string{"Accept", "text/csv"}, status: 200},
		{name: "tensors", method: "POST", target: "/v2/models/adult/infer", body: `{"id": "1", "inputs": [{"name": "age", "shape": [1], "datatype": "INT64", "data": [30]}]}`, status: 200},
	}
	for _, f := range census2 {
		requests = append(requests, request{name: f.name, method: "POST", target: path, media: f.media, body: f.body, status: 200},
			request{name: "invocations, " + f.name, method: "POST", target: "/invocations", media: f.media, body: f.body, status: 200},
			request{name: "compressed, " + f.name, method: "POST", target: path, media: f.media, body: zipped(t, f.body), header: [2]string{"Content-Encoding", "gzip"}, status: 200})
	}
	all := hosts(t, h)
	for _, q := range requests {
		bodies := map[string]string{}
		for _, host := range slices.Sorted(maps.Keys(all)) {
			r := httptest.NewRequest(q.method, q.target, bytes.NewReader([]byte(q.body)))
			if q.media != "" {
				r.Header.Set("Content-Type", q.media)
			} else if q.body != "" {
				r.Header.Set("Content-Type", "application/json")
			}
			if q.header[0] != "" {
				r.Header.Set(q.header[0], q.header[1])
			}
			status, header, body := all[host](t, r)
			if status != q.status {
				t.Errorf("%s, %s: %d %.300s, want %d", q.name, host, status, body, q.status)
			}
			if media := header.Get("Content-Type"); status >= 400 && media != "application/problem+json" {
				t.Errorf("%s, %s: a problem as %s", q.name, host, media)
			}
			if host != "in process" && header.Get("X-Request-Id") == "" {
				t.Errorf("%s, %s: no X-Request-Id", q.name, host)
			}
			bodies[withoutID(body)] = host
		}
		if len(bodies) != 1 {
			t.Errorf("%s: hosts differ: %.600q", q.name, bodies)
		}
	}
}

// withoutID leaves out the id of an answer, which each host gives its own.
func withoutID(body string) string {
	before, rest, found := strings.Cut(body, `"id":"`)
	if !found || strings.Contains(before, "{\"model_name") {
		return body
	}
	_, after, _ := strings.Cut(rest, `",`)
	return before + after
}

// TestOpen: a host may be given a store, an artifact, or a folder with one.
func TestOpen(t *testing.T) {
	r, store := newRegistry(t)
	_, m := train(t, r, "adult", "baseline", "income")
	promote(t, r, "adult", 1)
	artifact, _, err := registry.Read(t.Context(), store, "models/adult/artifacts/"+m.Digest)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(elements ...string) string {
		name := filepath.Join(append([]string{dir}, elements...)...)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, artifact, 0o666); err != nil {
			t.Fatal(err)
		}
		return name
	}
	file := write("one", "income.safetensors")
	write("one", ".hidden")
	write("two", m.Digest)
	write("several", "a")
	write("several", "b")
	made := time.Unix(1_700_000_000, 0)
	for _, tt := range []struct {
		path        string
		model, want registry.ModelName
		fault       string
	}{
		{file, "", "income", ""},
		{file, "adult", "adult", ""},
		{filepath.Join(dir, "one"), "", "income", ""},
		{filepath.Join(dir, "two"), "", "model", ""},
		{filepath.Join(dir, "several"), "", "", "2 files"},
		{filepath.Join(dir, "none"), "", "", "no such file"},
	} {
		models, model, err := serving.Open(t.Context(), tt.path, tt.model, made)
		if tt.fault != "" {
			if err == nil || !strings.Contains(err.Error(), tt.fault) {
				t.Errorf("%s: %v", tt.path, err)
			}
			continue
		}
		if err != nil || model != tt.want {
			t.Errorf("%s: %q, %v", tt.path, model, err)
			continue
		}
		h := (&serving.Server{Registry: models, Model: model}).Routes()
		if w := send(h, "/invocations", "text/csv", "30,State,true,"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"digest":"`+m.Digest) {
			t.Errorf("%s: %d %s", tt.path, w.Code, w.Body)
		}
	}
	if err := os.WriteFile(file, artifact[:len(artifact)-1], 0o666); err != nil {
		t.Fatal(err)
	}
	if _, _, err := serving.Open(t.Context(), file, "", made); err == nil || !strings.Contains(err.Error(), "neither a store nor an artifact") {
		t.Errorf("half an artifact: %v", err)
	}
}
