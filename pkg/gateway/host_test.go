package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/gateway"
)

// hosted serves a handler and returns its address, and how to end it and hear how it ended.
func hosted(t *testing.T, host gateway.Host, h http.HandlerFunc) (base string, end func() error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- host.Serve(ctx, l, h) }()
	return "http://" + l.Addr().String(), func() error {
		cancel()
		return <-ended
	}
}

// ask posts a body and returns the status, the type of problem and the header.
func askHost(t *testing.T, url, body string) (int, gateway.Problem, http.Header) {
	t.Helper()
	response, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var p gateway.Problem
	if response.Header.Get("Content-Type") == "application/problem+json" {
		if err := json.Unmarshal(text, &p); err != nil {
			t.Fatal(err)
		}
	}
	return response.StatusCode, p, response.Header
}

// TestHost: what goes wrong in a handler is a problem with the id of the request.
func TestHost(t *testing.T) {
	release := make(chan struct{})
	base, end := hosted(t, gateway.Host{Timeout: 500 * time.Millisecond}, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/panic":
			_, _ = io.WriteString(w, "half an answer")
			panic("secret")
		case "/slow":
			<-r.Context().Done() // and says nothing
			<-release
		case "/timeout":
			<-r.Context().Done()
			gateway.WriteProblem(w, r, gateway.Timeout.New("as the handler says"))
		default:
			gateway.WriteJSON(w, http.StatusCreated, "made")
		}
	})
	ids := map[string]bool{}
	for path, want := range map[string]gateway.Type{"/panic": gateway.InternalError, "/slow": gateway.Timeout, "/timeout": gateway.Timeout, "/": {}} {
		status, p, header := askHost(t, base+path, "{}")
		id := header.Get("X-Request-Id")
		if id == "" || ids[id] {
			t.Errorf("%s: id %q", path, id)
		}
		ids[id] = true
		if want.Slug == "" {
			if status != http.StatusCreated {
				t.Errorf("%s: %d", path, status)
			}
		} else if status != want.Status || !errors.Is(p, want.New("")) || strings.Contains(p.Detail, "secret") {
			t.Errorf("%s: %d %+v", path, status, p)
		}
	}
	close(release)
	if err := end(); err != nil {
		t.Error(err)
	}
}

// TestHostIsFull: a request more than there is room for is refused, and one that asks for the
// host's health is not.
func TestHostIsFull(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	base, end := hosted(t, gateway.Host{AtOnce: 1}, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "POST" {
			entered <- struct{}{}
			<-leave
		}
		w.WriteHeader(http.StatusNoContent)
	})
	first := make(chan int, 1)
	go func() {
		status, _, _ := askHost(t, base, "{}")
		first <- status
	}()
	<-entered
	status, p, header := askHost(t, base, "{}")
	if status != http.StatusTooManyRequests || !errors.Is(p, gateway.TooManyRequests.New("")) || header.Get("Retry-After") != "1" {
		t.Errorf("a second request: %d %+v", status, p)
	}
	response, err := http.Get(base + "/ping")
	if err != nil || response.StatusCode != http.StatusNoContent {
		t.Errorf("health: %v, %v", response, err)
	}
	close(leave)
	if status := <-first; status != http.StatusNoContent {
		t.Errorf("the first request: %d", status)
	}
	if err := end(); err != nil {
		t.Error(err)
	}
}

// TestHostIsFullOfWhatGoesOn: a handler that computes on when its client was told that the time ran out
// still takes its room.
func TestHostIsFullOfWhatGoesOn(t *testing.T) {
	leave := make(chan struct{})
	var calls atomic.Int32
	base, end := hosted(t, gateway.Host{AtOnce: 1, Timeout: 200 * time.Millisecond}, func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == 1 {
			<-leave // whatever its context says
		}
		w.WriteHeader(http.StatusNoContent)
	})
	if status, p, _ := askHost(t, base, "{}"); status != http.StatusGatewayTimeout || !errors.Is(p, gateway.Timeout.New("")) {
		t.Errorf("the first request: %d %+v", status, p)
	}
	if status, p, _ := askHost(t, base, "{}"); status != http.StatusTooManyRequests {
		t.Errorf("while it computes: %d %+v", status, p)
	}
	close(leave)
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		if status, _, _ := askHost(t, base, "{}"); status == http.StatusNoContent {
			break
		} else if time.Since(began) > 10*time.Second {
			t.Fatalf("ten seconds after it ended: %d", status)
		}
	}
	if err := end(); err != nil {
		t.Error(err)
	}
}

// TestHostEnds: what was begun is answered, and nothing new is taken.
func TestHostEnds(t *testing.T) {
	for _, patient := range []bool{true, false} {
		entered, leave := make(chan struct{}), make(chan struct{})
		host := gateway.Host{Grace: 10 * time.Second}
		if !patient {
			host.Grace = time.Millisecond
		}
		base, end := hosted(t, host, func(w http.ResponseWriter, r *http.Request) {
			close(entered)
			<-leave
			w.WriteHeader(http.StatusNoContent)
		})
		answered := make(chan bool, 1)
		go func() {
			response, err := http.Post(base, "application/json", strings.NewReader("{}"))
			answered <- err == nil && response.StatusCode == http.StatusNoContent
		}()
		<-entered
		if patient {
			time.AfterFunc(50*time.Millisecond, func() { close(leave) })
		}
		err := end()
		if (err == nil) != patient {
			t.Errorf("patient %v: %v", patient, err)
		}
		if got := <-answered; got != patient {
			t.Errorf("patient %v: answered %v", patient, got)
		}
		if !patient {
			close(leave)
		}
		if _, err := http.Get(base); err == nil {
			t.Error("an ended host answers")
		}
	}
}

func TestHostLimitsHeaders(t *testing.T) {
	base, end := hosted(t, gateway.Host{}, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) })
	r, err := http.NewRequest("GET", base, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Long", strings.Repeat("x", 80<<10))
	response, err := http.DefaultClient.Do(r)
	if err != nil || response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("80 KB of headers: %v, %v", response, err)
	}
	if err := end(); err != nil {
		t.Error(err)
	}
}
