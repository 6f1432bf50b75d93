package training

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/safetensors"
	"github.com/foretell-ml/foretell/pkg/validate"
)

// prepared is the data that the trials of a run share, read and split once: the rows that
// trials see, and their folds. It is stored as a safetensors file at runs/<run>/data.
type prepared struct {
	run RunID
	pipeline.Data
	folds []validate.Fold
	// test are the rows that no trial sees; without Inputs if none were held out.
	test pipeline.Data
}

// Names in the file: the rows that were held out have the same below a prefix.
const (
	inputsPrefix   = "inputs."
	targetTensor   = "target"
	weightTensor   = "weight" // absent: 1 for all
	segmentsPrefix = "segments."
	foldsTensor    = "folds" // folds × rows: what each row is to each fold
	testPrefix     = "test."
)

// What a row is to a fold.
const (
	unused = 0 // of another time, or of none
	learns = 1
	tests  = 2
)

func (p *prepared) encode() ([]byte, error) {
	file := &safetensors.File{Metadata: map[string]string{}, Tensors: map[string]safetensors.Tensor{}}
	store(file, "", p.Data)
	if p.test.Inputs != nil {
		store(file, testPrefix, p.test)
	}
	roles := make([]uint8, len(p.folds)*len(p.Y))
	for f, fold := range p.folds {
		of := roles[f*len(p.Y):]
		for _, row := range fold.Train {
			of[row] = learns
		}
		for _, row := range fold.Test {
			of[row] = tests
		}
	}
	file.Tensors[foldsTensor] = safetensors.FromU8(roles, len(p.folds), len(p.Y))
	return file.Encode()
}

func store(file *safetensors.File, prefix string, x pipeline.Data) {
	storeTable(file, prefix+inputsPrefix, x.Inputs)
	if x.Segments != nil {
		storeTable(file, prefix+segmentsPrefix, x.Segments)
	}
	file.Tensors[prefix+targetTensor] = safetensors.FromF64(x.Y)
	if x.Weights != nil {
		file.Tensors[prefix+weightTensor] = safetensors.FromF64(x.Weights)
	}
}

func storeTable(file *safetensors.File, prefix string, t *dataset.Table) {
	columns := t.Safetensors()
	for name, text := range columns.Metadata {
		file.Metadata[prefix+name] = text
	}
	for name, t := range columns.Tensors {
		file.Tensors[prefix+name] = t
	}
}

// loadTable returns what was stored below a prefix; nil if nothing was.
func loadTable(file *safetensors.File, prefix string) (*dataset.Table, error) {
	columns := &safetensors.File{Metadata: map[string]string{}, Tensors: map[string]safetensors.Tensor{}}
	for name, text := range file.Metadata {
		if name, ok := strings.CutPrefix(name, prefix); ok {
			columns.Metadata[name] = text
		}
	}
	for name, t := range file.Tensors {
		if column, ok := strings.CutPrefix(name, prefix); ok {
			columns.Tensors[column] = t
		}
	}
	if len(columns.Metadata) == 0 && len(columns.Tensors) == 0 {
		return nil, nil
	}
	return dataset.FromSafetensors(columns)
}

func decodePrepared(b []byte) (*prepared, error) {
	file, err := safetensors.Decode(b)
	if err != nil {
		return nil, fmt.Errorf("prepared data: %w", err)
	}
	p := &prepared{}
	if p.Data, err = load(file, ""); err != nil {
		return nil, fmt.Errorf("prepared data: %w", err)
	}
	if _, ok := file.Tensors[testPrefix+targetTensor]; ok {
		if p.test, err = load(file, testPrefix); err != nil {
			return nil, fmt.Errorf("prepared data: held out: %w", err)
		}
	}
	if p.folds, err = loadFolds(file.Tensors[foldsTensor], len(p.Y)); err != nil {
		return nil, fmt.Errorf("prepared data: folds: %w", err)
	}
	return p, nil
}

func load(file *safetensors.File, prefix string) (x pipeline.Data, err error) {
	if x.Inputs, err = loadTable(file, prefix+inputsPrefix); err != nil {
		return x, err
	}
	if x.Inputs == nil {
		return x, errors.New("no inputs")
	}
	if x.Segments, err = loadTable(file, prefix+segmentsPrefix); err != nil {
		return x, fmt.Errorf("segments: %w", err)
	}
	if x.Segments != nil && x.Segments.Rows() != x.Inputs.Rows() {
		return x, fmt.Errorf("%d rows, segments of %d", x.Inputs.Rows(), x.Segments.Rows())
	}
	if x.Y, err = file.Tensors[prefix+targetTensor].F64(); err != nil {
		return x, fmt.Errorf("target: %w", err)
	}
	if weights, ok := file.Tensors[prefix+weightTensor]; ok {
		if x.Weights, err = weights.F64(); err != nil {
			return x, fmt.Errorf("weights: %w", err)
		}
		if len(x.Weights) != len(x.Y) {
			return x, fmt.Errorf("%d targets, %d weights", len(x.Y), len(x.Weights))
		}
	}
	if len(x.Y) != x.Inputs.Rows() {
		return x, fmt.Errorf("%d rows, %d targets", x.Inputs.Rows(), len(x.Y))
	}
	for row, v := range x.Y {
		if math.IsNaN(v) {
			return x, fmt.Errorf("row %d has no target", row)
		}
	}
	return x, nil
}

func loadFolds(t safetensors.Tensor, rows int) ([]validate.Fold, error) {
	roles, err := t.U8()
	if err != nil {
		return nil, err
	}
	if len(t.Shape) != 2 || t.Shape[1] != rows || rows == 0 {
		return nil, fmt.Errorf("shape %v for %d rows", t.Shape, rows)
	}
	folds := make([]validate.Fold, t.Shape[0])
	for f := range folds {
		for row, role := range roles[f*rows : (f+1)*rows] {
			switch role {
			case learns:
				folds[f].Train = append(folds[f].Train, row)
			case tests:
				folds[f].Test = append(folds[f].Test, row)
			case unused:
			default:
				return nil, errors.New("a role that there is not")
			}
		}
		if len(folds[f].Train) == 0 || len(folds[f].Test) == 0 {
			return nil, fmt.Errorf("fold %d learns from %d rows and tests %d", f, len(folds[f].Train), len(folds[f].Test))
		}
	}
	return folds, nil
}

// data returns the prepared data of a run. A warm function, or a run in one process, reads
// it once.
func (e *Engine) data(ctx context.Context, run RunID) (*prepared, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.prepared != nil && e.prepared.run == run {
		return e.prepared, nil
	}
	p, err := e.readPrepared(ctx, run)
	if err != nil {
		return nil, err
	}
	p.run = run
	e.prepared = p
	return p, nil
}

func (e *Engine) readPrepared(ctx context.Context, run RunID) (*prepared, error) {
	b, _, err := registry.Read(ctx, e.Registry.Store, run.key("data"))
	if err != nil {
		return nil, err
	}
	return decodePrepared(b)
}
