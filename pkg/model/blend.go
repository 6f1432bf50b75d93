package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/safetensors"
)

// blendName is what a State calls a blend; no learner of a config makes one.
const blendName = "blend"

// maxMembers bounds what a hostile State can ask for.
const maxMembers = 1000

// blend is the weighted mean of what its members predict: of values, or of probabilities
// class by class, which is a probability again.
type blend struct {
	members []Model
	weights []float64 // positive, of sum 1
}

var _ Model = (*blend)(nil)

// Blend makes one model of several that were fitted to the same columns and target. Weights
// are finite and 0 or more; only their ratios count, and a member of weight 0 is left out.
// What a blend predicts is no worse than the worst of its members by any convex loss, and
// in practice better than the best if they err differently.
func Blend(members []Model, weights []float64) (Model, error) {
	if len(members) != len(weights) {
		return nil, fmt.Errorf("blend: %d weights for %d models", len(weights), len(members))
	}
	total := num.Sum(weights)
	b := &blend{}
	for i, m := range members {
		switch w := weights[i]; {
		case !(w >= 0) || math.IsInf(w, 0):
			return nil, fmt.Errorf("blend: weight %d is %v, want a finite number, 0 or more", i+1, w)
		case w > 0:
			b.members, b.weights = append(b.members, m), append(b.weights, w/total)
		}
	}
	if err := b.check(); err != nil {
		return nil, fmt.Errorf("blend: %w", err)
	}
	return b, nil
}

func (b *blend) check() error {
	if len(b.members) == 0 {
		return errors.New("no models")
	}
	if len(b.members) > maxMembers {
		return fmt.Errorf("%d models, want %d at most", len(b.members), maxMembers)
	}
	for i, m := range b.members {
		if _, is := m.(*blend); is {
			return fmt.Errorf("model %d is a blend itself: blend its members", i+1)
		}
		if m.Inputs() != b.Inputs() || m.Outputs() != b.Outputs() {
			return fmt.Errorf("model %d makes %d outputs of %d columns, and model 1 makes %d of %d",
				i+1, m.Outputs(), m.Inputs(), b.Outputs(), b.Inputs())
		}
	}
	if sum := num.Sum(b.weights); !(math.Abs(sum-1) < 1e-9) {
		return fmt.Errorf("weights sum to %v", sum)
	}
	return nil
}

func (b *blend) Inputs() int { return b.members[0].Inputs() }

func (b *blend) Outputs() int { return b.members[0].Outputs() }

func (b *blend) Predict(dst []float64, x *dataset.Matrix) {
	mustFit(dst, x, b.Inputs(), b.Outputs())
	of := make([]float64, len(dst))
	clear(dst)
	for i, m := range b.members {
		m.Predict(of, x)
		for j, v := range of {
			dst[j] += float64(b.weights[i] * v)
		}
	}
}

// Warnings are those of the members.
func (b *blend) Warnings() []string {
	var all []string
	for i, m := range b.members {
		if w, is := m.(Warner); is {
			for _, warning := range w.Warnings() {
				all = append(all, fmt.Sprintf("model %d, %s: %s", i+1, m.State().Learner, warning))
			}
		}
	}
	return all
}

type blendParams struct {
	Weights []float64 `json:"weights"` // the shortest decimals that read back equal
	Members []State   `json:"members"` // without their tensors
}

// State stores the tensors of member n under "n/" and their names.
func (b *blend) State() State {
	p := blendParams{Weights: b.weights}
	tensors := map[string]safetensors.Tensor{}
	for i, m := range b.members {
		state := m.State()
		p.Members = append(p.Members, state)
		for name, t := range state.Tensors {
			tensors[memberPrefix(i)+name] = t
		}
	}
	params, err := json.Marshal(p)
	if err != nil {
		panic("model: " + err.Error()) // weights are finite, and the members marshal
	}
	return State{Learner: blendName, Params: params, Tensors: tensors}
}

func memberPrefix(i int) string { return strconv.Itoa(i) + "/" }

func loadBlend(s State) (Model, error) {
	var p blendParams
	if err := decodeStateParams(s, &p); err != nil {
		return nil, err
	}
	if len(p.Members) != len(p.Weights) || len(p.Members) > maxMembers {
		return nil, fmt.Errorf("%d weights for %d models", len(p.Weights), len(p.Members))
	}
	b := &blend{weights: p.Weights}
	for i, member := range p.Members {
		if member.Learner == blendName {
			return nil, errors.New("a blend of blends")
		}
		if !(p.Weights[i] > 0) {
			return nil, fmt.Errorf("weight %d is %v", i+1, p.Weights[i])
		}
		member.Tensors = map[string]safetensors.Tensor{}
		for name, t := range s.Tensors {
			if of, is := strings.CutPrefix(name, memberPrefix(i)); is {
				member.Tensors[of] = t
			}
		}
		m, err := Load(member)
		if err != nil {
			return nil, fmt.Errorf("model %d: %w", i+1, err)
		}
		b.members = append(b.members, m)
	}
	return b, b.check()
}
