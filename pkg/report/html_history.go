package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/profile"
)

// historyView is how the data set went from version to version: the anomalies, the latest
// first, and a line of small plots for each column.
type historyView struct {
	Title         string
	Anomalies     []anomalyView
	MoreAnomalies int
	Columns       []trendView
	MoreColumns   int
}

type anomalyView struct {
	Version, Date, Class, Icon, Verdict, Evidence string
	Column                                        linked
}

// trendView is a column; Plots are in the places of metrics.
type trendView struct {
	Name  linked
	Plots []trendPlot
}

// trendPlot is a series in 120 × 28, with its last value; Line is "" if the column has none.
type trendPlot struct {
	Name, Last, Line, Label string
	Marks                   string // of anomalies
}

func viewHistory(p *profile.Profile, h *profile.History, at positioned) *historyView {
	if h == nil {
		return nil
	}
	v := &historyView{Title: historyTitle(h)}
	for i := len(h.Versions) - 1; i >= 0; i-- {
		for _, a := range h.Anomalies {
			if a.Version != h.Versions[i].Version {
				continue
			}
			if len(v.Anomalies) == maxRows {
				v.MoreAnomalies++
				continue
			}
			view := anomalyView{Version: cut(safe(a.Version), 12), Date: date(h.Versions[i].Time), Verdict: string(a.Verdict),
				Evidence: safe(a.Evidence), Column: linked{"all rows", -1}}
			view.Class, view.Icon = verdictStyle(a.Verdict)
			if a.Column != "" {
				view.Column = at.link(a.Column)
			}
			v.Anomalies = append(v.Anomalies, view)
		}
	}
	all := profile.ColumnHistory{Type: dataset.Numeric, Series: []profile.Series{h.Rows}}
	v.Columns = append(v.Columns, viewTrend(h, &all, linked{"all rows", -1}))
	for _, i := range troubled(h, maxTrends) {
		c := h.Columns[i]
		if at, found := at[c.Name]; found && len(p.Columns[at].Personal) > 0 { // a mean may be a value
			c.Series = slices.DeleteFunc(slices.Clone(c.Series), func(s profile.Series) bool {
				return s.Metric == profile.MetricMean || s.Metric == profile.MetricMedian || s.Metric == profile.MetricSD
			})
		}
		v.Columns = append(v.Columns, viewTrend(h, &c, at.link(c.Name)))
	}
	v.MoreColumns = max(0, len(h.Columns)-maxTrends)
	return v
}

// troubled is the positions of at most so many columns: those with anomalies before others,
// all in their order.
func troubled(h *profile.History, most int) []int {
	anomalous := map[string]bool{}
	for _, a := range h.Anomalies {
		anomalous[a.Column] = true
	}
	return choose(len(h.Columns), most, func(i int) bool { return anomalous[h.Columns[i].Name] })
}

func viewTrend(h *profile.History, c *profile.ColumnHistory, name linked) trendView {
	v := trendView{Name: name}
	for j := range metrics {
		plot := trendPlot{}
		if series := placed(*c, j); series != nil {
			plot.draw(h, c, series)
		}
		v.Plots = append(v.Plots, plot)
	}
	return v
}

// draw draws a series; versions without a value are gaps in its line.
func (v *trendPlot) draw(h *profile.History, c *profile.ColumnHistory, series *profile.Series) {
	v.Name, v.Last = metricName(series.Metric), "–"
	if last := series.Values[len(series.Values)-1]; last != nil {
		v.Last = metricText(series.Metric, c.Type, *last)
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, value := range series.Values {
		if value != nil {
			low, high = min(low, *value), max(high, *value)
		}
	}
	if low > high {
		return
	}
	const width, height, margin = 120.0, 28.0, 3.0
	bottom, size := scale(low, high, visible(series, c.Type))
	step := (width - 2*margin) / float64(max(len(series.Values)-1, 1))
	var line, marks strings.Builder
	pen := "M"
	for i, value := range series.Values {
		if value == nil {
			pen = "M"
			continue
		}
		part := 0.0
		if size > 0 {
			part = (float64(*value/2) - float64(bottom/2)) / size
		}
		x, y := fixed2(margin+float64(step*float64(i))), fixed2(height-margin-float64((height-2*margin)*min(max(part, 0), 1)))
		fmt.Fprintf(&line, "%s%s %s", pen, x, y)
		if pen = "L"; i+1 == len(series.Values) || series.Values[i+1] == nil {
			line.WriteString("h.01") // a value alone is a dot, by its round ends
		}
		if unusual(h, i, c.Name, series.Metric) {
			fmt.Fprintf(&marks, "M%s %sh.01", x, y)
		}
	}
	v.Line, v.Marks = line.String(), marks.String()
	v.Label = fmt.Sprintf("%s from %s to %s", v.Name, metricText(series.Metric, c.Type, low), metricText(series.Metric, c.Type, high))
	if n := strings.Count(v.Marks, "M"); n > 0 {
		v.Label += ", " + plural(n, "anomaly", "anomalies")
	}
}

// metricName is a metric's name in a plot.
func metricName(m profile.Metric) string {
	switch m {
	case profile.MetricMissing:
		return "missing"
	case profile.MetricTop:
		return "top share"
	}
	return string(m)
}

// choose is the positions of at most so many of n things, in order: those that are preferred
// before others, of each the first.
func choose(n, most int, preferred func(int) bool) []int {
	var first, others []int
	for i := range n {
		if preferred(i) {
			first = append(first, i)
		} else {
			others = append(others, i)
		}
	}
	chosen := append(first, others...)
	chosen = chosen[:min(len(chosen), most)]
	slices.Sort(chosen)
	return chosen
}
