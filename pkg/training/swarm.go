package training

import (
	"context"
	"math"
	"slices"
	"sort"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/num"
	"github.com/foretell-ml/foretell/pkg/internal/seed"
	"github.com/foretell-ml/foretell/pkg/model"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/report"
)

// How much a swarm shows. It takes 2 × swarmBackground × (swarmColumns + 2) predictions of each row.
const (
	swarmRows       = 120 // at most: see showing
	swarmLeast      = 30
	swarmBackground = 12
	swarmColumns    = 12 // those that matter most; all others are one set
	swarmClasses    = 4
)

// othersInSwarm stands for the columns that have no place of their own.
const othersInSwarm = "all others"

// swarms are what the columns that matter most add to the predictions of some rows, compared with
// rows that were learned from.
func swarms(ctx context.Context, p *pipeline.Pipeline, rows, learned *dataset.Table, permuted []model.Permuted, s uint64) ([]report.Swarm, error) {
	var sets [][]int
	for _, column := range permuted[:min(len(permuted), swarmColumns)] {
		sets = append(sets, []int{column.Column})
	}
	var others []int
	for j := range p.Schema {
		if !slices.ContainsFunc(sets, func(set []int) bool { return set[0] == j }) {
			others = append(others, j)
		}
	}
	if len(sets) == 0 {
		return nil, nil
	}
	if len(others) > 0 {
		sets = append(sets, others)
	}
	c, err := p.Contributions(ctx, rows, learned.Select(evenly(learned.Rows(), swarmBackground)), sets, seed.Derive(s, "swarm"))
	if err != nil {
		return nil, err
	}
	outputs := p.Target.Outputs()
	classes := []int{outputs - 1} // the value, or the second of two classes
	if outputs > 2 {
		classes = evenly(min(outputs, swarmClasses), outputs)
	}
	var all []report.Swarm
	for _, k := range classes {
		one := report.Swarm{}
		if outputs > 2 {
			one.Class = p.Target.Classes[k]
		}
		for i, set := range sets {
			column := report.SwarmColumn{Column: othersInSwarm}
			if i < len(permuted) && set[0] == permuted[i].Column && len(set) == 1 {
				column.Column = p.Schema[set[0]].Name
				column.Levels = levels(rows.Column(column.Column))
			}
			for row := range rows.Rows() {
				column.Adds = append(column.Adds, c.Values[(row*len(sets)+i)*outputs+k])
			}
			one.Columns = append(one.Columns, column)
		}
		sort.SliceStable(one.Columns, func(i, j int) bool { return reach(one.Columns[i].Adds) > reach(one.Columns[j].Adds) })
		all = append(all, one)
	}
	return all, nil
}

// reach is how much is added in the mean, whichever way.
func reach(adds []float64) float64 {
	sizes := make([]float64, len(adds))
	for i, v := range adds {
		sizes[i] = math.Abs(v)
	}
	return num.Sum(sizes)
}

// levels are how high the values of a column are, from 0 at the 5th percentile of them to 1 at the
// 95th, as what few rows have would take the room; missing ones are NaN. They are nil of categories.
func levels(c *dataset.Column) []float64 {
	if c == nil || c.Values == nil {
		return nil
	}
	sorted := known(c.Values)
	list := make([]float64, len(c.Values))
	if len(sorted) == 0 {
		return slices.Repeat([]float64{math.NaN()}, len(list))
	}
	last := len(sorted) - 1
	low, high := sorted[last*5/100], sorted[last-last*5/100]
	if low == high {
		low, high = sorted[0], sorted[last]
	}
	for row, v := range c.Values {
		switch {
		case math.IsNaN(v):
			list[row] = math.NaN()
		case low == high:
			list[row] = 0.5
		default:
			list[row] = min(max((float64(v/2)-float64(low/2))/(float64(high/2)-float64(low/2)), 0), 1)
		}
	}
	return list
}
