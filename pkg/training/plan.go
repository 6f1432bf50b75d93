package training

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/metric"
	"github.com/foretell-ml/foretell/pkg/model"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/profile/expectation"
	"github.com/foretell-ml/foretell/pkg/registry"
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
	// Repeating is the share of the rows that repeat another, where the config deals these like others.
	Repeating float64 `json:"repeating,omitempty"`
	// Volume is what quotes of trials go by.
	Volume Volume `json:"volume"`
	// Accepted are the reasons not to train that the config says to train in spite of.
	Accepted []Gate `json:"accepted,omitempty"`
	// Champion is what a retrain starts from.
	Champion *Champion `json:"champion,omitempty"`

	found      []Gate // all reasons not to train
	violations []expectation.Violation
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
		return Progress{}, e.recordGates(ctx, run, err)
	}
	if err := e.quote(ctx, plan, trials); err != nil {
		return Progress{}, err
	}
	body, err := data.encode()
	if err != nil {
		return Progress{}, err
	}
	if err := e.put(ctx, run.key("data"), body); err != nil {
		return Progress{}, err
	}
	progress, err := e.writeRound(ctx, run, 1, trials)
	if err != nil {
		return Progress{}, err
	}
	if len(plan.Accepted) > 0 {
		if err := e.write(ctx, run.key("gates.json"), Gates{Accepted: plan.Accepted}); err != nil {
			return Progress{}, err
		}
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
	plan := Plan{Run: run, Model: c.Model, Data: digest, Config: c, Champion: s.Champion}
	if err := plan.look(ctx, table); err != nil {
		return fail(err)
	}
	data, err := newPrepared(table, c, &plan)
	if err != nil {
		return fail(err)
	}
	if c.Configurations == nil {
		c.Configurations = defaultConfigurations(plan.Target, data.Y, plan.Columns)
		plan.Config = c // written out: later rounds draw from the same
	}
	if err := plan.chooseMetric(c); err != nil {
		return fail(err)
	}
	if err := suitable(c, plan.Target, data.Inputs.Schema()); err != nil {
		return fail(err)
	}
	if err := c.served(plan.Target); err != nil {
		return fail(err)
	}
	if err := plan.start(); err != nil {
		return fail(err)
	}
	plan.Volume = newVolume(data, &plan)
	plan.Volume.Mixed = howMixed(ctx, data, plan.Target)
	for _, f := range source.Parts() {
		plan.Volume.Source += max(0, f.Size)
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

// suitable reports learners that cannot do the task, and features that cannot be.
func suitable(c Config, target pipeline.Target, inputs dataset.Schema) error {
	able := model.Learners(target.Task)
	var faults []Fault
	for i, configuration := range c.Configurations {
		if !slices.Contains(able, configuration.Learner) {
			faults = append(faults, Fault{Pointer: fmt.Sprintf("/configurations/%d/learner", i),
				Detail: fmt.Sprintf("%s does not do %s; these do: %v", configuration.Learner, target.Task, able)})
		}
		for _, err := range configuration.Features.Check(configuration.Learner, inputs, target) {
			var column *dataset.ColumnError
			if errors.As(err, &column) {
				faults = append(faults, Fault{Pointer: featurePointer(i, column.Column), Detail: column.Err.Error()})
			}
		}
	}
	if len(faults) > 0 {
		return &ConfigError{faults}
	}
	return nil
}
