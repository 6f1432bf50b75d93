package control

import (
	"context"
	"net/http"

	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/training"
)

// Schedule has models trained again, by the clock and when new data has come.
type Schedule interface {
	// Put has a model trained again as a config says, and no longer as one before it said.
	// What the scheduler does not take is a *ScheduleError.
	Put(ctx context.Context, model registry.ModelName, c training.ScheduleConfig) error
	// Delete removes the schedules of a model; those that are not there are no error.
	Delete(ctx context.Context, model registry.ModelName) error
}

// ScheduleError is a schedule that the scheduler refused.
type ScheduleError struct{ Expression, Reason string }

func (e *ScheduleError) Error() string { return "schedule " + e.Expression + ": " + e.Reason }

// schedule registers the retrains of a config: first with the scheduler, which checks the
// expression, then the config that they use. What falls due in between finds no config, and
// nothing is to be done: the run that is submitted next has the data of now.
func (s *Server) schedule(ctx context.Context, c training.Config) error {
	if err := s.Schedule.Put(ctx, c.Model, c.Schedule); err != nil {
		return err
	}
	_, err := registry.WriteJSON(ctx, s.Registry.Store, training.ScheduleKey(c.Model), c, registry.Condition{})
	return err
}

// deleteSchedule withdraws the retrains of a model. Those that were started go on.
func (s *Server) deleteSchedule(r *http.Request) (answer, error) {
	model := registry.ModelName(r.PathValue("model"))
	if err := model.Validate(); err != nil {
		return answer{}, err
	}
	if err := s.Schedule.Delete(r.Context(), model); err != nil {
		return answer{}, err
	}
	if err := s.Registry.Store.Delete(r.Context(), training.ScheduleKey(model)); err != nil {
		return answer{}, err
	}
	return ok(map[string]any{"model": model, "schedule": nil})
}
