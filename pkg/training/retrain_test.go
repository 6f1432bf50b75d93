package training

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/registry"
)

// retrained is a config of penguins in a file of their own, and how to add rows to it.
func retrained(t *testing.T, more string) (c Config, grow func()) {
	t.Helper()
	rows, err := os.ReadFile("../../testdata/penguins.csv")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "penguins.csv")
	put := func() {
		if err := os.WriteFile(file, rows, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put()
	return parse(t, "model: penguins\ndata: {source: "+file+", target: species, columns: [species, island, body_mass_g]}\nvalidation: {folds: 2}\n"+more), func() {
		rows = append(rows, "Adelie,Dream,39.1,18.7,181,3750,male,2009\n"...)
		put()
	}
}

// TestRetrainStartsFromChampion: whatever the strategy, its first trials are what champion is made
// of, heaviest first; a retrain on the data that champion was made from is the run that made it.
func TestRetrainStartsFromChampion(t *testing.T) {
	for name, how := range map[string]string{
		"portfolio": "search: {trials: 6}\n",
		"random":    "search: {trials: 4}\nconfigurations: [{learner: baseline}, {learner: bayes, params: {smoothing: {log: [0.01, 100]}}}]\n",
		"tpe":       "search: {strategy: tpe, trials: 4}\nconfigurations: [{learner: baseline}, {learner: bayes, params: {smoothing: {log: [0.01, 100]}}}]\n",
		"halving":   "search: {strategy: halving, trials: 4, rungs: 2, eta: 2}\nconfigurations: [{learner: baseline}, {learner: bayes, params: {smoothing: {log: [0.01, 100]}}}]\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, grow := retrained(t, how+"promote: {when: always}\n")
			e := engine(t)
			first, err := e.Retrain(ctx, c)
			if err != nil || !first.Created || first.From != 0 || first.Run != submit(t, e, c) {
				t.Fatalf("without a champion: %+v, %v", first, err)
			}
			v, err := e.Run(ctx, first.Run, nil)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := e.Retrain(ctx, c); err != nil || again != (Retrain{Run: first.Run}) {
				t.Errorf("on the same data: %+v, %v", again, err)
			}
			grow()
			second, err := e.Retrain(ctx, c)
			if err != nil || !second.Created || second.From != v.Version || second.Run == first.Run || second.Run == submit(t, e, c) {
				t.Fatalf("%+v, %v", second, err)
			}
			members := slices.Clone(v.Members)
			slices.SortStableFunc(members, func(a, b registry.Member) int { return cmp.Compare(b.Weight, a.Weight) })
			for i, got := range firstRound(t, e, second.Run)[:len(members)] {
				if got.Learner != members[i].Learner || !sameParams(got.Params, members[i].Params) {
					t.Errorf("trial %d is %s %v, champion %+v", i+1, got.Learner, got.Params, members)
				}
			}
			if v, err = e.Run(ctx, second.Run, nil); err != nil || !v.Promoted {
				t.Fatalf("%+v, %v", v, err)
			}
			if again, err := e.Retrain(ctx, c); err != nil || again != (Retrain{Run: second.Run, From: 1}) {
				t.Errorf("on the same data: %+v, %v", again, err)
			}
		})
	}
}

// firstRound are the trials of a run's first round.
func firstRound(t *testing.T, e *Engine, run RunID) []Trial {
	t.Helper()
	if _, err := e.Plan(ctx, run); err != nil {
		t.Fatal(err)
	}
	trials, err := e.listed(ctx, run, 1)
	if err != nil {
		t.Fatal(err)
	}
	return trials
}

// TestRetrainOfAnotherConfig: what champion is made of is brought to the spaces that the config
// has by now, or left out with a warning.
func TestRetrainOfAnotherConfig(t *testing.T) {
	e := engine(t)
	c, _ := retrained(t, "search: {trials: 1}\nconfigurations: [{learner: bayes, params: {smoothing: {log: [50, 100]}}}]\n")
	v, err := e.Run(ctx, submit(t, e, c), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct {
		how, warning string
		first        string
		params       map[string]any
		from         int
	}{
		"narrower":        {"search: {trials: 2}\nconfigurations: [{learner: baseline}, {learner: bayes, params: {smoothing: {log: [0.01, 10]}}}]\n", "", "0001-bayes", map[string]any{"smoothing": 10.0}, 1},
		"the exact one":   {"search: {trials: 2}\nconfigurations: [{learner: bayes, params: {smoothing: 3}}, {learner: bayes, params: {smoothing: {log: [1, 100]}}}]\n", "", "0001-bayes", v.Members[0].Params, 1},
		"another learner": {"search: {trials: 2}\nconfigurations: [{learner: baseline}]\n", `version 1 is made of ["bayes"] too`, "0001-baseline", map[string]any{}, 1},
		"grid":            {"search: {strategy: grid}\nconfigurations: [{learner: baseline}, {learner: bayes}]\n", "does not start from version 1", "0001-baseline", map[string]any{}, 1},
		"another target":  {"search: {trials: 2}\nconfigurations: [{learner: baseline}, {learner: bayes}]\n", "", "0001-baseline", map[string]any{}, 0},
	} {
		c, _ := retrained(t, want.how)
		if want.from == 0 {
			c.Data.Target = "island"
		}
		r, err := e.Retrain(ctx, c)
		if err != nil || r.From != want.from {
			t.Fatalf("%s: %+v, %v", name, r, err)
		}
		first := firstRound(t, e, r.Run)[0]
		if first.ID != want.first || !sameParams(first.Params, want.params) {
			t.Errorf("%s: starts with %+v", name, first)
		}
		var plan Plan
		if err := e.read(ctx, r.Run, "plan.json", &plan); err != nil {
			t.Fatal(err)
		}
		if said := strings.Join(plan.Warnings, "; "); !strings.Contains(said, want.warning) || want.warning == "" && strings.Contains(said, "version 1") {
			t.Errorf("%s: warnings %q", name, said)
		}
	}
}

// TestContinuedRetrain: with more trials it still starts from the champion of then.
func TestContinuedRetrain(t *testing.T) {
	c, grow := retrained(t, "search: {trials: 2}\nconfigurations: [{learner: baseline}, {learner: bayes, params: {smoothing: {log: [0.01, 100]}}}]\n")
	e := engine(t)
	if _, err := e.Run(ctx, submit(t, e, c), nil); err != nil {
		t.Fatal(err)
	}
	grow()
	r, err := e.Retrain(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	before := firstRound(t, e, r.Run)
	more, _, err := e.Continue(ctx, r.Run, 3)
	if err != nil {
		t.Fatal(err)
	}
	after := firstRound(t, e, more)
	for i, trial := range before {
		if trial.ID != after[i].ID || !sameParams(trial.Params, after[i].Params) {
			t.Errorf("trial %d is %+v, was %+v", i+1, after[i], trial)
		}
	}
	if len(after) != 5 || before[0].Learner != "bayes" {
		t.Errorf("%+v", after)
	}
}
