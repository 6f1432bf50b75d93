package statistics

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/foretell-ml/foretell/pkg/registry"
)

// Event is what the workflow sends to the statistics function.
type Event struct {
	Step  string          `json:"step"` // plan, shard or merge
	Input json.RawMessage `json:"input"`
}

// Start is the input of the workflow and of its plan.
type Start struct {
	Dataset registry.DatasetName `json:"dataset"`
	Job     JobID                `json:"job"`
	Request Request              `json:"request"`
}

// Handle does one step. It is the Lambda handler of functions/statistics. An error is a fault
// of ours or of the platform, and the step may be tried again; what is wrong with the data is
// kept for the result.
func (j *Jobs) Handle(ctx context.Context, event Event) (any, error) {
	var answer any
	var err error
	switch event.Step {
	case "plan":
		var s Start
		if err = json.Unmarshal(event.Input, &s); err == nil {
			answer, err = j.Plan(ctx, s.Dataset, s.Job, s.Request)
		}
	case "shard":
		var s Shard
		if err = json.Unmarshal(event.Input, &s); err == nil {
			answer, err = map[string]int{"shard": s.Shard}, j.Profile(ctx, s)
		}
	case "merge":
		var p Progress
		if err = json.Unmarshal(event.Input, &p); err == nil {
			answer, err = j.Merge(ctx, p.Dataset, p.Job)
		}
	default:
		return nil, fmt.Errorf("unknown step %q: want plan, shard or merge", event.Step)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", event.Step, err)
	}
	return answer, nil
}
