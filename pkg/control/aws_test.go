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
		made, gone, gone, // by the clock, and not on new data
		exists, made, made, // both, and the first is there
		invalid, exists, invalid,
		reply{status: 200, body: `{}`}, gone, gone, gone, gone, gone,
		denied, denied, denied,
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
		{"DELETE /schedules/wine. "},
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
}

// TestPutOff: what waits is moved; what has been due is deleted and made anew, and so is what may have
// been due before it was moved; of two calls at once that is made by the one and moved by the other.
func TestPutOff(t *testing.T) {
	schedule := func(state, expression, since string) reply {
		input := `{\"model\":\"wine\",\"due\":\"<aws.scheduler.scheduled-time>\"` + since + `}`
		return reply{status: 200, body: `{"State":"` + state + `","ScheduleExpression":"` + expression + `","Target":{"Arn":"arn:f","RoleArn":"arn:r","Input":"` + input + `"}}`}
	}
	const since = `,\"since\":\"2026-11-27T11:50:00Z\"`
	pattern := schedule("DISABLED", "at(2026-11-01T00:00:00)", "")
	waits, isOver := schedule("ENABLED", "at(2026-11-27T12:00:30)", since), schedule("ENABLED", "at(2026-11-27T11:59:00)", since)
	gone := reply{status: 404, fault: "ResourceNotFoundException", body: `{"Message":"gone"}`}
	made := reply{status: 200, body: `{"ScheduleArn":"a"}`}
	exists := reply{status: 409, fault: "ConflictException", body: `{"Message":"exists"}`}
	denied := reply{status: 403, fault: "AccessDeniedException", body: `{"Message":"no"}`}
	const look, lookOff = "GET /schedules/wine. ", "GET /schedules/wine "
	const move = `PUT /schedules/wine. {"ActionAfterCompletion":"NONE"`
	const create = `POST /schedules/wine. {"ActionAfterCompletion":"NONE"`
	const remove = "DELETE /schedules/wine. "
	for name, c := range map[string]struct {
		replies []reply
		asked   []string
		slow    bool // until what waited is due
		there   bool
		fails   bool
	}{
		"no such schedule":   {[]reply{gone}, []string{lookOff}, false, false, false},
		"may not be read":    {[]reply{denied}, []string{lookOff}, false, false, true},
		"first":              {[]reply{pattern, gone, made}, []string{lookOff, look, create}, false, true, false},
		"more":               {[]reply{pattern, waits, made}, []string{lookOff, look, move}, false, true, false},
		"after it was due":   {[]reply{pattern, isOver, made, made}, []string{lookOff, look, remove, create}, false, true, false},
		"too late":           {[]reply{pattern, waits, made, made, made}, []string{lookOff, look, move, remove, create}, true, true, false},
		"withdrawn":          {[]reply{pattern, waits, gone, gone, made}, []string{lookOff, look, move, look, create}, false, true, false},
		"both are first":     {[]reply{pattern, gone, exists, waits, made}, []string{lookOff, look, create, look, move}, false, true, false},
		"without an end":     {[]reply{pattern, gone, exists, gone, exists, gone, exists}, []string{lookOff, look, create, look, create, look, create}, false, false, true},
		"may not be deleted": {[]reply{pattern, isOver, denied}, []string{lookOff, look, remove}, false, false, true},
		"may not be moved":   {[]reply{pattern, waits, denied}, []string{lookOff, look, move}, false, false, true},
		"may not be made":    {[]reply{pattern, gone, denied}, []string{lookOff, look, create}, false, false, true},
	} {
		config, asked := fakeAWS(t, c.replies...)
		now := noon
		e := EventBridge{Client: scheduler.NewFromConfig(config), DataGroup: "data", Now: func() time.Time {
			if c.slow {
				return now.Add(time.Minute)
			}
			return now
		}}
		there, err := e.PutOff(t.Context(), "wine", func(w Waiting) Waiting { return w.putOff(now, time.Minute) })
		if there != c.there || (err != nil) != c.fails {
			t.Errorf("%s: %t, %v", name, there, err)
		}
		if len(*asked) != len(c.asked) {
			t.Fatalf("%s: asked %q", name, *asked)
		}
		for i, want := range c.asked {
			got := (*asked)[i]
			if !strings.HasPrefix(got, want) {
				t.Errorf("%s: request %d is %s, want %s", name, i, got, want)
			}
			if strings.HasPrefix(got, "POST") || strings.HasPrefix(got, "PUT") {
				first := `\"since\":\"2026-11-27T12:00:00Z\"`
				if c.replies[1].body == waits.body {
					first = `\"since\":\"2026-11-27T11:50:00Z\"`
				}
				for _, part := range []string{`"ScheduleExpression":"at(2026-11-27T12:01:00)"`, `"State":"ENABLED"`, `"Arn":"arn:f"`, `"RoleArn":"arn:r"`, first} {
					if !strings.Contains(got, part) && name != "withdrawn" && name != "both are first" {
						t.Errorf("%s: %s lacks %s", name, got, part)
					}
				}
			}
		}
	}
}
