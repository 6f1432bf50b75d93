package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// invokeFunc is an Invoker made of a function.
type invokeFunc func(ctx context.Context, function string, payload []byte) ([]byte, error)

func (f invokeFunc) Invoke(ctx context.Context, function string, payload []byte) ([]byte, error) {
	return f(ctx, function, payload)
}

// echo answers with its payload.
var echo = invokeFunc(func(_ context.Context, _ string, payload []byte) ([]byte, error) { return payload, nil })

// objects serves s3://bucket/key from a map of keys.
func objects(of map[string]string) func(context.Context, string, string) ([]byte, error) {
	return func(_ context.Context, bucket, key string) ([]byte, error) {
		if data, ok := of[key]; ok && bucket == "bucket" {
			return []byte(data), nil
		}
		return nil, fmt.Errorf("no object %s/%s", bucket, key)
	}
}

// sleeper records delays and does not sleep.
type sleeper struct {
	mutex  sync.Mutex
	delays []time.Duration
}

func (s *sleeper) sleep(ctx context.Context, d time.Duration) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.delays = append(s.delays, d)
	return ctx.Err()
}

func mustParse(t *testing.T, definition string) *Machine {
	t.Helper()
	m, err := ParseMachine([]byte(definition))
	if err != nil {
		t.Fatalf("ParseMachine: %v", err)
	}
	return m
}

// one wraps a single final state into a machine.
func one(state string) string {
	return `{"StartAt": "S", "States": {"S": ` + state + `}}`
}

func sameJSON(t *testing.T, got json.RawMessage, want string) {
	t.Helper()
	v, err := decodeData([]byte(want))
	if err != nil {
		t.Fatalf("the expected value is not JSON: %v", err)
	}
	canonical, err := encodeData(v)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(canonical) {
		t.Errorf("got  %s\nwant %s", got, canonical)
	}
}

// TestRun holds the data flow of every type of state. Expected values follow from the
// States Language specification by hand.
func TestRun(t *testing.T) {
	tests := []struct {
		name, definition, input string
		want                    string
		wantError               string // error name, if the run fails
		wantCause               string // part of the cause
	}{
		{name: "pass hands its input on", definition: one(`{"Type": "Pass", "End": true}`), input: `{"a":1.50}`, want: `{"a":1.50}`},
		{name: "pass with result", definition: one(`{"Type": "Pass", "Result": [1], "ResultPath": "$.b.c", "End": true}`), input: `{"a":1}`, want: `{"a":1,"b":{"c":[1]}}`},
		{name: "pass with null result", definition: one(`{"Type": "Pass", "Result": null, "End": true}`), input: `1`, want: `null`},
		{name: "pass with parameters", definition: one(`{"Type": "Pass", "Parameters": {"x.$": "$.a[1]", "y": [{"z.$": "$['b c']"}], "n.$": "$$.Execution.Name", "id.$": "$$.Execution.Id", "in.$": "$$.Execution.Input.a"}, "End": true}`),
			input: `{"a":[1,2],"b c":null}`, want: `{"x":2,"y":[{"z":null}],"n":"run","id":"id-run","in":[1,2]}`},
		{name: "InputPath null", definition: one(`{"Type": "Pass", "InputPath": null, "End": true}`), input: `{"a":1}`, want: `{}`},
		{name: "OutputPath null", definition: one(`{"Type": "Succeed", "OutputPath": null}`), input: `{"a":1}`, want: `{}`},
		{name: "InputPath and OutputPath", definition: one(`{"Type": "Pass", "InputPath": "$.a", "OutputPath": "$.b", "End": true}`), input: `{"a":{"b":7}}`, want: `7`},
		{name: "InputPath to nothing", definition: one(`{"Type": "Pass", "InputPath": "$.a", "End": true}`), input: `{}`, wantError: "States.Runtime", wantCause: "$.a"},
		{name: "ResultPath null keeps the input", definition: one(`{"Type": "Pass", "Result": 1, "ResultPath": null, "End": true}`), input: `{"a":1}`, want: `{"a":1}`},
		{name: "ResultPath into a number", definition: one(`{"Type": "Pass", "Result": 1, "ResultPath": "$.a.b", "End": true}`), input: `{"a":1}`, wantError: "States.ResultPathMatchFailure", wantCause: `"b"`},
		{name: "parameters to nothing", definition: one(`{"Type": "Pass", "Parameters": {"x.$": "$.nothing"}, "End": true}`), input: `{}`, wantError: "States.ParameterPathFailure", wantCause: "$.nothing"},
		{name: "succeed", definition: one(`{"Type": "Succeed"}`), input: `"x"`, want: `"x"`},
		{name: "fail", definition: one(`{"Type": "Fail", "Error": "Sour", "Cause": "milk"}`), input: `{}`, wantError: "Sour", wantCause: "milk"},
		{name: "task answers as lambda:invoke does", definition: one(`{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f", "Payload": {"step": "plan", "input.$": "$"}}, "End": true}`),
			input: `{"a":1}`, want: `{"StatusCode":200,"ExecutedVersion":"$LATEST","Payload":{"step":"plan","input":{"a":1}}}`},
		{name: "task with selector, result path and output path", definition: one(`{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f", "Payload.$": "$.a"}, "ResultSelector": {"p.$": "$.Payload", "s.$": "$.StatusCode"}, "ResultPath": "$.r", "End": true}`),
			input: `{"a":"<&>"}`, want: `{"a":"<&>","r":{"p":"<&>","s":200}}`},
		{name: "selector to nothing", definition: one(`{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f", "Payload": {}}, "ResultSelector": {"p.$": "$.Payload.q"}, "End": true}`),
			input: `{}`, wantError: "States.ParameterPathFailure", wantCause: "$.Payload.q"},
		{name: "input is not JSON", definition: one(`{"Type": "Succeed"}`), input: `{`, wantError: "States.Runtime"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			env := Environment{Invoker: echo, ExecutionID: func(name string) string { return "id-" + name }}
			got, err := mustParse(t, test.definition).Run(t.Context(), env, "run", json.RawMessage(test.input))
			checkOutcome(t, got, err, test.want, test.wantError, test.wantCause)
		})
	}
}

// TestResultPathLeavesOthersAlone: a state's output is a new value; what the context object
// or another child holds stays as it was.
func TestResultPathLeavesOthersAlone(t *testing.T) {
	m := mustParse(t, `{"StartAt": "A", "States": {
		"A": {"Type": "Pass", "Result": 2, "ResultPath": "$.a.b", "Next": "B"},
		"B": {"Type": "Pass", "Parameters": {"now.$": "$", "then.$": "$$.Execution.Input"}, "End": true}}}`)
	got, err := m.Run(t.Context(), Environment{}, "run", json.RawMessage(`{"a":{"b":1}}`))
	checkOutcome(t, got, err, `{"now":{"a":{"b":2}},"then":{"a":{"b":1}}}`, "", "")
}

func checkOutcome(t *testing.T, got json.RawMessage, err error, want, wantError, wantCause string) {
	t.Helper()
	if wantError == "" {
		if err != nil {
			t.Fatalf("Run: %v", err)
		}
		sameJSON(t, got, want)
		return
	}
	var fault *ExecutionError
	if !errors.As(err, &fault) {
		t.Fatalf("Run gave %s and %v, want an ExecutionError %s", got, err, wantError)
	}
	if fault.Name != wantError || !strings.Contains(fault.Cause, wantCause) || fault.State == "" {
		t.Errorf("Run failed with %+v, want %s with %q", fault, wantError, wantCause)
	}
}

func TestChoice(t *testing.T) {
	rule := func(test string) string {
		return `{"StartAt": "C", "States": {
			"C": {"Type": "Choice", "Choices": [{"Variable": "$.v", ` + test + `, "Next": "Yes"}], "Default": "No"},
			"Yes": {"Type": "Pass", "Result": "yes", "End": true}, "No": {"Type": "Pass", "Result": "no", "End": true}}}`
	}
	tests := []struct{ test, input, want, wantError string }{
		{test: `"BooleanEquals": true`, input: `{"v":true}`, want: `"yes"`},
		{test: `"BooleanEquals": true`, input: `{"v":false}`, want: `"no"`},
		{test: `"BooleanEquals": true`, input: `{"v":"true"}`, want: `"no"`}, // other type: no match
		{test: `"BooleanEquals": true`, input: `{}`, wantError: "States.Runtime"},
		{test: `"StringEquals": "a"`, input: `{"v":"a"}`, want: `"yes"`},
		{test: `"StringEquals": "a"`, input: `{"v":1}`, want: `"no"`},
		{test: `"NumericEquals": 1`, input: `{"v":1.0}`, want: `"yes"`},
		{test: `"NumericEquals": 1`, input: `{"v":"1"}`, want: `"no"`},
		{test: `"NumericGreaterThan": 1`, input: `{"v":1}`, want: `"no"`},
		{test: `"NumericGreaterThanEquals": 1`, input: `{"v":1}`, want: `"yes"`},
		{test: `"NumericLessThan": 1`, input: `{"v":1}`, want: `"no"`},
		{test: `"NumericLessThanEquals": 1`, input: `{"v":1}`, want: `"yes"`},
		{test: `"IsPresent": true`, input: `{}`, want: `"no"`},
		{test: `"IsPresent": false`, input: `{}`, want: `"yes"`},
		{test: `"IsPresent": true`, input: `{"v":null}`, want: `"yes"`},
		{test: `"IsNull": true`, input: `{"v":null}`, want: `"yes"`},
		{test: `"IsNull": false`, input: `{"v":null}`, want: `"no"`},
	}
	for _, test := range tests {
		t.Run(test.test+" of "+test.input, func(t *testing.T) {
			got, err := mustParse(t, rule(test.test)).Run(t.Context(), Environment{}, "run", json.RawMessage(test.input))
			checkOutcome(t, got, err, test.want, test.wantError, "")
		})
	}
	t.Run("no match and no default", func(t *testing.T) {
		m := mustParse(t, `{"StartAt": "C", "States": {
			"C": {"Type": "Choice", "Choices": [{"Variable": "$.v", "BooleanEquals": true, "Next": "Yes"}]}, "Yes": {"Type": "Succeed"}}}`)
		_, err := m.Run(t.Context(), Environment{}, "run", json.RawMessage(`{"v":false}`))
		checkOutcome(t, nil, err, "", "States.NoChoiceMatched", "no rule")
	})
}

func TestDataLimit(t *testing.T) {
	long := `"` + strings.Repeat("a", maxStateData-2) + `"` // exactly the limit
	task := mustParse(t, one(`{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f", "Payload": 1}, "OutputPath": "$.Payload", "End": true}`))
	answer := func(s string) Environment {
		return Environment{Invoker: invokeFunc(func(context.Context, string, []byte) ([]byte, error) { return []byte(s), nil })}
	}
	got, err := task.Run(t.Context(), answer(long), "run", nil)
	checkOutcome(t, got, err, long, "", "")
	_, err = task.Run(t.Context(), answer(long+" "), "run", nil)
	checkOutcome(t, nil, err, "", "States.DataLimitExceeded", "262145 bytes")

	grow := mustParse(t, one(`{"Type": "Pass", "Parameters": {"twice.$": "$"}, "End": true}`))
	_, err = grow.Run(t.Context(), Environment{}, "run", json.RawMessage(long))
	checkOutcome(t, nil, err, "", "States.DataLimitExceeded", "after Parameters")
}

func TestEndlessLoopEnds(t *testing.T) {
	m := mustParse(t, `{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}}}`)
	_, err := m.Run(t.Context(), Environment{}, "run", nil)
	checkOutcome(t, nil, err, "", "States.Runtime", "5000 transitions")
}

func TestCancelledRunGivesCause(t *testing.T) {
	reason := errors.New("pulled the plug")
	ctx, cancel := context.WithCancelCause(t.Context())
	m := mustParse(t, one(`{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f", "Payload": {}}, "Retry": [{"ErrorEquals": ["States.ALL"]}], "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "S"}], "End": true}`))
	calls := 0
	env := Environment{Invoker: invokeFunc(func(ctx context.Context, _ string, _ []byte) ([]byte, error) {
		calls++
		cancel(reason)
		return nil, ctx.Err()
	})}
	_, err := m.Run(ctx, env, "run", nil)
	if err != reason || calls != 1 {
		t.Errorf("Run gave %v after %d calls, want the cause %v after 1: cancellation is neither retried nor caught", err, calls, reason)
	}
}
