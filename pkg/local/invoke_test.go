//go:build linux || darwin

package local

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// newLambdaClient is the SDK's client, as functions use it.
func newLambdaClient(t *testing.T, r *Runtime) *lambda.Client {
	t.Helper()
	server := httptest.NewServer(invokeAPI(r))
	t.Cleanup(server.Close)
	return lambda.New(lambda.Options{
		Region: Region, BaseEndpoint: &server.URL, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
	})
}

func TestInvokeAPI(t *testing.T) {
	client := newLambdaClient(t, newTestRuntime(t, worker, RuntimeConfig{}))
	for _, name := range []string{"worker", functionARN("worker")} {
		out, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: &name, Payload: []byte(`{}`)})
		if err != nil {
			t.Fatal(err)
		}
		var report testReport
		if err := json.Unmarshal(out.Payload, &report); err != nil {
			t.Fatal(err)
		}
		if out.StatusCode != 200 || out.FunctionError != nil || aws.ToString(out.ExecutedVersion) != "$LATEST" || report.PID == 0 {
			t.Errorf("%s: %+v", name, out)
		}
	}
	out, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("worker"), Payload: []byte(`{"do":"fail"}`)})
	if err != nil {
		t.Fatal(err)
	}
	if aws.ToString(out.FunctionError) != "Unhandled" || string(out.Payload) != `{"errorMessage":"as told","errorType":"customError"}` {
		t.Errorf("function error %q, payload %s", aws.ToString(out.FunctionError), out.Payload)
	}
}

// TestInvokeAPIErrors wants the errors that the SDK knows by type.
func TestInvokeAPIErrors(t *testing.T) {
	client := newLambdaClient(t, newTestRuntime(t, worker, RuntimeConfig{}))
	idle := worker
	idle.Concurrency = 0
	throttled := newLambdaClient(t, newTestRuntime(t, idle, RuntimeConfig{}))
	large := []byte(`"` + strings.Repeat("x", topology.MaxPayload) + `"`)
	for _, c := range []struct {
		name   string
		client *lambda.Client
		input  lambda.InvokeInput
		code   string
	}{
		{"unknown function", client, lambda.InvokeInput{FunctionName: aws.String("nobody")}, "ResourceNotFoundException"},
		{"unknown qualifier", client, lambda.InvokeInput{FunctionName: aws.String("worker"), Qualifier: aws.String("prod")}, "ResourceNotFoundException"},
		{"too large", client, lambda.InvokeInput{FunctionName: aws.String("worker"), Payload: large}, "RequestTooLargeException"},
		{"event too large", client, lambda.InvokeInput{FunctionName: aws.String("worker"), Payload: large[:2<<20], InvocationType: types.InvocationTypeEvent}, "RequestTooLargeException"},
		{"no JSON", client, lambda.InvokeInput{FunctionName: aws.String("worker"), Payload: []byte("{")}, "InvalidRequestContentException"},
		{"event is no JSON", client, lambda.InvokeInput{FunctionName: aws.String("worker"), Payload: []byte("{"), InvocationType: types.InvocationTypeEvent}, "InvalidRequestContentException"},
		{"dry run", client, lambda.InvokeInput{FunctionName: aws.String("worker"), InvocationType: types.InvocationTypeDryRun}, "InvalidParameterValueException"},
		{"log tail", client, lambda.InvokeInput{FunctionName: aws.String("worker"), LogType: types.LogTypeTail}, "InvalidParameterValueException"},
		{"throttled", throttled, lambda.InvokeInput{FunctionName: aws.String("worker")}, "TooManyRequestsException"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := c.client.Invoke(t.Context(), &c.input)
			var failed smithy.APIError
			if !errors.As(err, &failed) || failed.ErrorCode() != c.code {
				t.Errorf("got %v, want %s", err, c.code)
			}
		})
	}
}

// TestInvokeEvent wants an asynchronous invocation that fails to be tried three times.
func TestInvokeEvent(t *testing.T) {
	r := newTestRuntime(t, worker, RuntimeConfig{RetryDelays: []time.Duration{time.Millisecond, time.Millisecond}})
	client := newLambdaClient(t, r)
	send := func(order string) {
		out, err := client.Invoke(t.Context(), &lambda.InvokeInput{
			FunctionName: aws.String("worker"), InvocationType: types.InvocationTypeEvent, Payload: []byte(order),
		})
		if err != nil {
			t.Fatal(err)
		}
		if out.StatusCode != 202 {
			t.Errorf("status %d, want 202", out.StatusCode)
		}
	}
	send(`{"do": "fail"}`)
	var log string
	for range 500 {
		text, err := os.ReadFile(filepath.Join(r.config.Logs, "worker.log"))
		if err != nil {
			t.Fatal(err)
		}
		if log = string(text); strings.Contains(log, "EVENT dropped after 3 attempts: customError: as told") {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if got := strings.Count(log, "START RequestId"); got != 3 {
		t.Errorf("%d attempts, want 3; log:\n%s", got, log)
	}
	send(`{}`)
	for range 500 {
		if strings.Count(log, "START RequestId") == 4 {
			break
		}
		time.Sleep(10 * time.Millisecond)
		text, err := os.ReadFile(filepath.Join(r.config.Logs, "worker.log"))
		if err != nil {
			t.Fatal(err)
		}
		log = string(text)
	}
	if report := mustInvoke(t, r, `{}`); report.Count != 5 {
		t.Errorf("count %d, want 5: three attempts, one event, this one", report.Count)
	}
}
