package training

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/safetensors"
	"github.com/foretell-ml/foretell/pkg/validate"
)

// prepared is the data that the trials of a run share, read and split once. It is stored as
// a safetensors file at runs/<run>/data: the columns, the target, the weights if there are any,
// and for every row the fold that tests on it.
type prepared struct {
	run RunID
	pipeline.Data
	folds []validate.Fold
}

const (
	inputsPrefix = "inputs."
	targetTensor = "target"
	weightTensor = "weight" // absent: 1 for all
	foldTensor   = "fold"   // −1: no fold tests on the row
)

func (p *prepared) encode() ([]byte, error) {
	columns := p.Inputs.Safetensors()
	file := &safetensors.File{Metadata: columns.Metadata, Tensors: map[string]safetensors.Tensor{}}
	for name, t := range columns.Tensors {
		file.Tensors[inputsPrefix+name] = t
	}
	tested := make([]int32, len(p.Y))
	for i := range tested {
		tested[i] = -1
	}
	for f, fold := range p.folds {
		for _, row := range fold.Test {
			tested[row] = int32(f)
		}
	}
	file.Tensors[targetTensor] = safetensors.FromF64(p.Y)
	if p.Weights != nil {
		file.Tensors[weightTensor] = safetensors.FromF64(p.Weights)
	}
	file.Tensors[foldTensor] = safetensors.FromI32(tested)
	return file.Encode()
}

func decodePrepared(b []byte) (*prepared, error) {
	file, err := safetensors.Decode(b)
	if err != nil {
		return nil, fmt.Errorf("prepared data: %w", err)
	}
	columns := &safetensors.File{Metadata: file.Metadata, Tensors: map[string]safetensors.Tensor{}}
	for name, t := range file.Tensors {
		if column, ok := strings.CutPrefix(name, inputsPrefix); ok {
			columns.Tensors[column] = t
		}
	}
	p := &prepared{}
	if p.Inputs, err = dataset.FromSafetensors(columns); err != nil {
		return nil, fmt.Errorf("prepared data: %w", err)
	}
	if p.Y, err = file.Tensors[targetTensor].F64(); err != nil {
		return nil, fmt.Errorf("prepared data: target: %w", err)
	}
	if weights, ok := file.Tensors[weightTensor]; ok {
		if p.Weights, err = weights.F64(); err != nil {
			return nil, fmt.Errorf("prepared data: weights: %w", err)
		}
		if len(p.Weights) != len(p.Y) {
			return nil, fmt.Errorf("prepared data: %d targets, %d weights", len(p.Y), len(p.Weights))
		}
	}
	tested, err := file.Tensors[foldTensor].I32()
	if err != nil {
		return nil, fmt.Errorf("prepared data: folds: %w", err)
	}
	if len(p.Y) != p.Inputs.Rows() || len(tested) != p.Inputs.Rows() {
		return nil, fmt.Errorf("prepared data: %d rows, %d targets, %d folds", p.Inputs.Rows(), len(p.Y), len(tested))
	}
	last := int32(-1)
	assigned := make([]int, len(tested))
	for row, f := range tested {
		if f < -1 || int(f) >= len(tested) || math.IsNaN(p.Y[row]) {
			return nil, fmt.Errorf("prepared data: row %d has fold %d and target %v", row, f, p.Y[row])
		}
		last, assigned[row] = max(last, f), int(f)
	}
	p.folds = validate.Folds(assigned, int(last)+1)
	return p, nil
}

// data returns the prepared data of a run. A warm function, or a run in one process, reads
// it once.
func (e *Engine) data(ctx context.Context, run RunID) (*prepared, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.prepared != nil && e.prepared.run == run {
		return e.prepared, nil
	}
	b, _, err := registry.Read(ctx, e.Registry.Store, run.key("data"))
	if err != nil {
		return nil, err
	}
	p, err := decodePrepared(b)
	if err != nil {
		return nil, err
	}
	p.run = run
	e.prepared = p
	return p, nil
}
