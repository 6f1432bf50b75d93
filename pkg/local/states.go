package local

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Machine is a parsed state machine of the Amazon States Language, in JSONPath mode.
//
// It knows the small part of the language that the workflow files of pkg/topology use, and
// no more: ParseMachine refuses every field and value it does not implement, because an
// interpreter that ignores what it does not know runs another workflow than AWS does.
// States are Task (Lambda invoke), Map (distributed, from a JSON array in S3 to results in S3), Choice, Pass,
// Succeed and Fail, with Retry and Catch. The language is specified at states-language.net;
// where the specification is silent, the Step Functions developer guide decides.
//
// A Machine is immutable and may be run by many goroutines at once.
type Machine struct {
	start  string
	states map[string]*state
}

// Quotas of Step Functions that a run enforces.
const (
	// maxStateData is the largest input or output of a state, in bytes of JSON.
	maxStateData = 256 << 10
	// maxTransitions stops a workflow that goes in circles. AWS ends a standard execution
	// at 25,000 history events, and a Lambda task takes five.
	maxTransitions = 5000
	// maxChildren is how many children AWS lets run at once where a Map names no limit.
	maxChildren = 10_000
)

// Error names of the States Language that the interpreter reports itself.
const (
	errorAll                = "States.ALL"
	errorDataLimit          = "States.DataLimitExceeded"
	errorItemReader         = "States.ItemReaderFailed"
	errorNoChoice           = "States.NoChoiceMatched"
	errorParameterPath      = "States.ParameterPathFailure"
	errorResultPath         = "States.ResultPathMatchFailure"
	errorResultWriter       = "States.ResultWriterFailed"
	errorRuntime            = "States.Runtime"
	errorTaskFailed         = "States.TaskFailed"
	errorTimeout            = "States.Timeout"
	errorToleranceExceeded  = "States.ExceedToleratedFailureThreshold"
	errorUnknownInvokeFault = "Lambda.Unknown"
)

// ExecutionError is how an execution, or one state of it, fails.
type ExecutionError struct {
	Name  string // error name, like "States.TaskFailed" or a handler's own error type
	Cause string // for people; of a function's error the JSON that AWS puts there
	State string // the state that failed

	input any // of the state: what a redrive goes on with
}

func (e *ExecutionError) Error() string {
	return fmt.Sprintf("state %q: %s: %s", e.State, e.Name, e.Cause)
}

// failure makes the error of a state; the state's name is filled in by the step that ran it.
func failure(name, format string, args ...any) *ExecutionError {
	return &ExecutionError{Name: name, Cause: fmt.Sprintf(format, args...)}
}

// ParseMachine reads a state machine and reports all of its faults at once, each with the
// state and the field at fault. Placeholders (${Name}) must have been substituted before.
func ParseMachine(definition []byte) (*Machine, error) {
	value, err := decodeStrict(definition)
	if err != nil {
		return nil, fmt.Errorf("state machine: %w", err)
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, errors.New("state machine: not a JSON object")
	}
	var faults faultList
	top := newFields(object, "state machine", &faults)
	top.comment()
	if version, ok := top.optionalText("Version"); ok && version != "1.0" {
		top.refuse("Version", "is %q, only \"1.0\" is implemented here", version)
	}
	if language, ok := top.optionalText("QueryLanguage"); ok && language != "JSONPath" {
		top.refuse("QueryLanguage", "is %q, only \"JSONPath\" is implemented here", language)
	}
	m := parseStates(top, false)
	top.done()
	if err := faults.err(); err != nil {
		return nil, err
	}
	return m, nil
}

var placeholder = regexp.MustCompile(`\$\{([A-Za-z0-9_]*)\}`)

// Substitute replaces the placeholders ${Name} of a definition, as the CDK does with its
// definition substitutions at deployment. Every placeholder needs a value and every value a
// placeholder; values must be plain text that needs no escape in a JSON string.
func Substitute(definition string, values map[string]string) (string, error) {
	used := map[string]bool{}
	var faults []string
	out := placeholder.ReplaceAllStringFunc(definition, func(match string) string {
		name := match[2 : len(match)-1]
		value, ok := values[name]
		if !ok {
			faults = append(faults, fmt.Sprintf("no value for the placeholder %s", match))
		}
		if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' }) {
			faults = append(faults, fmt.Sprintf("the value %q of %s does not fit into a JSON string", value, match))
		}
		used[name] = true
		return value
	})
	for name := range values {
		if !used[name] {
			faults = append(faults, fmt.Sprintf("no placeholder ${%s} for a value", name))
		}
	}
	if len(faults) > 0 {
		slices.Sort(faults)
		return "", fmt.Errorf("substitute: %s", strings.Join(slices.Compact(faults), "; "))
	}
	return out, nil
}
