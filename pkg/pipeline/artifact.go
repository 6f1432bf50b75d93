package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/foretell-ml/foretell/pkg/calibration"
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

// Names in the artifact's file: the tensors of member n below "members.n.", n from 0, and those
// of the golden table below a prefix of their own.
const (
	membersPrefix     = "members."
	goldenPrefix      = "golden."
	goldenPredictions = "golden_predictions"
)

// header is the JSON part of an artifact.
type header struct {
	Schema      dataset.Schema           `json:"schema"`
	Target      Target                   `json:"target"`
	Encoders    []*feature.Encoder       `json:"encoders"`
	Members     []memberHeader           `json:"members"`
	Calibration *calibration.Calibration `json:"calibration,omitempty"`
	Conformal   *calibration.Conformal   `json:"conformal,omitempty"`
	CVPlus      *calibration.CVPlus      `json:"cv_plus,omitempty"`
	Decision    *Decision                `json:"decision,omitempty"`
	Lineage     Lineage                  `json:"lineage"`
}

type memberHeader struct {
	Configuration
	Weight  float64     `json:"weight"`
	Encoder int         `json:"encoder"` // index into the header's
	Model   model.State `json:"model"`
}

// Encode returns the artifact: one safetensors file. Equal pipelines give equal bytes. The
// pipeline must be finished.
func (p *Pipeline) Encode() ([]byte, error) {
	if p.golden == nil {
		return nil, errors.New("pipeline: Encode before Finish")
	}
	h := header{Schema: p.Schema, Target: p.Target, Calibration: p.Calibration, Conformal: p.Conformal, CVPlus: p.CVPlus, Decision: p.Decision, Lineage: p.Lineage}
	tensors := map[string]safetensors.Tensor{goldenPredictions: safetensors.FromF64(p.goldenPredictions)}
	for i, m := range p.Members {
		at := indexOf(h.Encoders, m.Encoder)
		if at < 0 {
			at = len(h.Encoders)
			h.Encoders = append(h.Encoders, m.Encoder)
		}
		state := m.Model.State()
		h.Members = append(h.Members, memberHeader{m.Configuration, m.Weight, at, state})
		for name, t := range state.Tensors {
			tensors[memberPrefix(i)+name] = t
		}
	}
	head, err := json.Marshal(h)
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
		Tensors:  tensors,
	}
	for name, t := range golden.Tensors {
		file.Tensors[goldenPrefix+name] = t
	}
	for name, text := range golden.Metadata {
		file.Metadata[goldenPrefix+name] = text
	}
	return file.Encode()
}

func memberPrefix(i int) string { return membersPrefix + strconv.Itoa(i) + "." }

// Decode reads an artifact and checks that its golden rows predict what they did when it was
// made. Whatever the bytes, it returns a pipeline that can predict, or an error. Trees stay in b as long as nobody
// wants more than their predictions: it must not change.
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
	p := &Pipeline{size: int64(len(b)), Schema: head.Schema, Target: head.Target, Calibration: head.Calibration, Conformal: head.Conformal, CVPlus: head.CVPlus, Decision: head.Decision, Lineage: head.Lineage}
	if err := p.loadMembers(head, file); err != nil {
		return nil, fmt.Errorf("artifact: %w", err)
	}
	if err := p.checkFinish(); err != nil {
		return nil, fmt.Errorf("artifact: %w", err)
	}
	if p.Reference, err = profile.Read(file.Metadata["profile"]); err != nil {
		return nil, fmt.Errorf("artifact: profile: %w", err)
	}
	if err := p.checkGolden(file); err != nil {
		return nil, fmt.Errorf("artifact: golden rows: %w", err)
	}
	return p, nil
}

// Size is the bytes of the artifact that the pipeline was decoded from; 0 if it was not.
func (p *Pipeline) Size() int64 { return p.size }

// loadMembers brings back the encoders and models of a header.
func (p *Pipeline) loadMembers(head header, file *safetensors.File) error {
	if n := len(head.Members); n == 0 || n > maxMembers {
		return fmt.Errorf("%d members, want 1 to %d", n, maxMembers)
	}
	used := make([]bool, len(head.Encoders))
	for i, e := range head.Encoders {
		if e == nil {
			return fmt.Errorf("encoder %d is missing", i+1)
		}
		if err := e.Check(); err != nil {
			return fmt.Errorf("encoder %d: %w", i+1, err)
		}
	}
	tensors := byMember(file.Tensors, len(head.Members))
	for i, m := range head.Members {
		if m.Encoder < 0 || m.Encoder >= len(head.Encoders) {
			return fmt.Errorf("member %d: encoder %d of %d", i+1, m.Encoder+1, len(head.Encoders))
		}
		used[m.Encoder] = true
		if m.Learner != m.Model.Learner {
			return fmt.Errorf("member %d: a model of %q for a configuration of %q", i+1, m.Model.Learner, m.Learner)
		}
		m.Model.Tensors = tensors[i]
		loaded, err := model.Load(m.Model)
		if err != nil {
			return fmt.Errorf("member %d: %w", i+1, err)
		}
		p.Members = append(p.Members, Member{Configuration: m.Configuration, Encoder: head.Encoders[m.Encoder], Model: loaded, Weight: m.Weight})
	}
	if i := slices.Index(used, false); i >= 0 {
		return fmt.Errorf("encoder %d is of no member", i+1)
	}
	if err := p.checkMembers(); err != nil {
		return err
	}
	p.fuse()
	return nil
}

// checkFinish returns an error unless what follows the members' mean suits the target.
func (p *Pipeline) checkFinish() error {
	outputs := p.Target.Outputs()
	if c := p.Calibration; c != nil {
		if err := c.Check(); err != nil {
			return fmt.Errorf("calibration: %w", err)
		}
		if c.Outputs != outputs {
			return fmt.Errorf("calibration of %d classes, target %q has %d", c.Outputs, p.Target.Name, outputs)
		}
	}
	if err := p.checkIntervals(); err != nil {
		return err
	}
	if p.Decision != nil {
		if err := p.Decision.check(outputs); err != nil {
			return fmt.Errorf("decision: %w", err)
		}
	}
	return nil
}

// byMember sorts tensors by the member in their names, in one pass however many there are.
func byMember(all map[string]safetensors.Tensor, members int) []map[string]safetensors.Tensor {
	sorted := make([]map[string]safetensors.Tensor, members)
	for i := range sorted {
		sorted[i] = map[string]safetensors.Tensor{}
	}
	for name, t := range all {
		rest, of := strings.CutPrefix(name, membersPrefix)
		number, name, dotted := strings.Cut(rest, ".")
		if i, err := strconv.Atoi(number); of && dotted && err == nil && i >= 0 && i < members && number == strconv.Itoa(i) {
			sorted[i][name] = t
		}
	}
	return sorted
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
	again, err := p.Predict(p.golden)
	if err != nil {
		return err
	}
	if len(again) != len(p.goldenPredictions) {
		return fmt.Errorf("%d predictions, want %d", len(again), len(p.goldenPredictions))
	}
	for i, want := range p.goldenPredictions {
		if !num.Close(again[i], want, goldenTolerance) {
			return fmt.Errorf("row %d predicts %v, and predicted %v when the model was made", i/p.Target.Outputs()+1, again[i], want)
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
