package profile

import (
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// describe is the statistics of one column.
func describe(c *dataset.Column) Column {
	d := Column{Name: c.Name, Type: c.Type}
	if c.Type.Coded() {
		d.describeCodes(c)
	} else {
		d.describeValues(c)
	}
	d.Missing = c.Len() - d.Count
	if d.Count > 0 {
		d.Confidence = 1
	}
	return d
}

// describeCodes counts levels. A level without rows, as selecting rows leaves behind, is
// not a value of the column.
func (d *Column) describeCodes(c *dataset.Column) {
	counts := make([]int, len(c.Levels))
	for _, code := range c.Codes {
		if code >= 0 {
			counts[code]++
			d.Count++
		}
	}
	var top top
	for level, n := range counts {
		if n > 0 {
			d.Distinct++
			top.add(level, n)
		}
	}
	for _, t := range top.kept {
		d.Top = append(d.Top, newValue(c.Levels[t.key], t.count))
	}
	d.Text = summarizeTexts(c, counts)
}

// describeValues sorts the values once: order statistics, runs of equal values and bins
// all come from that, and none depends on the order of rows.
func (d *Column) describeValues(c *dataset.Column) {
	sorted := make([]float64, 0, len(c.Values))
	for _, v := range c.Values {
		if v == 0 {
			v = 0 // -0 equals 0 but would print otherwise
		}
		if !math.IsNaN(v) {
			sorted = append(sorted, v)
		}
	}
	slices.Sort(sorted)
	d.Count = len(sorted)
	d.countRuns(c.Type, sorted)
	if c.Type != dataset.Boolean {
		d.Order = orderOf(c.Values)
	}

	finite := sorted
	for len(finite) > 0 && math.IsInf(finite[0], -1) {
		finite = finite[1:]
		d.Infinite.Negative++
	}
	for len(finite) > 0 && math.IsInf(finite[len(finite)-1], 1) {
		finite = finite[:len(finite)-1]
		d.Infinite.Positive++
	}
	if len(finite) == 0 || c.Type == dataset.Boolean {
		return
	}
	inOrder := make([]float64, 0, len(finite))
	for _, v := range c.Values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			inOrder = append(inOrder, v)
		}
	}
	d.Numeric = summarize(finite, inOrder)
	if c.Type == dataset.Timestamp {
		ends := dataset.Column{Type: c.Type, Values: []float64{d.Numeric.Min, d.Numeric.Max}}
		d.Period = &Period{First: ends.Text(0), Last: ends.Text(1)}
	}
}

// countRuns fills Distinct and Top from runs of equal values.
func (d *Column) countRuns(t dataset.Type, sorted []float64) {
	var top top
	for start := 0; start < len(sorted); d.Distinct++ {
		end := start + 1
		for end < len(sorted) && sorted[end] == sorted[start] {
			end++
		}
		top.add(start, end-start)
		start = end
	}
	texts := dataset.Column{Type: t, Values: sorted}
	for _, t := range top.kept {
		d.Top = append(d.Top, newValue(texts.Text(t.key), t.count))
	}
}
