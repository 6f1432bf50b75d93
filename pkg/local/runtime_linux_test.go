package local

import (
	"bufio"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/topology"
)

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
	fmt.Println(report.PID)
	_, _ = invoke(r, `{"do": "sleep", "millis": 60000}`)
}

// TestHardKill kills a program that runs functions the way that it cannot see coming. A
// working function ends with it.
func TestHardKill(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(self)
	child.Env = append(os.Environ(), "FORETELL_TEST_CHILD="+buildFolder(t, "worker"))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // it was killed
	gone(t, pid)
}
