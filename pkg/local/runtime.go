package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// RuntimeConfig says which functions run, and with what.
type RuntimeConfig struct {
	Functions []topology.Function
	// Build is the folder that holds <function>/bootstrap, built for this machine.
	Build string
	// Logs is the folder of <function>.log, where the process's output and Lambda's START,
	// END and REPORT lines go. It must exist.
	Logs string
	// Address is where functions reach RuntimeAPI, without a scheme: "127.0.0.1:9001/runtime".
	// The id of the environment is added as a last path element.
	Address string
	// Platform are variables that every function gets: region, credentials, endpoints.
	Platform map[string]string
	// Variables are the values of the variables that topology.Function.Environment names.
	Variables map[string]string
	// Parallel is how many invocations of one function work at the same time. More, up to the
	// function's own Concurrency, are accepted and wait, because a laptop has fewer cores than
	// the cloud. 0 means twice the number of CPUs and at least 4.
	Parallel int
	// InitTimeout is how long a process may take until its first poll. 0 means 10 s, as on
	// Lambda.
	InitTimeout time.Duration
	// IdleTimeout is how long an environment lives without work. 0 means 5 minutes.
	IdleTimeout time.Duration
	// RetryDelays are the waits before the second, third … attempt of a failed asynchronous
	// invocation. Nil means 1 and 2 minutes, as on Lambda.
	RetryDelays []time.Duration
}

// Runtime runs functions as Lambda does: a process per environment, one invocation at a
// time in each, reused while warm. It implements Invoker.
type Runtime struct {
	config    RuntimeConfig
	functions map[string]*function
	spawner   *spawner
	warnings  []string

	stop chan struct{}  // closed when the runtime stops
	work sync.WaitGroup // invocations, waiters for processes, the reaper

	mu           sync.Mutex
	closed       bool
	environments map[string]*environment // by id, those whose process lives
}

// NewRuntime checks that all binaries and variables are there. No process starts before the
// first invocation. Close must be called.
func NewRuntime(c RuntimeConfig) (*Runtime, error) {
	if c.Parallel == 0 {
		c.Parallel = max(4, 2*runtime.NumCPU())
	}
	if c.InitTimeout == 0 {
		c.InitTimeout = 10 * time.Second
	}
	if c.IdleTimeout == 0 {
		c.IdleTimeout = 5 * time.Minute
	}
	if c.RetryDelays == nil {
		c.RetryDelays = []time.Duration{time.Minute, 2 * time.Minute}
	}
	r := &Runtime{
		config:       c,
		functions:    make(map[string]*function, len(c.Functions)),
		stop:         make(chan struct{}),
		environments: make(map[string]*environment),
	}
	if err := r.addFunctions(); err != nil {
		r.closeLogs()
		return nil, err
	}
	if _, err := residentMemory(os.Getpid()); err != nil {
		r.warnings = append(r.warnings, fmt.Sprintf("memory limits of functions are not enforced: %v", err))
	}
	r.spawner = newSpawner()
	r.work.Go(r.reap)
	return r, nil
}

func (r *Runtime) addFunctions() error {
	var faults []error
	for _, f := range r.config.Functions {
		faults = append(faults, checkBinary(filepath.Join(r.config.Build, f.Name, "bootstrap")))
		for _, name := range f.Environment {
			if _, ok := r.config.Variables[name]; !ok {
				faults = append(faults, fmt.Errorf("function %s: no value for the variable %s", f.Name, name))
			}
		}
		log, err := os.OpenFile(filepath.Join(r.config.Logs, f.Name+".log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			return fmt.Errorf("log of function %s: %w", f.Name, err)
		}
		r.functions[f.Name] = newFunction(r, f, log)
	}
	return errors.Join(faults...)
}

// Warnings are what the runtime cannot enforce on this machine.
func (r *Runtime) Warnings() []string { return slices.Clone(r.warnings) }

// Invoke calls a function and waits for the answer. When ctx ends first the caller gets
// ctx's error and the function works on, as on AWS.
func (r *Runtime) Invoke(ctx context.Context, name string, payload []byte) ([]byte, error) {
	inv, err := r.begin(name, payload)
	if err != nil {
		return nil, err
	}
	select {
	case a := <-inv.done:
		if a.err != nil {
			return nil, a.err
		}
		return a.payload, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// begin accepts an invocation or refuses it, and lets it run.
func (r *Runtime) begin(name string, payload []byte) (*invocation, error) {
	f, err := r.lookup(name)
	if err != nil {
		return nil, err
	}
	if len(payload) > topology.MaxPayload {
		return nil, &FunctionError{Type: ErrorRequestTooLarge, Message: fmt.Sprintf(
			"Request must be smaller than %d bytes for the InvokeFunction operation", topology.MaxPayload)}
	}
	if len(payload) == 0 {
		payload = []byte("{}") // what Lambda delivers when there is no payload
	}
	if !json.Valid(payload) {
		return nil, &FunctionError{Type: ErrorBadRequest, Message: "Could not parse request body into json"}
	}
	inv := &invocation{
		id: uuid.NewString(), payload: payload,
		answer: make(chan answer, 1), done: make(chan answer, 1),
	}
	if err := f.admit(); err != nil {
		return nil, err
	}
	if !r.goWork(func() { inv.done <- f.serve(inv) }) {
		f.release()
		return nil, stopping()
	}
	return inv, nil
}

// goWork runs f on a goroutine that Close waits for. It reports false after Close.
func (r *Runtime) goWork(f func()) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	r.work.Go(f)
	return true
}

func stopping() *FunctionError {
	return &FunctionError{Type: ErrorService, Message: "the local cloud is stopping"}
}

// InitDurations are the times from process start to first poll of a function's latest
// environments, at most 1,000, oldest first.
func (r *Runtime) InitDurations(name string) []time.Duration {
	f, err := r.lookup(name)
	if err != nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.inits)
}

// Processes are the ids of the processes that live, sorted.
func (r *Runtime) Processes() []int {
	r.mu.Lock()
	defer r.mu.Unlock()
	var pids []int
	for _, e := range r.environments {
		pids = append(pids, e.command.Process.Pid)
	}
	slices.Sort(pids)
	return pids
}

// RuntimeAPI serves the environments: <environment>/2018-06-01/runtime/…, and of the Extensions API
// what a process needs to be told by SIGTERM that it ends.
func (r *Runtime) RuntimeAPI() http.Handler { return runtimeAPI(r) }

// Close refuses new work, kills processes that work, and ends the others as Lambda does. It returns
// when all are gone.
func (r *Runtime) Close() {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return
	}
	r.closed = true
	close(r.stop)
	var ending sync.WaitGroup
	for _, e := range r.environments {
		ending.Go(e.end)
	}
	r.mu.Unlock()
	ending.Wait()
	r.work.Wait()
	r.spawner.close()
	r.closeLogs()
}

func (r *Runtime) closeLogs() {
	for _, f := range r.functions {
		f.log.Close() // written line by line; nothing is left to flush
	}
}

// reap ends environments that had no work for a while.
func (r *Runtime) reap() {
	tick := time.NewTicker(max(r.config.IdleTimeout/4, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-r.stop:
			return
		case now := <-tick.C:
			for _, f := range r.functions {
				f.reap(now.Add(-r.config.IdleTimeout))
			}
		}
	}
}
