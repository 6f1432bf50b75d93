package profile

import (
	"math"

	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// moments are count, sum, and central moments of finite numbers, and can be merged.
//
// Deviations are scaled by 2^-Exponent, so that neither the square of 1e200 overflows nor the
// fourth power of 1e-100 vanishes. Each chunk of values is gone over twice, the second time
// about a mean that is off by roundings only, and what these put into the powers is taken out
// (Chan, Golub and LeVeque, The American Statistician 37, 1983). Chunks are merged by the
// formulas of Pébay, SAND2008-6212, 2008. Every product is rounded before it is added.
type moments struct {
	N        float64
	Sum      num.Twofold
	Mean     float64
	Exponent int
	// Sums of the 2nd, 3rd and 4th powers of the scaled deviations.
	M2, M3, M4 float64
}

// describeChunk returns the moments of one finite value or more, and the sum of the products of scaled
// deviations of neighbours about the mean.
func describeChunk(x []float64) (m moments, lag float64) {
	n := float64(len(x))
	sum := sumOf(x)
	center := sum / n
	if math.IsInf(sum, 0) || math.IsNaN(sum) { // the greatest numbers do not fit: their halves do
		sum = 0
		for _, v := range x {
			sum += float64(v / n)
		}
		center = bounded(sum)
	}
	m, lag = powers(x, center, 0)
	if tiny, huge := math.Ldexp(1, -900), math.Ldexp(1, 1000); !(m.M4 > tiny && m.M4 < huge) {
		greatest := 0.0
		for _, v := range x {
			greatest = max(greatest, math.Abs(float64(v*0.5)-float64(center*0.5)))
		}
		if greatest > 0 {
			_, exponent := math.Frexp(greatest)
			m, lag = powers(x, center, exponent+1)
		}
	}
	if sumsExactly(x) {
		m.Sum, m.Mean = num.Twofold{Hi: sum}, center
	}
	return m, lag
}

// sumsExactly says whether all sums of some of the values are whole numbers that float64 has, so that
// none was rounded: people count on it where they count.
func sumsExactly(x []float64) bool {
	most := float64(1<<53) / float64(len(x))
	for _, v := range x {
		if !(math.Abs(v) <= most) || float64(int64(v)) != v {
			return false
		}
	}
	return true
}

// bounded is a mean that a rounding may have put beyond the greatest numbers, of which it is the mean.
func bounded(mean float64) float64 { return min(max(mean, -math.MaxFloat64), math.MaxFloat64) }

// powers sums powers of the deviations from center, which is the mean but for roundings, and
// the products of neighbours.
func powers(x []float64, center float64, exponent int) (m moments, lag float64) {
	// In two steps, because 2^1074 is no float64.
	up, more := math.Ldexp(1, -exponent/2), math.Ldexp(1, -exponent-(-exponent/2))
	scaled := float64(float64(center*up) * more)
	n := float64(len(x))
	deviation := func(v float64) float64 { return float64(float64(v*up)*more) - scaled }
	var sums [len(blockPowers{})]num.Twofold
	for start := 0; start < len(x); start += powerBlock {
		end := min(start+powerBlock, len(x))
		var b blockPowers
		if start == 0 || exponent != 0 || !b.addQuick(x[start-1:end], center) {
			var d [1 + powerBlock]float64
			if start > 0 {
				d[0] = deviation(x[start-1])
			}
			for i, v := range x[start:end] {
				d[i+1] = deviation(v)
			}
			b.addGo(d[:end-start+1])
		}
		for i := range sums {
			sums[i].Add((b[i][0] + b[i][2]) + (b[i][1] + b[i][3]))
		}
	}
	s1, s2, s3, s4 := sums[0].Value(), sums[1].Value(), sums[2].Value(), sums[3].Value()
	r := s1 / n // what center is short of the mean
	m = moments{N: n, Exponent: exponent}
	m.Sum.AddProduct(center, n)
	m.Sum.Add(math.Ldexp(s1, exponent))
	m.Mean = bounded(center + math.Ldexp(r, exponent))
	rr := float64(r * r)
	m.M2 = max(0, s2-float64(rr*n))
	m.M3 = s3 - float64(3*float64(r*s2)) + float64(2*float64(n*float64(rr*r)))
	m.M4 = max(0, s4-float64(4*float64(r*s3))+float64(6*float64(rr*s2))-float64(3*float64(n*float64(rr*rr))))
	first, last := deviation(x[0]), deviation(x[len(x)-1])
	return m, sums[4].Value() + float64(rr*(n-1)) - float64(r*(float64(2*s1)-first-last))
}

// rescaled is m with deviations scaled by 2^-exponent.
func (m moments) rescaled(exponent int) moments {
	by := m.Exponent - exponent
	m.M2, m.M3, m.M4 = math.Ldexp(m.M2, 2*by), math.Ldexp(m.M3, 3*by), math.Ldexp(m.M4, 4*by)
	m.Exponent = exponent
	return m
}

// merge adds the moments of other values.
func (m *moments) merge(o moments) {
	if o.N == 0 {
		return
	}
	if m.N == 0 {
		*m = o
		return
	}
	exponent := max(m.Exponent, o.Exponent)
	a, b := m.rescaled(exponent), o.rescaled(exponent)
	n := a.N + b.N
	share, other := b.N/n, a.N/n
	// Scaled before they are subtracted: the difference may be twice the largest number.
	d := math.Ldexp(b.Mean, -exponent-1) - math.Ldexp(a.Mean, -exponent-1)
	d *= 2
	if math.IsInf(d, 0) { // means far apart beside their spreads
		exponent += 1100
		a, b = a.rescaled(exponent), b.rescaled(exponent)
		d = 2 * (math.Ldexp(b.Mean, -exponent-1) - math.Ldexp(a.Mean, -exponent-1))
	}
	r := moments{N: n, Sum: m.Sum, Exponent: exponent}
	r.Sum.Add(o.Sum.Hi)
	r.Sum.Lo += o.Sum.Lo
	r.Mean = bounded(a.Mean + math.Ldexp(float64(d*share), exponent))
	if total := r.Sum.Value(); !math.IsInf(total, 0) && !math.IsNaN(total) {
		r.Mean = total / n
	}
	d2 := float64(d * d)
	cross := float64(float64(a.N*share) * d2) // δ² nA nB / n
	r.M2 = a.M2 + b.M2 + cross
	r.M3 = a.M3 + b.M3 + float64(float64(cross*d)*(other-share)) +
		float64(3*float64(d*(float64(other*b.M2)-float64(share*a.M2))))
	r.M4 = a.M4 + b.M4 + float64(float64(cross*d2)*(float64(other*other)-float64(other*share)+float64(share*share))) +
		float64(6*float64(d2*(float64(float64(other*other)*b.M2)+float64(float64(share*share)*a.M2)))) +
		float64(4*float64(d*(float64(other*b.M3)-float64(share*a.M3))))
	*m = r
}

// variance is the sample variance in two parts: value · 2^exponent. NaN of one value.
func (m *moments) variance() (value float64, exponent int) {
	return m.M2 / (m.N - 1), 2 * m.Exponent
}

// shape returns the moments g1 = m3/m2^1.5 and g2 = m4/m2² − 3 of values not all equal.
func (m *moments) shape() (skewness, kurtosis float64) {
	m2, m3, m4 := m.M2/m.N, m.M3/m.N, m.M4/m.N
	return m3 / float64(m2*math.Sqrt(m2)), m4/float64(m2*m2) - 3
}
