package profile

import (
	"maps"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// summarize describes the finite values, or nothing if there are none.
func (n *numbers) summarize(s *sequence) *NumericSummary {
	if n.Moments.N == 0 {
		return nil
	}
	m := &n.Moments
	d := &NumericSummary{
		Min: n.Min, Max: n.Max, Mean: min(max(m.Mean, n.Min), n.Max), Sum: finite(m.Sum.Value()),
		Zeros: n.Zeros, Negatives: n.Negatives, Integers: n.Integers, MinCount: n.MinCount, MaxCount: n.MaxCount,
	}
	switch {
	case m.N == 1:
	case n.Min == n.Max:
		zero := 0.0 // exactly: a constant column must be seen to be one
		d.SD, d.Variance = &zero, &zero
	default:
		variance, exponent := m.variance()
		d.SD = finite(math.Ldexp(math.Sqrt(variance), exponent/2))
		d.Variance = finite(math.Ldexp(variance, exponent))
		skewness, kurtosis := m.shape()
		d.Skewness, d.Kurtosis = finite(skewness), finite(kurtosis)
		d.Autocorrelation = finite(s.autocorrelation(n.Moments))
	}
	ranks := n.ranks()
	d.Quantiles = Quantiles{
		P01:       ranks.quantile(0.01),
		P05:       ranks.quantile(0.05),
		P25:       ranks.quantile(0.25),
		P50:       ranks.quantile(0.50),
		P75:       ranks.quantile(0.75),
		P95:       ranks.quantile(0.95),
		P99:       ranks.quantile(0.99),
		RankError: ranks.err,
	}
	d.Histogram = ranks.histogram(n.Min, n.Max)
	return d
}

// finite is v, or nil if it is no finite number.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// period is the time that the moments cover; nil if there are none.
func (n *numbers) period(s *sequence) *Period {
	if n.Moments.N == 0 {
		return nil
	}
	ends := dataset.Column{Type: dataset.Timestamp, Values: []float64{n.Min, n.Max}}
	p := &Period{First: ends.Text(0), Last: ends.Text(1)}
	steps, counts := n.steps(s)
	total, common := uint64(0), -1
	for i, c := range counts {
		total += c
		if common < 0 || c > counts[common] {
			common = i
		}
	}
	if total < 2 || counts[common] < 2 {
		return p
	}
	const second = 1e6
	p.Cadence = steps[common] / second
	p.Regular = float64(counts[common]) / float64(total)
	for i, step := range steps {
		if step > 1.5*steps[common] {
			p.Gaps += int(counts[i])
			p.LongestGap = max(p.LongestGap, step/second)
		}
	}
	return p
}

// steps are the different steps from a moment to the next one that occurs, ascending, with
// their counts; none if they are not known.
func (n *numbers) steps(s *sequence) (steps []float64, counts []uint64) {
	if s.order() != "" && n.Steps.Exact() {
		for step, c := range n.Steps.All() {
			steps, counts = append(steps, step), append(counts, c)
		}
		return steps, counts
	}
	if n.Quantiles != nil {
		return nil, nil
	}
	known := map[float64]uint64{}
	last, any := 0.0, false
	for v := range n.Table.All() {
		if any {
			known[v-last]++
		}
		last, any = v, true
	}
	for _, step := range slices.Sorted(maps.Keys(known)) {
		steps, counts = append(steps, step), append(counts, known[step])
	}
	return steps, counts
}
