package training

import (
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/search"
)

// defaultConfigurations explores every family that suits the target: with an offset counts, as
// the first thing that offsets are for. Perceptrons and neighbours explore few data: of many each
// of their trials takes as long as several of trees.
func defaultConfigurations(target pipeline.Target, y []float64, columns int) (all []Configuration) {
	counts := Configuration{Learner: "glm", Params: map[string]any{
		"l2": map[string]any{"log": []any{0.001, 100.0}}, "power": []any{1.0, 1.5}}}
	for _, f := range search.Families(target.Task) {
		c := Configuration{Learner: f.Learner, Params: f.Params}
		switch {
		case target.Offset != "" && f.Learner == "boosting":
			c.Params["objective"] = "poisson"
			all = append(all, c)
		case target.Offset != "":
		case (f.Learner == "mlp" || f.Learner == "knn") && search.SizeOf(len(y), columns) == search.Many:
		default:
			all = append(all, c)
		}
	}
	if target.Offset != "" || target.Task == dataset.Regression && slices.Min(y) >= 0 {
		all = append(all, counts)
	}
	return all
}

// first are the points of the portfolio that these configurations can have, in its order, each as
// near as the configuration's space has it. The baseline comes second: it costs nothing, and shows
// what all others are worth; and then a model of counts, for which no portfolio was found.
func (c Config) first(task dataset.Task, size search.Size, spaces []search.Space) (points []search.Point) {
	add := func(candidate search.Candidate) {
		for i, own := range c.Configurations {
			if own.Learner == candidate.Learner {
				points = append(points, search.Point{Space: i, Params: spaces[i].Adapt(candidate.Params)})
				return
			}
		}
	}
	for _, candidate := range search.Portfolio(task, size) {
		before := len(points)
		add(candidate)
		if before == 0 && len(points) == 1 {
			add(search.Candidate{Learner: "baseline"})
			add(search.Candidate{Learner: "glm"})
		}
	}
	return points
}

// muchRepeated is the share of rows that repeat another from which on a model that remembers is tried.
const muchRepeated = 0.05

// remembers is a forest whose trees have learned every row: extremely randomized trees as they are in the
// paper (Geurts, Ernst & Wehenkel 2006), of all rows and down to single ones. Asked for a row that it has
// seen it says what came of that, and of others it is as good as forests of larger leaves.
var remembers = search.Candidate{Learner: "forest", Params: search.Params{"extra": true, "bootstrap": false, "min_leaf_rows": 1.0, "column_share": 0.5, "trees": 300.0}}

// remembering puts it behind the baseline, where the config deals copies like others and there are some: then
// what will be asked for repeats what was learned, which data that the portfolio was found on do not. Of
// values nothing is gained: leaves of two rows remember nearly as well (docs/search.md has the figures).
func (p *Plan) remembering(first []search.Point, spaces []search.Space) []search.Point {
	if p.Repeating < muchRepeated || !p.Target.Task.Classification() {
		return first
	}
	for i, own := range p.Config.Configurations {
		if own.Learner == remembers.Learner {
			return slices.Insert(slices.Clone(first), min(2, len(first)), search.Point{Space: i, Params: spaces[i].Adapt(remembers.Params)})
		}
	}
	return first
}
