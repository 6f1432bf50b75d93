package training

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/workflow"
)

// Event is what the workflow sends to the train function.
type Event struct {
	Step  string          `json:"step"` // plan, trial, advance, conclude or failed
	Input json.RawMessage `json:"input"`
	// Execution is the one that sends it; only plan and failed have it.
	Execution workflow.Execution `json:"execution"`
}

// start is the input of plan: a run that was submitted, or a model whose schedule is due.
type start struct {
	Run      RunID              `json:"run"`
	Schedule registry.ModelName `json:"schedule"`
}

// Handle does one step. It is the Lambda handler of functions/train.
func (e *Engine) Handle(ctx context.Context, event Event) (any, error) {
	switch event.Step {
	case "plan":
		var s start
		if err := json.Unmarshal(event.Input, &s); err != nil {
			return nil, fmt.Errorf("plan: %w", err)
		}
		if s.Schedule != "" {
			run, err := e.submitScheduled(ctx, s.Schedule)
			if err != nil {
				return nil, err
			}
			if err := e.recordScheduled(ctx, run, event.Execution.ID); err != nil {
				return nil, err
			}
			s.Run = run
		}
		return e.Plan(ctx, s.Run)
	case "trial":
		var t Trial
		if err := json.Unmarshal(event.Input, &t); err != nil {
			return nil, fmt.Errorf("trial: %w", err)
		}
		result, err := e.Trial(ctx, t)
		// The ledger has the result; what the workflow carries must stay small.
		return map[string]string{"trial": result.Trial}, err
	case "advance", "conclude":
		var p Progress
		if err := json.Unmarshal(event.Input, &p); err != nil {
			return nil, fmt.Errorf("%s: %w", event.Step, err)
		}
		if event.Step == "advance" {
			return e.Advance(ctx, p)
		}
		return e.Conclude(ctx, p.Run)
	case "failed":
		return e.failed(ctx, event)
	default:
		return nil, fmt.Errorf("unknown step %q: want plan, trial, advance, conclude or failed", event.Step)
	}
}

// ScheduleKey is where the config of a model's scheduled retrains lies. With the aliases it
// is the only object that is ever overwritten.
func ScheduleKey(m registry.ModelName) string { return "schedules/" + string(m) + ".json" }

// submitScheduled submits the retrain of a schedule.
func (e *Engine) submitScheduled(ctx context.Context, m registry.ModelName) (RunID, error) {
	var c Config
	if _, err := registry.ReadJSON(ctx, e.Registry.Store, ScheduleKey(m), &c); err != nil {
		return "", fmt.Errorf("schedule of model %s: %w", m, err)
	}
	retrain, err := e.Retrain(ctx, c)
	return retrain.Run, err
}
