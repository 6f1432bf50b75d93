package profile

import (
	"math"
	"slices"
)

// compareNumbers measures two distributions; sd is the standard deviation of the baseline, 0
// if there is none to measure by.
func compareNumbers(p, q *distribution, sd float64) []test {
	noise := noise(p.rows, q.rows, p.error, q.error)
	var tests []test
	if a, b := binned(p, q); len(a) > 1 {
		tests = append(tests, shares(a, b, p.rows, q.rows, noise)...)
	}
	tests = append(tests, test{
		measure: Measure{Kind: KolmogorovSmirnov, Value: greatest(p, q), Moderate: moderateKS, Severe: severeKS},
		critical: func(level float64) float64 {
			return min(1, float64(critical(level, kolmogorovTail)*noise))
		},
	})
	ks := &tests[len(tests)-1].measure
	ks.P = kolmogorovTail(ks.Value / noise)
	if w, ok := wasserstein(p, q, sd); ok {
		tests = append(tests, w)
	}
	return tests
}

// xs are the places of all knots of both, ascending.
func xs(p, q *distribution) []float64 {
	var all []float64
	for _, d := range []*distribution{p, q} {
		for _, k := range d.knots {
			all = append(all, k.x)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// greatest is the greatest difference between the functions.
func greatest(p, q *distribution) float64 {
	most := 0.0
	for _, x := range xs(p, q) {
		below1, upTo1 := p.at(x)
		below2, upTo2 := q.at(x)
		most = max(most, math.Abs(below1-below2), math.Abs(upTo1-upTo2))
	}
	return most
}

// wasserstein is the area between the functions of the finite numbers. What chance makes of
// it is at most what it would be if the functions differed by the same number of standard
// errors everywhere: the area under √(F(1−F)), times the noise. It is the true distribution for
// two values, and lies above it in convex order for all others, by Jensen's inequality. F is
// the mean of both functions: weighed by rows, it would know nothing of the tail of the smaller
// side, whose one outlier would be an alarm. So would be the one outlier in a sketch, which
// stands for many or is not there: that many more are taken to be in either tail. ok is false if there is no area within float64, or no unit.
func wasserstein(p, q *distribution, sd float64) (t test, ok bool) {
	p, q = p.finite(), q.finite()
	if p == nil || q == nil || p.rows < minCompared || q.rows < minCompared || !(sd > 0) {
		return test{}, false
	}
	area, spread := 0.0, 0.0
	grain := min(0.5, p.grain+q.grain)
	deviation := func(f, g float64) float64 {
		both := float64((f + g) / 2)
		both += float64((1 - 2*both) * grain) // the further out the more
		return math.Sqrt(max(0, float64(both*(1-both))))
	}
	all := xs(p, q)
	for i, x := range all[:len(all)-1] {
		_, f0 := p.at(x)
		_, g0 := q.at(x)
		f1, _ := p.at(all[i+1])
		g1, _ := q.at(all[i+1])
		width, d0, d1 := all[i+1]-x, f0-g0, f1-g1
		height := math.Abs(d0+d1) / 2
		if d0 < 0 && d1 > 0 || d0 > 0 && d1 < 0 { // two triangles
			height = (float64(d0*d0) + float64(d1*d1)) / (2 * (math.Abs(d0) + math.Abs(d1)))
		}
		area += float64(width * height)
		spread += float64(width * (deviation(f0, g0) + deviation(f1, g1)) / 2)
	}
	value, unit := area/sd, spread/sd*noise(p.rows, q.rows, p.error, q.error)
	if math.IsInf(area, 0) || math.IsInf(value, 0) || math.IsInf(spread, 0) || math.IsInf(unit, 0) {
		return test{}, false
	}
	t.measure = Measure{Kind: Wasserstein, Value: value, Moderate: moderateShift, Severe: severeShift, P: 1, Statistic: &area}
	if value > 0 {
		t.measure.P = normalTails(value / unit)
	}
	t.critical = func(level float64) float64 { return float64(critical(level, normalTails) * unit) }
	return t, true
}

// minBin is how many values a bin of shares has at least, on the average of both sides as if
// both had as many rows as the smaller one.
const minBin = 5

// few reports that two shares are less than minBin of so many rows on the average. Rounding does
// not decide.
func few(p, q, rows float64) bool { return rows*(p+q)/2 < minBin-1e-9 }

// cut is the upper end of a bin, which belongs to it or not.
type cut struct {
	x       float64
	through bool
}

// upTo is the share of the rows below the cut.
func (d *distribution) upTo(c cut) float64 {
	below, upTo := d.at(c.x)
	if c.through {
		return upTo
	}
	return below
}

// binned is the shares of both in the bins between the quantiles of p, 10 bins if there are
// as many values for each. A value of p that takes a bin is one of its own. Bins of few
// values are joined with the one before, or the first with the next.
func binned(p, q *distribution) (a, b []float64) {
	rows := float64(min(p.rows, q.rows))
	bins := max(2, min(10, int(rows/(2*minBin))))
	var cuts []cut
	for i := 1; i < bins; i++ {
		share := float64(i) / float64(bins)
		x := p.quantile(share)
		if n := len(cuts); n > 0 && cuts[n-1].x == x {
			continue
		}
		below, upTo := p.at(x)
		if upTo-below >= 1/float64(bins) {
			cuts = append(cuts, cut{x, false})
		}
		cuts = append(cuts, cut{x, true})
	}
	var lastP, lastQ float64
	for i := range len(cuts) + 1 {
		untilP, untilQ := 1.0, 1.0
		if i < len(cuts) {
			untilP, untilQ = p.upTo(cuts[i]), q.upTo(cuts[i])
		}
		inP, inQ := untilP-lastP, untilQ-lastQ
		lastP, lastQ = untilP, untilQ
		if n := len(a) - 1; n >= 0 && (few(inP, inQ, rows) || few(a[n], b[n], rows)) {
			a[n] += inP
			b[n] += inQ
		} else {
			a, b = append(a, inP), append(b, inQ)
		}
	}
	return a, b
}
