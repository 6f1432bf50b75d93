package profile

import (
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// minHistory is how many earlier versions a number must have to be judged by them; with fewer,
// a version is compared with the one before it.
const minHistory = 4

// Snapshot is the profile of a data set as it was at one time.
type Snapshot struct {
	Version string
	Time    time.Time
	Profile *Profile
}

// History is how the numbers of a data set went from version to version.
type History struct {
	// Versions are in the order given, that of time.
	Versions []HistoryVersion `json:"versions"`
	// Rows is the number of rows in each version.
	Rows Series `json:"rows"`
	// Columns are those of the last version in its order, then those that are gone, the
	// latest first.
	Columns []ColumnHistory `json:"columns"`
	// Anomalies are in order of versions; within one the rows, then the columns as above.
	Anomalies []Anomaly `json:"anomalies"`
}

// HistoryVersion names a version.
type HistoryVersion struct {
	Version string    `json:"version"`
	Time    time.Time `json:"time"`
}

// ColumnHistory is the numbers of one column.
type ColumnHistory struct {
	Name string `json:"name"`
	// Type is that of the latest version that has the column.
	Type   dataset.Type `json:"type"`
	Series []Series     `json:"series"`
}

// Series is one number in each version, null where it is not defined.
type Series struct {
	Metric Metric     `json:"metric"`
	Values []*float64 `json:"values"`
}

// Metric names a number that a history follows.
type Metric string

// The metrics in the order of ColumnHistory.Series, which has those that are defined in any
// version. Those of numbers are of moments in microseconds for timestamps.
const (
	MetricRows     Metric = "rows"
	MetricMissing  Metric = "missing_share" // of the rows
	MetricMean     Metric = "mean"
	MetricMedian   Metric = "median"
	MetricSD       Metric = "sd"
	MetricDistinct Metric = "distinct"
	MetricTop      Metric = "top_share" // the most frequent value's, of the values present
)

// columnMetrics are all but the rows.
var columnMetrics = []Metric{MetricMissing, MetricMean, MetricMedian, MetricSD, MetricDistinct, MetricTop}

// Anomaly is a number that is not like those of earlier versions, or, while there are too few
// to tell what is usual, a column that drifted from the version before.
type Anomaly struct {
	Version string `json:"version"`
	// Column is absent for the rows.
	Column string `json:"column,omitempty"`
	// Metric is absent for what Compare found, for columns that come, go or change type, and for
	// values that are new.
	Metric  Metric  `json:"metric,omitempty"`
	Verdict Verdict `json:"verdict"` // Moderate or Severe
	// Evidence says in words what was seen and what is usual.
	Evidence string `json:"evidence"`
	// Value is the number, from Low to High would have been usual; absent without Metric.
	Value *float64 `json:"value,omitempty"`
	Low   *float64 `json:"low,omitempty"`
	High  *float64 `json:"high,omitempty"`
}

// Trend makes the history of successive versions of a data set, which come in order of time,
// and finds the anomalies: numbers further from the median of the earlier versions than both
// what their spread and the sampling error allow and what matters in Compare. The spread is
// the median absolute deviation, so that an earlier anomaly does not hide the next one, times
// what a normal series exceeds once in 100 for so many versions. Values of a category that no
// earlier version has are judged as Compare does. A version with fewer than
// four before it is compared with the one before.
func Trend(history []Snapshot) *History {
	h := &History{
		Versions:  make([]HistoryVersion, len(history)),
		Rows:      Series{Metric: MetricRows, Values: make([]*float64, len(history))},
		Columns:   []ColumnHistory{},
		Anomalies: []Anomaly{},
	}
	for i, s := range history {
		h.Versions[i] = HistoryVersion{s.Version, s.Time}
		h.Rows.Values[i] = finite(float64(s.Profile.Rows))
	}
	var columns [][]*Column // of each name, in each version or nil
	at := map[string]int{}
	for i := len(history) - 1; i >= 0; i-- {
		for j := range history[i].Profile.Columns {
			c := &history[i].Profile.Columns[j]
			k, seen := at[c.Name]
			if !seen {
				k = len(columns)
				at[c.Name] = k
				columns = append(columns, make([]*Column, len(history)))
				h.Columns = append(h.Columns, ColumnHistory{Name: c.Name, Type: c.Type, Series: []Series{}})
			}
			columns[k][i] = c
		}
	}
	for k := range h.Columns {
		for _, m := range columnMetrics {
			if s, defined := seriesOf(m, columns[k]); defined {
				h.Columns[k].Series = append(h.Columns[k].Series, s)
			}
		}
	}
	seen := make([]seenValues, len(columns)) // before version i
	for i := range history {
		for k := range seen {
			if i > 0 {
				seen[k].add(columns[k][i-1])
			}
		}
		switch {
		case i >= minHistory:
			h.judge(i, columns, seen)
		case i > 0:
			h.compare(i, history[i-1].Profile, history[i].Profile)
		}
	}
	return h
}

// seriesOf is a metric of a column in each version.
func seriesOf(m Metric, versions []*Column) (s Series, defined bool) {
	s = Series{Metric: m, Values: make([]*float64, len(versions))}
	for i, c := range versions {
		if c != nil {
			s.Values[i] = c.metric(m)
			defined = defined || s.Values[i] != nil
		}
	}
	return s, defined
}

// metric is nil where it is not defined.
func (c *Column) metric(m Metric) *float64 {
	switch {
	case m == MetricMissing && c.Count+c.Missing > 0:
		return finite(float64(c.Missing) / float64(c.Count+c.Missing))
	case m == MetricDistinct:
		return finite(float64(c.Distinct))
	case m == MetricTop && len(c.Top) > 0:
		return finite(float64(c.Top[0].Count) / float64(c.Count))
	case c.Numeric == nil || c.Type.Coded():
		return nil
	case m == MetricMean:
		return finite(c.Numeric.Mean)
	case m == MetricMedian:
		return finite(c.Numeric.Quantiles.P50)
	case m == MetricSD:
		return c.Numeric.SD
	}
	return nil
}

// compare finds what drifted from the version before.
func (h *History) compare(i int, before, now *Profile) {
	d := Compare(before, now)
	version := h.Versions[i].Version
	if now.Rows == 0 && before.Rows > 0 {
		h.Anomalies = append(h.Anomalies, Anomaly{Version: version, Verdict: d.Verdict, Evidence: d.Reason})
	}
	drifted := map[string]*ColumnDrift{}
	for j := range d.Columns {
		drifted[d.Columns[j].Name] = &d.Columns[j]
	}
	for _, c := range h.Columns {
		if e := drifted[c.Name]; e != nil && e.Verdict.rank() >= Moderate.rank() {
			h.Anomalies = append(h.Anomalies, Anomaly{Version: version, Column: c.Name, Verdict: e.Verdict, Evidence: e.Reason})
		}
	}
}
