package model

import "math"

// Batch normalization (Ioffe & Szegedy 2015) keeps what is added up in each hidden unit at mean 0 and
// deviation 1 among the rows of a piece, before gain and bias are learned; pieces of a batch are
// normalized each by itself (ghost batches, Hoffer, Hubara & Soudry 2017), so that none waits for
// another. It is of the training alone: folded, a network is one like any other.
//
// A network in training has its gains behind all other params.

const (
	// normFloor is added to variances, as the authors do.
	normFloor = 1e-5
	// normKept is the share of the means and variances so far that a step keeps.
	normKept = 0.9
)

// normalization is the scratch of a layer of units, for a piece of rows.
type normalization struct {
	hats            []float64 // rows × width: normalized, before gain and bias
	means, variance []float64
	inverse         []float64 // of the deviations
	sums, products  []float64
}

func newNormalization(width int) *normalization {
	at := func() []float64 { return make([]float64, width) }
	return &normalization{make([]float64, networkRows*width), at(), at(), at(), at(), at()}
}

// withGains adds gains of 1 for all hidden units.
func (n *network) withGains() *network {
	n.normed = true
	for l := range n.layers() - 1 {
		for range n.width(l + 1) {
			n.params = append(n.params, 1)
		}
	}
	return n
}

// gains are those of a hidden layer within params, or within a gradient of their shape.
func (n *network) gains(params []float64, layer int) []float64 {
	end := len(params)
	for l := n.layers() - 2; l > layer; l-- {
		end -= n.width(l + 1)
	}
	return params[end-n.width(layer+1) : end]
}

// normalize turns the sums of the first rows into normalized ones times gain plus bias.
func (n *network) normalize(p *pass, layer, rows int) {
	width, s := n.width(layer+1), p.norms[layer]
	out := p.values[layer+1][:rows*width]
	share := 1 / float64(rows)
	clear(s.means)
	for i := 0; i < len(out); i += width {
		for k, v := range out[i : i+width] {
			s.means[k] += float64(v * share)
		}
	}
	clear(s.variance)
	for i := 0; i < len(out); i += width {
		for k, v := range out[i : i+width] {
			d := v - s.means[k]
			s.variance[k] += float64(float64(d*d) * share)
		}
	}
	for k, v := range s.variance {
		s.inverse[k] = 1 / math.Sqrt(v+normFloor)
	}
	gains := n.gains(n.params, layer)
	_, biases := n.of(n.params, layer)
	for i := 0; i < len(out); i += width {
		row, hats := out[i:i+width], s.hats[i:i+width]
		for k, v := range row {
			hats[k] = float64((v - s.means[k]) * s.inverse[k])
			row[k] = float64(gains[k]*hats[k]) + biases[k]
		}
	}
}

// denormalize turns the slopes of the first rows, by what normalize leaves, into those by the sums it
// was given, and adds to the gradient of the gains.
func (n *network) denormalize(p *pass, gradient []float64, layer, rows int) {
	width, s := n.width(layer+1), p.norms[layer]
	slopes := p.slopes[layer+1][:rows*width]
	clear(s.sums)
	clear(s.products)
	for i := 0; i < len(slopes); i += width {
		hats := s.hats[i : i+width]
		for k, v := range slopes[i : i+width] {
			s.sums[k] += v
			s.products[k] += float64(v * hats[k])
		}
	}
	gains, of := n.gains(n.params, layer), n.gains(gradient, layer)
	share := 1 / float64(rows)
	for k := range s.sums {
		of[k] += s.products[k]
		s.sums[k] *= share
		s.products[k] *= share
		s.inverse[k] *= gains[k]
	}
	for i := 0; i < len(slopes); i += width {
		row, hats := slopes[i:i+width], s.hats[i:i+width]
		for k, v := range row {
			row[k] = float64(s.inverse[k] * (v - s.sums[k] - float64(hats[k]*s.products[k])))
		}
	}
}

// moving are the means and variances of the hidden units over the last batches.
type moving struct{ means, variances [][]float64 }

// learn takes the pieces of a batch in.
func (m *moving) learn(n *network, pieces []*mlpPiece) {
	first := m.means == nil
	for l := range n.layers() - 1 {
		if first {
			m.means, m.variances = append(m.means, make([]float64, n.width(l+1))), append(m.variances, make([]float64, n.width(l+1)))
		}
		keep, share := normKept, (1-normKept)/float64(len(pieces))
		if first {
			keep, share = 0, 1/float64(len(pieces))
		}
		for k := range m.means[l] {
			mean, variance := 0.0, 0.0
			for _, p := range pieces {
				mean += p.pass.norms[l].means[k]
				variance += p.pass.norms[l].variance[k]
			}
			m.means[l][k] = float64(keep*m.means[l][k]) + float64(share*mean)
			m.variances[l][k] = float64(keep*m.variances[l][k]) + float64(share*variance)
		}
	}
}

// folded is the network with its normalization, by means and variances so far, within weights and
// biases.
func (n *network) folded(by *moving) *network {
	if !n.normed {
		return n
	}
	f := emptyNetwork(n.units)
	copy(f.params, n.params)
	for l := range by.means {
		weights, biases := f.of(f.params, l)
		gains := n.gains(n.params, l)
		for k, mean := range by.means[l] {
			scale := gains[k] / math.Sqrt(by.variances[l][k]+normFloor)
			for i := k; i < len(weights.values); i += weights.row {
				weights.values[i] *= scale
			}
			biases[k] -= float64(mean * scale)
		}
	}
	return f
}
