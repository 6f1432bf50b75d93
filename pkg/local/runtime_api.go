package local

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// Headers of the Runtime API, version 2018-06-01.
const (
	headerRequestID = "Lambda-Runtime-Aws-Request-Id"
	headerDeadline  = "Lambda-Runtime-Deadline-Ms"
	headerARN       = "Lambda-Runtime-Invoked-Function-Arn"
	// Header of an error, and trailer of a response that failed on its way.
	headerErrorType  = "Lambda-Runtime-Function-Error-Type"
	trailerErrorBody = "Lambda-Runtime-Function-Error-Body"
)

// runtimeAPI is what a bootstrap process talks to. There is no X-Ray header: nothing is
// traced.
func runtimeAPI(r *Runtime) http.Handler {
	mux := http.NewServeMux()
	handle := func(method, path string, serve func(*environment, http.ResponseWriter, *http.Request)) {
		mux.HandleFunc(method+" /{environment}"+path, func(w http.ResponseWriter, q *http.Request) {
			r.mu.Lock()
			e := r.environments[q.PathValue("environment")]
			r.mu.Unlock()
			if e == nil {
				runtimeError(w, http.StatusForbidden, "UnknownEnvironment", "no such environment")
				return
			}
			serve(e, w, q)
		})
	}
	handle("GET", "/2018-06-01/runtime/invocation/next", (*environment).serveNext)
	handle("POST", "/2018-06-01/runtime/invocation/{request}/response", (*environment).serveResponse)
	handle("POST", "/2018-06-01/runtime/invocation/{request}/error", (*environment).serveError)
	handle("POST", "/2018-06-01/runtime/init/error", (*environment).serveInitError)
	handle("POST", "/2020-01-01/extension/register", (*environment).serveRegister)
	handle("GET", "/2020-01-01/extension/event/next", (*environment).serveEvent)
	return mux
}

// serveNext waits for work, as long as it takes.
func (e *environment) serveNext(w http.ResponseWriter, q *http.Request) {
	e.mu.Lock()
	unanswered := e.current != nil
	e.mu.Unlock()
	if unanswered {
		runtimeError(w, http.StatusForbidden, "InvalidStateTransition", "the invocation in progress has no response")
		return
	}
	select {
	case e.polls <- time.Now():
	default: // a second poll while one waits says nothing new
	}
	select {
	case inv := <-e.work:
		e.mu.Lock()
		e.current = inv
		e.mu.Unlock()
		h := w.Header()
		h.Set(headerRequestID, inv.id)
		h.Set(headerDeadline, strconv.FormatInt(inv.deadline.UnixMilli(), 10))
		h.Set(headerARN, functionARN(e.function.Name))
		h.Set("Content-Type", "application/json")
		// A process that is gone cannot take it; run notices the exit.
		_, _ = w.Write(inv.payload)
	case <-e.exited:
	case <-q.Context().Done():
	}
}

// serveResponse takes the answer of an invocation.
func (e *environment) serveResponse(w http.ResponseWriter, q *http.Request) {
	inv := e.taken(w, q)
	if inv == nil {
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, q.Body, topology.MaxPayload))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		message := fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", topology.MaxPayload)
		e.finish(inv, answer{err: newFunctionError(ErrorResponseSize, message)})
		runtimeError(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", message)
		return
	case err != nil:
		return // the process broke off; its exit or its timeout is the answer
	case q.Trailer.Get(headerErrorType) != "":
		// The handler failed while its answer was streamed.
		text, err := base64.StdEncoding.DecodeString(q.Trailer.Get(trailerErrorBody))
		if err != nil {
			text = nil
		}
		e.finish(inv, answer{err: handlerError(q.Trailer.Get(headerErrorType), text)})
	default:
		e.finish(inv, answer{payload: body})
	}
	accepted(w)
}

// serveError takes the error of an invocation.
func (e *environment) serveError(w http.ResponseWriter, q *http.Request) {
	inv := e.taken(w, q)
	if inv == nil {
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, q.Body, topology.MaxPayload))
	if err != nil {
		runtimeError(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", err.Error())
		return
	}
	e.finish(inv, answer{err: handlerError(q.Header.Get(headerErrorType), body)})
	accepted(w)
}

// serveInitError takes the error of a process that cannot begin.
func (e *environment) serveInitError(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, q.Body, topology.MaxPayload))
	if err != nil {
		runtimeError(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", err.Error())
		return
	}
	select {
	case e.failed <- handlerError(q.Header.Get(headerErrorType), body):
	default: // only the first counts
	}
	accepted(w)
}

// taken is the invocation that the path names, if the process has it in work. Otherwise the
// request is answered and the result is nil.
func (e *environment) taken(w http.ResponseWriter, q *http.Request) *invocation {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.current == nil || e.current.id != q.PathValue("request") {
		runtimeError(w, http.StatusBadRequest, "InvalidRequestID", "Invalid request ID")
		return nil
	}
	return e.current
}

// finish gives the answer to run and frees the process for its next poll.
func (e *environment) finish(inv *invocation, a answer) {
	select {
	case inv.answer <- a:
	default: // answered twice at the same time: the first counts
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.current == inv {
		e.current = nil
	}
}

// handlerError is the error that a process reported: a JSON document of Lambda's form, or
// anything else, which Lambda then wraps.
func handlerError(kind string, body []byte) *FunctionError {
	var document errorDocument
	if json.Unmarshal(body, &document) != nil {
		return newFunctionError(orUnknown(kind), string(body))
	}
	if document.Type == "" {
		document.Type = orUnknown(kind)
	}
	return &FunctionError{Type: document.Type, Message: document.Message, Payload: body}
}

func orUnknown(kind string) string {
	if kind == "" {
		return "Runtime.Unknown"
	}
	return kind
}

func accepted(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, `{"status":"OK"}`)
}

func runtimeError(w http.ResponseWriter, status int, kind, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(errorDocument{kind, message}) // the process may be gone
}
