package training

import (
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/pipeline"
)

// TestDefaultSearch: without configurations a run tries the portfolio, the baseline second, of
// the families that suit the data; and with some, the points of their learners that they allow.
func TestDefaultSearch(t *testing.T) {
	learners := func(config string) (all []string, trials []Trial) {
		e := engine(t)
		run := submit(t, e, parse(t, config))
		if _, err := e.Plan(ctx, run); err != nil {
			t.Fatal(err)
		}
		trials, err := e.listed(ctx, run, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, trial := range trials {
			all = append(all, trial.Learner)
		}
		return all, trials
	}
	data := "data: {source: ../../testdata/penguins.csv, target: species}\n"
	if all, _ := learners(data); len(all) != 10 || all[0] == "baseline" || all[1] != "baseline" || !slices.Contains(all, "mlp") {
		t.Errorf("by default: %v", all)
	}
	all, trials := learners(data + "search: {strategy: portfolio, trials: 5}\nconfigurations: [{learner: boosting, params: {leaves: [4, 6], rounds: 7, l2: {log: [1, 2]}}}]")
	if len(all) != 5 {
		t.Fatalf("of boosting: %v", all)
	}
	for _, trial := range trials {
		leaves, l2 := trial.Params["leaves"], trial.Params["l2"].(float64)
		if trial.Params["rounds"] != 7.0 || leaves != 4.0 && leaves != 6.0 || l2 < 1 || l2 > 2 {
			t.Errorf("%v leaves the space", trial.Params)
		}
	}
	if trials[0].Params["column_share"] == nil {
		t.Errorf("%v is not of the portfolio", trials[0].Params)
	}
	count := pipeline.Target{Task: dataset.Regression}
	names := func(c []Configuration) (names []string) {
		for _, of := range c {
			names = append(names, of.Learner)
		}
		return names
	}
	few, many := names(defaultConfigurations(count, []float64{0, 2}, 3)), names(defaultConfigurations(count, make([]float64, 30_000), 3))
	if !slices.Contains(few, "glm") || !slices.Contains(few, "mlp") || slices.Contains(many, "mlp") || slices.Contains(many, "knn") {
		t.Errorf("few rows: %v; many: %v", few, many)
	}
	if below := names(defaultConfigurations(count, []float64{-1, 2}, 3)); slices.Contains(below, "glm") {
		t.Errorf("a target below 0: %v", below)
	}
	if offset := names(defaultConfigurations(pipeline.Target{Task: dataset.Regression, Offset: "time"}, []float64{1}, 3)); !slices.Equal(offset, []string{"boosting", "glm"}) {
		t.Errorf("with an offset: %v", offset)
	}
}
