package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// Environment is what an execution works with.
type Environment struct {
	Invoker Invoker
	// ReadObject reads a whole object of S3, for the ItemReader of a Map. Required if there is one.
	ReadObject func(ctx context.Context, bucket, key string) ([]byte, error)
	// WriteObject writes one, for the ResultWriter of a Map. Required if there is one.
	WriteObject func(ctx context.Context, bucket, key string, body []byte) error
	// RunTask runs a container with these environment variables to its end. Nil: there are none. An
	// *ExecutionError has the name and cause that Step Functions would give; of any other error
	// the name is States.TaskFailed.
	RunTask func(ctx context.Context, environment map[string]string) error
	// MaxConcurrency is the most children that a Map runs at once, below what the file says,
	// so that one machine is not swamped by what a region bears. 0: as the file says.
	MaxConcurrency int
	// Sleep waits between retries and returns early with the context's error. Nil: it sleeps.
	Sleep func(ctx context.Context, d time.Duration) error
	// ExecutionID makes $$.Execution.Id of an execution's name. Nil: the name.
	ExecutionID func(name string) string
}

// action is the work of a state between Parameters and ResultSelector.
type action interface {
	run(ctx context.Context, x *execution, input any) (any, error)
}

// execution is one run of a machine: of the whole, or of an ItemProcessor on one item.
// It belongs to one goroutine.
type execution struct {
	env         *Environment
	machine     *Machine
	name        string
	context     map[string]any // "$$"
	redrives    int
	transitions int
}

func newExecution(env *Environment, m *Machine, name string, input any, redrives int) *execution {
	id := name
	if env.ExecutionID != nil {
		id = env.ExecutionID(name)
	}
	return &execution{env: env, machine: m, name: name, redrives: redrives, context: map[string]any{
		"Execution": map[string]any{"Id": id, "Name": name, "Input": input, "RedriveCount": number(redrives)},
	}}
}

// Run runs the machine from StartAt to an end and returns the output of the last state. A
// failure is an *ExecutionError; a cancelled context gives the context's cause instead, and
// then no child runs any more when Run returns. The delays of retries are a function of the
// execution's name, no two names alike.
func (m *Machine) Run(ctx context.Context, env Environment, name string, input json.RawMessage) (json.RawMessage, error) {
	return m.runFrom(ctx, env, redriven{name: name, input: input, state: m.start, data: input})
}

// redriven is where an execution begins: at the start, or once more where it failed. Of a Map all
// children run again then; AWS runs those that failed.
type redriven struct {
	name  string
	input json.RawMessage // of the execution
	state string
	data  json.RawMessage // the state's input
	n     int             // redrives
}

func (m *Machine) runFrom(ctx context.Context, env Environment, r redriven) (json.RawMessage, error) {
	if env.Sleep == nil {
		env.Sleep = sleep
	}
	input, err := decodeData(r.input)
	if err != nil {
		return nil, &ExecutionError{Name: errorRuntime, Cause: "the input is not JSON: " + err.Error(), State: m.start}
	}
	data, err := decodeData(r.data)
	if err != nil {
		return nil, err
	}
	if m.states[r.state] == nil {
		return nil, &ExecutionError{Name: errorRuntime, Cause: "there is no such state to redrive from", State: r.state}
	}
	output, err := newExecution(&env, m, r.name, input, r.n).run(ctx, r.state, data)
	if err != nil {
		return nil, err
	}
	return encodeData(output)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

func (x *execution) run(ctx context.Context, at string, data any) (any, error) {
	for at != "" {
		s := x.machine.states[at]
		output, next, err := x.enter(ctx, s, data)
		if fault := (*ExecutionError)(nil); errors.As(err, &fault) {
			fault.input = data
		}
		if err != nil {
			return nil, err
		}
		data, at = output, next
	}
	return data, nil
}

// enter runs a state with its retries and catches.
func (x *execution) enter(ctx context.Context, s *state, data any) (output any, next string, err error) {
	retries := make([]int, len(s.retry))
	for {
		if ctx.Err() != nil {
			return nil, "", context.Cause(ctx)
		}
		if x.transitions++; x.transitions > maxTransitions {
			return nil, "", &ExecutionError{Name: errorRuntime, Cause: fmt.Sprintf("more than %d transitions: AWS would end this execution at its limit of 25,000 events", maxTransitions), State: s.name}
		}
		output, next, err := x.step(ctx, s, data)
		if err == nil {
			return output, next, nil
		}
		if ctx.Err() != nil {
			return nil, "", context.Cause(ctx)
		}
		fault := asFault(err)
		fault.State = s.name
		again, err := x.waitToRetry(ctx, s, retries, fault)
		if err != nil {
			return nil, "", err
		}
		if !again {
			return s.recover(fault, data)
		}
	}
}

// asFault takes an error for one of the workflow. What is not an ExecutionError yet is a
// fault of the interpreter's surroundings.
func asFault(err error) *ExecutionError {
	var e *ExecutionError
	if !errors.As(err, &e) {
		e = failure(errorRuntime, "%v", err)
	}
	return e
}

// waitToRetry sleeps as the first retrier that matches says, if it has attempts left.
func (x *execution) waitToRetry(ctx context.Context, s *state, retries []int, fault *ExecutionError) (bool, error) {
	for i, r := range s.retry {
		if !matches(r.errors, fault.Name) {
			continue
		}
		if retries[i] >= r.attempts {
			return false, nil
		}
		key := seed.Derive(seed.Derive(0, x.name), s.name, i)
		if err := x.env.Sleep(ctx, r.delay(retries[i], key)); err != nil {
			return false, err
		}
		retries[i]++
		return true, nil
	}
	return false, nil
}

// recover goes where the first catcher that matches leads, with the error in the state's
// input, or returns the error.
func (s *state) recover(fault *ExecutionError, data any) (output any, next string, err error) {
	for _, c := range s.catch {
		if !matches(c.errors, fault.Name) {
			continue
		}
		if c.result.null {
			return data, c.next, nil
		}
		output, err := c.result.path.put(data, map[string]any{"Error": fault.Name, "Cause": fault.Cause})
		if err != nil {
			return nil, "", &ExecutionError{Name: errorResultPath, Cause: asFault(err).Cause, State: s.name}
		}
		return output, c.next, nil
	}
	return nil, "", fault
}

// step runs a state once: InputPath, Parameters, the work, ResultSelector, ResultPath,
// OutputPath, in that order.
func (x *execution) step(ctx context.Context, s *state, data any) (output any, next string, err error) {
	input, err := s.input.of(scope{data, x.context}, "InputPath")
	if err != nil {
		return nil, "", err
	}
	next, result := s.next, input
	if c, ok := s.work.(*choice); ok {
		next, err = c.pick(scope{input, x.context})
	} else {
		result, err = x.work(ctx, s, input)
	}
	if err != nil {
		return nil, "", err
	}
	output = input
	if !s.result.null {
		if output, err = s.result.path.put(input, result); err != nil {
			return nil, "", err
		}
	}
	if output, err = s.output.of(scope{output, x.context}, "OutputPath"); err != nil {
		return nil, "", err
	}
	return output, next, checkSize(output, "output")
}

// work runs what a state is there for.
func (x *execution) work(ctx context.Context, s *state, input any) (result any, err error) {
	if s.parameters != nil {
		if input, err = s.parameters.fill(scope{input, x.context}); err != nil {
			return nil, err
		}
		if err := checkSize(input, "input after Parameters"); err != nil {
			return nil, err
		}
	}
	limited := ctx
	if s.timeout > 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, s.timeout)
		defer cancel()
	}
	result, err = s.work.run(limited, x, input)
	if limited.Err() != nil && ctx.Err() == nil {
		return nil, failure(errorTimeout, "the task ran longer than its TimeoutSeconds (%s)", s.timeout)
	}
	if err != nil {
		return nil, err
	}
	if s.selector != nil {
		return s.selector.fill(scope{result, x.context})
	}
	return result, nil
}

// pass is the work of Pass and Succeed: none, or a fixed result.
type pass struct {
	result any
	has    bool
}

func (p pass) run(_ context.Context, _ *execution, input any) (any, error) {
	if p.has {
		return p.result, nil
	}
	return input, nil
}

func (c *choice) run(context.Context, *execution, any) (any, error) {
	panic("local: a Choice picks, it does not run")
}

type fail struct{ name, cause string }

func (f fail) run(context.Context, *execution, any) (any, error) {
	return nil, &ExecutionError{Name: f.name, Cause: f.cause}
}
