// Package model holds every learner and its fitted form. A learner is a plain struct of
// hyperparameters; Fit turns it and data into a Model, which is immutable and safe for
// concurrent use. There is no unfitted state, inputs are never changed, and the same data,
// params and seed give the same model, bit for bit, on any number of workers.
//
// Order of use: New (or a literal like Boosting{}) → Fit → Predict; State and Load store a
// model and bring it back bit-equal. What a learner needs of its columns is said by NeedsOf;
// how they are encoded for it is the business of pkg/feature, and pipeline puts the two together.
package model

import (
	"context"
	"encoding/json"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/safetensors"
)

// Data is what a learner fits.
type Data struct {
	X *dataset.Matrix
	// Y is the target, one per row and never NaN: the value itself for regression, the
	// class's index 0 … Classes-1 for classification.
	Y []float64
	// Weights are non-negative and finite, one per row; nil means 1 for all. A row of
	// weight 0 is as if it were not there, and weight 2 as if it stood twice.
	Weights []float64
	// Offset is the log of each row's exposure (the time or number that its count or cost
	// came from), finite, one per row, for learners with a log link: the mean is
	// exposure·e^(c + x·β). nil means 0, an exposure of 1, for all. Predict takes no offsets:
	// it answers for an exposure of 1, and multiplying by another's is up to the caller.
	// Learners without a log link refuse offsets.
	Offset  []float64
	Task    dataset.Task
	Classes int // ≥ 2 for classification, 0 for regression
}

// Learner is a set of hyperparameters that can be fitted. It stops early with ctx's error
// when ctx ends.
type Learner interface {
	Fit(ctx context.Context, data Data, seed uint64) (Model, error)
}

// Model is a fitted learner.
type Model interface {
	// Inputs is the number of columns that Predict takes: those it was fitted on.
	Inputs() int
	// Outputs is the number of values predicted per row: 1 for regression, the number of
	// classes for classification.
	Outputs() int
	// Predict writes x.Rows × Outputs values to dst, row by row: the predicted value, or
	// the probability of each class (non-negative, summing to 1). It panics if dst or the
	// columns of x have the wrong length.
	Predict(dst []float64, x *dataset.Matrix)
	// State is the model as data; Load(State()) predicts bit-equal.
	State() State
}

// Warner is a Model whose fit has something to say that does not stop it. Models that may
// have warnings implement it; an empty list means that there are none.
type Warner interface {
	// Warnings are sentences for people, in an order that the same data always give; they
	// are part of the State.
	Warnings() []string
}

// State is a model as data: a learner's name, its small parameters as JSON, and its arrays.
type State struct {
	Learner string                        `json:"learner"`
	Params  json.RawMessage               `json:"params,omitempty"`
	Tensors map[string]safetensors.Tensor `json:"-"`
}
