package expectation

import (
	"math"

	"github.com/foretell-ml/foretell/pkg/profile"
)

// risk is how often another sample of the same size and distribution may break one rule that
// was proposed.
const risk = 1e-4

// z is the quantile of the standard normal distribution that risk lies above.
const z = 3.719016485455709

// rare is how many rows something has in one sample and none in another with less than the
// risk: 2^-14 is the chance that of 14 rows of two samples of one size all are in the first.
// It takes that many to conclude from what was not seen.
const rare = 14

// atMost is how many of another n rows may have a property that k of n rows have. If the
// rows of both samples are in random order, k given the sum of both is hypergeometric, with
// mean half the sum s and variance s/4·(1−s/2n): the limit is where its score is z. For k = 0
// and large n that is z², one less than rare.
func atMost(k, n int) int {
	s, square := float64(k), float64(z*z)
	a := square / float64(2*n)
	// (j−k)² = z²(j+k)(1−(j+k)/2n), the greater root j
	b := s + s + square - float64(float64(2*a)*s)
	c := float64(float64(s*s)*(1+a)) - float64(s*square)
	root := math.Sqrt(max(0, float64(b*b)-float64(float64(4*(1+a))*c)))
	return min(n, max(k, int((b+root)/(2+a+a))))
}

// shareAtMost is atMost as a share of the rows, rounded up to two digits.
func shareAtMost(k, n int) float64 {
	share := float64(atMost(k, n)) / float64(n)
	if share <= 0 {
		return 0
	}
	unit := math.Pow(10, math.Floor(math.Log10(share))-1)
	return min(1, roundTo(share, unit, math.Ceil))
}

// roundTo rounds to a multiple of a power of ten, without the digits of binary fractions.
func roundTo(v, unit float64, round func(float64) float64) float64 {
	if unit >= 1 {
		return float64(round(v/unit) * unit)
	}
	inverse := math.Round(1 / unit)
	return round(float64(v*inverse)) / inverse
}

// fewest is the fewest values from which a range is proposed.
const fewest = 20

// tail is the upper end of a distribution; the lower one is the upper one of the values
// with their signs changed.
type tail struct {
	n                       int
	p50, p75, p95, p99, max float64
}

// tails are the two ends of a column's numbers, and their number.
func tails(s *profile.NumericSummary, n int) (lower, upper tail) {
	q := s.Quantiles
	return tail{n, -q.P50, -q.P25, -q.P05, -q.P01, -s.Min}, tail{n, q.P50, q.P75, q.P95, q.P99, s.Max}
}

// reach is how much further from the middle another n values may go than the greatest of n
// went, as a multiple of that distance: so far that the risk is that much or less if the tail
// is exponential or lighter, and at least three times as far in all. The greatest then lies
// about scale·ln(n/2) above the median, and the difference of two such is logistic.
func reach(n int) float64 { return max(2, math.Log(1/risk)/math.Log(float64(n)/2)) }

// limit is what another n values exceed with no more than the risk, if the tail is exponential
// or lighter. If the greatest value is further off than that of an exponential tail with the
// quantile of 5%, the tail may be a power: then the limit is ten times as far, which the
// greatest of another n values of Student's t with 3 degrees of freedom is about once in 100.
func (t tail) limit() float64 {
	distance, factor := t.max-t.p50, reach(t.n)
	if float64(distance*math.Ln10) > float64((t.p95-t.p50)*math.Log(float64(t.n)/2)) { // ln 10: from 50 to 5%
		factor = max(factor, 9)
	}
	return t.max + float64(distance*factor)
}

// ends reports whether a natural bound, which no value is beyond, is where the tail ends:
// continued as an exponential tail it would have so many values beyond that one should have
// been seen, or so few that it makes no difference. In between it may go beyond next time.
func (t tail) ends(bound, enough float64) bool {
	const ln5 = 1.6094379124341003 // from 25 to 5%, and from 5 to 1%
	inner := t.beyond(bound, t.p95, 0.05, (t.p95-t.p75)/ln5)
	outer := t.beyond(bound, t.p99, 0.01, (t.p99-t.p95)/ln5)
	return max(inner, outer) >= enough || outer < 10*risk
}

// beyond is how many values an exponential tail has beyond a bound, by a quantile, the share
// of the values above it, and the scale.
func (t tail) beyond(bound, from, share, scale float64) float64 {
	if scale <= 0 {
		return 0
	}
	return float64(share*float64(t.n)) * math.Exp(-(bound-from)/scale)
}
