package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/foretell-ml/foretell/pkg/gateway"
)

type missingThing struct{ kind string }

func (e missingThing) Error() string              { return e.kind + " x not found" }
func (e missingThing) NotFound() (string, string) { return e.kind, "x" }

type badName struct{}

func (badName) Error() string                 { return "model name X may not" }
func (badName) InvalidName() (string, string) { return "model", "X" }

func decode(t *testing.T, w *httptest.ResponseRecorder) gateway.Problem {
	t.Helper()
	var p gateway.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("%s: %v", w.Body, err)
	}
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" || p.Status != w.Code {
		t.Errorf("Content-Type %s, status %d and %d in the body", got, w.Code, p.Status)
	}
	return p
}

func TestWriteProblem(t *testing.T) {
	var log bytes.Buffer
	previous := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(previous)

	for _, tt := range []struct {
		err    error
		want   gateway.Type
		detail string
		logged bool
	}{
		{fmt.Errorf("a: %w", gateway.Conflict.New("taken")), gateway.Conflict, "taken", false},
		{fmt.Errorf("a: %w", missingThing{"model"}), gateway.ModelNotFound, "model x not found", false},
		{missingThing{"run"}, gateway.RunNotFound, "run x not found", false},
		{missingThing{"unicorn"}, gateway.InternalError, "", true},
		{errors.Join(badName{}, nil), gateway.InvalidName, "model name X may not", false},
		{fmt.Errorf("get: %w", context.DeadlineExceeded), gateway.Timeout, "the time for the request ran out", true},
		{errors.New("dial tcp 10.0.0.7: secret"), gateway.InternalError, "", true},
		{gateway.Unavailable.New(""), gateway.Unavailable, "", true},
	} {
		log.Reset()
		w := httptest.NewRecorder()
		gateway.WriteProblem(w, httptest.NewRequest("GET", "/v1/a%2Fb?q=1", nil), tt.err)
		p := decode(t, w)
		if p.Type != tt.want.URI() || p.Title != tt.want.Title || p.Status != tt.want.Status || p.Detail != tt.detail {
			t.Errorf("%v becomes %+v", tt.err, p)
		}
		if p.Instance != "/v1/a%2Fb" {
			t.Errorf("instance is %q", p.Instance)
		}
		if logged := strings.Contains(log.String(), tt.err.Error()); logged != tt.logged {
			t.Errorf("%v: logged is %v: %s", tt.err, logged, &log)
		}
	}
}

func TestWriteJSON(t *testing.T) {
	w := httptest.NewRecorder()
	gateway.WriteJSON(w, http.StatusCreated, map[string]int{"b": 1, "a": 2})
	if w.Code != http.StatusCreated || w.Body.String() != `{"a":2,"b":1}`+"\n" || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
	}
	w = httptest.NewRecorder()
	gateway.WriteJSON(w, http.StatusOK, math.NaN())
	if p := decode(t, w); !errors.Is(p, gateway.InternalError.New("")) {
		t.Errorf("NaN becomes %+v", p)
	}
}

func TestReadBody(t *testing.T) {
	for _, tt := range []struct {
		name, body, contentType, encoding string
		want                              *gateway.Type
	}{
		{"json", "{}", "application/json", "", nil},
		{"with charset", "{}", "application/json; charset=utf-8", "identity", nil},
		{"curl -d", "{}", "application/x-www-form-urlencoded", "", nil},
		{"undeclared", "{}", "", "", nil},
		{"at the limit", strings.Repeat("x", 10), "", "", nil},
		{"over the limit", strings.Repeat("x", 11), "", "", &gateway.BodyTooLarge},
		{"empty", "", "application/json", "", &gateway.EmptyBody},
		{"white space", " \r\n\t", "application/json", "", &gateway.EmptyBody},
		{"text", "{}", "text/plain", "", &gateway.UnsupportedMediaType},
		{"no media type", "{}", "/;;", "", &gateway.UnsupportedMediaType},
		{"compressed in another way", "{}", "application/json", "br", &gateway.UnsupportedMediaType},
		{"decompressed by API Gateway", "{}", "application/json", "gzip", nil},
		{"compressed and cut off", "\x1f\x8b", "application/json", "gzip", &gateway.InvalidEncoding},
	} {
		for _, declared := range []bool{true, false} {
			r := httptest.NewRequest("POST", "/", io.MultiReader(strings.NewReader(tt.body))) // of no known length
			if declared {
				r.ContentLength = int64(len(tt.body))
			}
			r.Header.Set("Content-Type", tt.contentType)
			r.Header.Set("Content-Encoding", tt.encoding)
			body, err := gateway.ReadBody(r, 10, "application/json")
			switch {
			case tt.want == nil && (err != nil || string(body) != tt.body):
				t.Errorf("%s: %q, %v", tt.name, body, err)
			case tt.want != nil && !errors.Is(err, tt.want.New("")):
				t.Errorf("%s: %v", tt.name, err)
			}
		}
	}
	r := httptest.NewRequest("POST", "/", iotest.ErrReader(io.ErrUnexpectedEOF))
	if _, err := gateway.ReadBody(r, 10); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a broken body: %v", err)
	}
}

func TestReadJSON(t *testing.T) {
	for body, detail := range map[string]string{
		`{"a": 1}`:          "",
		" {\"a\": 1}\n":     "",
		"{\"a\":\n 1,}":     `line 2, column 4: invalid character '}' looking for beginning of object key string`,
		`{"a": 1`:           "line 1, column 7: the body ends before the JSON value does",
		`{"a": "x"}`:        "line 1, column 9, a: want an integer, got string",
		`[1]`:               "line 1, column 1: want an object, got array",
		`{"b": 1}`:          `unknown field "b"`,
		`{"a": 1} {"a": 2}`: "line 1, column 10: there is more after the JSON value",
		`{"a": 1}]`:         "line 1, column 9: there is more after the JSON value",
		`nope`:              "line 1, column 2: invalid character 'o' in literal null (expecting 'u')",
	} {
		var v struct {
			A int `json:"a"`
		}
		err := gateway.ReadJSON(httptest.NewRequest("POST", "/", strings.NewReader(body)), 100, &v)
		if detail == "" {
			if err != nil || v.A != 1 {
				t.Errorf("%s: %v", body, err)
			}
			continue
		}
		var p gateway.Problem
		if !errors.As(err, &p) || !errors.Is(err, gateway.InvalidJSON.New("")) || p.Detail != detail {
			t.Errorf("%s: %v\nwant %s", body, err, detail)
		}
	}
}

func TestRoutes(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/models/{model}", func(w http.ResponseWriter, r *http.Request) {
		gateway.WriteJSON(w, http.StatusOK, r.PathValue("model"))
	})
	mux.HandleFunc("PUT /v1/models/{model}", func(http.ResponseWriter, *http.Request) {})
	h := gateway.Routes(mux)

	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/v1/models/a%2Fb", nil))
	if w.Code != http.StatusOK || w.Body.String() != "\"a/b\"\n" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for _, tt := range []struct {
		method, path, allow string
		want                gateway.Type
	}{
		{"GET", "/", "", gateway.RouteNotFound},
		{"POST", "/v1/models/a/b", "", gateway.RouteNotFound},
		{"POST", "/v1/models/a", "GET, HEAD, PUT", gateway.MethodNotAllowed},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(tt.method, tt.path, nil))
		if p := decode(t, w); p.Type != tt.want.URI() || w.Header().Get("Allow") != tt.allow {
			t.Errorf("%s %s: %+v, Allow %q", tt.method, tt.path, p, w.Header().Get("Allow"))
		}
	}
}
