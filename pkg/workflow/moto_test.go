package workflow_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/foretell-ml/foretell/pkg/local"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/workflow"
)

// second is another interpreter of the States Language: moto's, which took it over from LocalStack.
// It runs the files that ship; what they invoke, read and write comes back to this process.
type second struct {
	address string
	client  *sfn.Client
	mu      sync.Mutex
	worlds  map[string]*world // by bucket, and by what begins the names of their functions
}

// startMoto starts moto's server, FORETELL_MOTO, or the one that make test installs.
func startMoto(t *testing.T) *second {
	t.Helper()
	binary := os.Getenv("FORETELL_MOTO")
	if binary == "none" {
		t.Skip("FORETELL_MOTO=none: workflows are not run by a second interpreter")
	}
	if binary == "" {
		binary = "../../build/moto/bin/moto_server"
		if _, err := os.Stat(binary); err != nil {
			binary, _ = exec.LookPath("moto_server")
		}
	}
	if binary == "" {
		t.Fatal("there is no moto_server: make build/moto installs it, FORETELL_MOTO=none does without")
	}
	s := &second{worlds: map[string]*world{}}
	back := httptest.NewServer(s) // listens on 127.0.0.1
	t.Cleanup(back.Close)
	port := freePort(t)
	// boto would find a bucket by a name of its own, which is no host here.
	config := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(config, []byte("[default]\ns3 =\n  addressing_style = path\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	command := exec.Command(binary, "-H", "127.0.0.1", "-p", port)
	command.Stdout, command.Stderr = &log, &log
	command.Env = append(os.Environ(), "MOTO_PORT="+back.URL[strings.LastIndexByte(back.URL, ':')+1:],
		"AWS_CONFIG_FILE="+config, "AWS_REQUEST_CHECKSUM_CALCULATION=when_required")
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill() // it has no other end
		_ = command.Wait()
		if t.Failed() {
			t.Logf("moto: %.4000s", log.String()[max(0, log.Len()-4000):])
		}
	})
	s.address = "http://127.0.0.1:" + port
	for begin := time.Now(); s.reset() != nil; time.Sleep(50 * time.Millisecond) {
		if time.Since(begin) > time.Minute {
			t.Fatalf("moto does not start: %v", s.reset())
		}
	}
	s.client = sfn.New(sfn.Options{BaseEndpoint: &s.address, Region: local.Region, Credentials: credentials.NewStaticCredentialsProvider("id", "secret", "")})
	return s
}

// reset forgets all executions: after one with a map moto starts no other. From then on it
// interprets state machines, rather than answering that they succeeded.
func (s *second) reset() error {
	for _, call := range [][2]string{{"reset", ""}, {"config", `{"stepfunctions":{"execute_state_machine":true}}`}} {
		answer, err := http.Post(s.address+"/moto-api/"+call[0], "application/json", strings.NewReader(call[1]))
		if err != nil {
			return err
		}
		answer.Body.Close()
		if answer.StatusCode >= 300 {
			return errors.New(answer.Status)
		}
	}
	return nil
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// ServeHTTP is what the interpreter reaches: Lambda's Invoke, and of S3 objects that are read and
// written whole.
func (s *second) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // it went away
	}
	if function, is := strings.CutPrefix(r.URL.Path, "/2015-03-31/functions/"); is {
		name, function, _ := strings.Cut(strings.TrimSuffix(function, "/invocations"), "-")
		answer, err := s.world(name).Invoke(r.Context(), function, body)
		answerInvoke(w, answer, err)
		return
	}
	name, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	var object []byte
	switch r.Method {
	case http.MethodPut:
		err = s.world(name).writeObject(r.Context(), name, key, body)
	default:
		object, err = s.world(name).readObject(r.Context(), name, key)
	}
	switch {
	case errors.Is(err, registry.ErrNotFound):
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, "<Error><Code>NoSuchKey</Code></Error>")
	case err != nil:
		w.WriteHeader(http.StatusInternalServerError)
	default:
		w.Header().Set("ETag", `"0"`)
		_, _ = w.Write(object)
	}
}

func (s *second) world(name string) *world {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.worlds[name]
}

// answerInvoke answers as Lambda does: its own errors by status and header, those of the function
// as an answer.
func answerInvoke(w http.ResponseWriter, answer []byte, err error) {
	w.Header().Set("X-Amzn-RequestId", "0") // moto wants one of an error
	var failed *local.FunctionError
	switch {
	case errors.As(err, &failed) && failed.Payload != nil:
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		answer = failed.Payload
	case errors.As(err, &failed):
		w.Header().Set("X-Amzn-ErrorType", strings.TrimPrefix(failed.Type, "Lambda."))
		w.WriteHeader(http.StatusTooManyRequests)
		answer = []byte(`{"Type":"User","message":"` + failed.Message + `"}`)
	case err != nil:
		w.WriteHeader(http.StatusInternalServerError)
	}
	_, _ = w.Write(answer)
}

// run runs a job of a world, which goes by a name, to the end.
func (s *second) run(t *testing.T, name string, w *world, j job) (failed bool, told string) {
	t.Helper()
	s.mu.Lock()
	s.worlds[name] = w
	s.mu.Unlock()
	definition := j.deployed(t, name+"-"+strings.ToLower(j.function), name)
	// moto looks for it in the map's result rather than in its input.
	definition = strings.Replace(definition, `"Prefix.$": "$.results"`, `"Prefix": "maps"`, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := s.reset(); err != nil {
		t.Fatal(err)
	}
	machine, err := s.client.CreateStateMachine(ctx, &sfn.CreateStateMachineInput{Name: &name, Definition: &definition, RoleArn: aws.String("arn:aws:iam::123456789012:role/workflow")})
	if err != nil {
		t.Fatal(err)
	}
	input, err := json.Marshal(j.input)
	if err != nil {
		t.Fatal(err)
	}
	started, err := s.client.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: machine.StateMachineArn, Name: &name, Input: aws.String(string(input))})
	if err != nil {
		t.Fatal(err)
	}
	for {
		x, err := s.client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: started.ExecutionArn})
		if err != nil {
			t.Fatal(err)
		}
		if x.Status != types.ExecutionStatusRunning {
			return x.Status == types.ExecutionStatusFailed, aws.ToString(x.Error) + ": " + aws.ToString(x.Cause)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// TestTwice: what ships comes to the same objects by our interpreter and by another one: as it is,
// with a child that is throttled twice, with one that fails every time, and where the last step
// fails. What the two do not share: moto fails no map, whatever its children do, lists none of them in
// the files of the ResultWriter, whose prefix must not come from the input, and redrives nothing.
func TestTwice(t *testing.T) {
	for name, make := range jobs {
		last := map[string]string{"training": "conclude", "statistics": "merge", "batch": "conclude"}[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			moto := startMoto(t)
			for number, c := range []struct {
				name  string
				fault local.FunctionError
				times int
				step  string // "": that of a child
				fails bool
			}{
				{name: "as it is"},
				{name: "throttled", fault: throttled, times: 2},
				{name: "child fails", fault: killed, times: 99, fails: name != "training"},
				{name: "last step fails", fault: killed, times: 1, step: last, fails: true},
			} {
				t.Run(c.name, func(t *testing.T) {
					worlds := [2]*world{newWorld(t), newWorld(t)}
					for i, w := range worlds {
						j := make(w, t)
						step, item := c.step, ""
						if step == "" {
							step, item = j.step, j.item
						}
						w.fail(step, item, c.fault, c.times)
						var failed bool
						var told string
						if i == 0 {
							failed, told = w.ours(t, j)
						} else {
							failed, told = moto.run(t, fmt.Sprintf("%s%d", name, number), w, j)
						}
						if failed != c.fails || failed && !strings.HasPrefix(told, "FailedError: ") {
							t.Fatalf("interpreter %d: failed is %t: %s", i+1, failed, told)
						}
					}
					compareWorlds(t, worlds, make, name == "statistics" && c.name == "child fails")
				})
			}
		})
	}
}

// ours runs a job by our interpreter.
func (w *world) ours(t *testing.T, j job) (failed bool, told string) {
	t.Helper()
	e, arn := executions(t, w, j)
	input, err := json.Marshal(j.input)
	if err != nil {
		t.Fatal(err)
	}
	x, err := e.Start(arn, j.name, input)
	if err != nil {
		t.Fatal(err)
	}
	x = ended(t, e, x.ARN)
	return x.Status == local.Failed, x.Error + ": " + x.Cause
}

// compareWorlds wants the same objects in both, and the same failures but for what names the
// executions, what the ResultWriter knows, and, where the maps differ, the state.
func compareWorlds(t *testing.T, worlds [2]*world, make func(*world, *testing.T) job, otherState bool) {
	t.Helper()
	var objects [2]map[string]string
	var failures [2]string
	for i, w := range worlds {
		j := make(w, t) // the same job again, by its name
		objects[i] = w.objects(t, j.prefix, "models/", "statistics/")
		for key := range objects[i] {
			if strings.Contains(key, "/failures/") || otherState && strings.HasSuffix(key, ".partial") {
				delete(objects[i], key)
			}
		}
		f, err := workflow.Last(t.Context(), w.registry.Store, j.prefix)
		if err != nil {
			t.Fatal(err)
		}
		if f != nil {
			cause, _, _ := strings.Cut(f.Cause, "; failed items")
			failures[i] = f.State + ": " + f.Error + ": " + cause
		}
	}
	same(t, "the second interpreter's", objects[1], objects[0])
	if otherState {
		if !strings.HasPrefix(failures[0], "Shards: States.ExceedToleratedFailureThreshold") || !strings.HasPrefix(failures[1], "Merge: ") {
			t.Errorf("failures %q", failures)
		}
	} else if failures[0] != failures[1] {
		t.Errorf("failures %q", failures)
	}
	if a, b := len(worlds[0].calls), len(worlds[1].calls); a != b && !otherState {
		t.Errorf("%d calls %q, and %d %q", a, worlds[0].calls, b, worlds[1].calls)
	}
}
