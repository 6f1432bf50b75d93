package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/pipeline"
)

// hostPeer is a server of scikit-learn's model, and where both sides are asked.
type hostPeer struct {
	name, of string // of: its package
	workers  int
	path     string
	tensors  bool // bodies are of the Open Inference Protocol
}

var hostPeers = []hostPeer{
	{"fastapi-1", "fastapi", 1, "/v1/models/host/predict", false},
	{"fastapi-2", "fastapi", 2, "/v1/models/host/predict", false},
	{"mlserver-1", "mlserver", 1, "/v2/models/host/infer", true},
	{"mlserver-2", "mlserver", 2, "/v2/models/host/infer", true},
}

// hosts compares functions/predict as a server with scikit-learn's model behind Python's servers (see
// testdata/peers/bench_host.py), and prints for each number of rows in a request and of connections:
//
//	bench host/<peer>-<workers>/rows-<n>/connections-<n> ours=<requests/s> peer=<name>-<version>:<requests/s> ratio=<peer/ours>
//	  ours-p50=<ms> peer-p50=<ms> ours-p99=<ms> peer-p99=<ms> metric=<rmse>/<rmse>
//
// A ratio below 1 means that Foretell is faster. Both are trained on the same rows, 100 trees of 31 leaves,
// get the same bytes, and run at the same time, asked in turn. What asks shares their cores.
func hosts(ctx context.Context, folder, python, predict, only string, rounds int) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM) // servers end with this process
	defer stop()
	path := filepath.Join(folder, "host")
	held, err := prepareHost(ctx, path)
	if err != nil {
		return err
	}
	if out, err := exec.Command(python, "testdata/peers/bench_host.py", "fit", path).CombinedOutput(); err != nil {
		return fmt.Errorf("fit scikit-learn's: %w: %s", err, out)
	}
	for _, p := range hostPeers {
		if strings.Contains("host/"+p.name, only) {
			if err := p.compare(ctx, path, python, predict, held, rounds); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
		}
	}
	return nil
}

// prepareHost writes what both sides need below a folder: our artifact, and the rows that scikit-learn
// learns from. It returns those that neither saw.
func prepareHost(ctx context.Context, path string) (held heldOut, err error) {
	all, err := readRows("testdata/california-housing.csv")
	if err != nil {
		return held, err
	}
	columns := make([]dataset.Column, 8)
	for j := range columns {
		columns[j] = dataset.Column{Name: all.header[j], Type: dataset.Numeric}
	}
	var y []float64
	var train strings.Builder
	train.WriteString(strings.Join(all.header[:9], ",") + "\n")
	for i, line := range all.lines {
		line = line[:9]
		if slices.Contains(line, "") {
			continue // numpy reads no gaps
		}
		numbers := make([]float64, len(line))
		for j, text := range line {
			if numbers[j], err = strconv.ParseFloat(text, 64); err != nil {
				return held, err
			}
		}
		if i%5 == 0 {
			held.rows, held.truth = append(held.rows, strings.Join(line[:8], ",")), append(held.truth, numbers[8])
			continue
		}
		for j := range columns {
			columns[j].Values = append(columns[j].Values, numbers[j])
		}
		y = append(y, numbers[8])
		train.WriteString(strings.Join(line, ",") + "\n")
	}
	inputs, err := dataset.NewTable(columns...)
	if err != nil {
		return held, err
	}
	target := pipeline.Target{Name: all.header[8], Type: dataset.Numeric, Task: dataset.Regression}
	configuration := pipeline.Configuration{Learner: "boosting", Params: map[string]any{"rounds": 100, "leaves": 31, "learning_rate": 0.1}}
	p, err := pipeline.Fit(ctx, pipeline.Data{Inputs: inputs, Y: y}, target, configuration, 1)
	if err != nil {
		return held, err
	}
	if err := p.Finish(ctx, inputs, pipeline.Lineage{}); err != nil {
		return held, err
	}
	artifact, err := p.Encode()
	if err != nil {
		return held, err
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return held, err
	}
	return held, errors.Join(os.WriteFile(filepath.Join(path, "host.safetensors"), artifact, 0o600),
		os.WriteFile(filepath.Join(path, "train.csv"), []byte(train.String()), 0o600))
}

// compare starts both sides and asks them in turn.
func (p hostPeer) compare(ctx context.Context, path, python, predict string, held heldOut, rounds int) error {
	version, err := exec.Command(python, "testdata/peers/bench_host.py", "version", p.of).Output()
	if err != nil {
		return err
	}
	ports := [2]int{}
	for i := range ports {
		if ports[i], err = freePort(); err != nil {
			return err
		}
	}
	ours, err := startHost(ctx, ports[0], p.path, held.body(p.tensors, 0, 1), []string{predict},
		"PORT="+strconv.Itoa(ports[0]), "FORETELL_STORE="+filepath.Join(path, "host.safetensors"))
	if err != nil {
		return err
	}
	defer ours.end()
	peer, err := startHost(ctx, ports[1], p.path, held.body(p.tensors, 0, 1),
		[]string{python, "testdata/peers/bench_host.py", p.of, path, strconv.Itoa(ports[1]), strconv.Itoa(p.workers)})
	if err != nil {
		return err
	}
	defer peer.end()
	scores := [2]float64{}
	for i, port := range ports {
		if scores[i], err = held.rmse(port, p.path, p.tensors); err != nil {
			return err
		}
	}
	for _, rows := range []int{1, 100} {
		bodies := held.bodies(p.tensors, rows)
		for _, connections := range []int{1, 8, 32} {
			var a, b []load
			for range rounds {
				if a, err = asked(a, ports[0], p.path, bodies, connections); err != nil {
					return err
				}
				if b, err = asked(b, ports[1], p.path, bodies, connections); err != nil {
					return err
				}
			}
			x, y := medianLoad(a), medianLoad(b)
			fmt.Printf("bench host/%s/rows-%d/connections-%d ours=%.0f peer=%s-%s:%.0f ratio=%.3f ours-p50=%.3f peer-p50=%.3f ours-p99=%.3f peer-p99=%.3f metric=%.0f/%.0f\n",
				p.name, rows, connections, x.perSecond, p.of, strings.TrimSpace(string(version)), y.perSecond, y.perSecond/x.perSecond,
				x.p50, y.p50, x.p99, y.p99, scores[0], scores[1])
		}
	}
	return nil
}

// host is a server that runs.
type host struct{ command *exec.Cmd }

// startHost starts a server, which ends when ctx does, and waits until it predicts.
func startHost(ctx context.Context, port int, path, body string, command []string, env ...string) (*host, error) {
	h := &host{exec.CommandContext(ctx, command[0], command[1:]...)}
	h.command.Env = append(h.command.Environ(), env...)
	h.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // with its workers
	h.command.Cancel = func() error { return syscall.Kill(-h.command.Process.Pid, syscall.SIGKILL) }
	var said strings.Builder
	h.command.Stderr = &said
	if err := h.command.Start(); err != nil {
		return nil, err
	}
	for try := 0; try < 600 && ctx.Err() == nil; try++ {
		if answer, err := askOnce(port, path, body); err == nil && strings.Contains(answer, "[") {
			return h, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	h.end()
	return nil, fmt.Errorf("%s does not predict: %s", command[0], said.String())
}

// end ends the server and what it started.
func (h *host) end() {
	_ = syscall.Kill(-h.command.Process.Pid, syscall.SIGKILL) // gone already
	_ = h.command.Wait()                                      // killed
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// heldOut are rows that no side learned from, as JSON values between commas, and their targets.
type heldOut struct {
	rows  []string
	truth []float64
}

// body is a request for n rows.
func (h heldOut) body(tensors bool, from, n int) string {
	rows := h.rows[from : from+n]
	if tensors {
		return fmt.Sprintf(`{"inputs":[{"name":"rows","shape":[%d,8],"datatype":"FP64","data":[%s]}]}`, n, strings.Join(rows, ","))
	}
	return `{"instances":[[` + strings.Join(rows, "],[") + `]]}`
}

// bodies are requests for n rows each, of as many rows as 50 of them have, or all.
func (h heldOut) bodies(tensors bool, n int) (all []string) {
	for from := 0; from+n <= len(h.rows) && len(all) < 50; from += n {
		all = append(all, h.body(tensors, from, n))
	}
	return all
}

// rmse is how far what a server predicts is from the targets of the first 2,000 rows.
func (h heldOut) rmse(port int, path string, tensors bool) (float64, error) {
	squares, n := 0.0, 2000
	for from := 0; from < n; from += 100 {
		answer, err := askOnce(port, path, h.body(tensors, from, 100))
		if err != nil {
			return 0, err
		}
		values, err := valuesOf(answer)
		if err != nil || len(values) != 100 {
			return 0, fmt.Errorf("%d values: %w: %.300s", len(values), err, answer)
		}
		for i, v := range values {
			squares += (v - h.truth[from+i]) * (v - h.truth[from+i])
		}
	}
	return math.Sqrt(squares / float64(n)), nil
}
