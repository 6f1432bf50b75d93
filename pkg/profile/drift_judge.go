package profile

import (
	"math"
	"slices"
)

// test is a measure that waits for the level at which it is significant.
type test struct {
	column  int
	measure Measure
	// critical is what chance alone reaches with the probability level.
	critical func(level float64) float64
}

// holm is the level that Holm's method comes down to: with r of m tests rejected, all of
// those have p ≤ alarms/(m−r), or ≤ alarms if none is left, and all others more.
func holm(tests []test, alarms float64) float64 {
	p := make([]float64, len(tests))
	for i, t := range tests {
		p[i] = t.measure.P
	}
	slices.Sort(p)
	for i, least := range p {
		if level := alarms / float64(len(p)-i); least > level {
			return level
		}
	}
	return alarms
}

// judge is the measure with its thresholds and verdict. Moderate and Severe hold the effect
// that matters until then.
func (t test) judge(level float64) Measure {
	m := t.measure
	m.significant, m.great = m.P <= level, m.Value >= m.Moderate
	switch {
	case m.significant && m.Value >= m.Severe:
		m.Verdict = Severe
	case m.significant && m.great:
		m.Verdict = Moderate
	default:
		m.Verdict = Stable
	}
	chance := t.critical(level)
	m.Moderate, m.Severe = max(m.Moderate, chance), max(m.Severe, chance)
	return m
}

// The differences that matter, as shifts of a normal distribution in standard deviations: PSI
// is their square.
const (
	moderateShift = 0.31622776601683794 // √0.1
	severeShift   = 0.5
)

// The other measures of normal distributions so far apart. The greatest difference of the
// distribution functions is 2Φ(shift/2)−1; the distances of Jensen and Shannon and of Cramér
// (V² is half of Σ(p−q)²/(p+q)) are integrals: see testdata/peers/drift_scipy.py.
const (
	moderateKS, severeKS = 0.12563294, 0.19741265
	moderateJS, severeJS = 0.13346128, 0.20911710
	moderateV, severeV   = 0.15620334, 0.24278792
)

// noise is the standard error of a difference between two samples, in units of the deviation
// of one value: √(1/n + 1/m). A rank that is off by error in one case of a hundred is known no
// better than from a sample whose median varies as much, so it counts as one.
func noise(n, m int, errors ...float64) float64 {
	sum := 1/float64(n) + 1/float64(m)
	for _, e := range errors {
		sd := e / 2.5758293035489004 // the normal distribution's 0.995 quantile
		sum += float64(4 * float64(sd*sd))
	}
	return math.Sqrt(sum)
}

// shares compares the shares of a and b in the same bins: PSI and the distance of Jensen and
// Shannon, whose squares go to χ² of one degree of freedom less than bins (Yurdakul and
// Naranjo, Journal of Risk Model Validation 14, 2020).
func shares(a, b []float64, n, m int, noise float64) []test {
	freedom := len(a) - 1
	stability, divergence := 0.0, 0.0
	room := float64(0.5 * float64(len(a)))
	for i, p := range a {
		q := b[i]
		smoothP := (float64(p*float64(n)) + 0.5) / (float64(n) + room)
		smoothQ := (float64(q*float64(m)) + 0.5) / (float64(m) + room)
		stability += float64((smoothQ - smoothP) * math.Log(smoothQ/smoothP))
		middle := (p + q) / 2
		if p > 0 {
			divergence += float64(p * math.Log2(p/middle))
		}
		if q > 0 {
			divergence += float64(q * math.Log2(q/middle))
		}
	}
	divergence = max(0, divergence/2)
	square := float64(noise * noise)
	tail := func(x float64) float64 { return chiSquaredTail(x, freedom) }
	return []test{{
		measure: Measure{Kind: PSI, Value: stability, Moderate: 0.1, Severe: 0.25, P: tail(stability / square)},
		critical: func(level float64) float64 {
			return float64(critical(level, tail) * square)
		},
	}, {
		measure: Measure{Kind: JensenShannon, Value: math.Sqrt(divergence), Moderate: moderateJS, Severe: severeJS,
			P: tail(float64(8*math.Ln2*divergence) / square)},
		critical: func(level float64) float64 {
			return math.Sqrt(float64(critical(level, tail)*square) / (8 * math.Ln2))
		},
	}}
}

// compareShares tests whether a of n rows and b of m rows are the same share of all: by the
// normal approximation of the difference, pooled, and exactly where fewer than 10 rows would
// be expected on a side. Twice the smaller tail is meant either way.
func compareShares(kind MeasureKind, a, n, b, m int) test {
	p, q := float64(a)/float64(n), float64(b)/float64(m)
	t := test{measure: Measure{Kind: kind, Value: math.Abs(q - p), P: shareTails(a, n, b, m)}}
	up := q >= p
	// Cohen's h is the distance of arcsines: the same shift at any share.
	at := func(shift float64) float64 {
		angle := math.Asin(math.Sqrt(p))
		if up {
			angle += float64(shift / 2)
		} else {
			angle -= float64(shift / 2)
		}
		if angle < 0 || angle > math.Pi/2 {
			return 1 // no share is that far away: out of reach
		}
		s := math.Sin(angle)
		return math.Abs(float64(s*s) - p)
	}
	t.measure.Moderate, t.measure.Severe = at(moderateShift), at(severeShift)
	// The least change of b that is significant; beyond what there is, none is.
	t.critical = func(level float64) float64 {
		low, high := int(math.Round(float64(p*float64(m)))), m+1
		if !up {
			high = -1
		}
		for low != high && low+1 != high && low-1 != high {
			middle := (low + high) / 2
			if shareTails(a, n, middle, m) > level {
				low = middle
			} else {
				high = middle
			}
		}
		return min(1, math.Abs(float64(high)/float64(m)-p))
	}
	return t
}

// shareTails is the probability of shares that differ as much as a of n and b of m.
func shareTails(a, n, b, m int) float64 {
	marked, all := float64(a)+float64(b), float64(n)+float64(m)
	if marked == 0 || marked == all {
		return 1
	}
	least := float64(min(marked, all-marked)/all) * float64(min(n, m))
	p, q := float64(a)/float64(n), float64(b)/float64(m)
	if least >= 10 {
		pooled := marked / all
		return normalTails((q - p) / math.Sqrt(float64(pooled*(1-pooled))*(1/float64(n)+1/float64(m))))
	}
	if q >= p {
		return min(1, 2*exactTail(b, m, a+b, n))
	}
	return min(1, 2*exactTail(a, n, a+b, m))
}
