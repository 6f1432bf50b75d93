package training

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// unseen are the held-out rows that champion did not learn from: all of them, if its run held the
// same ones out. It did unless the settings that they are picked by have changed: `validation`, or
// which inputs there are, since rows are picked by the content of their inputs. Rows that it did
// learn from would speak for it; they are left out, with a warning.
func (e *Engine) unseen(ctx context.Context, plan Plan, data *prepared, champion registry.Alias, c *Contest) (pipeline.Data, error) {
	made, err := e.Registry.Version(ctx, plan.Model, champion.Version)
	if err != nil {
		return pipeline.Data{}, err
	}
	var before Plan
	err = e.read(ctx, RunID(made.Run), "plan.json", &before)
	if err == nil && holdsOutAlike(plan, before) && sameInputs(data.test.Inputs.Schema(), made.Schema) {
		return data.test, nil
	}
	var old *prepared
	if err == nil {
		old, err = e.readPrepared(ctx, RunID(made.Run))
	}
	if errors.Is(err, registry.ErrNotFound) {
		c.Warnings = append(c.Warnings, fmt.Sprintf("whether version %d learned from the held-out rows is not known: run %s, which made it, is gone", champion.Version, made.Run))
		return data.test, nil
	}
	if err != nil {
		return pipeline.Data{}, err
	}
	rows, err := strangers(data.test, old.Data)
	if err != nil {
		return pipeline.Data{}, err
	}
	seen := len(data.test.Y) - len(rows)
	said := fmt.Sprintf("version %d learned from %d of the %d held-out rows, since its run held out others", champion.Version, seen, len(data.test.Y))
	switch {
	case seen == 0:
		return data.test, nil
	case len(rows) < commonRows:
		return pipeline.Data{}, incomparable(said)
	}
	c.Warnings = append(c.Warnings, said+"; the versions are compared on the rest")
	return data.test.Select(rows), nil
}

// sameInputs tells whether two schemas have the same columns.
func sameInputs(a, b dataset.Schema) bool {
	return slices.EqualFunc(a, b, func(x, y dataset.Field) bool { return x.Name == y.Name && x.Type == y.Type })
}

// holdsOutAlike tells whether a run held out no row that an earlier one learned from, as far as
// validation goes: by the same means, and not more of them.
func holdsOutAlike(now, before Plan) bool {
	by := func(p Plan) (string, float64) {
		v, share := p.Config.Validation, p.Config.Validation.testShare(p.Rows+p.Test)
		if p.Test == 0 {
			share = 0
		}
		switch v.Scheme {
		case schemeTime:
			return "time " + v.Time, share
		case schemeGroup:
			return "group " + v.Group, share
		}
		return "content", share
	}
	a, share := by(now)
	b, earlier := by(before)
	return a == b && share <= earlier
}

// strangers are the rows of a that are not in b, by their targets and the inputs that both have.
func strangers(a, b pipeline.Data) ([]int, error) {
	var of, in []dataset.Column
	for _, c := range a.Inputs.Columns {
		if other := b.Inputs.Column(c.Name); other != nil && other.Type == c.Type {
			of, in = append(of, c), append(in, *other)
		}
	}
	if len(of) == 0 {
		return evenly(len(a.Y), len(a.Y)), nil // there is no telling
	}
	shared, err := dataset.NewTable(of...)
	if err != nil {
		return nil, err
	}
	known, err := dataset.NewTable(in...)
	if err != nil {
		return nil, err
	}
	type content struct {
		inputs uint64
		y      float64
	}
	learned := make(map[content]bool, len(b.Y))
	for row, hash := range known.Contents() {
		learned[content{hash, b.Y[row]}] = true
	}
	var rows []int
	for row, hash := range shared.Contents() {
		if !learned[content{hash, a.Y[row]}] {
			rows = append(rows, row)
		}
	}
	return rows, nil
}
