package model

import (
	"context"
	"errors"
	"fmt"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// MLP is a multilayer perceptron: layers of rectified linear units, trained by Adam (Kingma &
// Ba 2015) on squared error or log loss in small batches. It fits smooth surfaces that trees
// take many steps for, and is a good partner of trees in a blend.
//
// The data are standardized within, numbers far from the rest held back, and the target too.
// Rows are brought into an order that follows from their values, equal ones taken together,
// and columns are told apart by their values: neither the order of rows nor that of columns,
// nor a whole weight written as repeats, makes another model.
type MLP struct {
	// Hidden are the numbers of units of the hidden layers, each 1 to 4096, at most 8 layers.
	// Default [64, 64]. None makes the model linear.
	Hidden []int `json:"hidden"`
	// Members is how many networks are averaged, 1 to 100. Default 5. Each begins with other
	// weights and holds out other rows, so that together they see all.
	Members int `json:"members"`
	// LearningRate is Adam's step, above 0 and at most 1. Default 0.002.
	LearningRate float64 `json:"learning_rate"`
	// BatchSize is how many rows make a step, 1 to 65536; 0, the default, is a 50th of the
	// rows, but 32 at least and 256 at most.
	BatchSize int `json:"batch_size"`
	// Epochs is how often all rows are gone through, 1 to 100,000. Default 100, of which
	// early stopping leaves most out.
	Epochs int `json:"epochs"`
	// Holdout is the share of rows kept from training to tell when to stop, 0 to 0.5.
	// Default 0.1. 0 trains for all Epochs; so does a share of fewer than 50 rows.
	Holdout float64 `json:"holdout"`
	// Patience is after how many epochs without a better loss on the rows held out training
	// stops, at least 1. Default 10. The weights of the best epoch are kept.
	Patience int `json:"patience"`
	// WeightDecay pulls weights towards 0 in each step, by this share of the learning rate
	// (Loshchilov & Hutter 2019), 0 to 100. Default 0.01.
	WeightDecay float64 `json:"weight_decay"`
	// BatchNorm normalizes hidden units among the rows of a batch while they are trained. Default
	// true: training takes up to twice as long, and models are as good or better (docs/learners.md).
	BatchNorm bool `json:"batch_norm"`
}

var _ Learner = MLP{}

// DefaultMLP returns the defaults.
func DefaultMLP() MLP {
	return MLP{Hidden: []int{64, 64}, Members: 5, LearningRate: 0.002, Epochs: 100, Holdout: 0.1, Patience: 10, WeightDecay: 0.01, BatchNorm: true}
}

// maxMLP bounds the numbers of the training data as they are trained on, 8 bytes each: 1 GB.
const maxMLP = 1 << 27

// Validate returns every fault of the parameters, each a *ParamError, or nil.
func (p MLP) Validate() error {
	var errs []error
	check := func(ok bool, param string, value any, want string) {
		if !ok {
			errs = append(errs, &ParamError{mlpName, param, fmt.Errorf("is %v, want %s", value, want)})
		}
	}
	check(len(p.Hidden) <= 8, "hidden", p.Hidden, "at most 8 layers")
	for _, units := range p.Hidden {
		check(1 <= units && units <= 4096, "hidden", units, "1 to 4096 units in a layer")
	}
	check(1 <= p.Members && p.Members <= 100, "members", p.Members, "1 to 100")
	check(0 < p.LearningRate && p.LearningRate <= 1, "learning_rate", p.LearningRate, "above 0 and at most 1")
	check(0 <= p.BatchSize && p.BatchSize <= 1<<16, "batch_size", p.BatchSize, "0 (by the rows) to 65536")
	check(1 <= p.Epochs && p.Epochs <= 100_000, "epochs", p.Epochs, "1 to 100000")
	check(0 <= p.Holdout && p.Holdout <= 0.5, "holdout", p.Holdout, "0 to 0.5")
	check(1 <= p.Patience, "patience", p.Patience, "1 or more")
	check(0 <= p.WeightDecay && p.WeightDecay <= 100, "weight_decay", p.WeightDecay, "0 to 100")
	return errors.Join(errs...)
}

// Fit trains. ctx is looked at before every batch. Missing values and categories are refused.
func (p MLP) Fit(ctx context.Context, data Data, seedOfFit uint64) (Model, error) {
	if err := errors.Join(p.Validate(), data.Validate()); err != nil {
		return nil, fmt.Errorf("mlp: %w", err)
	}
	if err := errors.Join(data.complete(), data.noOffset()); err != nil {
		return nil, fmt.Errorf("mlp: %w", err)
	}
	kept, weights := data.weighted()
	if width := padded(len(kept.X.Columns)) + 8; len(kept.Y) > maxMLP/width {
		return nil, fmt.Errorf("mlp: %w", &SizeError{"rows", len(kept.Y), maxMLP / width, "train on a sample, or with fewer columns"})
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	columns, rows, weights := canonical(kept, weights)
	m := newMLP(kept, columns, rows, weights)
	m.Members, m.Units = p.Members, p.units(len(columns), m.scores())
	t := newMLPTraining(p, m, kept, columns, rows, weights)
	defer t.crew.Close()
	for member := range p.Members {
		if err := t.run(ctx, newNetwork(m.Units, seed.Derive(seedOfFit, "weights", member)), seed.Derive(seedOfFit, "rows", member)); err != nil {
			return nil, fmt.Errorf("mlp: %w", err)
		}
		m.nets = append(m.nets, t.net)
	}
	m.restore(columns)
	if checkFinite("", []float64{m.TargetScale, m.TargetMean, m.TargetSize}) != nil {
		return nil, errors.New("mlp: the target or the weights are too large: their sums overflow; scale them down")
	}
	return m, nil
}

// units are the widths of all layers, inputs and outputs included.
func (p MLP) units(inputs, outputs int) []int {
	return append(append([]int{inputs}, p.Hidden...), outputs)
}

// batch is how many of so many rows make a step at most.
func (p MLP) batch(rows int) int {
	if p.BatchSize > 0 {
		return p.BatchSize
	}
	return max(32, min(256, rows/50))
}

// memory is what Memory says, for so many rows, inputs and outputs.
func (p MLP) memory(rows, inputs, outputs int) int64 {
	const number = 8
	links, units := int64(p.links(float64(inputs), float64(outputs))), int64(0)
	for _, width := range p.Hidden {
		units += int64(padded(width))
	}
	ends := int64(padded(inputs) + padded(outputs))
	piece := links + networkRows*(2*ends+3*units) // a gradient; values, slopes, and normalized values
	pieces := int64((min(rows, p.batch(rows)) + networkRows - 1) / networkRows)
	if p.Holdout > 0 {
		pieces = max(pieces, min(lossPieces, int64(float64(rows)*p.Holdout)/networkRows+1))
	}
	// The rows in order, standardized; pieces; networks, the moments of one, and copies of it.
	return number * (int64(rows)*int64(padded(inputs)+7) + pieces*piece + links*int64(p.Members+6))
}
