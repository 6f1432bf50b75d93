package training

import (
	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/profile/expectation"
	"github.com/foretell-ml/foretell/pkg/source"
)

// DataConfig names the data.
type DataConfig struct {
	// Source is a file, a glob, a folder, s3://bucket/prefix/ or postgres://….
	Source string `json:"source"`
	// Target is the column to predict.
	Target string `json:"target"`
	// Task is regression, binary or multiclass. Default: inferred from the target.
	Task dataset.Task `json:"task,omitempty"`
	// Weight names a column that says how much each row counts, in fits and in scores: numbers,
	// finite and not negative, none missing. It is not predicted from. Default: all count 1.
	Weight string `json:"weight,omitempty"`
	// Offset names a column that holds the logarithm of each row's exposure (the time, area or
	// number that its count or cost is of), for regression by learners with a log link: glm, and
	// boosting with objective poisson, gamma or tweedie. Predictions are for the exposure of the
	// row; where the offset is missing, for an exposure of 1. Default: none.
	Offset string `json:"offset,omitempty"`
	// Drop names columns to leave out, such as identifiers.
	Drop []string `json:"drop,omitempty"`
	// Reading says how the source is read: which columns and rows, their types or schema, and
	// how its text is written. A schema file is read where the config is: by the command.
	source.Reading
	// Constraints are what the data is expected to be like, here or in a file: a run whose data
	// is not like that trains nothing. The file is read where the config is: by the command.
	Constraints *expectation.Named `json:"constraints,omitempty"`
}

func (d DataConfig) faults(l *faultList) {
	if d.Source == "" {
		l.add("/data/source", "is required: a file, a folder, or s3://bucket/prefix/")
	}
	if d.Target == "" {
		l.add("/data/target", "is required: the column to predict")
	}
	switch d.Task {
	case "", dataset.Regression, dataset.Binary, dataset.Multiclass:
	default:
		l.add("/data/task", "unknown task %q: want regression, binary or multiclass", d.Task)
	}
	d.roleFaults(l)
	reading := d.Reading
	reading.Schema.File = "" // Submit wants it read, and so does the command
	*l = append(*l, below("/data", reading.Faults())...)
	if d.Constraints != nil {
		*l = append(*l, below("/data/constraints", d.Constraints.Faults())...)
	}
}
