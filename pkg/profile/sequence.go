package profile

import "math"

// sequence is what depends on how the numbers of a run of rows follow one another. Sequences
// that lie one behind the other are joined.
type sequence struct {
	// Of all values, infinities among them.
	Any             bool
	First, Last     float64
	Up, Down, Level bool // some value is above, below, equal to the one before

	// Of the finite values: their number, first and last, and the sum of the products of
	// neighbours' deviations from Mean, scaled by 2^-2·Exponent.
	N           float64
	FirstFinite float64
	LastFinite  float64
	Mean, Lag   float64
	Exponent    int
}

// follow looks at values in the order of their rows.
func (s *sequence) follow(values []float64) {
	if s.Up && s.Down { // in no order, and it stays so
		for i := len(values) - 1; i >= 0; i-- {
			if v := values[i]; v == v {
				s.Last = v
				return
			}
		}
		return
	}
	for _, v := range values {
		switch {
		case v != v:
			continue
		case !s.Any:
			s.Any, s.First = true, v
		case v > s.Last:
			s.Up = true
		case v < s.Last:
			s.Down = true
		default:
			s.Level = true
		}
		s.Last = v
	}
}

// chunk takes the lag of the next finite values, of which m are the moments.
func (s *sequence) chunk(values []float64, m moments, lag float64) {
	s.joinFinite(&sequence{
		N: m.N, FirstFinite: values[0], LastFinite: values[len(values)-1],
		Mean: m.Mean, Lag: lag, Exponent: m.Exponent,
	})
}

// about is Lag about another mean, scaled by 2^-2·exponent.
func (s *sequence) about(mean float64, exponent int) float64 {
	lag := math.Ldexp(s.Lag, 2*(s.Exponent-exponent))
	r := math.Ldexp(s.Mean, -exponent) - math.Ldexp(mean, -exponent)
	first := math.Ldexp(s.FirstFinite, -exponent) - math.Ldexp(s.Mean, -exponent)
	last := math.Ldexp(s.LastFinite, -exponent) - math.Ldexp(s.Mean, -exponent)
	// Σ(yᵢ+r)(yᵢ₊₁+r) with Σy = 0
	return lag - float64(r*(first+last)) + float64(float64(r*r)*(s.N-1))
}

func (s *sequence) joinFinite(o *sequence) {
	if o.N == 0 {
		return
	}
	if s.N == 0 {
		s.N, s.FirstFinite, s.LastFinite = o.N, o.FirstFinite, o.LastFinite
		s.Mean, s.Lag, s.Exponent = o.Mean, o.Lag, o.Exponent
		return
	}
	exponent := max(s.Exponent, o.Exponent)
	n := s.N + o.N
	mean := bounded(float64(s.Mean*(s.N/n)) + float64(o.Mean*(o.N/n)))
	scale := func(v float64) float64 { return math.Ldexp(v, -exponent) - math.Ldexp(mean, -exponent) }
	s.Lag = s.about(mean, exponent) + o.about(mean, exponent) + float64(scale(s.LastFinite)*scale(o.FirstFinite))
	s.N, s.Mean, s.Exponent, s.LastFinite = n, mean, exponent, o.LastFinite
}

// join puts o, which lies behind s, to it.
func (s *sequence) join(o *sequence) {
	s.joinFinite(o)
	if !o.Any {
		return
	}
	if !s.Any {
		s.Any, s.First = true, o.First
	} else {
		switch {
		case o.First > s.Last:
			s.Up = true
		case o.First < s.Last:
			s.Down = true
		default:
			s.Level = true
		}
	}
	s.Last = o.Last
	s.Up, s.Down, s.Level = s.Up || o.Up, s.Down || o.Down, s.Level || o.Level
}

// order is how the values follow one another.
func (s *sequence) order() Order {
	switch {
	case s.Up && s.Down:
		return ""
	case s.Up && s.Level:
		return Increasing
	case s.Up:
		return StrictlyIncreasing
	case s.Down && s.Level:
		return Decreasing
	case s.Down:
		return StrictlyDecreasing
	}
	return ""
}

// autocorrelation is that of lag 1 of values with these moments, not all equal.
func (s *sequence) autocorrelation(m moments) float64 {
	return s.about(m.Mean, m.Exponent) / m.M2
}
