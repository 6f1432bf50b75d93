package local

import (
	"encoding/json"
	"net/http"
	"syscall"
	"time"

	"github.com/google/uuid"
)

// Headers of the Extensions API, version 2020-01-01.
const (
	headerExtensionName = "Lambda-Extension-Name"
	headerExtensionID   = "Lambda-Extension-Identifier"
)

// shutdownTime is what Lambda gives a process that has registered an extension, between SIGTERM and
// SIGKILL.
const shutdownTime = 500 * time.Millisecond

// serveRegister registers an extension within the process. Lambda tells such a process by SIGTERM
// that it is to end, which is what functions register for; they ask for no events, and an extension
// that does is refused.
func (e *environment) serveRegister(w http.ResponseWriter, q *http.Request) {
	var asked struct {
		Events []string `json:"events"`
	}
	if q.Header.Get(headerExtensionName) == "" {
		runtimeError(w, http.StatusBadRequest, "Extension.InvalidExtensionName", "the request has no "+headerExtensionName)
		return
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, q.Body, 1<<10)).Decode(&asked); err != nil {
		runtimeError(w, http.StatusBadRequest, "InvalidRequestFormat", err.Error())
		return
	}
	if len(asked.Events) > 0 {
		runtimeError(w, http.StatusForbidden, "Extension.InvalidEventType", "events of extensions are not implemented by the local cloud")
		return
	}
	e.mu.Lock()
	if e.extension == "" {
		e.extension = uuid.NewString()
	}
	w.Header().Set(headerExtensionID, e.extension)
	e.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"functionName": e.function.Name, "functionVersion": "$LATEST", "handler": "bootstrap"})
}

// serveEvent has an extension wait for its next event, of which none comes.
func (e *environment) serveEvent(w http.ResponseWriter, q *http.Request) {
	if id := q.Header.Get(headerExtensionID); id == "" || id != e.registered() {
		runtimeError(w, http.StatusForbidden, "Extension.UnknownExtensionIdentifier", "no extension has that identifier")
		return
	}
	select {
	case <-e.exited:
	case <-q.Context().Done():
	}
}

// registered is the identifier of the process's extension; "" without one.
func (e *environment) registered() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.extension
}

// end ends a process that has no work, and returns when it is gone. One with an extension is told so
// before it is killed.
func (e *environment) end() {
	if e.registered() != "" && e.alive() && e.command.Process.Signal(syscall.SIGTERM) == nil {
		timer := time.NewTimer(shutdownTime)
		defer timer.Stop()
		select {
		case <-e.exited:
		case <-timer.C:
		}
	}
	e.kill()
}
