package report

import (
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/profile"
)

// History writes how a data set went from version to version: the rows and then a line per
// column, each number as it is in the last version behind a line of how it went, anomalies in
// red; and then the anomalies, the latest first. Numbers and moments have mean and deviation,
// all else the share of the most frequent value and the distinct values.
func History(w io.Writer, h *profile.History, style Style) error {
	if _, err := fmt.Fprintf(w, "%s\n\n", style.paint(historyTitle(h), text.Bold)); err != nil || len(h.Versions) == 0 {
		return err
	}
	if err := style.trends(w, h); err != nil {
		return err
	}
	found := fmt.Sprintf("%s anomalies", count(len(h.Anomalies)))
	switch len(h.Anomalies) {
	case 0:
		found = "no anomalies"
	case 1:
		found = "1 anomaly"
	}
	if _, err := fmt.Fprintf(w, "\n%s\n", style.paint(found, text.Bold)); err != nil || len(h.Anomalies) == 0 {
		return err
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	return style.anomalies(w, h)
}

// historyTitle is how many versions there are and of when.
func historyTitle(h *profile.History) string {
	switch n := len(h.Versions); n {
	case 0:
		return "no versions"
	case 1:
		return "1 version, " + date(h.Versions[0].Time)
	default:
		return fmt.Sprintf("%s versions, %s to %s", count(n), date(h.Versions[0].Time), date(h.Versions[n-1].Time))
	}
}

// metrics are what the table shows behind the name: in each place the first that a column has.
var metrics = [][]profile.Metric{
	{profile.MetricMissing},
	{profile.MetricMean, profile.MetricTop, profile.MetricRows},
	{profile.MetricSD, profile.MetricDistinct},
}

// trends is the table of numbers and how they went.
func (s Style) trends(w io.Writer, h *profile.History) error {
	all := profile.ColumnHistory{Type: dataset.Numeric, Series: []profile.Series{h.Rows}}
	columns := []profile.ColumnHistory{all}
	for _, i := range troubled(h, maxTerminalColumns) {
		columns = append(columns, h.Columns[i])
	}
	headings := []heading{{name: "column"}, {name: "missing"}, {name: "mean, top share"}, {name: "sd, distinct"}}
	rows := make([][]string, len(columns))
	widest := make([]int, len(metrics))
	names := min(max(s.width()-66, minNameWidth), maxNameWidth)
	for i, c := range columns {
		rows[i] = []string{cut(safe(c.Name), names)}
		for j := range metrics {
			value := ""
			if series := placed(c, j); series != nil {
				value = s.paint("–", text.Faint)
				if last := series.Values[len(series.Values)-1]; last != nil {
					value = metricText(series.Metric, c.Type, *last)
				}
			}
			rows[i] = append(rows[i], value)
			widest[j] = max(widest[j], text.StringWidthWithoutEscSequences(value))
		}
	}
	rows[0][0] = s.paint("all rows", text.Bold)
	room := s.width() - width(headings[:1], rows, -1)
	for _, n := range widest {
		room -= gap + n + 1
	}
	room = min(max(room/len(metrics), 1), len(h.Versions))
	for i, c := range columns {
		for j := range metrics {
			if series := placed(c, j); series != nil {
				rows[i][j+1] = text.AlignRight.Apply(rows[i][j+1], widest[j]) + " " + s.trend(h, &c, series, room)
			}
		}
	}
	if err := s.render(w, headings, rows); err != nil {
		return err
	}
	return s.leftOut(w, len(h.Columns)-maxTerminalColumns, "column is", "columns are")
}

// placed is what a column has for a place of the table, or nil.
func placed(c profile.ColumnHistory, place int) *profile.Series {
	for _, m := range metrics[place] {
		if i := slices.IndexFunc(c.Series, func(s profile.Series) bool { return s.Metric == m }); i >= 0 {
			return &c.Series[i]
		}
	}
	return nil
}

// trend is the last versions of a series as a line of so many blocks.
func (s Style) trend(h *profile.History, c *profile.ColumnHistory, series *profile.Series, width int) string {
	values := series.Values[max(0, len(series.Values)-width):]
	first := len(series.Values) - len(values)
	line := ""
	for i, r := range []rune(trendline(values, visible(series, c.Type))) {
		if r == ' ' {
			line += " " // uncolored, to be cut at the end
			continue
		}
		color := text.FgCyan
		if unusual(h, first+i, c.Name, series.Metric) {
			color = text.FgRed
		}
		line += s.paint(string(r), color)
	}
	return line
}

// unusual reports that a value of a series, or its whole column, is an anomaly.
func unusual(h *profile.History, version int, column string, m profile.Metric) bool {
	return slices.ContainsFunc(h.Anomalies, func(a profile.Anomaly) bool {
		return a.Version == h.Versions[version].Version && a.Column == column && (a.Metric == m || a.Metric == "")
	})
}

func isShare(m profile.Metric) bool {
	return m == profile.MetricMissing || m == profile.MetricTop
}

// metricText is a value of a metric of a column of that type.
func metricText(m profile.Metric, t dataset.Type, v float64) string {
	switch {
	case isShare(m):
		return share(v)
	case m == profile.MetricRows || m == profile.MetricDistinct:
		return count(int(v))
	case t == dataset.Timestamp && m == profile.MetricSD:
		return number(v/1e6/86400) + " days"
	case t == dataset.Timestamp:
		return date(time.UnixMicro(int64(v)).UTC())
	}
	return number(v)
}

// visible is how far apart the values of a series have to be to be drawn over the full height:
// five points of a share, and a tenth of the greatest number, but not of a moment, whose zero
// means nothing.
func visible(series *profile.Series, t dataset.Type) float64 {
	if isShare(series.Metric) {
		return 0.05
	}
	most := 0.0
	for _, v := range series.Values {
		if v != nil && !(t == dataset.Timestamp && series.Metric == profile.MetricMean) {
			most = max(most, math.Abs(*v))
		}
	}
	return most / 10
}

// trendline draws values between the least and the greatest of them, or around the middle,
// from 0 if they are not below, if those are closer than least. What is not there is a space.
func trendline(values []*float64, least float64) string {
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if v != nil {
			low, high = min(low, *v), max(high, *v)
		}
	}
	bottom, size := scale(low, high, least)
	line := make([]rune, len(values))
	for i, v := range values {
		switch {
		case v == nil:
			line[i] = ' '
		case size == 0:
			line[i] = blocks[0]
		default:
			at := (float64(*v/2) - float64(bottom/2)) / size * float64(len(blocks))
			line[i] = blocks[max(0, min(int(at), len(blocks)-1))]
		}
	}
	return string(line)
}

// scale is the bottom of a plot of values from low to high, and half of how high it reaches
// above that: halves do not overflow.
func scale(low, high, least float64) (bottom, size float64) {
	size = max(float64(high/2)-float64(low/2), least/2)
	bottom = float64(low/2) + float64(high/2) - size
	if low >= 0 {
		bottom = max(0, bottom)
	}
	return bottom, size
}

// anomalies is their table, the latest first.
func (s Style) anomalies(w io.Writer, h *profile.History) error {
	headings := []heading{{name: "version"}, {name: "date"}, {name: "column"}, {name: "verdict"}, {name: "why", wrap: true}}
	var rows [][]string
	for i := len(h.Versions) - 1; i >= 0; i-- {
		v := h.Versions[i]
		for _, a := range h.Anomalies {
			if a.Version != v.Version {
				continue
			}
			name := cut(safe(a.Column), min(max(s.width()-66, minNameWidth), maxNameWidth))
			if a.Column == "" {
				name = s.paint("all rows", text.Bold)
			}
			if len(rows) == maxTerminalFound {
				break
			}
			rows = append(rows, []string{cut(safe(v.Version), 12), date(v.Time), name, s.paint(string(a.Verdict), verdictColor(a.Verdict)), safe(a.Evidence)})
		}
	}
	if err := s.render(w, headings, rows); err != nil {
		return err
	}
	return s.leftOut(w, len(h.Anomalies)-len(rows), "anomaly is", "anomalies are")
}

// date is the day of a moment in UTC.
func date(t time.Time) string { return t.UTC().Format("2006-01-02") }
