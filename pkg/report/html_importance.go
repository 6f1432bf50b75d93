package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// mattersView is which columns matter: what the metric loses when one is shuffled.
type mattersView struct {
	Note, More string
	Rows       []intervalRow
	Axis       *axis
}

func viewMatters(r *Run) *mattersView {
	if len(r.Importance) == 0 {
		return nil
	}
	all := slices.Clone(r.Importance)
	slices.SortStableFunc(all, func(a, b Importance) int {
		switch {
		case a.Drop > b.Drop:
			return -1
		case a.Drop < b.Drop:
			return 1
		}
		return 0
	})
	v := &mattersView{Note: fmt.Sprintf("How much worse %s gets when the values of a column are shuffled among %s, with 95%% intervals over the shuffles. Columns that say the same share what they are worth.",
		safe(r.Metric), safe(r.ImportanceOf))}
	if more := len(all) - maxImportance; more > 0 {
		v.More = plural(more, "more column is", "more columns are") + " not shown; each matters no more than these."
		all = all[:maxImportance]
	}
	values := []float64{}
	for _, i := range all {
		values = append(values, i.Drop, i.Low, i.High)
	}
	v.Axis = newAxis(true, values...)
	for _, i := range all {
		row := intervalRow{Name: shown(i.Column), Value: number(round(i.Drop, 3)), Note: number(round(i.Low, 3)) + " to " + number(round(i.High, 3))}
		row.Whisker, row.Dot = v.Axis.interval(0, markRadius, i.Drop, i.Low, i.High)
		v.Rows = append(v.Rows, row)
	}
	return v
}

// lineClasses tell the curves of several classes apart.
var lineClasses = []string{"went", "went dash", "went dots", "went long"}

// viewDependence is a curve over the values of a column, or bars of its categories.
func viewDependence(r *Run, d Dependence) chart {
	of := "predicted " + shown(r.Target)
	switch {
	case r.Task != dataset.Regression && len(r.Classes) == 2:
		of = "probability of " + shown(r.Classes[1])
	case r.Task != dataset.Regression:
		of = "probability"
	}
	var means [][]float64
	for _, l := range d.Lines {
		means = append(means, l.Mean)
	}
	low, high := extremes(means...)
	if low > high {
		low, high = 0, 1
	}
	margin := float64((high - low) * 0.05)
	low, high = low-margin, high+margin
	if d.Values == nil {
		return categories(d, of, low, high)
	}
	left, right := d.Values[0], d.Values[len(d.Values)-1]
	c := newChart(shown(d.Column), "", cut(of, 40), [2]float64{left, low}, [2]float64{right, high})
	if d.Time {
		c.untick()
		for _, at := range []float64{left, right} {
			c.Texts = append(c.Texts, label{X: fixed2(c.across(at)), Y: fixed2(c.Height - roomBottom + 15), Text: moment(at), Class: map[bool]string{true: "start", false: "end"}[at == left]})
		}
	}
	for i, l := range d.Lines {
		c.curve(lineClasses[i%len(lineClasses)], shownClass(l.Name), d.Values, l.Mean)
	}
	var rug strings.Builder
	for _, i := range spaced(len(d.Rug), 150) {
		if x := d.Rug[i]; x >= left && x <= right {
			fmt.Fprintf(&rug, "M%s %sv-6", fixed1(c.across(x)), fixed1(c.Height-roomBottom))
		}
	}
	c.plotted("rug", rug.String(), "")
	return *c
}

// untick takes the numbers at the x axis away.
func (c *chart) untick() {
	c.Texts = slices.DeleteFunc(c.Texts, func(l label) bool { return l.Class == "mid" })
}

func shownClass(name string) string {
	if name == "" {
		return ""
	}
	return cut(safe(name), 30)
}

// categories draws a mark for each category and line, one below the other.
func categories(d Dependence, of string, low, high float64) chart {
	c := &chart{Title: shown(d.Column), Label: shown(d.Column), X: cut(of, 50), Width: chartWidth, left: 120,
		Height: roomTop + roomBottom + float64(24*float64(len(d.Labels))), low: [2]float64{low, 0}, high: [2]float64{high, float64(len(d.Labels))}}
	if !(high > low) {
		c.low[0], c.high[0] = low-0.5, low+0.5
	}
	c.gridAcross()
	for i, name := range d.Labels {
		y := c.above(float64(len(d.Labels)-i) - 0.5)
		c.Texts = append(c.Texts, label{X: fixed2(c.left - 6), Y: fixed2(y + 4), Text: middle(name, 15), Class: "end"})
		for k, l := range d.Lines {
			if v := l.Mean[i]; !math.IsNaN(v) {
				c.plotted(glyphClass(k), glyph(k, c.across(v), y, 4.5), "")
			}
		}
	}
	for k, l := range d.Lines {
		if l.Name != "" {
			c.Key = append(c.Key, shape{Class: glyphClass(k), Path: glyph(k, 12, 6, 4), Name: shownClass(l.Name)})
		}
	}
	return *c
}

// moment is the day of a timestamp, in microseconds since 1970.
func moment(at float64) string {
	if math.Abs(at) >= 2e17 {
		return number(at)
	}
	return time.UnixMicro(int64(at)).UTC().Format("2006-01-02")
}
