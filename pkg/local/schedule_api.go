package local

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// scheduleRecord is a schedule as CreateSchedule describes it and as it is kept.
type scheduleRecord struct {
	Name        string         `json:"name"`
	Group       string         `json:"group"`
	Description string         `json:"description,omitempty"`
	Expression  string         `json:"expression"`
	Timezone    string         `json:"timezone"`
	State       string         `json:"state"`
	After       string         `json:"action_after_completion"`
	Window      flexibleWindow `json:"window"`
	Target      scheduleTarget `json:"target"`
	Created     time.Time      `json:"created"`
	Modified    time.Time      `json:"modified"`
}

func (r scheduleRecord) arn() string {
	return fmt.Sprintf("arn:aws:scheduler:%s:%s:schedule/%s/%s", Region, Account, r.Group, r.Name)
}

const stateEnabled, stateDisabled = "ENABLED", "DISABLED"

// Error codes of EventBridge Scheduler.
const (
	codeConflict = "ConflictException"
	codeInvalid  = "ValidationException"
	codeNotFound = "ResourceNotFoundException"
)

// flexibleWindow is the FlexibleTimeWindow of the API.
type flexibleWindow struct {
	Mode    string
	Minutes *int `json:"MaximumWindowInMinutes,omitempty"`
}

// scheduleTarget is the Target of the API. Retry policy and dead letter queue are kept and given
// back: a call within this process arrives, and what the function makes of it is Lambda's matter.
type scheduleTarget struct {
	ARN         string          `json:"Arn"`
	Role        string          `json:"RoleArn"`
	Input       string          `json:"Input,omitempty"`
	Retries     json.RawMessage `json:"RetryPolicy,omitempty"`
	DeadLetters json.RawMessage `json:"DeadLetterConfig,omitempty"`
}

// scheduleRequest is the body of CreateSchedule and UpdateSchedule.
type scheduleRequest struct {
	ActionAfterCompletion      string `json:",omitempty"`
	ClientToken                string `json:",omitempty"`
	Description                string `json:",omitempty"`
	GroupName                  string
	ScheduleExpression         string
	ScheduleExpressionTimezone string `json:",omitempty"`
	State                      string `json:",omitempty"`
	FlexibleTimeWindow         flexibleWindow
	Target                     scheduleTarget
}

// ServeHTTP speaks the API of EventBridge Scheduler (REST JSON), as the SDK's client
// scheduler does: CreateSchedule, UpdateSchedule, GetSchedule, DeleteSchedule and
// ListSchedules. Members that are not implemented (StartDate, EndDate, KmsKeyArn, the
// parameters of other targets) are refused by name. ClientToken is ignored: creating twice
// is a conflict.
func (s *Scheduler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out, err := s.handle(w, r)
	status := http.StatusOK
	if err != nil {
		var known *APIError
		if !errors.As(err, &known) {
			known = apiError("InternalServerException", "%v", err)
		}
		statuses := map[string]int{codeInvalid: 400, codeNotFound: 404, codeConflict: 409, "UnknownOperationException": 404}
		if status = statuses[known.Code]; status == 0 {
			status = http.StatusInternalServerError
		}
		w.Header().Set("X-Amzn-ErrorType", known.Code)
		out = map[string]string{"Message": known.Message}
	}
	writeBody(w, "application/json", status, out, s.config.Log.Error)
}

func (s *Scheduler) handle(w http.ResponseWriter, r *http.Request) (any, error) {
	name, isOne := strings.CutPrefix(r.URL.Path, "/schedules/")
	switch {
	case isOne && name != "" && (r.Method == http.MethodPost || r.Method == http.MethodPut):
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			return nil, apiError(codeInvalid, "the request's body: %v", err)
		}
		return s.putSchedule(name, body, r.Method == http.MethodPost)
	case isOne && name != "" && r.Method == http.MethodGet:
		return s.getSchedule(name, r.URL.Query().Get("groupName"))
	case isOne && name != "" && r.Method == http.MethodDelete:
		group := r.URL.Query().Get("groupName")
		if err := s.checkGroup(group); err != nil {
			return nil, err
		}
		return struct{}{}, s.remove(scheduleID{group, name})
	case r.URL.Path == "/schedules" && r.Method == http.MethodGet:
		return s.listSchedules(r)
	}
	return nil, apiError("UnknownOperationException", "%s %s is not implemented by the local cloud's Scheduler", r.Method, r.URL.Path)
}

// checkGroup knows the stack's groups; a request that names none means "default", as on AWS.
func (s *Scheduler) checkGroup(group string) error {
	if group == "" {
		group = "default"
	}
	if !slices.Contains(s.config.Groups, group) {
		return apiError(codeNotFound, "Schedule group %s does not exist.", group)
	}
	return nil
}

func (s *Scheduler) putSchedule(name string, body []byte, create bool) (any, error) {
	var in scheduleRequest
	if err := decodeRequest(body, &in); err != nil {
		return nil, err
	}
	if err := s.checkGroup(in.GroupName); err != nil {
		return nil, err
	}
	if err := in.check(name); err != nil {
		return nil, err
	}
	r := scheduleRecord{
		Name: name, Group: in.GroupName, Description: in.Description,
		Expression: in.ScheduleExpression, Timezone: cmp.Or(in.ScheduleExpressionTimezone, "UTC"),
		State: cmp.Or(in.State, stateEnabled), After: cmp.Or(in.ActionAfterCompletion, "NONE"),
		Window: in.FlexibleTimeWindow, Target: in.Target,
	}
	if err := s.put(r, create); err != nil {
		return nil, err
	}
	return map[string]string{"ScheduleArn": r.arn()}, nil
}

// check validates all but the expression and reports all faults at once.
func (in scheduleRequest) check(name string) error {
	var faults []string
	refuse := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Sprintf(format, args...))
		}
	}
	oneOf := func(member, value string, values ...string) {
		refuse(!slices.Contains(values, value), "%s is %q, not %s", member, value, strings.Join(values, " or "))
	}
	refuse(!scheduleName.MatchString(name), "Name %q does not have 1 to 64 letters, digits, '-', '_' or '.'", name)
	oneOf("State", cmp.Or(in.State, stateEnabled), stateEnabled, stateDisabled)
	oneOf("ActionAfterCompletion", cmp.Or(in.ActionAfterCompletion, "NONE"), "NONE", "DELETE")
	window := in.FlexibleTimeWindow
	oneOf("FlexibleTimeWindow.Mode", window.Mode, "OFF", "FLEXIBLE")
	refuse(window.Mode == "OFF" && window.Minutes != nil, "MaximumWindowInMinutes is given with Mode OFF")
	refuse(window.Mode == "FLEXIBLE" && (window.Minutes == nil || *window.Minutes < 1 || *window.Minutes > 1440),
		"MaximumWindowInMinutes is not within 1 to 1440")
	parts := strings.Split(in.Target.ARN, ":")
	isFunction := len(parts) >= 7 && parts[0] == "arn" && parts[2] == "lambda" && parts[5] == "function" && parts[6] != ""
	refuse(!isFunction, "Target.Arn %q is not the ARN of a function, and nothing else is implemented here", in.Target.ARN)
	refuse(in.Target.Role == "", "Target.RoleArn is missing")
	if in.Target.Input != "" {
		_, err := decodeData([]byte(in.Target.Input))
		refuse(err != nil, "Target.Input is not JSON: %v", err)
	}
	if len(faults) > 0 {
		return apiError(codeInvalid, "%s", strings.Join(faults, "; "))
	}
	return nil
}

func (s *Scheduler) getSchedule(name, group string) (any, error) {
	if err := s.checkGroup(group); err != nil {
		return nil, err
	}
	r, err := s.get(scheduleID{group, name})
	if err != nil {
		return nil, err
	}
	return struct {
		scheduleRequest
		ARN                  string `json:"Arn"`
		Name                 string
		CreationDate         *epoch
		LastModificationDate *epoch
	}{
		scheduleRequest{
			ActionAfterCompletion: r.After, Description: r.Description, GroupName: r.Group,
			ScheduleExpression: r.Expression, ScheduleExpressionTimezone: r.Timezone, State: r.State,
			FlexibleTimeWindow: r.Window, Target: r.Target,
		},
		r.arn(), r.Name, epochOf(r.Created), epochOf(r.Modified),
	}, nil
}

// listSchedules pages by name: the token is the last name of the page before.
func (s *Scheduler) listSchedules(r *http.Request) (any, error) {
	q := r.URL.Query()
	group := q.Get("ScheduleGroup")
	if group != "" {
		if err := s.checkGroup(group); err != nil {
			return nil, err
		}
	}
	limit := 100
	if text := q.Get("MaxResults"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 100 {
			return nil, apiError(codeInvalid, "MaxResults %q is not within 1 to 100", text)
		}
		limit = n
	}
	type summary struct {
		ARN                  string `json:"Arn"`
		Name, GroupName      string
		State                string
		Target               map[string]string
		CreationDate         *epoch
		LastModificationDate *epoch
	}
	out := map[string]any{}
	page := []summary{}
	for _, r := range s.list(group) {
		if r.Name <= q.Get("NextToken") || !strings.HasPrefix(r.Name, q.Get("NamePrefix")) ||
			q.Get("State") != "" && q.Get("State") != r.State {
			continue
		}
		if len(page) == limit {
			out["NextToken"] = page[limit-1].Name
			break
		}
		page = append(page, summary{r.arn(), r.Name, r.Group, r.State, map[string]string{"Arn": r.Target.ARN}, epochOf(r.Created), epochOf(r.Modified)})
	}
	out["Schedules"] = page
	return out, nil
}
