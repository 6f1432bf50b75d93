package control

import (
	"errors"
	"fmt"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/profile/expectation"
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
	var over *training.BudgetError
	var large *training.PlacementError
	if errors.As(err, &over) {
		return gateway.BudgetExceeded.New(over.Error(), gateway.FieldError{Pointer: "/budget", Detail: over.Error()})
	}
	if errors.As(err, &large) {
		return gateway.TrialTooLarge.New(large.Error())
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
		fields = append(fields, gateway.FieldError{Pointer: f.Pointer, Detail: f.Detail, Line: f.Line, Character: f.Column})
	}
	return t.New(err.Error(), fields...)
}

// violationProblem lists what is wrong with the data of a run; nil if nothing is.
func violationProblem(found []expectation.Violation) *gateway.Problem {
	n := expectation.Broken(found)
	if n == 0 {
		return nil
	}
	var fields []gateway.FieldError
	for _, v := range found {
		if !v.Undecided {
			fields = append(fields, gateway.FieldError{Column: v.Column, Detail: v.String()})
		}
	}
	p := gateway.ConstraintsViolated.New(fmt.Sprintf("%d of the expectations in data.constraints are not fulfilled", n), fields...)
	return &p
}
