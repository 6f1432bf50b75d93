package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
)

// Problem is an RFC 9457 problem. Make one by Type.New.
type Problem struct {
	Type     string       `json:"type"`
	Title    string       `json:"title"`
	Status   int          `json:"status"`
	Detail   string       `json:"detail,omitempty"`
	Instance string       `json:"instance,omitempty"` // path of the request, set by WriteProblem
	Errors   []FieldError `json:"errors,omitempty"`
	// Message is title and detail once more, for clients of the Open Inference Protocol: they
	// look for the member error.
	Message string `json:"error,omitempty"`

	cause error
}

// Because is the problem with what it came from, for the log and errors.Is.
func (p Problem) Because(err error) Problem {
	p.cause = err
	return p
}

// Unwrap returns what it came from, if that is said.
func (p Problem) Unwrap() error { return p.cause }

// FieldError is one fault of a request.
type FieldError struct {
	Pointer string `json:"pointer,omitempty"` // RFC 6901, into the body: "/instances/2/age"
	Row     int    `json:"row,omitempty"`     // from 1; 0: not about a row
	Column  string `json:"column,omitempty"`
	// Line and Character are where it stands in a body that people write, from 1; 0: not said.
	Line      int    `json:"line,omitempty"`
	Character int    `json:"character,omitempty"`
	Detail    string `json:"detail"`
}

// Error is the title and the detail.
func (p Problem) Error() string {
	if p.Detail == "" {
		return p.Title
	}
	return p.Title + ": " + p.Detail
}

// Is makes errors.Is(err, gateway.ModelNotFound.New("")) hold for every problem of the type.
func (p Problem) Is(target error) bool {
	other, ok := target.(Problem)
	return ok && other.Type == p.Type
}

// notFound is the type of problem for each kind of thing that may not be there.
var notFound = map[string]Type{
	"model": ModelNotFound, "version": VersionNotFound, "alias": AliasNotFound,
	"dataset": DatasetNotFound, "run": RunNotFound, "statistics": StatisticsNotFound, "job": JobNotFound, "batch": BatchNotFound,
	"leaderboard": LeaderboardNotFound,
	"quote":       QuoteNotFound,
	"report":      ReportNotFound,
	"drift":       DriftNotFound,
}

// AsProblem returns the Problem in the chain of err; what an error says of itself by a
// method NotFound() (kind, name), InvalidName() (kind, name) or InvalidData() (row, column,
// detail); timeout for a context's deadline; else internal-error without details, and known
// is false.
func AsProblem(err error) (p Problem, known bool) {
	var missing interface {
		error
		NotFound() (kind, name string)
	}
	var invalid interface {
		error
		InvalidName() (kind, name string)
	}
	var data interface {
		error
		InvalidData() (row int, column, detail string)
	}
	switch {
	case errors.As(err, &p):
		return p, true
	case errors.As(err, &missing):
		kind, _ := missing.NotFound()
		if t, ok := notFound[kind]; ok {
			return t.New(missing.Error()), true
		}
	case errors.As(err, &data):
		row, column, detail := data.InvalidData()
		return InvalidDataset.New(data.Error(), FieldError{Row: row, Column: column, Detail: detail}), true
	case errors.As(err, &invalid):
		return InvalidName.New(invalid.Error()), true
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout.New("the time for the request ran out"), true
	}
	return InternalError.New(""), false
}

// WriteProblem answers with the problem that err is. Errors that are no client's fault are
// logged, with their cause.
func WriteProblem(w http.ResponseWriter, r *http.Request, err error) {
	p, known := AsProblem(err)
	if p.Instance == "" {
		p.Instance = r.URL.EscapedPath()
	}
	if !known || p.Status >= http.StatusInternalServerError {
		if p.cause != nil {
			err = p.cause
		}
		slog.ErrorContext(r.Context(), "request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	observeProblem(r.Context(), p)
	w.Header().Set("Cache-Control", "no-store")
	write(w, p.Status, "application/problem+json", p)
}

// WriteJSON answers with v. A value that cannot be encoded, like NaN, is an internal-error.
func WriteJSON(w http.ResponseWriter, status int, v any) {
	write(w, status, "application/json", v)
}

// WriteHTML answers with a page. Its policy of content is the caller's to set.
func WriteHTML(w http.ResponseWriter, status int, page []byte) {
	send(w, status, "text/html; charset=utf-8", page)
}

// WriteBody answers with a body of any media type.
func WriteBody(w http.ResponseWriter, status int, contentType string, body []byte) {
	send(w, status, contentType, body)
}

// write encodes before it answers, so that a failure is not half an answer.
func write(w http.ResponseWriter, status int, contentType string, v any) {
	body, err := marshal(v)
	if err != nil {
		slog.Error("response cannot be encoded", "type", fmt.Sprintf("%T", v), "error", err)
		p := InternalError.New("")
		status, contentType = p.Status, "application/problem+json"
		body, _ = marshal(p) // strings and a number
	}
	send(w, status, contentType, body)
}

func send(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that hung up is no fault of ours
}

// Func is a handler that returns its error, which WriteProblem answers. It must not have
// written anything then.
type Func func(w http.ResponseWriter, r *http.Request) error

// ServeHTTP calls f.
func (f Func) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := f(w, r); err != nil {
		WriteProblem(w, r, err)
	}
}

// marshal is json.Marshal with a line end, and without the escapes that HTML would need: the
// class "<=50K" stays readable, and nosniff keeps browsers from reading HTML into it.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}
