//go:build linux || darwin

package local

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/topology"
)

func TestWarmReuse(t *testing.T) {
	r := newTestRuntime(t, worker, RuntimeConfig{})
	first := mustInvoke(t, r, `{}`)
	for want := 2; want <= 20; want++ {
		if next := mustInvoke(t, r, `{}`); next.PID != first.PID || next.Count != want {
			t.Fatalf("invocation %d: process %d, its %d.; want process %d", want, next.PID, next.Count, first.PID)
		}
	}
	inits := r.InitDurations("worker")
	if len(inits) != 1 || inits[0] <= 0 || inits[0] > 5*time.Second {
		t.Errorf("init durations %v", inits)
	}
	if got := r.Processes(); !slices.Equal(got, []int{first.PID}) {
		t.Errorf("processes %v, want %d alone", got, first.PID)
	}
	log, err := os.ReadFile(filepath.Join(r.config.Logs, "worker.log"))
	if err != nil {
		t.Fatal(err)
	}
	for pattern, want := range map[string]int{
		`INIT_START Environment: \S+\tProcess: \d+\n`:           1,
		`START RequestId: \S+ Version: \$LATEST\n`:              20,
		`Memory Size: 256 MB\tMax Memory Used: [1-9]\d* MB`:     20,
		`\tInit Duration: \d+\.\d\d ms\n`:                       1,
		`REPORT RequestId: \S+\tDuration: \d+\.\d\d ms\tMemory`: 20,
	} {
		if got := len(regexp.MustCompile(pattern).FindAll(log, -1)); got != want {
			t.Errorf("log has %d lines of %s, want %d", got, pattern, want)
		}
	}
}

func TestContextOfInvocation(t *testing.T) {
	r := newTestRuntime(t, worker, RuntimeConfig{})
	report := mustInvoke(t, r, `{}`)
	if report.Remaining <= 15_000 || report.Remaining > 20_000 {
		t.Errorf("%d ms to the deadline, want about 20 s", report.Remaining)
	}
	if want := "arn:aws:lambda:us-east-1:000000000000:function:worker"; report.ARN != want {
		t.Errorf("arn %s, want %s", report.ARN, want)
	}
	if len(report.Request) != 36 {
		t.Errorf("request id %q is no UUID", report.Request)
	}
	for _, name := range []string{report.ARN, report.ARN + ":$LATEST", "000000000000:function:worker"} {
		if _, err := r.Invoke(t.Context(), name, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestVariables wants exactly the variables that Lambda would give, and none of ours.
func TestVariables(t *testing.T) {
	t.Setenv("AWS_PROFILE", "of-the-developer")
	f := worker
	f.MemoryMB, f.Environment = 1769*3, []string{"FORETELL_BUCKET"}
	r := newTestRuntime(t, f, RuntimeConfig{
		Platform:  map[string]string{"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "id"},
		Variables: map[string]string{"FORETELL_BUCKET": "b", "FORETELL_OTHER": "not asked for"},
	})
	report := mustInvoke(t, r, `{"do": "variables"}`)
	var names []string
	values := map[string]string{}
	for _, v := range report.Variables {
		name, value, _ := strings.Cut(v, "=")
		// aws-lambda-go sets it for each invocation; no trace, no value.
		if name != "_X_AMZN_TRACE_ID" {
			names, values[name] = append(names, name), value
		} else if value != "" {
			t.Errorf("trace id %q", value)
		}
	}
	slices.Sort(names)
	want := []string{
		"AWS_ACCESS_KEY_ID", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_NAME",
		"AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_LOG_FORMAT", "AWS_LAMBDA_RUNTIME_API", "AWS_REGION", "FORETELL_BUCKET",
		"GOMAXPROCS", "LAMBDA_TASK_ROOT", "LANG", "PATH", "TZ",
	}
	if !slices.Equal(names, want) {
		t.Errorf("variables\n got %v\nwant %v", names, want)
	}
	for name, want := range map[string]string{
		"AWS_LAMBDA_FUNCTION_NAME": "worker", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "5307",
		"AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "LAMBDA_TASK_ROOT": report.Folder, "TZ": ":UTC",
		"GOMAXPROCS": strconv.Itoa(min(3, runtime.NumCPU())), "FORETELL_BUCKET": "b",
	} {
		if values[name] != want {
			t.Errorf("%s=%s, want %s", name, values[name], want)
		}
	}
}

func TestFunctionTimeout(t *testing.T) {
	f := worker
	f.Timeout = 300 * time.Millisecond
	r := newTestRuntime(t, f, RuntimeConfig{})
	before := mustInvoke(t, r, `{}`)
	start := time.Now()
	failed := wantFailure(t, r, `{"do": "sleep", "millis": 60000}`, ErrorTimeout, `^RequestId: \S+ Error: Task timed out after 0\.30 seconds$`)
	if took := time.Since(start); took < f.Timeout || took > 5*time.Second {
		t.Errorf("timed out after %v", took)
	}
	if want := fmt.Sprintf(`{"errorType":"Sandbox.Timedout","errorMessage":%q}`, failed.Message); string(failed.Payload) != want {
		t.Errorf("payload %s, want %s", failed.Payload, want)
	}
	gone(t, before.PID)
	if after := mustInvoke(t, r, `{}`); after.PID == before.PID || after.Count != 1 {
		t.Errorf("after a timeout: process %d (was %d), count %d", after.PID, before.PID, after.Count)
	}
}

func TestFunctionMemory(t *testing.T) {
	r := newTestRuntime(t, worker, RuntimeConfig{})
	if len(r.Warnings()) > 0 {
		t.Fatalf("memory cannot be read here: %v", r.Warnings())
	}
	within := mustInvoke(t, r, `{"do": "allocate", "bytes": 67108864, "millis": 100}`)
	wantFailure(t, r, `{"do": "allocate", "bytes": 268435456, "millis": 10000}`, ErrorMemory, `signal: killed$`)
	gone(t, within.PID)
	mustInvoke(t, r, `{}`)
	log, err := os.ReadFile(filepath.Join(r.config.Logs, "worker.log"))
	if err != nil {
		t.Fatal(err)
	}
	peaks := regexp.MustCompile(`Max Memory Used: (\d+) MB`).FindAllSubmatch(log, -1)
	if len(peaks) != 3 {
		t.Fatalf("%d reports in the log, want 3", len(peaks))
	}
	for i, bounds := range [][2]int{{64, 128}, {257, 600}, {1, 63}} {
		peak, err := strconv.Atoi(string(peaks[i][1]))
		if err != nil || peak < bounds[0] || peak > bounds[1] {
			t.Errorf("report %d: %d MB used, want %v", i, peak, bounds)
		}
	}
}

func TestFunctionExit(t *testing.T) {
	r := newTestRuntime(t, worker, RuntimeConfig{})
	before := mustInvoke(t, r, `{}`)
	wantFailure(t, r, `{"do": "exit", "code": 7}`, ErrorExit, `^RequestId: \S+ Error: Runtime exited with error: exit status 7$`)
	gone(t, before.PID)
	wantFailure(t, r, `{"do": "exit"}`, ErrorExit, `Error: Runtime exited without providing a reason$`)
	if after := mustInvoke(t, r, `{}`); after.Count != 1 {
		t.Errorf("count %d after an exit", after.Count)
	}
	// A process that dies while idle is replaced, and nobody notices.
	idle := mustInvoke(t, r, `{}`)
	if err := syscall.Kill(idle.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	gone(t, idle.PID)
	if after := mustInvoke(t, r, `{}`); after.PID == idle.PID {
		t.Error("a dead process answered")
	}
}

func TestHandlerErrors(t *testing.T) {
	r := newTestRuntime(t, worker, RuntimeConfig{})
	before := mustInvoke(t, r, `{}`)
	failed := wantFailure(t, r, `{"do": "fail"}`, "customError", "^as told$")
	if want := `{"errorMessage":"as told","errorType":"customError"}`; string(failed.Payload) != want {
		t.Errorf("payload %s, want %s", failed.Payload, want)
	}
	if after := mustInvoke(t, r, `{}`); after.PID != before.PID {
		t.Error("an error that the handler returns ended its process")
	}
	failed = wantFailure(t, r, `{"do": "panic"}`, "string", "^no way on$")
	if !strings.Contains(string(failed.Payload), `"stackTrace":[{`) {
		t.Errorf("a panic without its stack: %s", failed.Payload)
	}
	gone(t, before.PID)
}

func TestPayloadLimits(t *testing.T) {
	r := newTestRuntime(t, worker, RuntimeConfig{})
	const around = len(`{"do":"answer","x":""}`)
	order := func(size int) string { return `{"do":"answer","x":"` + strings.Repeat("x", size-around) + `"}` }
	mustInvoke(t, r, order(topology.MaxPayload))
	wantFailure(t, r, order(topology.MaxPayload+1), ErrorRequestTooLarge, "6291456 bytes")
	before := mustInvoke(t, r, `{"do": "fill", "bytes": 6290000}`)
	if len(before.Filler) != 6290000 {
		t.Errorf("answer of %d bytes", len(before.Filler))
	}
	wantFailure(t, r, `{"do": "fill", "bytes": 6291456}`, ErrorResponseSize, "6291456 bytes")
	mustInvoke(t, r, `{}`)
	wantFailure(t, r, `{"do": `, ErrorBadRequest, "json")
	mustInvoke(t, r, ``) // no payload is an empty object
}

func TestFunctionConcurrency(t *testing.T) {
	r := newTestRuntime(t, worker, RuntimeConfig{Parallel: 8})
	var wg sync.WaitGroup
	errs := make([]error, worker.Concurrency)
	for i := range errs {
		wg.Go(func() { _, errs[i] = invoke(r, `{"do": "sleep", "millis": 1500}`) })
	}
	f, err := r.lookup("worker")
	if err != nil {
		t.Fatal(err)
	}
	for busy := 0; busy < worker.Concurrency; time.Sleep(time.Millisecond) {
		f.mu.Lock()
		busy = f.busy
		f.mu.Unlock()
	}
	wantFailure(t, r, `{}`, ErrorThrottled, "Rate Exceeded")
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if got := len(r.Processes()); got != worker.Concurrency {
		t.Errorf("%d processes, want %d", got, worker.Concurrency)
	}
	mustInvoke(t, r, `{}`)
}

// TestParallel has invocations wait rather than throttles them when the machine is smaller
// than the function's concurrency.
func TestFunctionParallel(t *testing.T) {
	r := newTestRuntime(t, worker, RuntimeConfig{Parallel: 1})
	var wg sync.WaitGroup
	errs := make([]error, worker.Concurrency)
	for i := range errs {
		wg.Go(func() { _, errs[i] = invoke(r, `{"do": "sleep", "millis": 20}`) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if got := len(r.InitDurations("worker")); got != 1 {
		t.Errorf("%d environments were started, want 1", got)
	}
}

func TestFunctionInit(t *testing.T) {
	for _, c := range []struct{ init, kind, message string }{
		{"exit", ErrorExit, `Runtime exited with error: exit status 3$`},
		{"error", "Config.Missing", `^no bucket$`},
		{"sleep", ErrorTimeout, `Task timed out after 0\.30 seconds$`},
	} {
		t.Run(c.init, func(t *testing.T) {
			f := worker
			f.Environment = []string{"FORETELL_TEST_INIT"}
			r := newTestRuntime(t, f, RuntimeConfig{
				Variables: map[string]string{"FORETELL_TEST_INIT": c.init}, InitTimeout: 300 * time.Millisecond,
			})
			wantFailure(t, r, `{}`, c.kind, c.message)
			if left := r.Processes(); len(left) > 0 {
				t.Errorf("processes %v are left", left)
			}
		})
	}
}

func TestIdleEnvironmentsEnd(t *testing.T) {
	r := newTestRuntime(t, worker, RuntimeConfig{IdleTimeout: 50 * time.Millisecond})
	before := mustInvoke(t, r, `{}`)
	gone(t, before.PID)
	if after := mustInvoke(t, r, `{}`); after.Count != 1 {
		t.Errorf("count %d in a new process", after.Count)
	}
}

// TestCallerLeaves lets the function finish what its caller does not wait for.
func TestCallerLeaves(t *testing.T) {
	r := newTestRuntime(t, worker, RuntimeConfig{})
	before := mustInvoke(t, r, `{}`)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := r.Invoke(ctx, "worker", []byte(`{"do": "sleep", "millis": 300}`)); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v, want the context's error", err)
	}
	for range 100 {
		if r.functions["worker"].idleCount() == 1 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if after := mustInvoke(t, r, `{}`); after.PID != before.PID || after.Count != 3 {
		t.Errorf("process %d, count %d; want process %d, count 3", after.PID, after.Count, before.PID)
	}
}

func (f *function) idleCount() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.idle)
}

func TestCloseKills(t *testing.T) {
	r := newTestRuntime(t, worker, RuntimeConfig{})
	mustInvoke(t, r, `{}`)
	failed := make(chan error, 1)
	go func() {
		_, err := invoke(r, `{"do": "sleep", "millis": 60000}`)
		failed <- err
	}()
	for !r.working() {
		time.Sleep(time.Millisecond)
	}
	pids := r.Processes()
	r.Close()
	if err := <-failed; err == nil || !strings.Contains(err.Error(), "stopping") {
		t.Errorf("the invocation in progress got %v", err)
	}
	if len(pids) != 1 {
		t.Fatalf("processes %v, want one", pids)
	}
	gone(t, pids[0])
	if _, err := invoke(r, `{}`); err == nil {
		t.Error("a closed runtime took an invocation")
	}
}

// TestEndIsTold: a process that has registered for it is told that it ends, when it is idle and when
// the runtime closes; and its log has no warning that it could not register.
func TestEndIsTold(t *testing.T) {
	for _, idle := range []time.Duration{0, 50 * time.Millisecond} {
		file := filepath.Join(t.TempDir(), "told")
		f := worker
		f.Environment = []string{"FORETELL_TEST_TERM"}
		r := newTestRuntime(t, f, RuntimeConfig{IdleTimeout: idle, Variables: map[string]string{"FORETELL_TEST_TERM": file}})
		pid := mustInvoke(t, r, `{}`).PID
		if _, err := os.Stat(file); err == nil {
			t.Error("told before the end")
		}
		if idle == 0 {
			r.Close()
		}
		gone(t, pid)
		if text, err := os.ReadFile(file); err != nil || string(text) != "told" {
			t.Errorf("idle for %v: %q, %v", idle, text, err)
		}
		log, err := os.ReadFile(filepath.Join(r.config.Logs, "worker.log"))
		if err != nil || strings.Contains(string(log), "WARNING! Failed") {
			t.Errorf("the log: %s %v", log, err)
		}
	}
}

// TestExtensions: what is not implemented is refused.
func TestExtensions(t *testing.T) {
	r := newTestRuntime(t, worker, RuntimeConfig{})
	mustInvoke(t, r, `{}`)
	var e *environment
	for _, e = range r.environments {
	}
	for _, c := range []struct {
		method, path, name, id, body string
		code                         int
	}{
		{"POST", "register", "", "", `{}`, http.StatusBadRequest},
		{"POST", "register", "x", "", `[`, http.StatusBadRequest},
		{"POST", "register", "x", "", `{"events": ["INVOKE"]}`, http.StatusForbidden},
		{"GET", "event/next", "", "", "", http.StatusForbidden},
		{"GET", "event/next", "", "other", "", http.StatusForbidden},
		{"POST", "register", "x", "", `{"events": null}`, http.StatusOK},
	} {
		w, q := httptest.NewRecorder(), httptest.NewRequest(c.method, "/"+e.id+"/2020-01-01/extension/"+c.path, strings.NewReader(c.body))
		q.Header.Set(headerExtensionName, c.name)
		q.Header.Set(headerExtensionID, c.id)
		r.RuntimeAPI().ServeHTTP(w, q)
		if w.Code != c.code || (c.code == http.StatusOK) != (w.Header().Get(headerExtensionID) != "") {
			t.Errorf("%+v: %d %s %v", c, w.Code, w.Body, w.Header())
		}
	}
}

func TestMissingParts(t *testing.T) {
	f := worker
	f.Environment = []string{"FORETELL_BUCKET"}
	_, err := NewRuntime(RuntimeConfig{Functions: []topology.Function{f}, Build: t.TempDir(), Logs: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "make build") || !strings.Contains(err.Error(), "FORETELL_BUCKET") {
		t.Errorf("got %v, want both faults", err)
	}
}
