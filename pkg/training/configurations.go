package training

import "github.com/foretell-ml/foretell/pkg/pipeline"

// defaultConfigurations explores every family that suits the target: with an offset counts, as
// the first thing that offsets are for.
func defaultConfigurations(target pipeline.Target) []Configuration {
	l2 := map[string]any{"l2": map[string]any{"log": []any{0.001, 100.0}}}
	trees := map[string]any{
		"rounds":        []any{50.0, 100.0, 200.0},
		"learning_rate": map[string]any{"log": []any{0.03, 0.3}},
		"leaves":        []any{7.0, 15.0, 31.0},
		"min_leaf_rows": []any{5.0, 20.0, 50.0},
	}
	switch {
	case target.Offset != "":
		trees["objective"] = "poisson"
		return []Configuration{{Learner: "glm", Params: l2}, {Learner: "boosting", Params: trees}}
	case target.Task.Classification():
		return []Configuration{{Learner: "baseline"}, {Learner: "logistic", Params: l2}, {Learner: "boosting", Params: trees}}
	}
	return []Configuration{{Learner: "baseline"}, {Learner: "linear", Params: l2}, {Learner: "boosting", Params: trees}}
}
