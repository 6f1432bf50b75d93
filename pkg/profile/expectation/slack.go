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
	s, a := float64(k), float64(z*z)/float64(2*n)
	// (j−k)² = z²(j+k)(1−(j+k)/2n), the greater root j
	b := 2*s + float64(z*z) - float64(2*a*s)
	c := float64(s*s)*(1+a) - float64(s*float64(z*z))
	root := math.Sqrt(max(0, float64(b*b)-float64(4*(1+a)*c)))
	return min(n, max(k, int((b+root)/(2*(1+a)))))
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

// start is the quantile from which the tail is continued, the share of values beyond it, and
// the scale of the exceedances. Between the quantiles of 25, 5 and 1% lie factors of five
// each, so that an exponential tail has equal steps: scale·ln 5.
func (t tail) start() (from, beyond, scale float64) {
	const ln5 = 1.6094379124341003
	if t.n < 100 { // the quantile of 1% is one of the two outermost values
		return t.p95, 0.05, max(t.p95-t.p75, float64((t.p75-t.p50)*0.5)) / ln5
	}
	return t.p99, 0.01, (t.p99 - t.p95) / ln5
}

// shape is the index of the tail as Pickands (Annals of Statistics 3, 1975) estimates it from
// three quantiles: 0 for exponential tails, and for lighter ones, which are not relied on; up
// to 1, beyond which there is no mean.
func (t tail) shape() float64 {
	if inner, outer := t.p95-t.p75, t.p99-t.p95; t.n >= 100 && inner > 0 && outer > inner {
		return min(1, math.Log(outer/inner)/math.Log(5))
	}
	return 0
}

// limit is what another n values exceed with no more than the risk. It continues the tail as
// a generalized Pareto distribution to where risk/n lies beyond, and goes on from the
// greatest value at least as an exponential tail does there (the difference of the maxima of
// two samples is logistic), or as far as that lies from the start.
func (t tail) limit() float64 {
	from, beyond, scale := t.start()
	odds := float64(beyond*float64(t.n)) / risk
	further := float64(scale * math.Log(odds))
	if shape := t.shape(); shape > 0 {
		// Quantiles of it go with beyond^-shape: from p99 to where odds times less lie beyond is
		// 5^shape·(odds^shape − 1)/(5^shape − 1) times the way from p95 to p99.
		power := math.Pow(5, shape)
		further = float64((t.p99-t.p95)*power) * (math.Pow(odds, shape) - 1) / (power - 1)
	}
	return max(from+further, t.max+max(float64(scale*math.Log(1/risk)), t.max-from))
}

// ends reports whether a natural bound, which no value is beyond, is where the tail ends:
// continued as an exponential tail it has one value beyond or more, of which there is none,
// or so few that it makes no difference. In between it may go beyond next time.
func (t tail) ends(bound float64) bool {
	from, beyond, scale := t.start()
	outer := t.beyond(bound, from, beyond, scale)
	inner := t.beyond(bound, t.p95, 0.05, (t.p95-t.p75)/math.Log(5))
	return max(outer, inner) >= 1 || outer < 10*risk
}

// beyond is how many values an exponential tail has beyond a bound.
func (t tail) beyond(bound, from, beyond, scale float64) float64 {
	if scale <= 0 {
		return 0
	}
	return float64(beyond*float64(t.n)) * math.Exp(-(bound-from)/scale)
}

// worth reports whether a limit is near enough to the values that it says something.
func (t tail) worth(limit float64) bool {
	return limit-t.p50 <= 100*(t.max-t.p50)
}
