package model

import (
	"math"

	"github.com/foretell-ml/foretell/pkg/internal/seed"
)

// network is layers of units, all widths filled up with zeros to whole tiles: weights of a
// unit that is none are 0, and so are its gradients. Units are rectified but for the last.
type network struct {
	units  []int     // widths, from inputs to outputs
	params []float64 // of each layer the weights, inputs × outputs, and the biases
	normed bool      // in training with batch normalization
}

// networkRows is how many rows go through the network together: a worker's piece of work,
// whose gradients are summed before those of the pieces are, in order.
const networkRows = 64

func (n *network) layers() int { return len(n.units) - 1 }

// width is that of a layer's values, 0 being the inputs.
func (n *network) width(layer int) int { return padded(n.units[layer]) }

// of returns layer's weights and biases within params, or within a gradient of their shape.
func (n *network) of(params []float64, layer int) (weights grid, biases []float64) {
	begin := 0
	for l := range layer {
		begin += (n.width(l) + 1) * n.width(l+1)
	}
	in, out := n.width(layer), n.width(layer+1)
	end := begin + in*out
	return grid{params[begin:end], out, 1}, params[end : end+out]
}

// emptyNetwork has weights of 0.
func emptyNetwork(units []int) *network {
	n := &network{units: units}
	size := 0
	for l := range n.layers() {
		size += (n.width(l) + 1) * n.width(l+1)
	}
	n.params = make([]float64, size)
	return n
}

// newNetwork draws weights of variance 2/inputs (He et al. 2015), but those of the last layer
// are 0: training begins with the mean.
func newNetwork(units []int, seedOfFit uint64) *network {
	n := emptyNetwork(units)
	for l := range n.layers() - 1 {
		weights, _ := n.of(n.params, l)
		random := seed.Rand(seed.Derive(seedOfFit, "layer", l))
		deviation := math.Sqrt(2 / float64(max(1, n.units[l])))
		for i := range n.units[l] {
			for k := range n.units[l+1] {
				// A sum of twelve uniform numbers is normal enough, and the same everywhere.
				sum := -6.0
				for range 12 {
					sum += random.Float64()
				}
				weights.values[i*weights.row+k] = float64(deviation * sum)
			}
		}
	}
	return n
}

// pass is scratch for networkRows rows on their way through a network.
type pass struct {
	values [][]float64      // by layer: rows × width, the first being the inputs
	norms  []*normalization // by layer of weights, the last left out; none without normalization
	slopes [][]float64      // derivatives of the loss by what is added up in a unit; the first is not used
}

func (n *network) newPass() *pass {
	p := &pass{}
	for l := range n.units {
		p.values = append(p.values, make([]float64, networkRows*n.width(l)))
		p.slopes = append(p.slopes, make([]float64, networkRows*n.width(l)))
		if n.normed && 0 < l && l < n.layers() {
			p.norms = append(p.norms, newNormalization(n.width(l)))
		}
	}
	return p
}

// forward computes the outputs of the first rows of the inputs; rows up to whole tiles hold
// anything finite.
func (n *network) forward(p *pass, rows int) {
	given := rows
	rows = (rows + tileRows - 1) / tileRows * tileRows
	for l := range n.layers() {
		weights, biases := n.of(n.params, l)
		width := n.width(l + 1)
		out := p.values[l+1][:rows*width]
		norm := n.normed && l < n.layers()-1
		for i := 0; i < len(out) && !norm; i += width {
			copy(out[i:], biases)
		}
		if norm { // which adds them itself
			clear(out)
		}
		addProduct(grid{out, width, 1}, grid{p.values[l], n.width(l), 1}, weights, rows, n.width(l), width)
		if norm {
			n.normalize(p, l, given)
		}
		if l < n.layers()-1 {
			for i, v := range out {
				out[i] = max(v, 0)
			}
		}
	}
}

// backward adds to gradient what rows contribute, whose slopes at the outputs are given.
// turned are the weights of each layer, outputs × inputs. Slopes and inputs of rows up to
// whole tiles are 0.
func (n *network) backward(p *pass, gradient []float64, turned [][]float64, rows int) {
	given := rows
	rows = (rows + tileRows - 1) / tileRows * tileRows
	for l := n.layers() - 1; l >= 0; l-- {
		weights, biases := n.of(gradient, l)
		in, out := n.width(l), n.width(l+1)
		slopes := grid{p.slopes[l+1], out, 1}
		for i := 0; i < rows*out; i += out {
			for k, s := range slopes.values[i : i+out] {
				biases[k] += s
			}
		}
		if n.normed && l < n.layers()-1 {
			n.denormalize(p, gradient, l, given)
		}
		addProduct(weights, grid{p.values[l], 1, in}, slopes, in, rows, out)
		if l == 0 {
			return
		}
		below := p.slopes[l][:rows*in]
		clear(below)
		addProduct(grid{below, in, 1}, slopes, grid{turned[l], in, 1}, rows, out, in)
		for i, v := range p.values[l][:rows*in] {
			if !(v > 0) {
				below[i] = 0
			}
		}
	}
}

// turn writes the weights of all layers but the first as outputs × inputs.
func (n *network) turn(turned [][]float64) {
	for l := 1; l < n.layers(); l++ {
		weights, _ := n.of(n.params, l)
		in, out := n.width(l), n.width(l+1)
		for i := range in {
			for k, w := range weights.values[i*out : (i+1)*out] {
				turned[l][k*in+i] = w
			}
		}
	}
}
