package control

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
)

// reply is what a fake AWS answers: its error by name, or a body.
type reply struct {
	status      int
	fault, body string
}

// fakeAWS answers one reply after the other, and keeps what it was asked.
func fakeAWS(t *testing.T, replies ...reply) (config aws.Config, asked *[]string) {
	t.Helper()
	asked = new([]string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*asked = append(*asked, r.Method+" "+r.URL.Path+" "+string(body))
		if len(replies) == 0 {
			t.Errorf("one request too many: %s %s", r.Method, r.URL.Path)
			return
		}
		next := replies[0]
		replies = replies[1:]
		w.Header().Set("Content-Type", "application/json")
		if next.fault != "" {
			w.Header().Set("X-Amzn-ErrorType", next.fault)
		}
		w.WriteHeader(next.status)
		_, _ = io.WriteString(w, next.body)
	}))
	t.Cleanup(server.Close)
	return aws.Config{Region: "eu-west-1", BaseEndpoint: &server.URL, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("id", "key", "")}, asked
}

func TestStepFunctions(t *testing.T) {
	const machine = "arn:aws:states:eu-west-1:1:stateMachine:training"
	config, asked := fakeAWS(t,
		reply{status: 200, body: `{"executionArn":"arn:x","startDate":1}`},
		reply{status: 400, fault: "ExecutionAlreadyExists", body: `{"__type":"ExecutionAlreadyExists"}`},
		reply{status: 200, body: `{"executionArn":"arn:x","stateMachineArn":"m","startDate":1,"status":"FAILED","error":"E","cause":"C"}`},
		reply{status: 400, fault: "ExecutionDoesNotExist", body: `{"__type":"ExecutionDoesNotExist"}`},
		reply{status: 400, fault: "AccessDeniedException", body: `{"__type":"AccessDeniedException"}`},
	)
	w := StepFunctions{Client: sfn.NewFromConfig(config), Machine: machine}
	if arn, err := w.Start(t.Context(), "wine-1", map[string]any{"run": "wine"}); err != nil || arn != "arn:x" {
		t.Errorf("start: %s, %v", arn, err)
	}
	if body := (*asked)[0]; !strings.Contains(body, `"name":"wine-1"`) || !strings.Contains(body, `{\"run\":\"wine\"}`) || !strings.Contains(body, machine) {
		t.Errorf("asked %s", body)
	}
	if arn, err := w.Start(t.Context(), "wine-1", nil); !errors.Is(err, ErrNameTaken) || arn != "arn:aws:states:eu-west-1:1:execution:training:wine-1" {
		t.Errorf("name taken: %s, %v", arn, err)
	}
	if e, err := w.Execution(t.Context(), "arn:x"); err != nil || e != (Execution{"FAILED", "E", "C"}) {
		t.Errorf("execution: %+v, %v", e, err)
	}
	// Step Functions forgets after 90 days; a run must be startable all the same.
	if e, err := w.Execution(t.Context(), "arn:x"); err != nil || e.Status != "ABORTED" || !strings.Contains(e.Cause, "again") {
		t.Errorf("forgotten execution: %+v, %v", e, err)
	}
	if _, err := w.Execution(t.Context(), "arn:x"); err == nil {
		t.Error("access denied is no error")
	}
}

func TestEventBridge(t *testing.T) {
	config, asked := fakeAWS(t,
		reply{status: 200, body: `{"ScheduleArn":"a"}`},
		reply{status: 409, fault: "ConflictException", body: `{"Message":"exists"}`}, reply{status: 200, body: `{"ScheduleArn":"a"}`},
		reply{status: 400, fault: "ValidationException", body: `{"Message":"Invalid Schedule Expression"}`},
		reply{status: 409, fault: "ConflictException", body: `{"Message":"exists"}`}, reply{status: 400, fault: "ValidationException", body: `{"Message":"Invalid Schedule Expression"}`},
		reply{status: 200, body: `{}`},
		reply{status: 404, fault: "ResourceNotFoundException", body: `{"Message":"gone"}`},
		reply{status: 403, fault: "AccessDeniedException", body: `{"Message":"no"}`},
	)
	e := EventBridge{Client: scheduler.NewFromConfig(config), Group: "foretell", Machine: "arn:m", Role: "arn:r"}
	for _, what := range []string{"a new one", "one that is there"} {
		if err := e.Put(t.Context(), "wine", "rate(1 day)"); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	for i, method := range []string{"POST", "POST", "PUT"} {
		if got := (*asked)[i]; !strings.HasPrefix(got, method+" /schedules/wine ") || !strings.Contains(got, `{\"schedule\":\"wine\"}`) || !strings.Contains(got, "rate(1 day)") {
			t.Errorf("asked %s", got)
		}
	}
	var refused *ScheduleError
	for _, what := range []string{"a new one", "one that is there"} {
		if err := e.Put(t.Context(), "wine", "rate(0 days)"); !errors.As(err, &refused) || refused.Expression != "rate(0 days)" || refused.Reason == "" {
			t.Errorf("%s, refused: %v", what, err)
		}
	}
	for _, what := range []string{"deleted", "deleted before"} {
		if err := e.Delete(t.Context(), "wine"); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := e.Delete(t.Context(), "wine"); err == nil {
		t.Error("access denied is no error")
	}
}
