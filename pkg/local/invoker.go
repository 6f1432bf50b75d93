package local

import (
	"context"
	"encoding/json"
	"fmt"
)

// Invoker calls a function and waits for its answer, as Lambda's RequestResponse does.
// Function is a plain name or an ARN; payload is one JSON document. An error of the
// function, or of Lambda about the function, is a *FunctionError; any other error is the
// caller's own, like a context that ended.
type Invoker interface {
	Invoke(ctx context.Context, function string, payload []byte) ([]byte, error)
}

// Error types that Lambda itself gives, as Step Functions names them: those of the Invoke
// API carry the prefix "Lambda.", those of an execution environment do not.
const (
	ErrorThrottled       = "Lambda.TooManyRequestsException"       // concurrency used up
	ErrorNotFound        = "Lambda.ResourceNotFoundException"      // no such function
	ErrorRequestTooLarge = "Lambda.RequestTooLargeException"       // payload over topology.MaxPayload
	ErrorBadRequest      = "Lambda.InvalidRequestContentException" // payload is not JSON
	ErrorService         = "Lambda.ServiceException"               // the platform failed
	ErrorTimeout         = "Sandbox.Timedout"                      // the function's timeout passed
	ErrorExit            = "Runtime.ExitError"                     // the process ended
	ErrorMemory          = "Runtime.OutOfMemory"                   // the process grew over its memory
	ErrorResponseSize    = "Function.ResponseSizeTooLarge"         // answer over topology.MaxPayload
)

// FunctionError is a failed invocation.
type FunctionError struct {
	Type    string // one of the constants above, or the handler's own type
	Message string
	// Payload is the JSON document that Lambda returns in place of an answer, with the stack
	// trace if the handler gave one. Nil for types that begin with "Lambda.": those never
	// reached the function.
	Payload json.RawMessage
}

func (e *FunctionError) Error() string {
	if e.Message == "" {
		return e.Type
	}
	return fmt.Sprintf("%s: %s", e.Type, e.Message)
}

var _ Invoker = (*Runtime)(nil)

// newFunctionError makes an error of an execution environment, with the document that
// Lambda would return.
func newFunctionError(kind, message string) *FunctionError {
	payload, err := json.Marshal(errorDocument{kind, message})
	if err != nil {
		panic("local: an error document of two strings does not encode") // unreachable
	}
	return &FunctionError{Type: kind, Message: message, Payload: payload}
}

// errorDocument is Lambda's form of an error.
type errorDocument struct {
	Type    string `json:"errorType"`
	Message string `json:"errorMessage"`
}
