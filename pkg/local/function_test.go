//go:build linux || darwin

package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// binary is the test function, built once.
var binary string

func TestMain(m *testing.M) {
	if os.Getenv("FORETELL_TEST_CHILD") != "" {
		childMain()
		return
	}
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "foretell-local-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		binary = filepath.Join(dir, "bootstrap")
		build := exec.Command("go", "build", "-trimpath", "-tags", "lambda.norpc", "-o", binary, "./testdata/function")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build of testdata/function: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

// buildFolder is a folder of functions, all of them the test function.
func buildFolder(t *testing.T, functions ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range functions {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(binary, filepath.Join(dir, name, "bootstrap")); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// childMain is a program that uses a runtime and is killed: it prints the process of its
// function and waits.
func childMain() {
	server := httptest.NewUnstartedServer(nil)
	dir := os.Getenv("FORETELL_TEST_CHILD")
	r, err := NewRuntime(RuntimeConfig{
		Functions: []topology.Function{worker}, Build: dir, Logs: dir, Address: server.Listener.Addr().String(),
	})
	if err != nil {
		panic(err)
	}
	server.Config.Handler = r.RuntimeAPI()
	server.Start()
	report, err := invoke(r, `{}`)
	if err != nil {
		panic(err)
	}
	go func() { _, _ = invoke(r, `{"do": "sleep", "millis": 60000}`) }() // it is killed before
	for !r.working() {
		time.Sleep(time.Millisecond)
	}
	fmt.Println(report.PID)
	select {}
}

// working reports whether a process has an invocation.
func (r *Runtime) working() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.environments {
		e.mu.Lock()
		working := e.current != nil
		e.mu.Unlock()
		if working {
			return true
		}
	}
	return false
}

var worker = topology.Function{Name: "worker", MemoryMB: 256, Timeout: 20 * time.Second, Concurrency: 4}

// newTestRuntime runs one function. The configuration may set what a test is about.
func newTestRuntime(t *testing.T, f topology.Function, c RuntimeConfig) *Runtime {
	t.Helper()
	c.Functions = []topology.Function{f}
	c.Build, c.Logs = buildFolder(t, f.Name), t.TempDir()
	var r *Runtime
	server := httptest.NewUnstartedServer(nil)
	c.Address = server.Listener.Addr().String()
	r, err := NewRuntime(c)
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = r.RuntimeAPI()
	server.Start()
	t.Cleanup(func() { r.Close(); server.Close() })
	return r
}

type testReport struct {
	PID       int      `json:"pid"`
	Count     int      `json:"count"`
	Variables []string `json:"variables"`
	Remaining int64    `json:"remaining"`
	Request   string   `json:"request"`
	ARN       string   `json:"arn"`
	Folder    string   `json:"folder"`
	Filler    string   `json:"filler"`
}

func invoke(r Invoker, order string) (report testReport, err error) {
	answer, err := r.Invoke(context.Background(), "worker", []byte(order))
	if err != nil {
		return report, err
	}
	err = json.Unmarshal(answer, &report)
	return report, err
}

func mustInvoke(t *testing.T, r Invoker, order string) testReport {
	t.Helper()
	report, err := invoke(r, order)
	if err != nil {
		t.Fatalf("invoke %s: %v", order, err)
	}
	return report
}

// wantFailure invokes and wants an error of a type, with a message that matches.
func wantFailure(t *testing.T, r Invoker, order, kind, message string) *FunctionError {
	t.Helper()
	_, err := invoke(r, order)
	var failed *FunctionError
	if !errors.As(err, &failed) {
		t.Fatalf("invoke %s: got %v, want a FunctionError", order, err)
	}
	if failed.Type != kind || !regexp.MustCompile(message).MatchString(failed.Message) {
		t.Fatalf("invoke %s: got %v, want %s: %s", order, failed, kind, message)
	}
	return failed
}

// gone waits until a process has ended.
func gone(t *testing.T, pid int) {
	t.Helper()
	for range 500 {
		if syscall.Kill(pid, 0) == syscall.ESRCH {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("process %d lives", pid)
}
