package training

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/registry"
)

// searches are configs of several rounds: each replaces the search of penguins.
var searches = map[string]string{
	"tpe":               "{strategy: tpe, trials: 14, batch: 3}",
	"halving by rows":   "{strategy: halving, trials: 6, eta: 2, rungs: 3}",
	"halving by rounds": "{strategy: halving, trials: 4, eta: 2, rungs: 2, resource: rounds}",
}

const penguinsSpaces = `
model: penguins
data: {source: ../../testdata/penguins.csv, target: species}
validation: {folds: 2}
configurations:
  - learner: boosting
    params: {rounds: {int: [2, 8]}, leaves: {int: [2, 9]}, learning_rate: {log: [0.05, 0.5]}}
  - learner: forest
    params: {trees: {int: [2, 5]}, column_share: {uniform: [0.1, 1]}}
seed: 3
search: `

// penguinsQuick is one whose trials take no time, to do many runs of.
const penguinsQuick = `
model: penguins
data: {source: ../../testdata/penguins.csv, target: species, columns: [species, island, body_mass_g]}
validation: {folds: 2}
configurations: [{learner: bayes, params: {smoothing: {log: [0.01, 100]}, variance_share: {log: [1e-9, 1]}}}]
search: `

// inSteps does a run as the workflow does, each step by a worker of its own, the trials of a
// round last first.
func inSteps(t *testing.T, e *Engine, run RunID) (verdict Verdict, rounds [][]Trial) {
	t.Helper()
	step := func(name string, input, answer any) {
		t.Helper()
		text, err := json.Marshal(input)
		if err != nil {
			t.Fatal(err)
		}
		fresh := &Engine{Registry: e.Registry, Source: e.Source}
		out, err := fresh.Handle(ctx, Event{Step: name, Input: text})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if text, err = json.Marshal(out); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, answer); err != nil {
			t.Fatal(err)
		}
	}
	var progress Progress
	step("plan", map[string]any{"run": run}, &progress)
	for !progress.Done {
		var trials []Trial
		if _, err := registry.ReadJSON(ctx, e.Registry.Store, progress.Items, &trials); err != nil {
			t.Fatal(err)
		}
		for i := len(trials) - 1; i >= 0; i-- {
			var answer map[string]string
			step("trial", trials[i], &answer)
		}
		rounds = append(rounds, trials)
		step("advance", progress, &progress)
	}
	step("conclude", progress, &verdict)
	return verdict, rounds
}

// TestRoundsAnyHow does runs of several rounds at several numbers of workers, and step by step,
// trials last first: the lists of trials and the model are the same.
func TestRoundsAnyHow(t *testing.T) {
	for name, how := range searches {
		t.Run(name, func(t *testing.T) {
			reference := engine(t)
			run := submit(t, reference, parse(t, penguinsSpaces+how))
			want, rounds := inSteps(t, reference, run)
			if len(rounds) < 2 {
				t.Fatalf("%d rounds", len(rounds))
			}
			for _, workers := range []int{1, 2, 4} {
				e := engine(t)
				e.Workers = workers
				seen := make(chan string, 100)
				got, err := e.Run(ctx, submit(t, e, parse(t, penguinsSpaces+how)), func(n News) {
					if n.Finished != nil {
						seen <- n.Finished.Trial
					}
				})
				if err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("%d workers: %+v, want %+v, %v", workers, got, want, err)
				}
				listed, err := e.listed(ctx, run, 0)
				if err != nil || len(listed) != len(seen) {
					t.Errorf("%d workers: %d trials were listed, %v", workers, len(listed), err)
				}
				for _, trials := range rounds {
					if !reflect.DeepEqual(listed[:len(trials)], trials) {
						t.Errorf("%d workers: a round lists %+v, want %+v", workers, listed[:len(trials)], trials)
					}
					listed = listed[len(trials):]
				}
			}
		})
	}
}

// TestRungs: the ids say the rung, folds learn from a share of their rows and are tested on all,
// and on the leaderboard the top rung comes first.
func TestRungs(t *testing.T) {
	e := engine(t)
	run := submit(t, e, parse(t, penguinsSpaces+searches["halving by rows"]))
	verdict, rounds := inSteps(t, e, run)
	var counts []int
	for i, trials := range rounds {
		counts = append(counts, len(trials))
		for _, trial := range trials {
			if trial.Rung.Number != i+1 || !strings.HasSuffix(trial.ID, trial.Learner+"-rung-"+string(rune('1'+i))) {
				t.Errorf("round %d lists %+v", i+1, trial)
			}
		}
	}
	if !reflect.DeepEqual(counts, []int{6, 3, 1}) || verdict.Trial != rounds[2][0].ID {
		t.Errorf("rungs of %v trials; the model is that of %s", counts, verdict.Trial)
	}
	board, err := e.Leaderboard(ctx, run)
	if err != nil || len(board.Standings) != 10 || !board.Standings[0].Rung.Top() || board.Standings[1].Rung.Top() {
		t.Errorf("leaderboard %+v, %v", board.Standings, err)
	}
	data, err := e.data(ctx, run)
	if err != nil {
		t.Fatal(err)
	}
	var plan Plan
	if err := e.read(ctx, run, "plan.json", &plan); err != nil {
		t.Fatal(err)
	}
	less := data.at(rounds[0][0].Rung, plan)
	for f := range data.folds {
		all, some := len(data.folds[f].Train), len(less.folds[f].Train)
		if some < all/4 || some > all/4+3 || !reflect.DeepEqual(data.folds[f].Test, less.folds[f].Test) {
			t.Errorf("fold %d learns from %d of %d rows on the lowest of three rungs, eta 2", f, some, all)
		}
	}
	trial := Trial{Learner: "boosting", Params: map[string]any{"rounds": 7.0}, Rung: &Rung{1, 2, 0.5, byRounds}}
	if c := trial.configuration(); c.Params["rounds"] != 4.0 || trial.Params["rounds"] != 7.0 {
		t.Errorf("half of 7 rounds are %v", c.Params)
	}
}

// TestMissingTrialsCountAsFailed: a worker that died each time leaves no result, and the next
// round is listed without it.
func TestMissingTrialsCountAsFailed(t *testing.T) {
	e := engine(t)
	run := submit(t, e, parse(t, penguinsSpaces+searches["halving by rows"]))
	progress, err := e.Plan(ctx, run)
	if err != nil {
		t.Fatal(err)
	}
	trials, err := e.listed(ctx, run, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{1, 4} {
		if _, err := e.Trial(ctx, trials[i]); err != nil {
			t.Fatal(err)
		}
	}
	if progress, err = e.Advance(ctx, progress); err != nil || progress.Round != 2 {
		t.Fatalf("%+v, %v", progress, err)
	}
	all, err := e.listed(ctx, run, 0)
	if err != nil || len(all) != 8 || all[6].Number != 2 || all[7].Number != 5 {
		t.Errorf("%+v, %v", all, err)
	}
}
