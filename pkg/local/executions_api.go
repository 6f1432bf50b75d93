package local

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// ServeHTTP speaks the API of Step Functions (AWS JSON 1.0), as the SDK's client sfn does:
// StartExecution, DescribeExecution, ListExecutions, RedriveExecution, StopExecution. Signatures are not
// checked; the listener is on the loopback address.
func (e *Executions) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const service = "AWSStepFunctions."
	target := r.Header.Get("X-Amz-Target")
	operation, ok := strings.CutPrefix(target, service)
	handle := map[string]func([]byte) (any, error){
		"StartExecution":    e.startExecution,
		"DescribeExecution": e.describeExecution,
		"ListExecutions":    e.listExecutions,
		"RedriveExecution":  e.redriveExecution,
		"StopExecution":     e.stopExecution,
	}[operation]
	if r.Method != http.MethodPost || !ok || handle == nil {
		e.answer(w, nil, apiError("UnknownOperationException", "%s %q is not implemented by the local cloud's Step Functions", r.Method, target))
		return
	}
	// An input may be 256 KiB, and twice that as an escaped string, and then some.
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		e.answer(w, nil, apiError("SerializationException", "the request's body: %v", err))
		return
	}
	out, err := handle(body)
	e.answer(w, out, err)
}

func (e *Executions) answer(w http.ResponseWriter, out any, err error) {
	const kind = "application/x-amz-json-1.0"
	status := http.StatusOK
	if err != nil {
		var known *APIError
		status = http.StatusBadRequest
		if !errors.As(err, &known) {
			known, status = apiError("InternalFailure", "%v", err), http.StatusInternalServerError
		}
		out = map[string]string{"__type": known.Code, "message": known.Message}
	}
	writeBody(w, kind, status, out, e.config.Log.Error)
}

// writeBody writes JSON. An error here means that the client has gone, or is a bug: log it.
func writeBody(w http.ResponseWriter, kind string, status int, body any, log func(string, ...any)) {
	data, err := json.Marshal(body)
	if err != nil {
		log("an answer does not encode", "error", err)
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	if _, err := w.Write(data); err != nil {
		log("an answer was not delivered", "error", err)
	}
}

// decodeRequest decodes a request and refuses members that are not implemented.
func decodeRequest(body []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return apiError("ValidationException", "the request is not understood here: %v", err)
	}
	return nil
}

// epoch is a time as AWS JSON writes it: seconds since 1970, with milliseconds.
type epoch time.Time

func (t epoch) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "%.3f", float64(time.Time(t).UnixMilli())/1000), nil
}

// epochOf is nil for no time, so that the member is left out.
func epochOf(t time.Time) *epoch {
	if t.IsZero() {
		return nil
	}
	e := epoch(t)
	return &e
}

func (e *Executions) startExecution(body []byte) (any, error) {
	var in struct {
		StateMachineARN string  `json:"stateMachineArn"`
		Name            string  `json:"name"`
		Input           *string `json:"input"`
	}
	if err := decodeRequest(body, &in); err != nil {
		return nil, err
	}
	var input json.RawMessage
	if in.Input != nil {
		if *in.Input == "" {
			return nil, apiError("InvalidExecutionInput", "the input is empty, which is not JSON")
		}
		input = json.RawMessage(*in.Input)
	}
	r, err := e.Start(in.StateMachineARN, in.Name, input)
	if err != nil {
		return nil, err
	}
	return map[string]any{"executionArn": r.ARN, "startDate": epochOf(r.Started)}, nil
}

// description is the part of DescribeExecution's and ListExecutions' answer that is here.
type description struct {
	ARN       string  `json:"executionArn"`
	Machine   string  `json:"stateMachineArn"`
	Name      string  `json:"name"`
	Status    Status  `json:"status"`
	StartDate *epoch  `json:"startDate"`
	StopDate  *epoch  `json:"stopDate,omitempty"`
	Input     *string `json:"input,omitempty"`
	Output    *string `json:"output,omitempty"`
	Error     string  `json:"error,omitempty"`
	Cause     string  `json:"cause,omitempty"`
	Redrives  int     `json:"redriveCount"`
}

func describe(r Execution) description {
	return description{
		ARN: r.ARN, Machine: r.Machine, Name: r.Name, Status: r.Status,
		StartDate: epochOf(r.Started), StopDate: epochOf(r.Stopped), Redrives: r.Redrives,
	}
}

func (e *Executions) describeExecution(body []byte) (any, error) {
	var in struct {
		ARN string `json:"executionArn"`
	}
	if err := decodeRequest(body, &in); err != nil {
		return nil, err
	}
	r, err := e.Describe(in.ARN)
	if err != nil {
		return nil, err
	}
	out := describe(r)
	input := string(r.Input)
	out.Input, out.Error, out.Cause = &input, r.Error, r.Cause
	if r.Status == Succeeded {
		output := string(r.Output)
		out.Output = &output
	}
	return out, nil
}

func (e *Executions) listExecutions(body []byte) (any, error) {
	var in struct {
		StateMachineARN string `json:"stateMachineArn"`
		StatusFilter    Status `json:"statusFilter"`
		MaxResults      int    `json:"maxResults"`
		NextToken       string `json:"nextToken"`
	}
	if err := decodeRequest(body, &in); err != nil {
		return nil, err
	}
	if in.MaxResults < 0 || in.MaxResults > 1000 {
		return nil, apiError("ValidationException", "maxResults is %d, not within 0 to 1000", in.MaxResults)
	}
	rest, err := e.List(in.StateMachineARN, in.StatusFilter)
	if err != nil {
		return nil, err
	}
	if in.NextToken != "" {
		last, err := parseToken(in.NextToken)
		if err != nil {
			return nil, err
		}
		rest = slices.DeleteFunc(rest, func(r Execution) bool { return newestFirst(r, last) <= 0 })
	}
	page := rest[:min(cmp.Or(in.MaxResults, 100), len(rest))]
	list := make([]description, len(page))
	for i, r := range page {
		list[i] = describe(r)
	}
	out := map[string]any{"executions": list}
	if len(page) < len(rest) {
		out["nextToken"] = token(page[len(page)-1])
	}
	return out, nil
}

// token names the last execution of a page by what the list is ordered by, so that the next
// page is right even if that execution has left the list, or others joined.
func token(last Execution) string {
	return last.Started.Format(time.RFC3339Nano) + " " + last.Name
}

func parseToken(s string) (Execution, error) {
	at, name, _ := strings.Cut(s, " ")
	started, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		return Execution{}, apiError("InvalidToken", "the nextToken %q is not one of ours", s)
	}
	return Execution{Started: started, Name: name}, nil
}

func (e *Executions) redriveExecution(body []byte) (any, error) {
	var in struct {
		ARN   string `json:"executionArn"`
		Token string `json:"clientToken"` // the SDK makes one up; a second call is refused all the same
	}
	if err := decodeRequest(body, &in); err != nil {
		return nil, err
	}
	if _, err := e.Redrive(in.ARN); err != nil {
		return nil, err
	}
	return map[string]any{"redriveDate": epochOf(time.Now())}, nil
}

func (e *Executions) stopExecution(body []byte) (any, error) {
	var in struct {
		ARN   string `json:"executionArn"`
		Error string `json:"error"`
		Cause string `json:"cause"`
	}
	if err := decodeRequest(body, &in); err != nil {
		return nil, err
	}
	r, err := e.Stop(in.ARN, in.Error, in.Cause)
	if err != nil {
		return nil, err
	}
	return map[string]any{"stopDate": epochOf(r.Stopped)}, nil
}
