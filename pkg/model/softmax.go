package model

import (
	"math"

	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// softmax is the loss that Logistic minimizes: −log of the probability of a row's class.
// With a reference, class present[0] has score 0 and there is a single set of parameters.
type softmax struct {
	class     []int // per row: index into present
	count     int   // of sets
	reference bool
	w         []float64
}

var _ rowLoss = (*softmax)(nil)

func newSoftmax(d Data, w []float64, present []int, reference bool) *softmax {
	s := &softmax{count: len(present), reference: reference, w: w}
	if reference {
		s.count = 1
	}
	index := make(map[int]int, len(present))
	for k, class := range present {
		index[class] = k
	}
	s.class = make([]int, len(d.Y))
	for i, y := range d.Y {
		s.class[i] = index[int(y)]
	}
	return s
}

func (s *softmax) sets() int { return s.count }

// own is the score of row i's own class.
func (s *softmax) own(z [][]float64, i int) float64 {
	k := s.class[i]
	if s.reference {
		k--
	}
	if k < 0 {
		return 0
	}
	return z[k][i]
}

// margin is how far row i's own class is ahead of the best other one.
func (s *softmax) margin(z [][]float64, i int) float64 {
	if s.reference {
		return z[0][i] * float64(2*s.class[i]-1)
	}
	best := math.Inf(-1)
	for k := range z {
		if k != s.class[i] {
			best = max(best, z[k][i])
		}
	}
	return s.own(z, i) - best
}

// derive leaves the probabilities of the sets' classes as the state.
func (s *softmax) derive(z, pull, p [][]float64, from, to int) float64 {
	if s.reference {
		return s.deriveOne(z[0][from:to], pull[0][from:to], p[0][from:to], s.class[from:to], s.w[from:to])
	}
	var sum num.Twofold
	row := make([]float64, len(z))
	for i := from; i < to; i++ {
		own := s.class[i]
		top := math.Inf(-1)
		for k := range z {
			row[k] = z[k][i]
			if row[k] > top {
				top = row[k]
			}
		}
		score, all := row[own], 0.0
		for k, v := range row {
			row[k] = num.Exp(v - top)
			all += row[k]
		}
		w := s.w[i]
		// Rounded like the scores: a loss that falls further than derivatives can tell would be followed.
		sum.Add(float64(w * (top + num.Log(all) - score)))
		for k, v := range row {
			probability := v / all
			p[k][i] = probability
			if own == k {
				probability--
			}
			pull[k][i] = w * probability
		}
	}
	return sum.Value()
}

// deriveOne is derive of a single set, whose class 1 has score z and the other 0.
func (s *softmax) deriveOne(z, pull, p []float64, class []int, w []float64) float64 {
	var sum num.Twofold
	for i, v := range z {
		less := num.Exp(-math.Abs(v))
		lost := max(v, 0) + num.Log1p(less)
		p[i] = 1 / (1 + less)
		if v < 0 {
			p[i] = less / (1 + less)
		}
		if class[i] == 1 {
			lost -= v
		}
		sum.Add(float64(w[i] * lost))
		pull[i] = w[i] * (p[i] - float64(class[i]))
	}
	return sum.Value()
}

func (s *softmax) curve(z, p [][]float64, from, to int) {
	var buffer [rowBlock]float64
	for ; from < to; from += rowBlock {
		end := min(from+rowBlock, to)
		average, w := buffer[:end-from], s.w[from:end]
		clear(average)
		for k := range z {
			of, score := p[k][from:end][:len(average)], z[k][from:end][:len(average)]
			for i := range average {
				average[i] += float64(of[i] * score[i])
			}
		}
		for k := range z {
			of, score := p[k][from:end][:len(average)], z[k][from:end][:len(average)]
			for i, a := range average {
				score[i] = w[i] * of[i] * (score[i] - a)
			}
		}
	}
}

func (s *softmax) bend(h []float64, k, l int, p [][]float64, from, to int) {
	h, w, a, b := h[from:to], s.w[from:to], p[k][from:to], p[l][from:to]
	if k == l {
		for i, v := range a {
			h[i] = w[i] * v * (1 - v)
		}
		return
	}
	for i, v := range a {
		h[i] = -w[i] * v * b[i]
	}
}
