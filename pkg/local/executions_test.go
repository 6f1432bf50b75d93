package local

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/smithy-go"
)

const testMachine = "arn:aws:states:us-east-1:000000000000:stateMachine:test"

// gate is an Invoker whose calls wait until it opens.
type gate struct {
	entered chan string
	open    chan struct{}
}

func newGate() *gate { return &gate{entered: make(chan string, 100), open: make(chan struct{})} }

func (g *gate) Invoke(ctx context.Context, function string, payload []byte) ([]byte, error) {
	g.entered <- string(payload)
	select {
	case <-g.open:
		return payload, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

const gatedMachine = `{"StartAt": "S", "States": {
	"S": {"Type": "Choice", "Choices": [{"Variable": "$.fail", "IsPresent": true, "Next": "F"}], "Default": "T"},
	"F": {"Type": "Fail", "Error": "Sour", "Cause": "milk"},
	"T": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "OutputPath": "$.Payload", "End": true,
		"Parameters": {"FunctionName": "f", "Payload": {"id.$": "$$.Execution.Id", "in.$": "$"}}}}}`

func openExecutions(t *testing.T, dir string, invoker Invoker) *Executions {
	t.Helper()
	e, err := OpenExecutions(ExecutionsConfig{
		Dir:         dir,
		Machines:    map[string]*Machine{testMachine: mustParse(t, gatedMachine)},
		Environment: Environment{Invoker: invoker},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

// statesClient is the SDK's client of an Executions behind a server.
func statesClient(t *testing.T, e *Executions) *sfn.Client {
	t.Helper()
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	return sfn.New(sfn.Options{
		BaseEndpoint: &server.URL, Region: "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
	})
}

// wait polls an execution until it has ended.
func wait(t *testing.T, client *sfn.Client, arn *string) *sfn.DescribeExecutionOutput {
	t.Helper()
	for begin := time.Now(); ; time.Sleep(time.Millisecond) {
		out, err := client.DescribeExecution(t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: arn})
		if err != nil {
			t.Fatal(err)
		}
		if out.Status != types.ExecutionStatusRunning {
			return out
		}
		if time.Since(begin) > 10*time.Second {
			t.Fatal("the execution still runs after 10 s")
		}
	}
}

// wantError holds an error to be of a modelled type of the SDK.
func wantError[E error](t *testing.T, err error) {
	t.Helper()
	var want E
	if !errors.As(err, &want) {
		t.Errorf("got error %v, want a %T", err, want)
	}
}

func TestExecutionSucceeds(t *testing.T) {
	g := newGate()
	client := statesClient(t, openExecutions(t, t.TempDir(), g))
	start := &sfn.StartExecutionInput{StateMachineArn: aws.String(testMachine), Name: aws.String("run-1"), Input: aws.String(`{"b": "<&>", "a": 1}`)}
	first, err := client.StartExecution(t.Context(), start)
	if err != nil {
		t.Fatal(err)
	}
	if want := "arn:aws:states:us-east-1:000000000000:execution:test:run-1"; *first.ExecutionArn != want {
		t.Errorf("ARN %s, want %s", *first.ExecutionArn, want)
	}
	if age := time.Since(*first.StartDate); age < -time.Second || age > time.Minute {
		t.Errorf("started %v ago", age)
	}
	<-g.entered
	out, err := client.DescribeExecution(t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: first.ExecutionArn})
	if err != nil || out.Status != types.ExecutionStatusRunning || out.StopDate != nil || out.Output != nil {
		t.Fatalf("a running execution is described as %+v, %v", out, err)
	}

	// The same name and input is the same execution while it runs; white space is no input.
	start.Input = aws.String(`{"a":1, "b":"<&>"}`)
	second, err := client.StartExecution(t.Context(), start)
	if err != nil || *second.ExecutionArn != *first.ExecutionArn || !second.StartDate.Equal(*first.StartDate) {
		t.Errorf("the second start gave %+v, %v", second, err)
	}
	start.Input = aws.String(`{"a":2}`)
	_, err = client.StartExecution(t.Context(), start)
	wantError[*types.ExecutionAlreadyExists](t, err)

	close(g.open)
	out = wait(t, client, first.ExecutionArn)
	want := fmt.Sprintf(`{"id":"%s","in":{"a":1,"b":"<&>"}}`, *first.ExecutionArn)
	if out.Status != types.ExecutionStatusSucceeded || aws.ToString(out.Output) != want || out.StopDate == nil || out.Error != nil {
		t.Errorf("the execution ended as %s with %s, want %s", out.Status, aws.ToString(out.Output), want)
	}
	if aws.ToString(out.Input) != `{"a":1,"b":"<&>"}` || aws.ToString(out.Name) != "run-1" || aws.ToString(out.StateMachineArn) != testMachine {
		t.Errorf("described as %+v", out)
	}
	if len(g.entered) != 0 {
		t.Error("the function was called twice")
	}
	start.Input = aws.String(`{"b": "<&>", "a": 1}`)
	_, err = client.StartExecution(t.Context(), start)
	wantError[*types.ExecutionAlreadyExists](t, err) // the same again, after the end
}

func TestExecutionFails(t *testing.T) {
	client := statesClient(t, openExecutions(t, t.TempDir(), newGate()))
	started, err := client.StartExecution(t.Context(), &sfn.StartExecutionInput{StateMachineArn: aws.String(testMachine), Input: aws.String(`{"fail":true}`)})
	if err != nil {
		t.Fatal(err)
	}
	out := wait(t, client, started.ExecutionArn)
	if out.Status != types.ExecutionStatusFailed || aws.ToString(out.Error) != "Sour" || aws.ToString(out.Cause) != "milk" || out.Output != nil {
		t.Errorf("the execution ended as %+v", out)
	}
	if len(*out.Name) < 20 {
		t.Errorf("random name %q", *out.Name)
	}
}

// TestExecutionRedrives goes on from the state that failed, with its input, by the same name, and
// the state sees how often. What runs or has succeeded is refused.
func TestExecutionRedrives(t *testing.T) {
	dir := t.TempDir()
	fails := true
	machine := mustParse(t, `{"StartAt": "A", "States": {
		"A": {"Type": "Pass", "Result": 1, "ResultPath": "$.a", "Next": "B"},
		"B": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "OutputPath": "$.Payload", "End": true,
			"Parameters": {"FunctionName": "f", "Payload": {"in.$": "$", "redrives.$": "$$.Execution.RedriveCount"}}}}}`)
	open := func() *Executions {
		e, err := OpenExecutions(ExecutionsConfig{Dir: dir, Machines: map[string]*Machine{testMachine: machine}, Environment: Environment{
			Invoker: invokeFunc(func(_ context.Context, _ string, payload []byte) ([]byte, error) {
				if fails {
					return nil, &FunctionError{Type: "Sour", Message: string(payload)}
				}
				return payload, nil
			})}})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	e := open()
	client := statesClient(t, e)
	started, err := client.StartExecution(t.Context(), &sfn.StartExecutionInput{StateMachineArn: aws.String(testMachine), Name: aws.String("x"), Input: aws.String(`{"i":1}`)})
	if err != nil {
		t.Fatal(err)
	}
	wait(t, client, started.ExecutionArn)
	redrive := &sfn.RedriveExecutionInput{ExecutionArn: started.ExecutionArn}
	if _, err := client.RedriveExecution(t.Context(), redrive); err != nil {
		t.Fatal(err)
	}
	out := wait(t, client, started.ExecutionArn)
	if out.Status != types.ExecutionStatusFailed || !strings.Contains(aws.ToString(out.Cause), `{\"in\":{\"a\":1,\"i\":1},\"redrives\":1}`) || aws.ToInt32(out.RedriveCount) != 1 {
		t.Errorf("redriven once: %+v %s", out, aws.ToString(out.Cause))
	}
	e.Close()
	fails, e = false, open() // what is needed lies in the record
	defer e.Close()
	client = statesClient(t, e)
	if _, err := client.RedriveExecution(t.Context(), redrive); err != nil {
		t.Fatal(err)
	}
	out = wait(t, client, started.ExecutionArn)
	if out.Status != types.ExecutionStatusSucceeded || aws.ToString(out.Output) != `{"in":{"a":1,"i":1},"redrives":2}` || out.Error != nil {
		t.Errorf("redriven twice: %+v %s", out, aws.ToString(out.Output))
	}
	_, err = client.RedriveExecution(t.Context(), redrive)
	wantError[*types.ExecutionNotRedrivable](t, err)
	_, err = client.RedriveExecution(t.Context(), &sfn.RedriveExecutionInput{ExecutionArn: aws.String("arn:none")})
	wantError[*types.ExecutionDoesNotExist](t, err)
}

func TestExecutionStops(t *testing.T) {
	g := newGate()
	e := openExecutions(t, t.TempDir(), g)
	client := statesClient(t, e)
	started, err := client.StartExecution(t.Context(), &sfn.StartExecutionInput{StateMachineArn: aws.String(testMachine)})
	if err != nil {
		t.Fatal(err)
	}
	<-g.entered
	stopped, err := client.StopExecution(t.Context(), &sfn.StopExecutionInput{ExecutionArn: started.ExecutionArn, Error: aws.String("E"), Cause: aws.String("enough")})
	if err != nil {
		t.Fatal(err)
	}
	out, err := client.DescribeExecution(t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: started.ExecutionArn})
	if err != nil {
		t.Fatal(err)
	}
	if out.Status != types.ExecutionStatusAborted || aws.ToString(out.Error) != "E" || aws.ToString(out.Cause) != "enough" || !out.StopDate.Equal(*stopped.StopDate) {
		t.Errorf("the execution ended as %+v", out)
	}
	again, err := client.StopExecution(t.Context(), &sfn.StopExecutionInput{ExecutionArn: started.ExecutionArn})
	if err != nil || !again.StopDate.Equal(*stopped.StopDate) {
		t.Errorf("the second stop gave %+v, %v", again, err)
	}
	e.Close() // returns, so the run was cancelled
}

func TestExecutionErrors(t *testing.T) {
	client := statesClient(t, openExecutions(t, t.TempDir(), newGate()))
	ctx := t.Context()
	start := func(machine, name, input string) error {
		_, err := client.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: &machine, Name: &name, Input: &input})
		return err
	}
	wantError[*types.StateMachineDoesNotExist](t, start(testMachine+"x", "a", `{}`))
	for _, name := range []string{"a b", "a/b", "ä", strings.Repeat("a", 81)} {
		wantError[*types.InvalidName](t, start(testMachine, name, `{}`))
	}
	for _, input := range []string{"", "{", "{} {}"} {
		wantError[*types.InvalidExecutionInput](t, start(testMachine, "a", input))
	}
	wantError[*types.ValidationException](t, start(testMachine, "a", `"`+strings.Repeat("a", maxStateData)+`"`))
	arn := aws.String("arn:aws:states:us-east-1:000000000000:execution:test:none")
	_, err := client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: arn})
	wantError[*types.ExecutionDoesNotExist](t, err)
	_, err = client.StopExecution(ctx, &sfn.StopExecutionInput{ExecutionArn: arn})
	wantError[*types.ExecutionDoesNotExist](t, err)

	var other smithy.APIError
	_, err = client.GetExecutionHistory(ctx, &sfn.GetExecutionHistoryInput{ExecutionArn: arn})
	if !errors.As(err, &other) || other.ErrorCode() != "UnknownOperationException" || !strings.Contains(other.ErrorMessage(), "GetExecutionHistory") {
		t.Errorf("an operation that is not there gave %v", err)
	}
	_, err = client.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: aws.String(testMachine), TraceHeader: aws.String("Root=1")})
	if !errors.As(err, &other) || !strings.Contains(other.ErrorMessage(), "traceHeader") {
		t.Errorf("a member that is not there gave %v", err)
	}
}

func TestExecutionsList(t *testing.T) {
	g := newGate()
	client := statesClient(t, openExecutions(t, t.TempDir(), g))
	for i := range 5 {
		if _, err := client.StartExecution(t.Context(), &sfn.StartExecutionInput{StateMachineArn: aws.String(testMachine), Name: aws.String(fmt.Sprint("run-", i))}); err != nil {
			t.Fatal(err)
		}
	}
	failed, err := client.StartExecution(t.Context(), &sfn.StartExecutionInput{StateMachineArn: aws.String(testMachine), Name: aws.String("bad"), Input: aws.String(`{"fail":1}`)})
	if err != nil {
		t.Fatal(err)
	}
	wait(t, client, failed.ExecutionArn)

	list := func(filter types.ExecutionStatus) (names []string) {
		pages := sfn.NewListExecutionsPaginator(client, &sfn.ListExecutionsInput{StateMachineArn: aws.String(testMachine), MaxResults: 2, StatusFilter: filter})
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range page.Executions {
				names = append(names, *e.Name)
			}
		}
		return names
	}
	if got, want := fmt.Sprint(list("")), "[bad run-4 run-3 run-2 run-1 run-0]"; got != want {
		t.Errorf("list gave %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(list(types.ExecutionStatusFailed)), "[bad]"; got != want {
		t.Errorf("list of the failed gave %s, want %s", got, want)
	}
	_, err = client.ListExecutions(t.Context(), &sfn.ListExecutionsInput{StateMachineArn: aws.String(testMachine), NextToken: aws.String("x")})
	wantError[*types.InvalidToken](t, err)
}

// TestExecutionsSurvive holds what a restart finds: ended executions as they were, running
// ones aborted, after a stop as after a crash.
func TestExecutionsSurvive(t *testing.T) {
	for _, crash := range []bool{false, true} {
		dir := filepath.Join(t.TempDir(), "a[b]*") // a folder's name is no pattern
		g := newGate()
		e := openExecutions(t, dir, g)
		failed, err := e.Start(testMachine, "failed", []byte(`{"fail":"<x>"}`))
		if err != nil {
			t.Fatal(err)
		}
		for failed.Status == Running {
			if failed, err = e.Describe(failed.ARN); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Millisecond)
		}
		running, err := e.Start(testMachine, ".tmp-running", nil)
		if err != nil {
			t.Fatal(err)
		}
		<-g.entered
		cause := causeDied
		if !crash {
			e.Close()
			cause = causeClosed
			if _, err := e.Start(testMachine, "late", nil); err == nil {
				t.Error("an execution started after Close")
			}
		}
		// What a crash may leave beside the records.
		if err := os.WriteFile(filepath.Join(dir, "test", ".tmp-123"), []byte("{"), 0o644); err != nil {
			t.Fatal(err)
		}

		second := openExecutions(t, dir, newGate())
		if got, err := second.Describe(failed.ARN); err != nil || fmt.Sprint(got) != fmt.Sprint(failed) {
			t.Errorf("after the restart\n%v, %v, want\n%v", got, err, failed)
		}
		got, err := second.Describe(running.ARN)
		if err != nil || got.Status != Aborted || got.Cause != cause || got.Stopped.IsZero() {
			t.Errorf("after the restart %+v, %v", got, err)
		}
		if _, err := second.Start(testMachine, ".tmp-running", nil); err == nil {
			t.Error("a name was taken twice")
		}
	}
}

func TestExecutionsRefuseDamagedRecord(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "test", "run.json")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(`{"name"`), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := OpenExecutions(ExecutionsConfig{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("OpenExecutions gave %v, want the path of the damaged record", err)
	}
}
