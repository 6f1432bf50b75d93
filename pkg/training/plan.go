package training

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/metric"
	"github.com/foretell-ml/foretell/pkg/model"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/validate"
)

// Plan is runs/<run>/plan.json: what the run will do, once the data has been read.
type Plan struct {
	Run     RunID              `json:"run"`
	Model   registry.ModelName `json:"model"`
	Target  pipeline.Target    `json:"target"`
	Metric  string             `json:"metric"`
	Greater bool               `json:"greater_is_better"`
	// Rows are those that trials see, and the final model learns from; Test is how many were
	// held out to judge it.
	Rows    int `json:"rows"`
	Test    int `json:"test"`
	Columns int `json:"columns"`
	Folds   int `json:"folds"`
	// Data is the digest of the data's bytes.
	Data dataset.Digest `json:"data"`
	// Trials of all rounds; fewer come to pass where spaces hold no more, or trials fail.
	Trials   int      `json:"trials"`
	Warnings []string `json:"warnings,omitempty"`
	Config   Config   `json:"config"`
}

// Plan reads the data, writes it prepared, and lists the trials of the first round. Done
// before, it only answers which round is the last that there is.
func (e *Engine) Plan(ctx context.Context, run RunID) (Progress, error) {
	var plan Plan
	err := e.read(ctx, run, "plan.json", &plan)
	if err == nil {
		return e.lastRound(ctx, run)
	}
	if !errors.Is(err, registry.ErrNotFound) {
		return Progress{}, err
	}
	var s submission
	if err := e.read(ctx, run, "config.json", &s); err != nil {
		return Progress{}, err
	}
	plan, trials, data, err := e.prepare(ctx, run, s)
	if err != nil {
		return Progress{}, e.recordViolations(ctx, run, err)
	}
	body, err := data.encode()
	if err != nil {
		return Progress{}, err
	}
	if _, err := e.Registry.Store.Put(ctx, run.key("data"), body, registry.Condition{Absent: true}); err != nil && !errors.Is(err, registry.ErrConflict) {
		return Progress{}, err
	}
	progress, err := e.writeRound(ctx, run, 1, trials)
	if err != nil {
		return Progress{}, err
	}
	return progress, e.write(ctx, run.key("plan.json"), plan) // last: now it is planned
}

// prepare turns a submission into a plan, its trials, and the data they share.
func (e *Engine) prepare(ctx context.Context, run RunID, s submission) (Plan, []Trial, *prepared, error) {
	fail := func(err error) (Plan, []Trial, *prepared, error) { return Plan{}, nil, nil, err }
	c := s.Config
	source, err := e.Source(ctx, c.Data.Source)
	if err != nil {
		return fail(err)
	}
	files, err := tags(ctx, source.Parts())
	if err != nil {
		return fail(err)
	}
	if !slices.Equal(files, s.Files) {
		return fail(fmt.Errorf("%s changed after run %s was submitted; submit it again", c.Data.Source, run))
	}
	options, err := c.Data.Options()
	if err != nil {
		return fail(err)
	}
	options.Workers = e.Workers
	table, digest, err := dataset.Read(ctx, source, options)
	if err != nil {
		return fail(err)
	}
	plan := Plan{Run: run, Model: c.Model, Data: digest, Config: c}
	if err := plan.checkConstraints(ctx, table); err != nil {
		return fail(err)
	}
	data, err := newPrepared(table, c, &plan)
	if err != nil {
		return fail(err)
	}
	if c.Configurations == nil {
		c.Configurations = defaultConfigurations(plan.Target)
		plan.Config = c // written out: later rounds draw from the same
	}
	if err := plan.chooseMetric(c); err != nil {
		return fail(err)
	}
	if err := suitable(c, plan.Target.Task); err != nil {
		return fail(err)
	}
	trials, err := plan.round(nil)
	if err != nil {
		return fail(err)
	}
	if plan.Trials, err = plan.total(trials); err != nil {
		return fail(err)
	}
	return plan, trials, data, nil
}

func (p *Plan) chooseMetric(c Config) error {
	chosen := metric.Default(p.Target.Task)
	if c.Metric != "" {
		var err error
		if chosen, err = metric.ByName(c.Metric); err != nil {
			return err
		}
	}
	if !slices.Contains(chosen.Tasks, p.Target.Task) {
		return &ConfigError{[]Fault{{Pointer: "/metric", Detail: fmt.Sprintf("%s does not judge %s", chosen.Name, p.Target.Task)}}}
	}
	p.Metric, p.Greater = chosen.Name, chosen.Greater
	return nil
}

// suitable reports learners that cannot do the task.
func suitable(c Config, task dataset.Task) error {
	able := model.Learners(task)
	var faults []Fault
	for i, configuration := range c.Configurations {
		if !slices.Contains(able, configuration.Learner) {
			faults = append(faults, Fault{Pointer: fmt.Sprintf("/configurations/%d/learner", i),
				Detail: fmt.Sprintf("%s does not do %s; these do: %v", configuration.Learner, task, able)})
		}
	}
	if len(faults) > 0 {
		return &ConfigError{faults}
	}
	return nil
}

// split deals the rows into folds, by class where there are classes.
func split(v ValidationConfig, target pipeline.Target, y []float64, seed uint64) ([]validate.Fold, error) {
	if !target.Task.Classification() {
		if v.Scheme == "holdout" {
			fold, err := validate.Holdout(len(y), v.Share, seed)
			return []validate.Fold{fold}, err
		}
		return validate.KFold(len(y), v.Folds, seed)
	}
	classes := make([]int, len(y))
	for i := range y {
		classes[i] = int(y[i])
	}
	if v.Scheme == "holdout" {
		fold, err := validate.StratifiedHoldout(classes, v.Share, seed)
		return []validate.Fold{fold}, err
	}
	return validate.StratifiedKFold(classes, v.Folds, seed)
}

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
		for _, role := range c.Data.roles() {
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
	return table.Without(slices.Concat(c.Data.Drop, c.unnamed(table), []string{c.Data.Target, c.Data.Weight})...)
}

// newPrepared takes the target out of a table, drops what cannot be learned from, deals the
// folds, and notes in the plan what it found.
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
	data := &prepared{Data: plan.told(pipeline.Data{Inputs: inputs, Y: target.Values(column), Weights: weights})}
	if err := data.holdOut(c.Validation, plan); err != nil {
		return nil, err
	}
	if data.folds, err = split(c.Validation, target, data.Y, c.Seed); err != nil {
		return nil, &ConfigError{[]Fault{{Pointer: "/validation", Detail: err.Error()}}}
	}
	plan.Target, plan.Rows, plan.Columns, plan.Folds = target, len(data.Y), len(inputs.Columns), len(data.folds)
	return data, nil
}

// told are the rows that tell something: those with a target and a weight. It notes in the plan
// how many do not.
func (p *Plan) told(data pipeline.Data) pipeline.Data {
	var rows []int
	unlabelled := 0
	for i, y := range data.Y {
		switch {
		case math.IsNaN(y):
			unlabelled++
		case data.Weights == nil || data.Weights[i] > 0:
			rows = append(rows, i)
		}
	}
	all := len(data.Y)
	if unlabelled > 0 {
		p.Warnings = append(p.Warnings, fmt.Sprintf("%d of %d rows have no target and were left out", unlabelled, all))
	}
	if weightless := all - unlabelled - len(rows); weightless > 0 {
		p.Warnings = append(p.Warnings, fmt.Sprintf("%d of %d rows have a weight of 0 and were left out", weightless, all))
	}
	if len(rows) < all {
		data = data.Select(rows)
	}
	if column := data.Inputs.Column(p.Config.Data.Offset); column != nil {
		if n := missing(column); n > 0 {
			p.Warnings = append(p.Warnings, fmt.Sprintf("%d of %d rows have no offset and count as an exposure of 1", n, len(rows)))
		}
	}
	return data
}

func missing(c *dataset.Column) (n int) {
	for i := range c.Len() {
		if c.Missing(i) {
			n++
		}
	}
	return n
}
