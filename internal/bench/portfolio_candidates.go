package main

import (
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/search"
)

// standards are what the literature and the libraries recommend, in full: what a space names and
// a point does not would be the middle of it. Of boosting they go from LightGBM's defaults, with
// what ours differ by, to the small steps and large trees of AutoGluon's presets and the shallow
// ones of CatBoost's; of forests they are Breiman's and, of all rows, those of Geurts and others,
// with leaves of one row and of a few. 300 trees are AutoGluon's.
func standards() map[string][]search.Candidate {
	boosting := func(rounds, rate, leaves, rows, columns float64) search.Candidate {
		return search.Candidate{Learner: "boosting", Params: map[string]any{"rounds": rounds, "learning_rate": rate, "leaves": leaves,
			"min_leaf_rows": rows, "l2": 1.0, "column_share": columns, "row_share": 1.0}}
	}
	forest := func(extra bool, rows, columns float64) search.Candidate {
		return search.Candidate{Learner: "forest", Params: map[string]any{"extra": extra, "bootstrap": !extra, "trees": 300.0,
			"min_leaf_rows": rows, "column_share": columns}}
	}
	return map[string][]search.Candidate{
		"boosting": {
			boosting(100, 0.1, 31, 20, 0.8), boosting(400, 0.05, 63, 5, 0.5), boosting(400, 0.05, 15, 10, 0.5),
			boosting(400, 0.03, 127, 5, 0.5), boosting(400, 0.03, 31, 20, 0.8), boosting(800, 0.05, 8, 10, 0.5),
			boosting(800, 0.03, 15, 20, 0.3), boosting(800, 0.03, 63, 5, 0.8),
		},
		"forest": {forest(true, 1, 0.5), forest(false, 1, 0.4), forest(true, 2, 1), forest(false, 5, 0.5), forest(true, 5, 0.7)},
		"knn":    {{Learner: "knn", Params: map[string]any{"k": 20.0, "weights": "distance"}}},
	}
}

// candidates are the points to choose from: of each learner the standards, or its defaults, and
// draws from the spaces that runs draw from, most of boosting, whose spaces are the widest. Families
// take turns, so that the first of them are a choice of all. Perceptrons and neighbours are
// explored on few data only.
func candidates(task dataset.Task, size search.Size) (all []search.Candidate) {
	draws := map[string]int{"boosting": 8, "forest": 2, "mlp": 3, "linear": 2, "logistic": 2}
	known := standards()
	var families [][]search.Candidate
	for _, family := range search.Families(task) {
		if family.Learner == "baseline" || size == search.Many && (family.Learner == "mlp" || family.Learner == "knn") {
			continue
		}
		own := known[family.Learner]
		if own == nil {
			own = []search.Candidate{{Learner: family.Learner, Params: map[string]any{}}}
		}
		space, err := search.ParseSpace(family.Params)
		exit(err)
		s := search.Search{Strategy: search.RandomSearch, Spaces: []search.Space{space}, Trials: draws[family.Learner], Seed: portfolioSeed}
		trials, err := s.Round(nil)
		exit(err)
		for _, t := range trials {
			own = append(own, search.Candidate{Learner: family.Learner, Params: t.Params})
		}
		families = append(families, own)
	}
	for turn := 0; len(families) > 0; turn++ {
		families = slices.DeleteFunc(families, func(own []search.Candidate) bool { return turn >= len(own) })
		for _, own := range families {
			all = append(all, own[turn])
		}
	}
	return all
}
