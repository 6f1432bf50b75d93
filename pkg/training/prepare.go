package training

import (
	"fmt"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/pipeline"
)

// finite refuses infinite values while rows still have their numbers: no learner takes them.
func finite(t *dataset.Table) error {
	for i := range t.Columns {
		for row, v := range t.Columns[i].Values {
			if math.IsInf(v, 0) {
				return &dataset.ColumnError{Column: t.Columns[i].Name, Err: fmt.Errorf("row %d is infinite; give it a number or leave it empty", row+1)}
			}
		}
	}
	return nil
}

// unnamed are the columns that the data has no name for and the config says nothing of. They are
// not learned from: most are row numbers, which tell the target of sorted data, and of that only.
func (c Config) unnamed(table *dataset.Table) (names []string) {
	for i := range table.Columns {
		name := table.Columns[i].Name
		said := c.Data.Types[name] != "" || c.Data.Schema.Columns.Field(name) != nil
		for _, list := range [][]string{c.Data.Columns, c.Data.Drop} {
			said = said || slices.Contains(list, name)
		}
		for _, role := range slices.Concat(c.Data.roles(), c.Validation.roles()) {
			said = said || role.column == name
		}
		if dataset.Unnamed(name) && !said {
			names = append(names, name)
		}
	}
	return names
}

// Inputs are the columns of a table that a run with this config predicts from, that of the
// offset among them.
func (c Config) Inputs(table *dataset.Table) *dataset.Table {
	without := slices.Concat(c.Data.Drop, c.unnamed(table), []string{c.Data.Target, c.Data.Weight})
	if !c.Validation.Keep {
		for _, role := range c.Validation.roles() {
			without = append(without, role.column)
		}
	}
	return table.Without(without...)
}

// newPrepared takes the target out of a table, drops what cannot be learned from, holds out rows
// to test on, deals the folds, and notes in the plan what it found.
func newPrepared(table *dataset.Table, c Config, plan *Plan) (*prepared, error) {
	column := table.Column(c.Data.Target)
	if column == nil {
		return nil, &ConfigError{[]Fault{{Pointer: "/data/target", Detail: fmt.Sprintf("the data has no column %q", c.Data.Target)}}}
	}
	target, err := pipeline.NewTarget(column, c.Data.Task)
	if err != nil {
		return nil, &ConfigError{[]Fault{{Pointer: "/data/target", Detail: err.Error()}}}
	}
	target.Offset = c.Data.Offset
	weights, err := c.Data.weights(table)
	if err != nil {
		return nil, err
	}
	if err := c.Data.checkOffset(table, target.Task); err != nil {
		return nil, err
	}
	for _, name := range c.unnamed(table) {
		plan.Warnings = append(plan.Warnings, fmt.Sprintf("column %q has no name, as row numbers have none, and was left out; to keep it, name it in the data or declare its type", name))
	}
	inputs := c.Inputs(table)
	if len(inputs.Columns) == 0 || len(inputs.Columns) == 1 && c.Data.Offset != "" {
		return nil, &ConfigError{[]Fault{{Pointer: "/data/drop", Detail: "no column is left to predict from"}}}
	}
	if err := finite(inputs); err != nil {
		return nil, err
	}
	by, err := c.Validation.steering(table)
	if err != nil {
		return nil, err
	}
	plan.Target, plan.Columns = target, len(inputs.Columns)
	segments, err := segmentsOf(table, c.Segments)
	if err != nil {
		return nil, err
	}
	all := pipeline.Data{Inputs: inputs, Y: target.Values(column), Weights: weights, Segments: segments}
	data := &prepared{Data: all}
	if rows := plan.told(all, by); len(rows) < len(all.Y) {
		data.Data, by = all.Select(rows), by.pick(rows)
	}
	if plan.checkRows(data.Y); len(plan.found)+len(c.Accept) > 0 {
		if err := plan.pass(); err != nil {
			return nil, err
		}
	}
	if err := data.split(plan, by); err != nil {
		return nil, err
	}
	plan.Rows, plan.Folds, plan.Test = len(data.Y), len(data.folds), len(data.test.Y)
	return data, nil
}

// told are the rows that tell something: those with a target, a weight, and a time if that is
// what they are split by. It notes in the plan how many do not.
func (p *Plan) told(data pipeline.Data, by steering) []int {
	var rows []int
	unlabelled, weightless, timeless := 0, 0, 0
	for i, y := range data.Y {
		switch {
		case math.IsNaN(y):
			unlabelled++
		case data.Weights != nil && data.Weights[i] == 0:
			weightless++
		case by.times != nil && math.IsNaN(by.times[i]):
			timeless++
		default:
			rows = append(rows, i)
		}
	}
	for _, left := range []struct {
		rows int
		have string
	}{{unlabelled, "no target"}, {weightless, "a weight of 0"}, {timeless, "no time"}} {
		if left.rows > 0 {
			p.Warnings = append(p.Warnings, fmt.Sprintf("%d of %d rows have %s and were left out", left.rows, len(data.Y), left.have))
		}
	}
	if column := data.Inputs.Column(p.Config.Data.Offset); column != nil {
		if n := missing(column, rows); n > 0 {
			p.Warnings = append(p.Warnings, fmt.Sprintf("%d of %d rows have no offset and count as an exposure of 1", n, len(rows)))
		}
	}
	return rows
}

// missing counts the rows that have no value in a column.
func missing(c *dataset.Column, rows []int) (n int) {
	for _, row := range rows {
		if c.Missing(row) {
			n++
		}
	}
	return n
}
