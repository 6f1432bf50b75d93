package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/profile"
)

// columnView is a line of the table of columns and what it opens to. The fields Sort… are
// for the script, "" without a value.
type columnView struct {
	Index                               int
	Name, Type, Missing, Distinct       string
	Mean, Min, Max, Values              string
	SortName, SortMissing, SortDistinct string
	SortMean, SortMin, SortMax          string
	SortAlerts                          string
	Whole                               string // the name, if it is cut
	NoneMissing                         bool
	Personal                            string // what it is masked for
	Alerts                              []alertView
	Worst                               *alertView // the first of them
	Spark                               string     // path in 100 × 24
	SparkLabel                          string
	Detail                              bool
	Facts, Quantiles                    []fact
	QuantileNote, TopNote               string
	Low, High                           string // ends of the histogram
	Bars, LogBars                       []rect
	Top                                 []barView
}

// rect is a bar of a histogram in 400 × 110.
type rect struct{ X, Y, W, H, Label string }

// barView is a named bar, Width of 100.
type barView struct {
	Name, Value, Width string
	Other              bool // it is no value, but all others
}

// plot is a histogram as the template draws it.
type plot struct {
	Class, Low, High string
	Bars             []rect
}

// Plot is called by the template.
func (v columnView) Plot(class string, bars []rect) plot { return plot{class, v.Low, v.High, bars} }

func viewColumn(i int, c *profile.Column) columnView {
	v := columnView{
		Index: i, Name: shown(c.Name), Type: string(c.Type), Missing: percent(c.Missing, c.Count+c.Missing),
		Distinct: distinct(c), SortName: cut(safe(c.Name), maxName), SortDistinct: strconv.Itoa(c.Distinct),
		SortMissing: strconv.Itoa(c.Missing), Detail: i < maxDetailed,
	}
	v.NoneMissing = c.Missing == 0
	v.Personal = personal(c)
	n := c.Numeric
	switch {
	case v.Personal != "":
		v.Values = masked(c)
	case c.Count == 0:
		v.Values = "no values"
	case n == nil || c.Type == dataset.Text || c.Type == dataset.Categorical:
		v.Values = frequent(c, 44)
		if shares := sharesOf(c); shares != nil {
			v.Spark = spark(shares)
			v.SparkLabel = "shares of the most frequent values"
		}
	default:
		v.Mean, v.Min, v.Max = amount(c, n.Mean), amount(c, n.Min), amount(c, n.Max)
		v.SortMean, v.SortMin, v.SortMax = exact(n.Mean), exact(n.Min), exact(n.Max)
		v.Spark = spark(n.Histogram.Counts)
		v.SparkLabel = fmt.Sprintf("histogram from %s to %s", v.Min, v.Max)
	}
	if v.Detail {
		v.detail(c)
	}
	return v
}

// detail fills what a line opens to.
func (v *columnView) detail(c *profile.Column) {
	add := func(name, value, note string) { v.Facts = append(v.Facts, fact{name, value, note}) }
	if whole := safe(c.Name); cut(whole, maxName) != whole {
		v.Whole = cut(whole, maxWhole)
	}
	add("Present", count(c.Count), "")
	add("Missing", count(c.Missing), v.Missing)
	note := "exact"
	if c.DistinctError > 0 {
		note = "± " + percentOf(c.DistinctError) + ", one standard error"
	}
	add("Distinct", count(c.Distinct), note)
	if c.Confidence < 1 && c.Count > 0 {
		add("Fit the most frequent type", percentOf(c.Confidence), "")
	}
	for _, k := range []struct {
		name string
		n    int
	}{{"numbers", c.Kinds.Number}, {"booleans", c.Kinds.Boolean}, {"timestamps", c.Kinds.Timestamp}, {"texts", c.Kinds.Text}} {
		if k.n > 0 && k.n < c.Count {
			add("Read as "+k.name, count(k.n), percent(k.n, c.Count))
		}
	}
	if infinite := c.Infinite; infinite.Negative+infinite.Positive > 0 {
		add("Infinite", count(infinite.Negative+infinite.Positive), fmt.Sprintf("−∞ %s, +∞ %s", count(infinite.Negative), count(infinite.Positive)))
	}
	if c.Order != "" {
		add("Order", strings.ReplaceAll(string(c.Order), "_", " "), "")
	}
	if c.Identifier != "" {
		add("Looks like an identifier", safe(c.Identifier), "")
	}
	for _, kind := range c.Personal {
		add("Looks like personal data", kind.Kind, percentOf(kind.Share)+" of the values looked at")
	}
	v.text(c)
	if v.Personal == "" { // every number there is a value or near one
		v.period(c)
		v.numeric(c)
	}
	v.top(c)
}

// top fills the most frequent values, and of a category how many have any other.
func (v *columnView) top(c *profile.Column) {
	if len(c.Top) == 0 || c.Distinct == c.Count && c.Count > 1 {
		return // none, or all different: none is frequent
	}
	coded := c.Numeric == nil || c.Type.Coded()
	if !coded && 100*c.Top[0].Count < c.Count {
		return // of numbers, which the histogram shows
	}
	most, sum := 1, 0
	for _, t := range c.Top {
		most = max(most, t.Count)
		sum += t.Count
	}
	others := c.Count - sum
	if !coded || c.TopError > 0 {
		others = 0
	}
	most = max(most, others)
	bar := func(name string, n int) {
		v.Top = append(v.Top, barView{Name: name, Value: count(n) + " · " + percent(n, c.Count), Width: fixed2(100 * float64(n) / float64(most))})
	}
	for _, t := range c.Top {
		value := quoted(t)
		if v.Personal != "" {
			value = safe(t.Mask())
		}
		bar(cut(value, maxText), t.Count)
	}
	if others > 0 {
		bar("all other values", others)
		v.Top[len(v.Top)-1].Other = true
	}
	if c.TopError > 0 {
		v.TopNote = "Counts are up to " + count(c.TopError) + " too low."
	}
}

func (v *columnView) text(c *profile.Column) {
	t := c.Text
	if t == nil {
		return
	}
	add := func(name, value, note string) { v.Facts = append(v.Facts, fact{name, value, note}) }
	add("Length in characters", fmt.Sprintf("%s to %s", count(t.MinLength), count(t.MaxLength)), "mean "+number(t.MeanLength))
	ch := t.Characters
	if all := ch.Letters + ch.Digits + ch.Spaces + ch.Other; all > 0 {
		add("Characters", fmt.Sprintf("letters %s, digits %s", percent(ch.Letters, all), percent(ch.Digits, all)),
			fmt.Sprintf("spaces %s, other %s", percent(ch.Spaces, all), percent(ch.Other, all)))
	}
	if v.Personal != "" {
		return
	}
	for _, group := range t.Variants {
		var names []string
		for _, value := range group[:min(len(group), 5)] {
			names = append(names, `"`+cut(safe(value.Value), maxText/2)+`" `+count(value.Count))
		}
		add("Variants of one value", strings.Join(names, ", "), "")
	}
}

func (v *columnView) period(c *profile.Column) {
	p := c.Period
	if p == nil {
		return
	}
	add := func(name, value, note string) { v.Facts = append(v.Facts, fact{name, value, note}) }
	add("First", safe(p.First), "")
	add("Last", safe(p.Last), "")
	if p.Cadence > 0 {
		add("Most frequent step", duration(p.Cadence), percentOf(p.Regular)+" of the steps")
		note := ""
		if p.Gaps > 0 {
			note = "longest step " + duration(p.LongestGap)
		}
		add("Gaps", count(p.Gaps), note)
	}
}

func (v *columnView) numeric(c *profile.Column) {
	n := c.Numeric
	if n == nil {
		return
	}
	add := func(name, value, note string) { v.Facts = append(v.Facts, fact{name, value, note}) }
	if c.Type == dataset.Text || c.Type == dataset.Categorical {
		add("Of its numbers alone", count(c.Kinds.Number)+" values", "")
	}
	add("Mean", amount(c, n.Mean), "")
	optional := func(name string, value *float64) {
		if value != nil {
			add(name, number(*value), "")
		}
	}
	if c.Type == dataset.Timestamp {
		if n.SD != nil {
			add("Standard deviation", duration(*n.SD/1e6), "")
		}
	} else {
		optional("Standard deviation", n.SD)
		optional("Variance", n.Variance)
		optional("Sum", n.Sum)
		add("Zeros", count(n.Zeros), percent(n.Zeros, c.Count))
		add("Negative", count(n.Negatives), percent(n.Negatives, c.Count))
		add("Whole numbers", count(n.Integers), percent(n.Integers, c.Count))
	}
	optional("Skewness", n.Skewness)
	optional("Excess kurtosis", n.Kurtosis)
	optional("Autocorrelation, lag 1", n.Autocorrelation)
	q := n.Quantiles
	for _, e := range []struct {
		name  string
		value float64
	}{{"Least", n.Min}, {"1%", q.P01}, {"5%", q.P05}, {"25%", q.P25}, {"50%, median", q.P50}, {"75%", q.P75}, {"95%", q.P95}, {"99%", q.P99}, {"Greatest", n.Max}} {
		v.Quantiles = append(v.Quantiles, fact{Name: e.name, Value: amount(c, e.value)})
	}
	v.QuantileNote = "Exact."
	if q.RankError > 0 {
		v.QuantileNote = "Estimated: ranks are off by at most " + percentOf(q.RankError) + " of the rows in 99 of 100 cases."
	}
	h := n.Histogram
	v.Low, v.High = amount(c, n.Min), amount(c, n.Max)
	v.Bars = bars(c, h, func(n int) float64 { return float64(n) })
	if lopsided(h.Counts) {
		v.LogBars = bars(c, h, func(n int) float64 { return math.Log1p(float64(n)) })
	}
}

// amount is a number of a column for people; of a timestamp column its moment.
func amount(c *profile.Column, v float64) string {
	if c.Type == dataset.Timestamp && math.Abs(v) < 2e17 {
		t := time.UnixMicro(int64(v)).UTC()
		if n := c.Numeric; n != nil && n.Max-n.Min < 7*24*3600*1e6 {
			return t.Format("2006-01-02 15:04:05")
		}
		return t.Format("2006-01-02")
	}
	return number(v)
}

// duration is a number of seconds for people.
func duration(seconds float64) string {
	for _, unit := range []struct {
		name string
		size float64
	}{{"days", 86400}, {"hours", 3600}, {"minutes", 60}} {
		if seconds >= 2*unit.size {
			return number(round(seconds/unit.size, 3)) + " " + unit.name
		}
	}
	return number(seconds) + " s"
}

func percentOf(share float64) string { return number(round(100*share, 3)) + "%" }

func exact(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
