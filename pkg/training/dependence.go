package training

import (
	"context"
	"math"
	"slices"
	"sort"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/report"
)

// dependence is what is predicted for the quantiles of a column, or for its most frequent
// categories; nil of a column with less than two values, or with personal data.
func dependence(ctx context.Context, p *pipeline.Pipeline, rows *dataset.Table, name string, served *pipeline.Pipeline) (*report.Dependence, error) {
	c := rows.Column(name)
	if c == nil || isPersonal(served, name) {
		return nil, nil
	}
	d := &report.Dependence{Column: name, Time: c.Type == dataset.Timestamp}
	at := dataset.Column{Name: c.Name, Type: c.Type, Levels: c.Levels}
	switch {
	case c.Type == dataset.Boolean:
		at.Values, d.Labels = []float64{0, 1}, []string{"false", "true"}
	case c.Values != nil:
		at.Values = quantiles(c.Values)
		d.Values, d.Rug = at.Values, known(c.Values)
	default:
		at.Codes = frequent(c)
		for _, code := range at.Codes {
			d.Labels = append(d.Labels, c.Levels[code])
		}
	}
	if at.Len() < 2 {
		return nil, nil
	}
	means, err := p.Dependence(ctx, rows, at)
	if err != nil {
		return nil, err
	}
	outputs := p.Target.Outputs()
	classes := []int{outputs - 1} // the value, or the second of two classes
	if outputs > 2 {
		classes = classes[:0]
		for k := range min(outputs, dependsClasses) {
			classes = append(classes, k)
		}
	}
	for _, k := range classes {
		line := report.Line{}
		if outputs > 2 {
			line.Name = p.Target.Classes[k]
		}
		for i := range at.Len() {
			line.Mean = append(line.Mean, means[i*outputs+k])
		}
		d.Lines = append(d.Lines, line)
	}
	return d, nil
}

// isPersonal reports whether a column looked like personal data when it was learned from.
func isPersonal(p *pipeline.Pipeline, column string) bool {
	for i := range p.Reference.Columns {
		if c := &p.Reference.Columns[i]; c.Name == column {
			return len(c.Personal) > 0
		}
	}
	return false
}

// known are the numbers that are neither missing nor infinite, rising.
func known(values []float64) []float64 {
	list := slices.DeleteFunc(slices.Clone(values), func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
	slices.Sort(list)
	return list
}

// quantiles are at most so many different values, from the 1st to the 99th in a hundred: what
// few rows have would take the room.
func quantiles(values []float64) []float64 {
	sorted := known(values)
	if len(sorted) == 0 {
		return nil
	}
	var list []float64
	for i := range dependsAt {
		share := 0.01 + 0.98*float64(i)/(dependsAt-1)
		list = append(list, sorted[int(share*float64(len(sorted)-1))])
	}
	return slices.Compact(list)
}

// frequent are the codes of the most frequent categories, the most frequent first.
func frequent(c *dataset.Column) []int32 {
	counts := make([]int, len(c.Levels))
	for _, code := range c.Codes {
		if code >= 0 {
			counts[code]++
		}
	}
	var codes []int32
	for code, n := range counts {
		if n > 0 {
			codes = append(codes, int32(code))
		}
	}
	sort.SliceStable(codes, func(i, j int) bool { return counts[codes[i]] > counts[codes[j]] })
	return codes[:min(len(codes), dependsLevels)]
}
