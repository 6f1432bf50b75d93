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
	// At is the input of that state, and Redrives how often it was gone on from there.
	At       json.RawMessage `json:"at,omitempty"`
	Redrives int             `json:"redrives,omitempty"`
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
		r.Input, r.Output, r.At = compact(r.Input), compact(r.Output), compact(r.At)
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
	if err := e.begin(m, r); err != nil {
		return Execution{}, err
	}
	return *r, nil
}

// begin saves a record as of an execution that runs, and has it run. The caller holds the mutex.
func (e *Executions) begin(m *Machine, r *Execution) error {
	if err := e.save(r); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	e.records[r.ARN], e.stops[r.ARN] = r, stop
	started := *r
	e.running.Go(func() { e.run(ctx, m, started) })
	return nil
}

// Redrive goes on with an execution that failed or was aborted: from the state that failed, or
// where that is not known, as of one that ran when the local cloud ended, from the start.
func (e *Executions) Redrive(arn string) (Execution, error) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	r, ok := e.records[arn]
	switch {
	case !ok:
		return Execution{}, apiError("ExecutionDoesNotExist", "there is no execution %s here", arn)
	case e.closed:
		return Execution{}, apiError("ServiceUnavailable", "the local cloud is being stopped")
	case r.Status != Failed && r.Status != Aborted:
		return Execution{}, apiError("ExecutionNotRedrivable", "the execution %s is %s: only one that failed or was aborted can be redriven", arn, r.Status)
	case e.config.Machines[r.Machine] == nil:
		return Execution{}, apiError("StateMachineDoesNotExist", "there is no state machine %s here", r.Machine)
	}
	again := *r
	again.Status, again.Stopped, again.Error, again.Cause = Running, time.Time{}, "", ""
	again.Redrives++
	if err := e.begin(e.config.Machines[r.Machine], &again); err != nil {
		return Execution{}, err
	}
	return again, nil
}

func (e *Executions) run(ctx context.Context, m *Machine, r Execution) {
	env := e.config.Environment
	env.ExecutionID = func(name string) string { return executionARN(r.Machine, name) }
	from := redriven{name: r.Name, input: r.Input, state: r.State, data: r.At, n: r.Redrives}
	if r.At == nil {
		from.state, from.data = m.start, r.Input
	}
	output, err := m.runFrom(ctx, env, from)
	var fault *ExecutionError
	switch {
	case err == nil:
		e.finish(r.ARN, Execution{Status: Succeeded, Redrives: r.Redrives, Output: output})
	case errors.As(err, &fault):
		at, err := encodeData(fault.input)
		if err != nil {
			at = nil // it was decoded from JSON, so this cannot be
		}
		e.finish(r.ARN, Execution{Status: Failed, Redrives: r.Redrives, Error: fault.Name, Cause: fault.Cause, State: fault.State, At: at})
	default:
		// Only a cancelled context ends a run otherwise, and whoever cancelled it has
		// finished the record already.
		e.finish(r.ARN, Execution{Status: Aborted, Redrives: r.Redrives, Cause: err.Error()})
	}
}

// finish writes the end of an execution, unless it has one, or was redriven since.
func (e *Executions) finish(arn string, end Execution) Execution {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	r := e.records[arn]
	if r.Status != Running || r.Redrives != end.Redrives {
		return *r
	}
	r.Status, r.Stopped, r.Output = end.Status, time.Now().UTC(), end.Output
	r.Error, r.Cause, r.State, r.At = end.Error, end.Cause, end.State, end.At
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
	r, err := e.Describe(arn)
	if err != nil {
		return Execution{}, err
	}
	return e.finish(arn, Execution{Status: Aborted, Redrives: r.Redrives, Error: name, Cause: cause}), nil
}

// Close aborts what runs, waits until nothing does, and lets nothing start any more.
func (e *Executions) Close() {
	e.mutex.Lock()
	e.closed = true
	running := map[string]int{} // with their redrives
	for arn := range e.stops {
		running[arn] = e.records[arn].Redrives
	}
	e.mutex.Unlock()
	for arn, redrives := range running {
		e.finish(arn, Execution{Status: Aborted, Redrives: redrives, Cause: causeClosed})
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
