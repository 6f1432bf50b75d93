package search

import "github.com/foretell-ml/foretell/pkg/dataset"

// Candidate is a learner with params: a point, or as in a run config a space.
type Candidate struct {
	Learner string         `json:"learner"`
	Params  map[string]any `json:"params"`
}

// Families are the learners that suit a task with the spaces to look for good params in, which
// are those of the literature's tuned defaults rather than of what learners accept. Those that
// take too long on many rows, and those that want targets of one kind, are left to the caller.
func Families(task dataset.Task) []Candidate {
	choice := func(values ...any) any { return values }
	within := func(scale Scale, low, high float64) any { return map[string]any{string(scale): []any{low, high}} }
	families := []Candidate{
		{"boosting", map[string]any{
			"rounds":        choice(50.0, 100.0, 200.0, 400.0, 800.0),
			"learning_rate": within(Log, 0.02, 0.3),
			"leaves":        choice(4.0, 8.0, 15.0, 31.0, 63.0, 127.0),
			"min_leaf_rows": choice(2.0, 5.0, 10.0, 20.0, 50.0),
			"l2":            within(Log, 0.01, 100),
			"column_share":  within(Uniform, 0.3, 1),
			"row_share":     within(Uniform, 0.5, 1),
		}},
		{"forest", map[string]any{
			"extra":         choice(false, true),
			"bootstrap":     choice(true, false),
			"min_leaf_rows": choice(1.0, 2.0, 5.0, 10.0),
			"column_share":  within(Uniform, 0.1, 1),
		}},
		{"mlp", map[string]any{
			"learning_rate": within(Log, 0.0005, 0.01),
			"weight_decay":  within(Log, 0.001, 1),
		}},
		{"knn", map[string]any{"k": choice(5.0, 10.0, 20.0, 50.0), "weights": choice("distance", "uniform")}},
	}
	l2 := map[string]any{"l2": within(Log, 0.001, 1000)}
	if task.Classification() {
		return append(families, Candidate{"logistic", l2}, Candidate{"bayes", map[string]any{}}, Candidate{"baseline", map[string]any{}})
	}
	return append(families, Candidate{"linear", l2}, Candidate{"baseline", map[string]any{}})
}
