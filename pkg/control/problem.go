package control

import (
	"errors"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/training"
)

// problem maps the errors of run configs and of races to HTTP; those of data, names and
// missing things say by themselves what they are, and the gateway asks them.
func problem(err error) error {
	var config *training.ConfigError
	var schedule *ScheduleError
	if errors.As(err, &config) {
		return configProblem(config)
	}
	if errors.As(err, &schedule) {
		return gateway.InvalidConfig.New("the schedule was refused", gateway.FieldError{Pointer: "/schedule", Detail: schedule.Reason})
	}
	if errors.Is(err, registry.ErrConflict) {
		return gateway.Conflict.New("what the request is about was changed while it was read; try again")
	}
	return err
}

func configProblem(err *training.ConfigError) gateway.Problem {
	t := gateway.InvalidConfig
	var fields []gateway.FieldError
	for _, f := range err.Faults {
		if f.Pointer == "/data/target" {
			t = gateway.MissingTarget
		}
		fields = append(fields, gateway.FieldError{Pointer: f.Pointer, Detail: f.Detail})
	}
	return t.New(err.Error(), fields...)
}
