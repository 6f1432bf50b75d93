package gateway_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/topology"
)

func event(t *testing.T, name string) events.APIGatewayProxyRequest {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var e events.APIGatewayProxyRequest
	if err := json.Unmarshal(b, &e); err != nil {
		t.Fatal(err)
	}
	return e
}

func call(t *testing.T, e events.APIGatewayProxyRequest, h http.HandlerFunc) events.APIGatewayProxyResponse {
	t.Helper()
	response, err := gateway.Handler(h, nil)(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

func TestRequest(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/models/{model}/predict", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		for what, ok := range map[string]bool{
			"body":           err == nil && string(body) == `{"instances": [{"name": "Zoë"}]}` && r.ContentLength == int64(len(body)),
			"path value":     r.PathValue("model") == "a/b",
			"path":           r.URL.EscapedPath() == "/v1/models/a%2Fb/predict" && r.URL.Path == "/v1/models/a/b/predict",
			"query":          slices.Equal(r.URL.Query()["alias"], []string{"a", "b"}) && r.URL.Query().Get("space") == "a b&c",
			"header":         slices.Equal(r.Header["X-Twice"], []string{"first", "second"}) && r.Header.Get("x-single") == "only",
			"host":           r.Host == "api.example.com" && r.Header.Get("Host") == "",
			"remote address": r.RemoteAddr == "192.0.2.7",
			"request URI":    r.RequestURI == "/v1/models/a%2Fb/predict?alias=a&alias=b&space=a+b%26c",
		} {
			if !ok {
				t.Errorf("%s of the request: %+v %v", what, r.URL, r.Header)
			}
		}
		w.Header().Add("Set-Cookie", "a=1")
		w.Header().Add("Set-Cookie", "b=2")
		w.WriteHeader(http.StatusCreated)
		w.Header().Set("X-Late", "not sent")
		fmt.Fprint(w, "{}")
	})
	response := call(t, event(t, "post.json"), mux.ServeHTTP)
	h := http.Header(response.MultiValueHeaders)
	if response.StatusCode != http.StatusCreated || response.Body != "{}" || response.IsBase64Encoded ||
		!slices.Equal(h["Set-Cookie"], []string{"a=1", "b=2"}) || h.Get("X-Late") != "" || h.Get("X-Request-Id") != "gateway-id" {
		t.Errorf("%+v", response)
	}
}

func TestRequestWithoutAnything(t *testing.T) {
	response := call(t, event(t, "get.json"), func(w http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err != nil || len(body) > 0 || r.URL.String() != "/v1/models" || len(r.Header) > 0 {
			t.Errorf("%v %q, %v", r, body, err)
		}
	})
	if response.StatusCode != http.StatusOK || response.Body != "" {
		t.Errorf("%+v", response)
	}
}

func TestBinary(t *testing.T) {
	binary := []byte{0xff, 0x00, 0x80}
	e := event(t, "post.json")
	e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString(binary), true
	response := call(t, e, func(w http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err != nil || !bytes.Equal(body, binary) {
			t.Errorf("%v, %v", body, err)
		}
		_, _ = w.Write(binary)
	})
	if !response.IsBase64Encoded || response.Body != e.Body {
		t.Errorf("%+v", response)
	}
}

func TestRequestID(t *testing.T) {
	ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "invocation-id"})
	response, err := gateway.Handler(http.NotFoundHandler(), nil)(ctx, event(t, "get.json"))
	if got := http.Header(response.MultiValueHeaders).Get("X-Request-Id"); err != nil || got != "invocation-id" {
		t.Errorf("%q, %v", got, err)
	}
}

// problemOf checks that a response is a problem of the type.
func problemOf(t *testing.T, response events.APIGatewayProxyResponse, want gateway.Type) {
	t.Helper()
	var p gateway.Problem
	if err := json.Unmarshal([]byte(response.Body), &p); err != nil || !errors.Is(p, want.New("")) || response.StatusCode != want.Status {
		t.Errorf("%d %.200s, want %s", response.StatusCode, response.Body, want.Slug)
	}
	h := http.Header(response.MultiValueHeaders)
	if h.Get("X-Request-Id") != "gateway-id" || h.Get("Content-Type") != "application/problem+json" {
		t.Errorf("the problem has headers %v", h)
	}
}

func TestPanic(t *testing.T) {
	response := call(t, event(t, "get.json"), func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", "x")
		fmt.Fprint(w, "half an answ")
		panic("secret")
	})
	problemOf(t, response, gateway.InternalError)
	if strings.Contains(response.Body, "secret") || response.MultiValueHeaders["Etag"] != nil {
		t.Errorf("%+v", response)
	}
}

// TestResponseTooLarge: what counts is the response as Lambda sends it, with its escapes.
func TestResponseTooLarge(t *testing.T) {
	if gateway.MaxResponse != topology.MaxPayload {
		t.Errorf("the limit is %d here and %d in topology", gateway.MaxResponse, topology.MaxPayload)
	}
	for _, tt := range []struct {
		text string
		n    int
		ok   bool
	}{
		{"x", gateway.MaxResponse - 1000, true},
		{"x", gateway.MaxResponse, false},
		{`"`, gateway.MaxResponse/2 - 1000, true}, // \"
		{`"`, gateway.MaxResponse / 2, false},
		{"<", gateway.MaxResponse / 6, false}, // \u003c
		{"\xff", gateway.MaxResponse / 2, true},
		{"\xff", gateway.MaxResponse * 3 / 4, false}, // base64
	} {
		response := call(t, event(t, "get.json"), func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, strings.Repeat(tt.text, tt.n))
		})
		if !tt.ok {
			problemOf(t, response, gateway.ResponseTooLarge)
		} else if response.StatusCode != http.StatusOK {
			t.Errorf("%d × %q: %.200s", tt.n, tt.text, response.Body)
		}
	}
}

// TestTimeout: a handler that heeds its context can still answer.
func TestTimeout(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 600*time.Millisecond)
	defer cancel()
	h := gateway.Func(func(w http.ResponseWriter, r *http.Request) error {
		<-r.Context().Done()
		return fmt.Errorf("predict: %w", r.Context().Err())
	})
	response, err := gateway.Handler(h, nil)(ctx, event(t, "get.json"))
	if err != nil || ctx.Err() != nil {
		t.Fatalf("%v, %v", err, ctx.Err())
	}
	problemOf(t, response, gateway.Timeout)
}

func TestOtherEvents(t *testing.T) {
	bad := event(t, "post.json")
	bad.Body, bad.IsBase64Encoded = "%", true
	for _, e := range []events.APIGatewayProxyRequest{{}, {HTTPMethod: "GET"}, bad} {
		if _, err := gateway.Handler(http.NotFoundHandler(), nil)(t.Context(), e); err == nil {
			t.Errorf("%+v is taken for a request", e)
		}
	}
}

// TestAnswersStayApart: goroutines answer one request after the other, a slow one and one that panics
// among them.
func TestAnswersStayApart(t *testing.T) {
	h := gateway.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Body", string(body))
		switch n := len(body); {
		case n%7 == 0:
			panic("a seventh")
		case n%5 == 0:
			time.Sleep(time.Millisecond)
		}
		_, _ = w.Write(body)
	}), nil)
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			text := strings.Repeat("x", i)
			w, err := h(t.Context(), events.APIGatewayProxyRequest{HTTPMethod: "POST", Path: "/", Body: text})
			failed := i%7 == 0
			if err != nil || failed != (w.StatusCode == http.StatusInternalServerError) ||
				!failed && (w.Body != text || http.Header(w.MultiValueHeaders).Get("X-Body") != text) {
				t.Errorf("%d: %+v, %v", i, w, err)
			}
		})
	}
	all.Wait()
}
