package statistics

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/workflow"
)

// Event is what the workflow sends to the statistics function.
type Event struct {
	Step  string          `json:"step"` // plan, shard, merge or failed
	Input json.RawMessage `json:"input"`
	// Execution is the one that sends it; only failed has it.
	Execution workflow.Execution `json:"execution"`
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
	case "failed":
		answer, err = j.failed(ctx, event)
	default:
		return nil, fmt.Errorf("unknown step %q: want plan, shard, merge or failed", event.Step)
	}
	if ended := (*workflow.FailedError)(nil); errors.As(err, &ended) {
		return nil, ended // by its own name, and it says which step failed
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", event.Step, err)
	}
	return answer, nil
}

// failed records how the execution of a job failed, and ends it with an error; redriven since, it
// answers what plan is to start with.
func (j *Jobs) failed(ctx context.Context, event Event) (Start, error) {
	var in struct {
		Start
		workflow.Caught
	}
	if err := json.Unmarshal(event.Input, &in); err != nil {
		return Start{}, err
	}
	if err := checkJob(in.Dataset, in.Job); err != nil {
		return in.Start, in.Record(ctx, j.Registry.Store, "", "", event.Execution)
	}
	maps := ""
	if in.Failed.State == "Shards" {
		maps = results(in.Dataset, in.Job) + "/"
	}
	return in.Start, in.Record(ctx, j.Registry.Store, jobKey(in.Dataset, in.Job, ""), maps, event.Execution)
}

// Failure returns how the execution of a job failed last; nil if it never did.
func (j *Jobs) Failure(ctx context.Context, name registry.DatasetName, id JobID) (*workflow.Failure, error) {
	return workflow.Last(ctx, j.Registry.Store, jobKey(name, id, ""))
}
