package model

import (
	"context"
	"fmt"
	"slices"

	"github.com/foretell-ml/foretell/pkg/model/tree"
)

// Continuer is a Learner that can go on where a fit of its kind ended.
type Continuer interface {
	// Continue fits more to a model that a learner of the same kind fitted, on data of the
	// same columns and target; the model is left as it is.
	Continue(ctx context.Context, data Data, from Model, seed uint64) (Model, error)
}

var _ Continuer = Boosting{}

// Continue adds Rounds more rounds to those of a boosted model of the same objective. On the
// data, params and seed of its fit the result is, bit for bit, the model of as many rounds at
// once, rows and columns sampled or not: columns are cut into bins by the data given here, and
// draws go by the number of the tree. Only early stopping makes a difference: its patience
// starts anew. On other data the base score stays that of the first.
func (b Boosting) Continue(ctx context.Context, data Data, from Model, seed uint64) (Model, error) {
	before, is := from.(*boosted)
	if !is {
		return nil, fmt.Errorf("boosting: continue: the model is a %q", from.State().Learner)
	}
	m, err := b.fit(ctx, data, before, seed)
	if err != nil {
		return nil, fmt.Errorf("boosting: continue: %w", err)
	}
	return m, nil
}

// from has the run go on where a model is.
func (r *boostingRun) from(before *boosted) error {
	m := r.model
	if before.objective != m.objective || before.features != m.features || len(before.base) != len(m.base) {
		return fmt.Errorf("the model has objective %q for %d columns and %d scores, the data %q for %d and %d",
			before.objective, before.features, len(before.base), m.objective, m.features, len(m.base))
	}
	if len(before.record().Cover) < len(before.trees().Nodes) {
		return fmt.Errorf("the model is of a version that did not count the rows of its nodes: fit it again")
	}
	m.base = slices.Clone(before.base)
	m.forest = before.trees().Clone()
	m.known = tree.Record{Cover: slices.Clone(before.record().Cover), Gain: slices.Clone(before.record().Gain)}
	m.curve = slices.Clone(before.curve)
	r.scores = r.loss.start(m.base)
	addTrees(r.scores, m, 0, r.columns)
	r.done = before.Rounds()
	if r.held != nil {
		r.held = r.params.watch(r.held.held, r.held.columns, m)
	}
	return nil
}
