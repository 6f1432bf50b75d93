package local

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
)

// task invokes a function and waits, like the integration lambda:invoke.
type task struct{}

func (task) run(ctx context.Context, x *execution, input any) (any, error) {
	parameters := input.(map[string]any) // the parser saw to it, and to both fields
	function, ok := parameters["FunctionName"].(string)
	if !ok || function == "" {
		return nil, failure(errorRuntime, "FunctionName is not a name")
	}
	payload, err := encodeData(parameters["Payload"])
	if err != nil {
		return nil, err
	}
	answer, err := x.env.Invoker.Invoke(ctx, function, payload)
	if err != nil {
		return nil, invokeFault(err)
	}
	if len(answer) > maxStateData {
		return nil, failure(errorDataLimit, "%s answered %d bytes, more than the %d that a state may pass on: pass a key of S3 instead", function, len(answer), maxStateData)
	}
	result, err := decodeData(answer)
	if err != nil {
		return nil, failure(errorUnknownInvokeFault, "%s answered something that is not JSON: %v", function, err)
	}
	return map[string]any{"StatusCode": json.Number("200"), "Payload": result, "ExecutedVersion": "$LATEST"}, nil
}

// container runs a task of ECS and waits until it has stopped, like the integration
// ecs:runTask.sync. Of the task itself only the environment of its container means something here.
type container struct{}

func (container) run(ctx context.Context, x *execution, input any) (any, error) {
	if x.env.RunTask == nil {
		return nil, failure("ECS.AmazonECSException", "there is no cluster here to run a task on")
	}
	var parameters struct {
		Overrides struct {
			ContainerOverrides []struct {
				Environment []struct{ Name, Value string }
			}
		}
	}
	text, err := encodeData(input)
	if err == nil {
		err = json.Unmarshal(text, &parameters)
	}
	if err != nil || len(parameters.Overrides.ContainerOverrides) != 1 {
		return nil, failure(errorRuntime, "the overrides of the task are not those of one container: %v", err)
	}
	environment := map[string]string{}
	for _, v := range parameters.Overrides.ContainerOverrides[0].Environment {
		environment[v.Name] = v.Value
	}
	if err := x.env.RunTask(ctx, environment); err != nil {
		var told *ExecutionError
		if errors.As(err, &told) {
			return nil, &ExecutionError{Name: told.Name, Cause: told.Cause}
		}
		return nil, failure(errorTaskFailed, "the task failed: %v", err)
	}
	return map[string]any{"LastStatus": "STOPPED"}, nil
}

// invokeFault puts an invocation's error as AWS does: the service's own errors in words,
// those of the function and its runtime as the JSON document that came for an answer.
func invokeFault(err error) error {
	var e *FunctionError
	if !errors.As(err, &e) {
		return failure(errorUnknownInvokeFault, "%v", err)
	}
	switch {
	case e.Payload != nil:
		return &ExecutionError{Name: e.Type, Cause: string(e.Payload)}
	case strings.HasPrefix(e.Type, "Lambda."):
		return &ExecutionError{Name: e.Type, Cause: e.Message}
	}
	document, err := encodeData(map[string]any{"errorType": e.Type, "errorMessage": e.Message})
	if err != nil {
		return err
	}
	return &ExecutionError{Name: e.Type, Cause: string(document)}
}
