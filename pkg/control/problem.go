package control

import (
	"errors"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/training"
)

// problem is the one table from the errors of data and training to HTTP. What it does not
// know, the gateway does, or it is nobody's business outside.
func problem(err error) error {
	var config *training.ConfigError
	var schedule *ScheduleError
	if errors.As(err, &config) {
		return configProblem(config)
	}
	if errors.As(err, &schedule) {
		return gateway.InvalidConfig.New("the schedule was refused", gateway.FieldError{Pointer: "/schedule", Detail: schedule.Reason})
	}
	return DataProblem(err)
}

// DataProblem makes a gateway.Problem of an error in a data set, and leaves others alone.
// The statistics function answers with it, since a Lambda error would lose row and column.
func DataProblem(err error) error {
	var parse *dataset.ParseError
	var set *registry.DatasetError
	switch {
	case errors.As(err, &parse):
		return gateway.InvalidDataset.New(parse.Error(), gateway.FieldError{Row: parse.Row, Column: parse.Column, Detail: parse.Err.Error()})
	case errors.As(err, &set):
		return gateway.InvalidDataset.New(set.Error())
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
