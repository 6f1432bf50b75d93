package tree

import (
	"fmt"
	"math"

	"github.com/foretell-ml/foretell/pkg/safetensors"
)

// Record is what training knew of each node of a forest and prediction does without. It is
// empty for forests that were stored before there was one.
type Record struct {
	// Cover is the weight of the training rows that come to the node, those out of the sample
	// included.
	Cover []float64
	// Gain is what a split added to ΣG²/(H+λ) over the rows in the sample; 0 for a leaf.
	Gain []float64
}

// Append adds what is known of the next tree.
func (r *Record) Append(cover, gain []float64) {
	r.Cover = append(r.Cover, cover...)
	r.Gain = append(r.Gain, gain...)
}

// Tensors stores the record, if there is one, beside its forest.
func (r *Record) Tensors(tensors map[string]safetensors.Tensor) {
	if r.Cover != nil {
		tensors["cover"] = safetensors.FromF64(r.Cover)
		tensors["gain"] = safetensors.FromF64(r.Gain)
	}
}

// LoadRecord reads what Tensors stored for a forest, or nothing if there is nothing. Covers
// that are not positive and gains that are negative are errors.
func LoadRecord(tensors map[string]safetensors.Tensor, f *Forest) (Record, error) {
	_, covered := tensors["cover"]
	_, gained := tensors["gain"]
	if !covered && !gained {
		return Record{}, nil
	}
	cover, err := tensors["cover"].F64()
	if err != nil {
		return Record{}, fmt.Errorf("tensor %q: %w", "cover", err)
	}
	gain, err := tensors["gain"].F64()
	if err != nil {
		return Record{}, fmt.Errorf("tensor %q: %w", "gain", err)
	}
	if len(cover) != len(f.Nodes) || len(gain) != len(f.Nodes) {
		return Record{}, fmt.Errorf("tensors \"cover\" and \"gain\" have %d and %d nodes of %d", len(cover), len(gain), len(f.Nodes))
	}
	for i := range f.Nodes {
		if !(cover[i] > 0) || math.IsInf(cover[i], 0) || !(gain[i] >= 0) || math.IsInf(gain[i], 0) {
			return Record{}, fmt.Errorf("tensors \"cover\" and \"gain\": node %d has %v and %v", i, cover[i], gain[i])
		}
	}
	return Record{cover, gain}, nil
}

// Gains returns what each node of the last tree grown gained by its split, 0 for a leaf, in
// the units of the derivatives.
func (g *Grower) Gains() []float64 {
	gains := make([]float64, len(g.nodes))
	gradient := float64(g.quant.gradient * g.quant.gradientWeight)
	hessian := float64(g.quant.hessian * g.quant.hessianWeight)
	for i := range g.nodes {
		if g.nodes[i].Feature >= 0 {
			gain := g.splits[i].gain() / gradient / gradient * hessian
			gains[i] = min(math.Ldexp(max(0, gain), -g.weights.exponent), math.MaxFloat64)
		}
	}
	return gains
}
