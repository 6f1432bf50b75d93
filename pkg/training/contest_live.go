package training

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/foretell-ml/foretell/pkg/monitoring"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// Feedback is what promote.window: outcomes came to.
type Feedback struct {
	From string `json:"from,omitempty"` // days of UTC, both included; absent if no outcomes came
	To   string `json:"to,omitempty"`
	// Outcomes are the different ids that outcomes came for, Rows those that both versions are
	// compared on.
	Outcomes int `json:"outcomes"`
	Rows     int `json:"rows"`
	// The others are left out: their row was not kept, they came with different truths, they or their
	// row are not of the target or of the columns of both versions, or one of these learned from them.
	Unmatched    int `json:"unmatched,omitempty"`
	Contradicted int `json:"contradicted,omitempty"`
	Unfit        int `json:"unfit,omitempty"`
	Learned      int `json:"learned,omitempty"`
}

// live predicts the rows that the model was asked about and outcomes came for, as they were listed
// when the run was submitted; nil if they are too few, which is a warning. All count alike: a column
// of weights is no input, and so is not known of them.
func (e *Engine) live(ctx context.Context, plan Plan, challenger, champion *pipeline.Pipeline, alias registry.Alias, c *Contest) (*sides, error) {
	var s submission
	if err := e.read(ctx, plan.Run, "config.json", &s); err != nil {
		return nil, err
	}
	keys := make([]string, len(s.Window))
	for i, file := range s.Window {
		keys[i] = file.Name
	}
	found, err := monitoring.ReadFeedback(ctx, e.Registry.Store, keys)
	if err != nil {
		return nil, err
	}
	for _, warning := range found.Warnings {
		c.warn("promote.window: outcomes: %s", warning)
	}
	learned, err := e.learned(ctx, plan, alias)
	if err != nil {
		return nil, err
	}
	of := &Feedback{From: found.From, To: found.To, Outcomes: found.Outcomes, Unmatched: found.Unmatched, Contradicted: found.Contradicted}
	c.Feedback = of
	all := &sides{on: Live}
	for _, group := range found.Labelled {
		rows, err := unlearned(labelled(group, plan.Target, of), learned, of)
		if err != nil {
			return nil, err
		}
		if len(rows.Y) == 0 {
			continue
		}
		own, err := predictions(challenger, rows.Inputs)
		var others []float64
		if err == nil {
			others, err = predictions(champion, rows.Inputs)
		}
		if err != nil {
			of.Unfit += len(rows.Y)
			c.warn("promote.window: outcomes: %d rows that version %d answered are left out: %v", len(rows.Y), group.Version, err)
			continue
		}
		all.y, all.own, all.champion = append(all.y, rows.Y...), append(all.own, own...), append(all.champion, others...)
	}
	of.Rows = len(all.y)
	if least := plan.Config.Promote.WindowRows; of.Rows < least {
		c.warn("promote.window: outcomes: of %d outcomes %d rows can be compared on, and %d are needed; the versions are not compared on them", of.Outcomes, of.Rows, least)
		return nil, nil
	}
	return all, nil
}

// learned is the data that the new version and champion learned from, as far as it is still there.
func (e *Engine) learned(ctx context.Context, plan Plan, champion registry.Alias) ([]pipeline.Data, error) {
	data, err := e.data(ctx, plan.Run)
	if err != nil {
		return nil, err
	}
	made, err := e.Registry.Version(ctx, plan.Model, champion.Version)
	if err != nil {
		return nil, err
	}
	old, err := e.readPrepared(ctx, RunID(made.Run))
	if errors.Is(err, registry.ErrNotFound) {
		return []pipeline.Data{data.Data}, nil
	}
	if err != nil {
		return nil, err
	}
	return []pipeline.Data{data.Data, old.Data}, nil
}

// labelled are the rows whose truth is of the target.
func labelled(group monitoring.Labelled, target pipeline.Target, of *Feedback) pipeline.Data {
	var rows []int
	var y []float64
	for i, truth := range group.Truths {
		if v, ok := truth.Of(target); ok && !math.IsNaN(v) {
			rows, y = append(rows, i), append(y, v)
		}
	}
	of.Unfit += len(group.Truths) - len(rows)
	return pipeline.Data{Inputs: group.Inputs.Select(rows), Y: y}
}

// unlearned are the rows that are in none of the data that versions learned from.
func unlearned(data pipeline.Data, learned []pipeline.Data, of *Feedback) (pipeline.Data, error) {
	for _, known := range learned {
		if len(data.Y) == 0 {
			break
		}
		rows, err := strangers(data, known)
		if err != nil {
			return data, fmt.Errorf("rows of outcomes: %w", err)
		}
		of.Learned += len(data.Y) - len(rows)
		data = data.Select(rows)
	}
	return data, nil
}
