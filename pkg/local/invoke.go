package local

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// invokeAPI is Lambda's Invoke operation, as functions and the command line call it with
// the AWS SDK. Signatures are not checked and permissions are not enforced.
func invokeAPI(r *Runtime) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /2015-03-31/functions/{function}/invocations", func(w http.ResponseWriter, q *http.Request) {
		payload, err := readBody(q.Body)
		if err != nil {
			return // the caller broke off
		}
		if err := checkInvoke(q); err != nil {
			invokeError(w, err)
			return
		}
		function := q.PathValue("function")
		if q.Header.Get("X-Amz-Invocation-Type") == "Event" {
			if err := r.invokeEvent(function, payload); err != nil {
				invokeError(w, err)
				return
			}
			w.WriteHeader(http.StatusAccepted)
			return
		}
		answer, err := r.Invoke(q.Context(), function, payload)
		if err != nil {
			invokeError(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Amz-Executed-Version", "$LATEST")
		_, _ = w.Write(answer)
	})
	return mux
}

// readBody reads a body up to one byte over topology.MaxPayload, so that its size tells
// whether it is too large, and drops the rest: a client that still writes when the
// connection closes would lose the answer that says so.
func readBody(body io.Reader) ([]byte, error) {
	const longest = 64 << 20 // a client that sends more does lose it
	read, err := io.ReadAll(io.LimitReader(body, topology.MaxPayload+1))
	if err != nil || len(read) <= topology.MaxPayload {
		return read, err
	}
	_, err = io.Copy(io.Discard, io.LimitReader(body, longest))
	return read, err
}

// checkInvoke refuses what is not implemented, rather than leaving it out in silence.
func checkInvoke(q *http.Request) error {
	refuse := func(message string) error {
		return &FunctionError{Type: "Lambda.InvalidParameterValueException", Message: message}
	}
	switch kind := q.Header.Get("X-Amz-Invocation-Type"); kind {
	case "", "RequestResponse", "Event":
	default:
		return refuse("the local cloud does not implement the invocation type " + kind)
	}
	if kind := q.Header.Get("X-Amz-Log-Type"); kind != "" && kind != "None" {
		return refuse("the local cloud does not implement the log type " + kind)
	}
	if q.Header.Get("X-Amz-Client-Context") != "" {
		return refuse("the local cloud does not implement the client context")
	}
	if qualifier := q.URL.Query().Get("Qualifier"); qualifier != "" && qualifier != "$LATEST" {
		return &FunctionError{Type: ErrorNotFound, Message: "Function not found: " + q.PathValue("function") + ":" + qualifier}
	}
	return nil
}

// maxEventPayload is the quota of an asynchronous invocation, in bytes.
const maxEventPayload = 1 << 20

// invokeEvent accepts an asynchronous invocation. As on Lambda, an error of the function is
// tried twice more, and a throttled one until it gets through. What waits when the cloud
// stops is lost.
func (r *Runtime) invokeEvent(name string, payload []byte) error {
	if len(payload) > maxEventPayload {
		return &FunctionError{Type: ErrorRequestTooLarge, Message: "Request must be smaller than 1048576 bytes for the InvokeFunction operation"}
	}
	if len(payload) > 0 && !json.Valid(payload) {
		return &FunctionError{Type: ErrorBadRequest, Message: "Could not parse request body into json"}
	}
	f, err := r.lookup(name)
	if err != nil {
		return err
	}
	if !r.goWork(func() { r.attempt(f, payload) }) {
		return stopping()
	}
	return nil
}

// attempt runs an asynchronous invocation until it succeeds or its attempts are used up.
func (r *Runtime) attempt(f *function, payload []byte) {
	const firstPause, longestPause = time.Second, 5 * time.Minute
	pause, failures := firstPause, 0
	for {
		err := r.once(f.Name, payload)
		if err == nil {
			return
		}
		wait := pause
		if err.Type == ErrorThrottled {
			pause = min(2*pause, longestPause)
		} else {
			if failures == len(r.config.RetryDelays) {
				f.logf("EVENT dropped after %d attempts: %v\n", failures+1, err)
				return
			}
			wait = r.config.RetryDelays[failures]
			failures++
		}
		select {
		case <-time.After(wait):
		case <-r.stop:
			return
		}
	}
}

// once invokes a function and waits for it.
func (r *Runtime) once(name string, payload []byte) *FunctionError {
	inv, err := r.begin(name, payload)
	if err != nil {
		var failed *FunctionError
		if !errors.As(err, &failed) {
			failed = &FunctionError{Type: ErrorService, Message: err.Error()}
		}
		return failed
	}
	return (<-inv.done).err
}

// invokeStatus is the HTTP status of errors that the Invoke API itself gives.
var invokeStatus = map[string]int{
	ErrorThrottled:                          http.StatusTooManyRequests,
	ErrorNotFound:                           http.StatusNotFound,
	ErrorRequestTooLarge:                    http.StatusRequestEntityTooLarge,
	ErrorBadRequest:                         http.StatusBadRequest,
	ErrorService:                            http.StatusInternalServerError,
	"Lambda.InvalidParameterValueException": http.StatusBadRequest,
}

// invokeError writes an error as Lambda does: 200 with a header if the function failed,
// another status if Lambda did.
func invokeError(w http.ResponseWriter, err error) {
	var failed *FunctionError
	if !errors.As(err, &failed) {
		return // the caller went away
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	status, platform := invokeStatus[failed.Type]
	if !platform {
		h.Set("X-Amz-Function-Error", "Unhandled")
		h.Set("X-Amz-Executed-Version", "$LATEST")
		_, _ = w.Write(failed.Payload)
		return
	}
	document := map[string]string{"Type": "User", "message": failed.Message}
	switch failed.Type {
	case ErrorThrottled:
		document["Reason"] = "ReservedFunctionConcurrentInvocationLimitExceeded"
	case ErrorService:
		document["Type"] = "Service"
	}
	h.Set("X-Amzn-ErrorType", strings.TrimPrefix(failed.Type, "Lambda."))
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(document)
}
