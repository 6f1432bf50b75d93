package main

import (
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/topology"
)

// artifact is a file with a model that predicts 2.
func artifact(t *testing.T) string {
	t.Helper()
	inputs, err := dataset.NewTable(dataset.Column{Name: "x", Type: dataset.Numeric, Values: []float64{1, 2, 3, 4, 5, 6}})
	if err != nil {
		t.Fatal(err)
	}
	target := pipeline.Target{Name: "y", Type: dataset.Numeric, Task: dataset.Regression}
	p, err := pipeline.Fit(t.Context(), pipeline.Data{Inputs: inputs, Y: []float64{1, 2, 3, 1, 2, 3}}, target, pipeline.Configuration{Learner: "baseline"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Finish(t.Context(), inputs, pipeline.Lineage{}); err != nil {
		t.Fatal(err)
	}
	b, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "two.safetensors")
	if err := os.WriteFile(name, b, 0o666); err != nil {
		t.Fatal(err)
	}
	return name
}

// freePort is one that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// TestContainer starts the binary that Lambda gets, where there is no Lambda: it serves SageMaker's
// routes, and ends when it is told to.
func TestContainer(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "bootstrap")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	port := freePort(t)
	command := exec.Command(binary)
	command.Env = []string{topology.EnvPort + "=" + port, topology.EnvStore + "=" + artifact(t)}
	var stderr strings.Builder
	command.Stderr = &stderr
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Process.Kill() }) // if it has not ended
	base := "http://127.0.0.1:" + port
	ready := false
	for range 200 {
		if response, err := http.Get(base + "/ping"); err == nil {
			response.Body.Close()
			if ready = response.StatusCode == http.StatusOK; ready {
				break
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	if !ready {
		t.Fatalf("it never answered: %s", stderr.String())
	}
	response, err := http.Post(base+"/invocations", "text/csv", strings.NewReader("3\n4\n"))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil || !strings.Contains(string(body), `"model":"two"`) || !strings.Contains(string(body), `"predictions":[{"value":2},{"value":2}]`) {
		t.Errorf("%s, %v", body, err)
	}
	response.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if err := command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err != nil {
		t.Errorf("%v: %s", err, stderr.String())
	}
}

// TestListensOnThisMachineAlone: whoever starts it on a laptop does not serve the network, unless they say so.
func TestListensOnThisMachineAlone(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "bootstrap")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	port, model := freePort(t), topology.EnvStore+"="+artifact(t)
	started := exec.Command(binary)
	started.Env = []string{topology.EnvPort + "=" + port, model}
	if err := started.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = started.Process.Kill(), started.Wait() })
	answers := false
	for range 200 {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if answers = err == nil; answers {
			conn.Close()
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if !answers {
		t.Fatal("it never listened")
	}
	// Another address of the same machine, which a server on all of them would answer on.
	if conn, err := net.DialTimeout("tcp", "127.0.0.2:"+port, time.Second); err == nil {
		conn.Close()
		t.Error("it listens on 127.0.0.2 too")
	}

	elsewhere := exec.Command(binary)
	elsewhere.Env = []string{topology.EnvHost + "=no.such.host.invalid", topology.EnvPort + "=" + port, model}
	if out, err := elsewhere.CombinedOutput(); err == nil || !strings.Contains(string(out), "listen on no.such.host.invalid:"+port) {
		t.Errorf("%v: %s", err, out)
	}
}

// TestContainerWithoutModel says what it misses.
func TestContainerWithoutModel(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "bootstrap")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	command := exec.Command(binary)
	command.Env = []string{topology.EnvStore + "=" + filepath.Join(t.TempDir(), "none")}
	out, err := command.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "no such file") {
		t.Errorf("%v: %s", err, out)
	}
}
