package local

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"testing/synctest"
	"time"
)

// failing answers with these errors, one a call, then with "done".
func failing(types ...string) (Invoker, *int) {
	calls := 0
	return invokeFunc(func(context.Context, string, []byte) ([]byte, error) {
		calls++
		if calls <= len(types) {
			return nil, &FunctionError{Type: types[calls-1], Message: "no luck"}
		}
		return []byte(`"done"`), nil
	}), &calls
}

func retryTask(recovery string) string {
	return `{"StartAt": "S", "States": {"S": {` + okTask + `, "OutputPath": "$.Payload"` + recovery + `}}}`
}

func TestRetry(t *testing.T) {
	const s = time.Second
	tests := []struct {
		name, retry string
		errors      []string
		delays      []time.Duration
		wantError   string
	}{
		{name: "defaults: 3 attempts, 1 s, doubling", retry: `[{"ErrorEquals": ["X"]}]`, errors: []string{"X", "X", "X"}, delays: []time.Duration{s, 2 * s, 4 * s}},
		{name: "attempts used up", retry: `[{"ErrorEquals": ["X"]}]`, errors: []string{"X", "X", "X", "X"}, delays: []time.Duration{s, 2 * s, 4 * s}, wantError: "X"},
		{name: "no attempts", retry: `[{"ErrorEquals": ["X"], "MaxAttempts": 0}, {"ErrorEquals": ["States.ALL"]}]`, errors: []string{"X"}, wantError: "X"},
		{name: "no match", retry: `[{"ErrorEquals": ["X"]}]`, errors: []string{"Y"}, wantError: "Y"},
		// The example of the specification: each retrier counts for itself.
		{name: "retriers count apart", retry: `[{"ErrorEquals": ["A", "B"], "IntervalSeconds": 1, "BackoffRate": 2, "MaxAttempts": 2}, {"ErrorEquals": ["C"], "IntervalSeconds": 5}]`,
			errors: []string{"A", "B", "C", "B"}, delays: []time.Duration{s, 2 * s, 5 * s}, wantError: "B"},
		{name: "delay is limited", retry: `[{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 3, "BackoffRate": 1.5, "MaxDelaySeconds": 5, "MaxAttempts": 9}]`,
			errors: []string{"A", "B", "C"}, delays: []time.Duration{3 * s, 4500 * time.Millisecond, 5 * s}},
		{name: "TaskFailed is a wildcard", retry: `[{"ErrorEquals": ["States.TaskFailed"]}]`, errors: []string{"Lambda.Whatever"}, delays: []time.Duration{s}},
		{name: "ALL spares the data limit", retry: `[{"ErrorEquals": ["States.ALL"]}]`, errors: []string{"States.DataLimitExceeded"}, wantError: "States.DataLimitExceeded"},
		{name: "growth beyond all measure", retry: `[{"ErrorEquals": ["States.ALL"], "BackoffRate": 1e300}]`, errors: []string{"A", "B", "C"}, delays: []time.Duration{s, 99_999_999 * s, 99_999_999 * s}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			invoker, calls := failing(test.errors...)
			var slept sleeper
			got, err := mustParse(t, retryTask(`, "Retry": `+test.retry)).
				Run(t.Context(), Environment{Invoker: invoker, Sleep: slept.sleep}, "run", nil)
			checkOutcome(t, got, err, `"done"`, test.wantError, "")
			if !reflect.DeepEqual(slept.delays, test.delays) {
				t.Errorf("slept %v, want %v", slept.delays, test.delays)
			}
			if want := len(test.delays) + 1; *calls != want {
				t.Errorf("%d calls, want %d", *calls, want)
			}
		})
	}
}

func TestJitter(t *testing.T) {
	m := mustParse(t, retryTask(`, "Retry": [{"ErrorEquals": ["X"], "IntervalSeconds": 8, "BackoffRate": 1, "MaxAttempts": 50, "JitterStrategy": "FULL"}]`))
	delays := func(name string) []time.Duration {
		errors := make([]string, 50)
		for i := range errors {
			errors[i] = "X"
		}
		invoker, _ := failing(errors...)
		var slept sleeper
		if _, err := m.Run(t.Context(), Environment{Invoker: invoker, Sleep: slept.sleep}, name, nil); err != nil {
			t.Fatal(err)
		}
		return slept.delays
	}
	a, b := delays("a"), delays("b")
	if !reflect.DeepEqual(a, delays("a")) {
		t.Error("two runs of one name wait differently")
	}
	if reflect.DeepEqual(a, b) {
		t.Error("runs of different names wait alike: they would collide again")
	}
	var sum time.Duration
	for _, d := range a {
		if d < 0 || d >= 8*time.Second {
			t.Errorf("delay %v is not within [0, 8 s)", d)
		}
		sum += d
	}
	// The mean of 50 uniform draws from [0, 8) has a standard error of 0.33 s.
	if mean := sum / 50; mean < 2500*time.Millisecond || mean > 5500*time.Millisecond {
		t.Errorf("mean delay %v, want about 4 s", mean)
	}
}

func TestCatch(t *testing.T) {
	definition := func(catch string) string {
		return `{"StartAt": "S", "States": {"S": {` + okTask + `, "Retry": [{"ErrorEquals": ["Again"], "MaxAttempts": 1}], "Catch": [` + catch + `]}, "H": {"Type": "Succeed"}}}`
	}
	handled := `{"kept":1,"e":{"Error":"Again","Cause":"{\"errorMessage\":\"no luck\",\"errorType\":\"Again\"}"}}`
	tests := []struct{ name, catch, want, wantError string }{
		{name: "error into the input", catch: `{"ErrorEquals": ["Again"], "ResultPath": "$.e", "Next": "H"}`, want: handled},
		{name: "second catcher", catch: `{"ErrorEquals": ["Other"], "Next": "H"}, {"ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Next": "H"}`, want: handled},
		{name: "error dropped", catch: `{"ErrorEquals": ["Again"], "ResultPath": null, "Next": "H"}`, want: `{"kept":1}`},
		{name: "error replaces the input", catch: `{"ErrorEquals": ["Again"], "Next": "H"}`, want: `{"Error":"Again","Cause":"{\"errorMessage\":\"no luck\",\"errorType\":\"Again\"}"}`},
		{name: "path does not fit", catch: `{"ErrorEquals": ["Again"], "ResultPath": "$.kept.e", "Next": "H"}`, wantError: "States.ResultPathMatchFailure"},
		{name: "not caught", catch: `{"ErrorEquals": ["Other"], "Next": "H"}`, wantError: "Again"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.wantError != "" {
				test.catch += `, {"ErrorEquals": ["Third"], "Next": "H"}` // another that does not match
			}
			invoker, calls := failing("Again", "Again")
			got, err := mustParse(t, definition(test.catch)).
				Run(t.Context(), Environment{Invoker: invoker, Sleep: (&sleeper{}).sleep}, "run", json.RawMessage(`{"kept":1}`))
			checkOutcome(t, got, err, test.want, test.wantError, "")
			if *calls != 2 {
				t.Errorf("%d calls, want 2: caught after the retries", *calls)
			}
		})
	}
}

// TestInvokeFault holds how errors of an invocation look to a workflow.
func TestInvokeFault(t *testing.T) {
	tests := []struct {
		err         error
		name, cause string
	}{
		{&FunctionError{Type: "Lambda.TooManyRequestsException", Message: "slow down"}, "Lambda.TooManyRequestsException", "slow down"},
		{&FunctionError{Type: "errorString", Message: "boom"}, "errorString", `{"errorMessage":"boom","errorType":"errorString"}`},
		{&FunctionError{Type: "E", Message: "boom", Payload: json.RawMessage(`{"errorType":"E","stackTrace":[]}`)}, "E", `{"errorType":"E","stackTrace":[]}`},
		{errors.New("wire cut"), "Lambda.Unknown", "wire cut"},
	}
	for _, test := range tests {
		env := Environment{Invoker: invokeFunc(func(context.Context, string, []byte) ([]byte, error) { return nil, test.err })}
		_, err := mustParse(t, retryTask("")).Run(t.Context(), env, "run", nil)
		want := &ExecutionError{Name: test.name, Cause: test.cause, State: "S"}
		if !reflect.DeepEqual(err, want) {
			t.Errorf("%v became %v, want %v", test.err, err, want)
		}
	}
}

func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := mustParse(t, retryTask(`, "TimeoutSeconds": 90, "Retry": [{"ErrorEquals": ["States.TaskFailed"]}]`))
		calls, begin := 0, time.Now()
		env := Environment{Invoker: invokeFunc(func(ctx context.Context, _ string, _ []byte) ([]byte, error) {
			calls++
			<-ctx.Done()
			return nil, ctx.Err()
		})}
		_, err := m.Run(t.Context(), env, "run", nil)
		checkOutcome(t, nil, err, "", "States.Timeout", "1m30s")
		if calls != 1 || time.Since(begin) != 90*time.Second {
			t.Errorf("%d calls in %v, want 1 in 90 s: States.TaskFailed does not cover States.Timeout", calls, time.Since(begin))
		}
	})
}
