package local

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// ExecutionsConfig is what Executions need.
type ExecutionsConfig struct {
	Dir string // absolute; the records lie in Dir/<machine>/<name>.json
	// Machines are the state machines by ARN.
	Machines map[string]*Machine
	// Environment is that of every execution; its ExecutionID is set here.
	Environment Environment
	Log         *slog.Logger // nil: slog.Default
}

// Executions runs state machines as Step Functions does, and speaks its API for the few
// operations that Foretell uses. A name starts one execution only, ever: the records stay,
// and a restart finds them. What was running when the process died is ABORTED then.
type Executions struct {
	config  ExecutionsConfig
	running sync.WaitGroup

	mutex   sync.Mutex // guards all below, and is held while a record is written
	records map[string]*Execution
	stops   map[string]context.CancelFunc // of those that run, by ARN
	closed  bool
}

// Status is where an execution stands, in the words of Step Functions.
type Status string

// An execution is Running until it is one of the others for good.
const (
	Running   Status = "RUNNING"
	Succeeded Status = "SUCCEEDED"
	Failed    Status = "FAILED"
	Aborted   Status = "ABORTED"
)

// Execution is the record of one execution.
type Execution struct {
	ARN     string          `json:"arn"`
	Machine string          `json:"machine"` // ARN
	Name    string          `json:"name"`
	Status  Status          `json:"status"`
	Started time.Time       `json:"started"`
	Stopped time.Time       `json:"stopped,omitzero"`
	Input   json.RawMessage `json:"input"`            // without white space, keys sorted
	Output  json.RawMessage `json:"output,omitempty"` // of a success
	Error   string          `json:"error,omitempty"`  // error name, of a failure
	Cause   string          `json:"cause,omitempty"`
	State   string          `json:"state,omitempty"` // that failed
}

// APIError is an error of an AWS API, by its code.
type APIError struct{ Code, Message string }

func (e *APIError) Error() string { return e.Code + ": " + e.Message }

func apiError(code, format string, args ...any) *APIError {
	return &APIError{code, fmt.Sprintf(format, args...)}
}

const (
	causeDied   = "the local cloud ended while this execution was running; start a new one, which redoes only what is missing"
	causeClosed = "the local cloud was stopped while this execution was running; start a new one, which redoes only what is missing"
)

// OpenExecutions reads the records and aborts those that nobody runs any more.
func OpenExecutions(c ExecutionsConfig) (*Executions, error) {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	e := &Executions{config: c, records: map[string]*Execution{}, stops: map[string]context.CancelFunc{}}
	found, err := readRecords[Execution](c.Dir)
	if err != nil {
		return nil, fmt.Errorf("executions: %w", err)
	}
	for i := range found {
		r := &found[i]
		r.Input, r.Output = compact(r.Input), compact(r.Output)
		e.records[r.ARN] = r
		if r.Status != Running {
			continue
		}
		r.Status, r.Stopped, r.Cause = Aborted, time.Now().UTC(), causeDied
		if err := e.save(r); err != nil {
			return nil, fmt.Errorf("executions: %w", err)
		}
	}
	return e, nil
}

// Start starts an execution. An empty name gets a random one, an empty input is {}. The
// same name with the same input while it runs is the same execution; errors are *APIError.
func (e *Executions) Start(machine, name string, input json.RawMessage) (Execution, error) {
	m, ok := e.config.Machines[machine]
	if !ok {
		return Execution{}, apiError("StateMachineDoesNotExist", "there is no state machine %s here", machine)
	}
	if name == "" {
		name = rand.Text()
	}
	if fault := nameFault(name); fault != "" {
		return Execution{}, apiError("InvalidName", "the execution's name %q %s", name, fault)
	}
	input, err := canonicalInput(input)
	if err != nil {
		return Execution{}, err
	}
	arn := executionARN(machine, name)

	e.mutex.Lock()
	defer e.mutex.Unlock()
	if e.closed {
		return Execution{}, apiError("ServiceUnavailable", "the local cloud is being stopped")
	}
	if r, ok := e.records[arn]; ok {
		if r.Status == Running && string(r.Input) == string(input) {
			return *r, nil
		}
		return Execution{}, apiError("ExecutionAlreadyExists", "the execution %s exists already (%s)", arn, r.Status)
	}
	r := &Execution{ARN: arn, Machine: machine, Name: name, Status: Running, Started: time.Now().UTC(), Input: input}
	if err := e.save(r); err != nil {
		return Execution{}, err
	}
	ctx, stop := context.WithCancel(context.Background())
	e.records[arn], e.stops[arn] = r, stop
	started := *r
	e.running.Go(func() { e.run(ctx, m, started) })
	return started, nil
}

func (e *Executions) run(ctx context.Context, m *Machine, r Execution) {
	env := e.config.Environment
	env.ExecutionID = func(name string) string { return executionARN(r.Machine, name) }
	output, err := m.Run(ctx, env, r.Name, r.Input)
	var fault *ExecutionError
	switch {
	case err == nil:
		e.finish(r.ARN, Execution{Status: Succeeded, Output: output})
	case errors.As(err, &fault):
		e.finish(r.ARN, Execution{Status: Failed, Error: fault.Name, Cause: fault.Cause, State: fault.State})
	default:
		// Only a cancelled context ends a run otherwise, and whoever cancelled it has
		// finished the record already.
		e.finish(r.ARN, Execution{Status: Aborted, Cause: err.Error()})
	}
}

// finish writes the end of an execution, unless it has one.
func (e *Executions) finish(arn string, end Execution) Execution {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	r := e.records[arn]
	if r.Status != Running {
		return *r
	}
	r.Status, r.Stopped, r.Output = end.Status, time.Now().UTC(), end.Output
	r.Error, r.Cause, r.State = end.Error, end.Cause, end.State
	e.stops[arn]()
	delete(e.stops, arn)
	if err := e.save(r); err != nil {
		e.config.Log.Error("the end of an execution was not saved: the next start will call it aborted", "execution", arn, "error", err)
	}
	return *r
}

// Describe returns the record of an execution.
func (e *Executions) Describe(arn string) (Execution, error) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if r, ok := e.records[arn]; ok {
		return *r, nil
	}
	return Execution{}, apiError("ExecutionDoesNotExist", "there is no execution %s here", arn)
}

// List returns the executions of a state machine, newest first; all if status is empty.
func (e *Executions) List(machine string, status Status) ([]Execution, error) {
	if _, ok := e.config.Machines[machine]; !ok {
		return nil, apiError("StateMachineDoesNotExist", "there is no state machine %s here", machine)
	}
	e.mutex.Lock()
	defer e.mutex.Unlock()
	var out []Execution
	for _, r := range e.records {
		if r.Machine == machine && (status == "" || r.Status == status) {
			out = append(out, *r)
		}
	}
	slices.SortFunc(out, newestFirst)
	return out, nil
}

func newestFirst(a, b Execution) int {
	return cmp.Or(b.Started.Compare(a.Started), strings.Compare(a.Name, b.Name))
}

// Stop aborts an execution that runs; one that has ended stays as it is.
func (e *Executions) Stop(arn, name, cause string) (Execution, error) {
	if _, err := e.Describe(arn); err != nil {
		return Execution{}, err
	}
	return e.finish(arn, Execution{Status: Aborted, Error: name, Cause: cause}), nil
}

// Close aborts what runs, waits until nothing does, and lets nothing start any more.
func (e *Executions) Close() {
	e.mutex.Lock()
	e.closed = true
	var arns []string
	for arn := range e.stops {
		arns = append(arns, arn)
	}
	e.mutex.Unlock()
	for _, arn := range arns {
		e.finish(arn, Execution{Status: Aborted, Cause: causeClosed})
	}
	e.running.Wait()
}

// save writes a record. The caller holds the mutex, or nobody else has the record yet.
func (e *Executions) save(r *Execution) error {
	return writeRecord(e.config.Dir, machineName(r.Machine), r.Name, r)
}

func executionARN(machine, name string) string {
	return strings.Replace(machine, ":stateMachine:", ":execution:", 1) + ":" + name
}

func machineName(arn string) string { return arn[strings.LastIndexByte(arn, ':')+1:] }

// nameFault says what is wrong with an execution's name, or nothing. AWS takes other
// alphabets too; here a name is a file's name as well.
func nameFault(name string) string {
	if len(name) > 80 {
		return "has more than 80 characters"
	}
	for _, r := range name {
		if r <= ' ' || r > '~' || strings.ContainsRune("<>{}[]?*\"#%\\^|~`$&,;:/", r) {
			return fmt.Sprintf("contains %q; use letters, digits, - and _", r)
		}
	}
	return ""
}

// canonicalInput checks an input and gives it in the one form that equal inputs share: no
// white space, keys sorted.
func canonicalInput(input json.RawMessage) (json.RawMessage, error) {
	if len(input) == 0 {
		return json.RawMessage(`{}`), nil
	}
	if len(input) > maxStateData {
		return nil, apiError("ValidationException", "the input has %d bytes, more than %d", len(input), maxStateData)
	}
	v, err := decodeData(input)
	if err != nil {
		return nil, apiError("InvalidExecutionInput", "the input is not JSON: %v", err)
	}
	return encodeData(v)
}
