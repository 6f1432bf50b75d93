package search

import (
	"math"
	"math/rand/v2"

	"github.com/foretell-ml/foretell/pkg/internal/num"
)

const sqrt3 = 1.7320508075688772

// mixture is a Parzen window estimate over one space: a component around each point, and one
// that is spread over the whole space, all alike. In a component dimensions are independent.
type mixture struct {
	names      []string
	dimensions []Dimension
	points     [][]float64 // by component, then dimension: its place; NaN in the last, spread one
	whole      [][]float64 // by component, then dimension: how much of its kernel lies in the range
	scale      float64     // of ranges' kernels, as a share of the range
}

// newMixture puts a component around each of the params. A range's kernel has the standard
// deviation 0.2·n^(-1/(d+4)) of its width, the order that is best for a density in d
// dimensions (Scott 1992), yet no less than 1/(n+2), so that a few points do not pretend to be
// precise, and one percent.
func newMixture(s Space, params []Params) mixture {
	m := mixture{names: s.names()}
	for _, name := range m.names {
		m.dimensions = append(m.dimensions, s[name])
	}
	n, d := float64(len(params)), float64(len(m.names))
	deviation := 0.2
	if n > 0 {
		deviation = float64(0.2 * num.Exp(-num.Log(n)/(d+4)))
	}
	deviation = max(deviation, 1/min(n+2, 100))
	m.scale = deviation * (sqrt3 / math.Pi) // the deviation of a logistic distribution is its scale times π/√3
	for _, p := range params {
		places := make([]float64, len(m.names))
		for j, name := range m.names {
			places[j] = m.dimensions[j].place(p[name])
		}
		m.points = append(m.points, places)
	}
	spread := make([]float64, len(m.names))
	for j := range spread {
		spread[j] = math.NaN()
	}
	m.points = append(m.points, spread)
	for _, p := range m.points {
		within := make([]float64, len(p))
		for j := range p {
			within[j] = m.cumulative(1, p[j]) - m.cumulative(0, p[j])
		}
		m.whole = append(m.whole, within)
	}
	return m
}

// draw returns a point near that of a component.
func (m *mixture) draw(r *rand.Rand) Params {
	component := m.points[r.IntN(len(m.points))]
	params := make(Params, len(m.names))
	for j, name := range m.names {
		d := m.dimensions[j]
		switch {
		case math.IsNaN(component[j]):
			params[name] = d.draw(r)
		case d.Choices != nil:
			params[name] = d.Choices[m.choose(int(component[j]), len(d.Choices), r)]
		default:
			low, high := m.cumulative(0, component[j]), m.cumulative(1, component[j])
			u := low + float64(r.Float64()*(high-low))
			params[name] = d.at(component[j] + float64(m.scale*num.Log(u/(1-u))))
		}
	}
	return params
}

// logDensity is that of a point.
func (m *mixture) logDensity(p Params) float64 {
	places := make([]float64, len(m.names))
	for j, name := range m.names {
		places[j] = m.dimensions[j].place(p[name])
	}
	logs := make([]float64, len(m.points))
	most := math.Inf(-1)
	for i, component := range m.points {
		for j := range places {
			logs[i] += num.Log(m.kernel(m.dimensions[j], places[j], component[j], m.whole[i][j]))
		}
		most = max(most, logs[i])
	}
	for i := range logs {
		logs[i] = num.Exp(logs[i] - most)
	}
	return most + num.Log(num.Sum(logs)/float64(len(logs)))
}

// kernel is the density of a component in one dimension, or of whole numbers and choices the
// probability. The logistic distribution, cut off at the ends of a range, has tails that try
// far points more often than the normal's, and a cumulative that is computed alike everywhere.
func (m *mixture) kernel(d Dimension, at, center, within float64) float64 {
	spread := math.IsNaN(center) || math.IsNaN(at)
	switch {
	case d.Choices != nil:
		k := float64(len(d.Choices))
		switch {
		case spread:
			return 1 / k
		case at == center:
			return (1 + m.smooth()) / (1 + float64(k*m.smooth()))
		}
		return m.smooth() / (1 + float64(k*m.smooth()))
	case d.Scale == Integer:
		half := 0.5 / (d.High - d.Low + 1)
		if spread {
			return 2 * half
		}
		return max(m.cumulative(at+half, center)-m.cumulative(at-half, center), 1e-300) / within
	case spread:
		return 1
	}
	c := m.cumulative(at, center)
	return max(float64(c*(1-c)), 1e-300) / float64(m.scale*within)
}

// cumulative is the share of an uncut kernel that lies below a place.
func (m *mixture) cumulative(at, center float64) float64 {
	return 1 / (1 + num.Exp((center-at)/m.scale))
}

// smooth is the weight of each choice in a component around another.
func (m *mixture) smooth() float64 { return 1 / float64(len(m.points)) }

// choose draws the choice of a component around one of k.
func (m *mixture) choose(own, k int, r *rand.Rand) int {
	if u := r.Float64() * (1 + float64(float64(k)*m.smooth())); u < 1 {
		return own
	}
	return r.IntN(k)
}

// place is where a value lies in its dimension: the index of a choice, or else from 0 to 1, what
// lies outside at the nearer end. NaN, which is nowhere more than elsewhere, is a value that the
// dimension does not know.
func (d Dimension) place(value any) float64 {
	if d.Choices != nil {
		for i, choice := range d.Choices {
			if choice == plain(value) {
				return float64(i)
			}
		}
		return math.NaN()
	}
	v, ok := number(value)
	if !ok {
		return math.NaN()
	}
	v = min(max(v, d.Low), d.High)
	switch d.Scale {
	case Log:
		return num.Log(v/d.Low) / num.Log(d.High/d.Low)
	case Integer:
		return (v - d.Low + 0.5) / (d.High - d.Low + 1)
	}
	return (v - d.Low) / (d.High - d.Low)
}

// at is the value at a place of a range.
func (d Dimension) at(place float64) any {
	place = min(max(place, 0), 1)
	switch d.Scale {
	case Log:
		return digits(float64(d.Low*num.Exp(float64(place*num.Log(d.High/d.Low)))), d.Low, d.High)
	case Integer:
		return min(d.Low+math.Floor(float64(place*(d.High-d.Low+1))), d.High)
	}
	return digits(d.Low+float64(place*(d.High-d.Low)), d.Low, d.High)
}
