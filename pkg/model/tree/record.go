package tree

import (
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
