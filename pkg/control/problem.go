package control

import (
	"errors"
	"fmt"
	"strings"

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
	var ended *training.ContinueError
	if errors.As(err, &ended) {
		return gateway.NotContinuable.New(ended.Error())
	}
	if errors.As(err, &schedule) {
		return gateway.InvalidConfig.New("the schedule was refused", gateway.FieldError{Pointer: "/schedule", Detail: schedule.Reason})
	}
	var alias *registry.AliasError
	if errors.As(err, &alias) {
		return gateway.InvalidParameter.New("the alias cannot be so: "+alias.Detail, gateway.FieldError{Pointer: alias.Pointer, Detail: alias.Detail})
	}
	var several *registry.AmbiguousError
	if errors.As(err, &several) {
		return gateway.InvalidParameter.New(several.Error()+"; send all 64 digits", gateway.FieldError{Pointer: "/digest", Detail: "is the start of several"})
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

// gateProblem lists why a run trained nothing; nil if there was no reason. Violations of
// constraints alone have a type of their own, with each of them.
func gateProblem(gates *training.Gates) *gateway.Problem {
	if gates == nil || len(gates.Blocking) == 0 {
		return nil
	}
	var fields []gateway.FieldError
	only := true
	for _, g := range gates.Blocking {
		detail := fmt.Sprintf("%s: %s. %s. To train all the same, add %q to accept", g.Name, g.Evidence, g.Remedy, g.Name)
		fields = append(fields, gateway.FieldError{Column: g.Column, Detail: detail})
		only = only && strings.HasPrefix(g.Name, "constraints")
	}
	if !only {
		p := gateway.RunBlocked.New(fmt.Sprintf("%d reasons not to train were found in the data", len(fields)), fields...)
		return &p
	}
	fields = nil
	for _, v := range gates.Violations {
		if !v.Undecided {
			fields = append(fields, gateway.FieldError{Column: v.Column, Detail: v.String()})
		}
	}
	p := gateway.ConstraintsViolated.New(fmt.Sprintf("%d of the expectations in data.constraints are not fulfilled", expectation.Broken(gates.Violations)), fields...)
	return &p
}
