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

func (s *softmax) value(z [][]float64, from, to int) float64 {
	var sum num.Twofold
	for i := from; i < to; i++ {
		sum.Add(float64(s.w[i] * (s.logSum(z, i) - s.own(z, i))))
	}
	return sum.Value()
}

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

// logSum is log Σ e^score over the classes of row i.
func (s *softmax) logSum(z [][]float64, i int) float64 {
	if s.reference {
		v := z[0][i]
		return max(v, 0) + num.Log1p(num.Exp(-math.Abs(v)))
	}
	top, sum := math.Inf(-1), 0.0
	for k := range z {
		top = max(top, z[k][i])
	}
	for k := range z {
		sum += num.Exp(z[k][i] - top)
	}
	return top + num.Log(sum)
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
func (s *softmax) derive(z, pull, p [][]float64, from, to int) {
	if s.reference {
		for i, v := range z[0][from:to] {
			probability := probabilityAt(v)
			p[0][from+i] = probability
			pull[0][from+i] = s.w[from+i] * (probability - float64(s.class[from+i]))
		}
		return
	}
	row := make([]float64, len(z))
	for i := from; i < to; i++ {
		for k := range z {
			row[k] = z[k][i]
		}
		softmaxRow(row)
		for k, probability := range row {
			p[k][i] = probability
			if s.class[i] == k {
				probability--
			}
			pull[k][i] = s.w[i] * probability
		}
	}
}

func (s *softmax) curve(z, p [][]float64, from, to int) {
	for i := from; i < to; i++ {
		average := 0.0
		for k := range z {
			average += float64(p[k][i] * z[k][i])
		}
		for k := range z {
			z[k][i] = s.w[i] * p[k][i] * (z[k][i] - average)
		}
	}
}

func (s *softmax) bend(h []float64, k, l int, p [][]float64, from, to int) {
	for i := from; i < to; i++ {
		if k == l {
			h[i] = s.w[i] * p[k][i] * (1 - p[k][i])
		} else {
			h[i] = -s.w[i] * p[k][i] * p[l][i]
		}
	}
}
