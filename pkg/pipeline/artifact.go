package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/feature"
	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/model"
	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/safetensors"
)

// Format is the version of the artifact format. A reader refuses versions it does not know.
const Format = "foretell-1"

// goldenTolerance is how far, relatively, a golden row may move between processors: exp and
// log may differ in the last bits. On one architecture predictions are bit-equal.
const goldenTolerance = 1e-9

// Names in the artifact's file: the model's tensors and the golden table's, each below a
// prefix of its own.
const (
	modelPrefix       = "model."
	goldenPrefix      = "golden."
	goldenPredictions = "golden_predictions"
)

// header is the JSON part of an artifact.
type header struct {
	Schema  dataset.Schema   `json:"schema"`
	Target  Target           `json:"target"`
	Encoder *feature.Encoder `json:"encoder"`
	Model   model.State      `json:"model"`
	Lineage Lineage          `json:"lineage"`
}

// Encode returns the artifact: one safetensors file. Equal pipelines give equal bytes. The
// pipeline must be finished.
func (p *Pipeline) Encode() ([]byte, error) {
	if p.golden == nil {
		return nil, errors.New("pipeline: Encode before Finish")
	}
	state := p.Model.State()
	head, err := json.Marshal(header{p.Schema, p.Target, p.Encoder, state, p.Lineage})
	if err != nil {
		return nil, fmt.Errorf("pipeline: header: %w", err)
	}
	reference, err := json.Marshal(p.Reference)
	if err != nil {
		return nil, fmt.Errorf("pipeline: profile: %w", err)
	}
	golden := p.golden.Safetensors()
	file := &safetensors.File{
		Metadata: map[string]string{"format": Format, "pipeline": string(head), "profile": string(reference)},
		Tensors:  map[string]safetensors.Tensor{goldenPredictions: safetensors.FromF64(p.goldenPredictions)},
	}
	for name, t := range state.Tensors {
		file.Tensors[modelPrefix+name] = t
	}
	for name, t := range golden.Tensors {
		file.Tensors[goldenPrefix+name] = t
	}
	for name, text := range golden.Metadata {
		file.Metadata[goldenPrefix+name] = text
	}
	return file.Encode()
}

// Decode reads an artifact and checks that its golden rows predict what they did when it was
// made. Whatever the bytes, it returns a pipeline that can predict, or an error.
func Decode(b []byte) (*Pipeline, error) {
	file, err := safetensors.Decode(b)
	if err != nil {
		return nil, fmt.Errorf("artifact: %w", err)
	}
	if got := file.Metadata["format"]; got != Format {
		return nil, fmt.Errorf("artifact: format %q, this release reads %q", got, Format)
	}
	var head header
	if err := json.Unmarshal([]byte(file.Metadata["pipeline"]), &head); err != nil {
		return nil, fmt.Errorf("artifact: header: %w", err)
	}
	p := &Pipeline{Schema: head.Schema, Target: head.Target, Encoder: head.Encoder, Lineage: head.Lineage}
	if p.Encoder == nil {
		return nil, errors.New("artifact: no encoder")
	}
	if err := p.Encoder.Check(); err != nil {
		return nil, fmt.Errorf("artifact: encoder: %w", err)
	}
	p.Reference = &profile.Profile{}
	if err := json.Unmarshal([]byte(file.Metadata["profile"]), p.Reference); err != nil {
		return nil, fmt.Errorf("artifact: profile: %w", err)
	}
	head.Model.Tensors = below(file.Tensors, modelPrefix)
	if p.Model, err = model.Load(head.Model); err != nil {
		return nil, fmt.Errorf("artifact: model: %w", err)
	}
	if p.Model.Outputs() != p.Target.Outputs() {
		return nil, fmt.Errorf("artifact: model predicts %d values, target %q needs %d", p.Model.Outputs(), p.Target.Name, p.Target.Outputs())
	}
	if err := p.checkGolden(file); err != nil {
		return nil, fmt.Errorf("artifact: golden rows: %w", err)
	}
	return p, nil
}

func (p *Pipeline) checkGolden(file *safetensors.File) (err error) {
	golden := &safetensors.File{Metadata: below(file.Metadata, goldenPrefix), Tensors: below(file.Tensors, goldenPrefix)}
	if p.golden, err = dataset.FromSafetensors(golden); err != nil {
		return err
	}
	if p.goldenPredictions, err = file.Tensors[goldenPredictions].F64(); err != nil {
		return err
	}
	if p.golden.Rows() == 0 {
		return errors.New("there are none")
	}
	if !reflect.DeepEqual(p.golden.Schema(), p.Schema) { // which requests are brought into the shape of
		return errors.New("their columns are not those of the schema")
	}
	if width, want := len(p.Encoder.Names()), p.Model.Inputs(); width != want {
		return fmt.Errorf("the encoder makes %d columns, the model takes %d", width, want)
	}
	again, err := p.Predict(p.golden)
	if err != nil {
		return err
	}
	if len(again) != len(p.goldenPredictions) {
		return fmt.Errorf("%d predictions, want %d", len(again), len(p.goldenPredictions))
	}
	for i, want := range p.goldenPredictions {
		if !num.Close(again[i], want, goldenTolerance) {
			return fmt.Errorf("row %d predicts %v, and predicted %v when the model was made", i/p.Model.Outputs()+1, again[i], want)
		}
	}
	return nil
}

// below returns the entries whose keys start with prefix, without it.
func below[V any](from map[string]V, prefix string) map[string]V {
	found := map[string]V{}
	for key, v := range from {
		if name, ok := strings.CutPrefix(key, prefix); ok {
			found[name] = v
		}
	}
	return found
}
