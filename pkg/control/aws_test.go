package control

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/foretell-ml/foretell/pkg/training"
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
	gone := reply{status: 404, fault: "ResourceNotFoundException", body: `{"Message":"gone"}`}
	made := reply{status: 200, body: `{"ScheduleArn":"a"}`}
	exists := reply{status: 409, fault: "ConflictException", body: `{"Message":"exists"}`}
	invalid := reply{status: 400, fault: "ValidationException", body: `{"Message":"Invalid Schedule Expression"}`}
	denied := reply{status: 403, fault: "AccessDeniedException", body: `{"Message":"no"}`}
	config, asked := fakeAWS(t,
		made, gone, // by the clock, and not on new data
		exists, made, made, // both, and the first is there
		invalid, exists, invalid,
		reply{status: 200, body: `{}`}, gone, gone, gone,
		denied, denied,
		gone, denied,
	)
	e := EventBridge{Client: scheduler.NewFromConfig(config), Group: "foretell", DataGroup: "data", Function: "arn:f", Role: "arn:r", DeadLetters: "arn:q",
		Now: func() time.Time { return noon }}
	retries := 0
	for _, c := range []training.ScheduleConfig{
		{At: "rate(1 day)"},
		{At: "cron(0 3 * * ? *)", TimeZone: "Europe/Zurich", Window: "15m", Retries: &retries, RetryWithin: "10m", OnNewData: true, Debounce: "90s"},
	} {
		if err := e.Put(t.Context(), "wine", c); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
	}
	const target = `"Target":{"Arn":"arn:f","DeadLetterConfig":{"Arn":"arn:q"},"Input":"{\"model\":\"wine\",\"due\":\"<aws.scheduler.scheduled-time>\"}","RetryPolicy":{"MaximumEventAgeInSeconds":%d,"MaximumRetryAttempts":%d},"RoleArn":"arn:r"}`
	for i, want := range [][]string{
		{"POST /schedules/wine ", `"GroupName":"foretell"`, `"ScheduleExpression":"rate(1 day)"`, `"Mode":"OFF"`, `"State":"ENABLED"`, fmt.Sprintf(target, 3600, 3)},
		{"DELETE /schedules/wine "},
		{"POST /schedules/wine "},
		{"PUT /schedules/wine ", `"GroupName":"foretell"`, `"ScheduleExpression":"cron(0 3 * * ? *)"`, `"ScheduleExpressionTimezone":"Europe/Zurich"`,
			`"FlexibleTimeWindow":{"MaximumWindowInMinutes":15,"Mode":"FLEXIBLE"}`, fmt.Sprintf(target, 600, 0)},
		{"POST /schedules/wine ", `"GroupName":"data"`, `"ScheduleExpression":"at(2026-11-27T12:01:30)"`, `"State":"DISABLED"`, `"Mode":"OFF"`, fmt.Sprintf(target, 600, 0)},
	} {
		for _, part := range want {
			if got := (*asked)[i]; !strings.Contains(got, part) {
				t.Errorf("request %d lacks %s: %s", i, part, got)
			}
		}
	}
	var refused *ScheduleError
	for _, what := range []string{"a new one", "one that is there"} {
		if err := e.Put(t.Context(), "wine", training.ScheduleConfig{At: "rate(0 days)"}); !errors.As(err, &refused) || refused.Expression != "rate(0 days)" || refused.Reason == "" {
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
	same := func(w Waiting) Waiting { return w }
	if there, err := e.PutOff(t.Context(), "wine", same); there || err != nil {
		t.Errorf("put off what is not there: %v, %v", there, err)
	}
	if there, err := e.PutOff(t.Context(), "wine", same); there || err == nil {
		t.Errorf("put off what may not be read: %v, %v", there, err)
	}
}
