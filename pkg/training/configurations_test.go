package training

import (
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/search"
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

// TestRepeatingRowsAreRemembered: where copies are dealt like others, and there are some, a forest that remembers
// every row comes behind the baseline, as near as the configurations have it; else nothing changes.
func TestRepeatingRowsAreRemembered(t *testing.T) {
	plan, _ := planned(t, wine+"validation: {copies_apart: true, test: 0}")
	if want := 937. / 4898; plan.Repeating != want { // counted in docs/validation.md
		t.Errorf("%v of the wines repeat another, want %v", plan.Repeating, want)
	}
	if apart, _ := planned(t, wine+"validation: {test: 0}"); apart.Repeating != 0 {
		t.Errorf("kept in one fold, %v of the wines repeat another", apart.Repeating)
	}
	p := &Plan{Target: pipeline.Target{Task: dataset.Binary}, Config: Config{Configurations: []Configuration{{Learner: "boosting"}, {Learner: "forest", Params: map[string]any{"min_leaf_rows": []any{3.0, 9.0}}}}}}
	space, err := search.ParseSpace(p.Config.Configurations[1].Params)
	if err != nil {
		t.Fatal(err)
	}
	spaces, first := []search.Space{nil, space}, []search.Point{{Space: 0}, {Space: 0}, {Space: 1}}
	if got := p.remembering(first, spaces); len(got) != 3 {
		t.Errorf("without copies: %v", got)
	}
	p.Repeating = 0.2
	got := p.remembering(first, spaces)
	if len(got) != 4 || got[2].Space != 1 || got[2].Params["extra"] != true || got[2].Params["bootstrap"] != false || got[2].Params["min_leaf_rows"] != 3.0 {
		t.Errorf("of copies: %v", got)
	}
	if got := p.remembering(nil, spaces); len(got) != 1 {
		t.Errorf("without a portfolio: %v", got)
	}
	p.Target.Task = dataset.Regression
	if got := p.remembering(first, spaces); len(got) != 3 {
		t.Errorf("of values: %v", got)
	}
	p.Target.Task, p.Config.Configurations = dataset.Multiclass, p.Config.Configurations[:1]
	if got := p.remembering(first, spaces); len(got) != 3 {
		t.Errorf("without forests: %v", got)
	}
}
