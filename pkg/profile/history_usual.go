package profile

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// usualSpread is how many times 1.4826 times the median absolute deviation of n earlier values
// a normal variable is from their median once in 100: testdata/peers/history_mad.py.
var usualSpread = []struct {
	n     int
	times float64
}{{4, 15.65}, {6, 8.07}, {8, 5.91}, {10, 4.94}, {12, 4.41}, {15, 4.04}, {20, 3.53}, {30, 3.17}, {60, 2.85}}

// scale is on what a metric is judged: there, noise is about the same everywhere, and what
// matters is the same everywhere.
type scale struct {
	to, from         func(v float64) float64
	moderate, severe float64
	noise            float64 // the sampling error of the value that is judged
}

func identity(v float64) float64 { return v }

// logarithmic judges by factors: by half and by three times as much for rows and distinct
// values.
func logarithmic(moderate, severe, noise float64) scale {
	return scale{math.Log, math.Exp, math.Log(moderate), math.Log(severe), noise}
}

// ofShare judges a share of n rows by Cohen's h, as Compare does.
func ofShare(n int) scale {
	return scale{
		to: func(v float64) float64 { return 2 * math.Asin(math.Sqrt(v)) },
		from: func(v float64) float64 {
			s := math.Sin(max(0, min(v/2, math.Pi/2)))
			return float64(s * s)
		},
		moderate: moderateShift, severe: severeShift, noise: 1 / math.Sqrt(float64(n)),
	}
}

// scaleOf is that of a metric of column c, whose standard deviation is usually sd. ok is false
// for a metric that is not judged.
func scaleOf(m Metric, c *Column, sd float64) (s scale, ok bool) {
	if m == MetricMissing {
		return ofShare(c.Count + c.Missing), true
	}
	if c.Count < minCompared {
		return scale{}, false
	}
	switch m {
	case MetricTop:
		return ofShare(c.Count), true
	case MetricDistinct:
		// Most values are different: then their number is that of the rows.
		return logarithmic(1.5, 3, 0), 2*c.Distinct <= c.Count
	case MetricSD:
		noise := 0.0
		if k := c.Numeric.Kurtosis; k != nil {
			noise = math.Sqrt(max(0, *k+2)/float64(c.Count)) / 2
		}
		// PSI of normal distributions whose deviations differ by the factor f is about 2·ln²f.
		return logarithmic(math.Exp(moderateShift/math.Sqrt2), math.Exp(severeShift/math.Sqrt2), noise), true
	}
	if c.Type == dataset.Timestamp {
		return scale{}, false // time goes on
	}
	noise := sd / math.Sqrt(float64(c.Count))
	if m == MetricMedian {
		noise *= math.Sqrt(math.Pi / 2)
	}
	return scale{identity, identity, float64(moderateShift * sd), float64(severeShift * sd), noise}, true
}

// judge finds what is not usual in version i.
func (h *History) judge(i int, columns [][]*Column, seen []seenValues) {
	h.unusual(i, "", h.Rows, logarithmic(1.5, 3, 0))
	for k := range h.Columns {
		c := &h.Columns[k]
		now, before := columns[k][i], columns[k][i-1]
		if structure := changed(before, now); structure.Evidence != "" {
			structure.Version, structure.Column = h.Versions[i].Version, c.Name
			h.Anomalies = append(h.Anomalies, structure)
			continue
		}
		if now == nil {
			continue
		}
		if a := seen[k].added(now, len(h.Columns)); a.Evidence != "" {
			a.Version, a.Column = h.Versions[i].Version, c.Name
			h.Anomalies = append(h.Anomalies, a)
		}
		sd := 0.0
		for _, s := range c.Series {
			if s.Metric == MetricSD {
				sd = median(earlier(s, i))
			}
		}
		for _, s := range c.Series {
			if s.Values[i] == nil {
				continue
			}
			if scale, ok := scaleOf(s.Metric, now, sd); ok {
				h.unusual(i, c.Name, s, scale)
			}
		}
	}
}

// changed says that a column came, went or changed its type.
func changed(before, now *Column) Anomaly {
	switch {
	case before == nil && now == nil:
	case before == nil:
		return Anomaly{Verdict: Moderate, Evidence: "the column is new"}
	case now == nil:
		return Anomaly{Verdict: Severe, Evidence: "the column is gone"}
	case before.Count > 0 && now.Count > 0 && form(before.Type) != form(now.Type):
		return Anomaly{Verdict: Severe, Evidence: fmt.Sprintf("the type went from %s to %s", before.Type, now.Type)}
	}
	return Anomaly{}
}

// earlier is the values before version i that are defined.
func earlier(s Series, i int) []float64 {
	var values []float64
	for _, v := range s.Values[:i] {
		if v != nil {
			values = append(values, *v)
		}
	}
	return values
}

// median is that of values, 0 if there are none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	low, high := sorted[(len(sorted)-1)/2], sorted[len(sorted)/2]
	if low == high { // infinities, too
		return low
	}
	return float64(low/2) + float64(high/2)
}

// unusual adds an anomaly if the series is far from usual in version i.
func (h *History) unusual(i int, column string, s Series, on scale) {
	before := earlier(s, i)
	if len(before) < minHistory {
		return
	}
	value := *s.Values[i]
	scaled := make([]float64, len(before))
	for j, v := range before {
		scaled[j] = on.to(v)
	}
	center := median(scaled)
	distance := math.Abs(on.to(value) - center)
	if on.to(value) == center || math.IsNaN(distance) { // also where both are infinite
		return
	}
	for j, v := range scaled {
		scaled[j] = math.Abs(v - center)
		if v == center {
			scaled[j] = 0
		}
	}
	times := 0.0
	for _, u := range usualSpread {
		if len(before) >= u.n {
			times = u.times
		}
	}
	// Four standard errors are a lot for sampling alone, which four equal values hide.
	chance := max(float64(times*1.4826*median(scaled)), float64(4*on.noise))
	limit := max(on.moderate, chance)
	// Equal but for rounding is equal.
	if distance < limit || !math.IsInf(center, 0) && distance <= 1e-9*math.Abs(center) {
		return
	}
	a := Anomaly{
		Version: h.Versions[i].Version, Column: column, Metric: s.Metric, Verdict: Moderate,
		Value: finite(value), Low: finite(on.from(center - limit)), High: finite(on.from(center + limit)),
	}
	if distance >= max(on.severe, chance) {
		a.Verdict = Severe
	}
	a.Evidence = a.words(on.from(center), len(before))
	h.Anomalies = append(h.Anomalies, a)
}

// words says what was seen and what is usual.
func (a *Anomaly) words(center float64, versions int) string {
	text := short
	if a.Metric == MetricMissing || a.Metric == MetricTop {
		text = percent
	}
	range_ := ""
	if a.Low != nil && a.High != nil && *a.Low < *a.High {
		range_ = fmt.Sprintf(" (usual: %s to %s)", text(*a.Low), text(*a.High))
	}
	return fmt.Sprintf("%s %s; in %d earlier versions about %s%s",
		strings.ReplaceAll(string(a.Metric), "_", " "), text(*a.Value), versions, text(center), range_)
}
