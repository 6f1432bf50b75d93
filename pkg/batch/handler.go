package batch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/workflow"
)

// Event is what the workflow sends to the batch function.
type Event struct {
	Step  string          `json:"step"` // plan, part, conclude or failed
	Input json.RawMessage `json:"input"`
	// Execution is the one that sends it; only failed has it.
	Execution workflow.Execution `json:"execution"`
}

// Start is the input of the workflow and of its plan.
type Start struct {
	Model registry.ModelName `json:"model"`
	Batch ID                 `json:"batch"`
}

// Ended is what conclude tells the workflow; the manifest has more than an execution may carry.
type Ended struct {
	Start
	State  string `json:"state"`
	Rows   int    `json:"rows"`
	Errors int    `json:"errors"`
}

// Handle does one step. It is the Lambda handler of functions/batch. An error is a fault of ours
// or of the platform, and the step may be tried again; what is wrong with the data is kept for the
// manifest.
func (j *Jobs) Handle(ctx context.Context, event Event) (any, error) {
	var answer any
	var err error
	switch event.Step {
	case "plan":
		var s Start
		if err = json.Unmarshal(event.Input, &s); err == nil {
			answer, err = j.Plan(ctx, s.Model, s.Batch)
		}
	case "part":
		var p Part
		if err = json.Unmarshal(event.Input, &p); err == nil {
			answer, err = map[string]int{"part": p.Part}, j.Predict(ctx, p)
		}
	case "conclude":
		var s Start
		if err = json.Unmarshal(event.Input, &s); err == nil {
			var m Manifest
			m, err = j.Conclude(ctx, s.Model, s.Batch)
			answer = Ended{s, m.State, m.Rows, m.Errors}
		}
	case "failed":
		answer, err = j.failed(ctx, event)
	default:
		return nil, fmt.Errorf("unknown step %q: want plan, part, conclude or failed", event.Step)
	}
	if ended := (*workflow.FailedError)(nil); errors.As(err, &ended) {
		return nil, ended // by its own name, and it says which step failed
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", event.Step, err)
	}
	return answer, nil
}

// failed records how the execution of a batch failed, and ends it with an error; redriven since,
// it answers what plan is to start with.
func (j *Jobs) failed(ctx context.Context, event Event) (Start, error) {
	var in struct {
		Start
		workflow.Caught
	}
	if err := json.Unmarshal(event.Input, &in); err != nil {
		return Start{}, err
	}
	job, prefix, maps := Job{Model: in.Model, Batch: in.Batch}, "", ""
	if in.Model.Validate() == nil && idForm.MatchString(string(in.Batch)) {
		prefix = job.key("")
	}
	if prefix != "" && in.Failed.State == "Conclude" { // which misses the parts that the map tolerated to fail
		maps = job.results() + "/"
	}
	return in.Start, in.Record(ctx, j.Registry.Store, prefix, maps, event.Execution)
}
