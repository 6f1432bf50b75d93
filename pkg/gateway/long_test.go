package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/gateway"
)

// TestLongAnswers: what Lambda does not carry is kept, and the answer says where; what it carries,
// and what is no good answer, is not kept.
func TestLongAnswers(t *testing.T) {
	kept := map[string]string{}
	var fault error
	long := func(_ context.Context, id, contentType string, body []byte) (string, string, error) {
		kept[id] = contentType + " " + string(body)
		return "https://s3.example.com/answers/" + id + "?signed", "15m0s", fault
	}
	page := strings.Repeat("x", gateway.MaxResponse+1)
	ask := func(handle http.HandlerFunc) (status int, header map[string][]string, body string) {
		t.Helper()
		e := event(t, "get.json")
		response, err := gateway.Handler(handle, long)(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, response.MultiValueHeaders, response.Body
	}
	write := func(status int, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("ETag", `"1"`)
			w.WriteHeader(status)
			fmt.Fprint(w, text)
		}
	}

	status, header, body := ask(write(http.StatusOK, page))
	var elsewhere gateway.Elsewhere
	if err := json.Unmarshal([]byte(body), &elsewhere); err != nil || status != http.StatusSeeOther {
		t.Fatalf("%d %.200s: %v", status, body, err)
	}
	id := http.Header(header).Get("X-Request-Id")
	want := gateway.Elsewhere{Location: "https://s3.example.com/answers/" + id + "?signed", Bytes: int64(len(page)), ExpiresIn: "15m0s"}
	if elsewhere != want || http.Header(header).Get("Location") != want.Location || http.Header(header).Get("ETag") != `"1"` {
		t.Errorf("%+v, %v, want %+v", elsewhere, header, want)
	}
	if got := http.Header(header).Get("Content-Type"); got != "application/json" || !strings.Contains(body, "?signed") {
		t.Errorf("Content-Type %s of %s", got, body)
	}
	if id == "" || len(kept) != 1 || kept[id] != "text/html "+page {
		t.Errorf("kept %d answers, of %q %.50q", len(kept), id, kept[id])
	}

	if status, _, _ := ask(write(http.StatusOK, "short")); status != http.StatusOK || len(kept) != 1 {
		t.Errorf("a short answer: %d, %d are kept", status, len(kept))
	}
	if status, _, _ := ask(write(http.StatusNotFound, page)); status != http.StatusInternalServerError || len(kept) != 1 {
		t.Errorf("a long fault: %d, %d are kept", status, len(kept))
	}
	fault = errors.New("the bucket is gone")
	if status, _, body := ask(write(http.StatusOK, page)); status != http.StatusInternalServerError || !strings.Contains(body, "response-too-large") || strings.Contains(body, "gone") {
		t.Errorf("an answer that cannot be kept: %d %s", status, body)
	}
}
