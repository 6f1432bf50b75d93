package profile

import (
	"fmt"
	"math"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/sketch"
)

const (
	// The exponential distribution has g1 = 2; what is beyond is dominated by its tail.
	skewed = 2
	// A single outlier makes g1 as large as it likes. So the middle 90 % have to lean to the
	// same side: (P95 + P05 - 2 P50) / (P95 - P05), 0.56 of the exponential distribution.
	leaning = 0.15
	// Columns of fewer distinct values are counts and grades, whose shape is no surprise.
	skewDistinct = 20

	// Quantiles of fewer values are no measure of a tail.
	tailRows = 30
	// Standard normal quantiles of 0.75 and 0.95.
	z75, z95 = 0.6744897501960817, 1.6448536269514722
	// The fence lies where six standard deviations would be: 2 in 1,000 million values of a
	// column that has the tail which its middle promises.
	fenceZ = 6
	// What lies so much further than the fence, and is so rare, is a mistake rather than a tail.
	farFence, farShare = 1.5, 0.001
	// The greatest g that a tail is followed to: beyond, as of a Cauchy or a Pareto variable,
	// no value is surprising or all are.
	tailG = 3

	// Fewer equal values at the end of a column happen.
	cappedRows, cappedShare = 10, 0.001
	// As many rows as have the extreme have to be spread over this many steps beside it.
	cappedSteps = 5
	// A scale of fewer values ends where it ends.
	cappedDistinct = 20
)

// numbers judges columns of numbers.
func (j *judge) numbers(i int, c *Column) {
	if n := c.Infinite.Negative + c.Infinite.Positive; n > 0 {
		j.about(i, AlertInfinite, SeverityError, float64(n), fmt.Sprintf("%s of %s values are infinite (%s negative, %s positive)",
			countText(n), countText(c.Count), countText(c.Infinite.Negative), countText(c.Infinite.Positive)),
			"Training refuses infinite values: look for a division by zero at the source, and give them a number or leave them empty")
	}
	if c.Type != dataset.Numeric || c.Numeric == nil || len(c.Personal) > 0 { // whose values are not to be shown
		return
	}
	j.inexact(i, c)
	if c.Identifier != "" {
		return
	}
	q := quantilesOf(c)
	if q == nil || !j.outliers(i, c, q) {
		j.skew(i, c)
	}
	if q != nil {
		j.capped(i, c, q, 1)
		j.capped(i, c, q, -1)
	}
}

// inexact judges whole numbers that a float64 cannot tell from their neighbors: keys of 64 bits,
// whose last digits are lost. Moments in nanoseconds look no different, and are told of too.
func (j *judge) inexact(i int, c *Column) {
	low, high := c.Numeric.Min, c.Numeric.Max
	greatest := max(-low, high)
	if c.Numeric.Integers != c.Count || greatest <= 1<<53 || greatest > 1<<64 {
		return
	}
	j.about(i, AlertInexact, SeverityWarning, greatest,
		fmt.Sprintf("whole numbers from %.0f to %.0f, and beyond %s not each can be told from the next", low, high, countText(1<<53)),
		fmt.Sprintf("If they are keys, keep their digits: data.types: {%s: categorical}; of moments in nanoseconds the lost ones do not matter", quoted(c.Name)))
}

func (j *judge) skew(i int, c *Column) {
	s, q := c.Numeric, c.Numeric.Quantiles
	if s.Skewness == nil || math.Abs(*s.Skewness) <= skewed || c.Distinct < skewDistinct {
		return
	}
	low, high := q.P05, q.P95
	if low == high { // more than nine in ten are equal
		low, high = q.P01, q.P99
	}
	lean := ((high - q.P50) - (q.P50 - low)) / (high - low)
	if !(math.Copysign(1, *s.Skewness)*lean >= leaning) { // NaN if 98 % are equal
		return
	}
	remedy := "Trees do not mind; for linear models take the logarithm (of 1 + the value, where zeros occur)"
	switch {
	case j.isTarget(c):
		remedy = "The few large values decide the squared error: predict the logarithm, or judge by the absolute error"
	case s.Min < 0:
		remedy = "Trees do not mind; for linear models use ranks or a cube root"
	}
	j.about(i, AlertSkew, SeverityInfo, math.Abs(*s.Skewness), fmt.Sprintf("skewness %.1f: half of the values are at most %s, 95 %% at most %s, the greatest is %s",
		*s.Skewness, numberText(q.P50), numberText(q.P95), numberText(s.Max)), remedy)
}

// fence is how far from the median, on a side where quantiles 0.75 and 0.95 (or 0.25 and 0.05)
// lie near and far from it, the values may reach. It follows Tukey's g distribution (Hoaglin,
// Summarizing shape numerically: the g-and-h distributions, 1985), A + B (e^(g·z) - 1)/g, whose
// g is the one that far/near asks for: of a normal variable 0, and then the fence lies at
// fenceZ deviations; of a lognormal one its deviation, so that a long tail that the middle of
// the data promises is no outlier. Each side has a g of its own, and up to 5 % of outliers on
// a side do not move its fence. 0: the side has no width to judge by.
func fence(near, far float64) float64 {
	if !(near > 0) || math.IsInf(far, 0) {
		return 0
	}
	at := func(g, z float64) float64 {
		if g == 0 {
			return z
		}
		return math.Expm1(g*z) / g
	}
	g := 0.0
	if ratio := far / near; ratio > z95/z75 {
		low, high := 0.0, float64(tailG)
		for range 50 {
			g = (low + high) / 2
			if at(g, z95)/at(g, z75) < ratio {
				low = g
			} else {
				high = g
			}
		}
	}
	return near * (at(g, fenceZ) / at(g, z75))
}

// outliers says whether some are so far out and so few that they are mistakes: then the
// skewness is that of the mistakes.
func (j *judge) outliers(i int, c *Column, q *sketch.Quantiles) (mistakes bool) {
	if q.N() < tailRows {
		return false
	}
	s, p := c.Numeric, c.Numeric.Quantiles
	total, ratio := 0, 0.0
	evidence := ""
	add := func(limit float64, above bool, extreme float64) {
		ratio = max(ratio, (extreme-p.P50)/(limit-p.P50))
		rank := q.Rank(limit)
		if above {
			rank = 1 - rank
		}
		n := max(1, int(math.Round(rank*float64(q.N()))))
		total += n
		side := "below"
		if above {
			side = "above"
		}
		about := ""
		if !q.Exact() && n > 1 {
			about = "about "
		}
		if evidence != "" {
			evidence += "; "
		}
		evidence += fmt.Sprintf("%s%s %s %s, up to %s", about, countText(n), side, numberText(limit), numberText(extreme))
	}
	if width := fence(p.P75-p.P50, p.P95-p.P50); width > 0 && s.Max > p.P50+width {
		add(p.P50+width, true, s.Max)
	}
	if width := fence(p.P50-p.P25, p.P50-p.P05); width > 0 && s.Min < p.P50-width {
		add(p.P50-width, false, s.Min)
	}
	if total == 0 || p.P75 == p.P25 {
		return false
	}
	severity := SeverityInfo
	if ratio >= farFence && float64(total) <= max(1, (farShare+q.RankError())*float64(q.N())) {
		severity, mistakes = SeverityWarning, true
	}
	j.about(i, AlertOutliers, severity, ratio, fmt.Sprintf("%s; the middle half lies between %s and %s", evidence, numberText(p.P25), numberText(p.P75)),
		"Look at these rows: correct mistakes and codes for \"unknown\" at the source; if they are real, prefer trees to linear models")
	return mistakes
}

// capped judges one end of a column, that of the greatest values for side 1, of the least for
// -1: whether so many rows have the extreme value that the rows beside it do not explain it.
// Zero, one and a hundred are where quantities, counts and percentages end by themselves.
func (j *judge) capped(i int, c *Column, q *sketch.Quantiles, side float64) {
	s := c.Numeric
	extreme, other, rows := s.Max, s.Min, s.MaxCount
	if side < 0 {
		extreme, other, rows = s.Min, s.Max, s.MinCount
	}
	if c.Distinct < cappedDistinct || extreme == 0 || extreme == 1 || extreme == 100 || extreme == -1 && other <= 1 {
		return
	}
	n := float64(q.N())
	if rows < cappedRows || float64(rows) < cappedShare*n || float64(2*rows) > n {
		return
	}
	// The value beside the extreme up to which there are as many rows again.
	rank := 1 - float64(2*rows)/n
	if side < 0 {
		rank = float64(2*rows) / n
	}
	beside := q.Quantile(rank)
	step := (s.Max - s.Min) / float64(c.Distinct-1)
	if s.Integers == c.Count {
		step = max(step, 1)
	}
	if gap := math.Abs(extreme - beside); gap < cappedSteps*step {
		return
	}
	name, way := "greatest", "down"
	if side < 0 {
		name, way = "least", "up"
	}
	share := float64(rows) / n
	severity, remedy := SeverityInfo, "If it stands for \"this or more\", keep in mind that the true values are cut off; if for \"unknown\", make it missing"
	if j.isTarget(c) {
		severity, remedy = SeverityWarning, "A model cannot learn what lies beyond: leave these rows out, or say with each prediction that it ends there"
	}
	j.about(i, AlertCap, severity, share, fmt.Sprintf("%s rows (%s) have the %s value, %s; the next %s rows reach %s to %s",
		countText(rows), percent(share), name, numberText(extreme), countText(rows), way, numberText(beside)), remedy)
}
