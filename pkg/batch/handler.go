package batch

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/foretell-ml/foretell/pkg/registry"
)

// Event is what the workflow sends to the batch function.
type Event struct {
	Step  string          `json:"step"` // plan, part or conclude
	Input json.RawMessage `json:"input"`
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
	default:
		return nil, fmt.Errorf("unknown step %q: want plan, part or conclude", event.Step)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", event.Step, err)
	}
	return answer, nil
}
