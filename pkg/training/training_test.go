package training

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/dirstore"
)

var ctx = context.Background()

const penguins = `
model: penguins
data: {source: ../../testdata/penguins.csv, target: species}
search: {strategy: random, trials: 6}
configurations:
  - learner: baseline
  - learner: logistic
    params: {l2: {log: [0.01, 10]}}
  - learner: boosting
    params: {rounds: [5, 10], leaves: 7}
seed: 3
`

func parse(t testing.TB, text string) Config {
	t.Helper()
	c, err := ParseConfig([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// engine works on a new store in a folder of its own.
func engine(t testing.TB) *Engine {
	t.Helper()
	store, err := dirstore.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return &Engine{Registry: &registry.Registry{Store: store}, Source: func(_ context.Context, source string) (dataset.Source, error) {
		parts, err := dataset.Files(source)
		return dataset.CSV{Files: parts}, err
	}}
}

func submit(t testing.TB, e *Engine, c Config) RunID {
	t.Helper()
	run, _, err := e.Submit(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func TestRun(t *testing.T) {
	e := engine(t)
	run := submit(t, e, parse(t, penguins))
	seen := 0
	e.Workers = 1
	verdict, err := e.Run(ctx, run, func(n News) {
		if n.Finished != nil {
			seen++
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen != 6 || !verdict.Promoted || verdict.Version != 1 || verdict.Learner == "baseline" {
		t.Errorf("saw %d trials, verdict %+v", seen, verdict)
	}
	board, err := e.Leaderboard(ctx, run)
	if err != nil || len(board.Standings) != 6 || board.Metric != "log_loss" {
		t.Fatalf("leaderboard %+v, %v", board, err)
	}
	for i := 1; i < len(board.Standings); i++ {
		if board.Standings[i].Score < board.Standings[i-1].Score {
			t.Errorf("standing %d is better than the one above", i)
		}
	}
	alias, _, err := e.Registry.Alias(ctx, "penguins", registry.Champion)
	if err != nil || alias.Version != 1 || alias.Digest != verdict.Digest {
		t.Errorf("alias %+v, %v", alias, err)
	}
	artifact, err := e.Registry.Artifact(ctx, "penguins", verdict.Digest)
	if err != nil {
		t.Fatal(err)
	}
	p, err := pipeline.Decode(artifact)
	if err != nil {
		t.Fatal(err)
	}
	if p.Lineage.Rows != 344 || p.Members[0].Configuration.Learner != verdict.Learner || len(p.Target.Classes) != 3 {
		t.Errorf("lineage %+v, target %+v", p.Lineage, p.Target)
	}
}

// TestSameDigestAnyHow does the run at several numbers of workers, and step by step as the
// workflow does, trials last first: the model is the same.
func TestSameDigestAnyHow(t *testing.T) {
	var digests []string
	for _, workers := range []int{1, 2, 4} {
		e := engine(t)
		e.Workers = workers
		verdict, err := e.Run(ctx, submit(t, e, parse(t, penguins)), nil)
		if err != nil {
			t.Fatal(err)
		}
		digests = append(digests, verdict.Digest)
	}
	e := engine(t)
	run := submit(t, e, parse(t, penguins))
	step := func(name string, input any) json.RawMessage {
		text, err := json.Marshal(input)
		if err != nil {
			t.Fatal(err)
		}
		fresh := &Engine{Registry: e.Registry, Source: e.Source} // every step in a worker of its own
		answer, err := fresh.Handle(ctx, Event{Step: name, Input: text})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out, err := json.Marshal(answer)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	step("plan", map[string]any{"run": run})
	var trials []Trial
	if err := e.read(ctx, run, roundName(1), &trials); err != nil {
		t.Fatal(err)
	}
	for i := len(trials) - 1; i >= 0; i-- {
		step("trial", trials[i])
	}
	if got := string(step("advance", Progress{Run: run, Round: 1})); got != fmt.Sprintf(`{"run":%q,"round":1,"items":"","results":"","done":true,"task":null}`, run) {
		t.Errorf("advance answered %s", got)
	}
	var verdict Verdict
	if err := json.Unmarshal(step("conclude", Progress{Run: run}), &verdict); err != nil {
		t.Fatal(err)
	}
	digests = append(digests, verdict.Digest)
	for _, d := range digests[1:] {
		if d != digests[0] {
			t.Errorf("digests differ: %v", digests)
		}
	}
}

// TestFinishedTrialsAreNotRedone puts a result of its own into the ledger: the run must
// take it as it is.
func TestFinishedTrialsAreNotRedone(t *testing.T) {
	e := engine(t)
	run := submit(t, e, parse(t, penguins+"\nensemble: {size: 1}\ncalibration: none"))
	if _, err := e.Plan(ctx, run); err != nil {
		t.Fatal(err)
	}
	planted := Result{Trial: "0002-logistic", Learner: "logistic", Params: map[string]any{"l2": 1.0},
		Scores: map[string][]float64{"log_loss": {-1, -1, -1, -1, -1}}}
	plant(t, e, planted, run)
	verdict, err := e.Run(ctx, run, nil)
	if err != nil || verdict.Trial != "0002-logistic" || verdict.Score != -1 {
		t.Errorf("verdict %+v, %v", verdict, err)
	}
	// Without the data nothing can be computed: the ledger alone must answer.
	if err := e.Registry.Store.Delete(ctx, run.key("data")); err != nil {
		t.Fatal(err)
	}
	var trials []Trial
	if err := e.read(ctx, run, roundName(1), &trials); err != nil {
		t.Fatal(err)
	}
	fresh := &Engine{Registry: e.Registry, Source: e.Source}
	for _, trial := range trials {
		if result, err := fresh.Trial(ctx, trial); err != nil || result.Trial != trial.ID {
			t.Errorf("%s was done again: %+v, %v", trial.ID, result, err)
		}
	}
}

func TestSubmittedAgainIsTheSameRun(t *testing.T) {
	e := engine(t)
	c := parse(t, penguins)
	first, created, err := e.Submit(ctx, c)
	if err != nil || !created {
		t.Fatal(created, err)
	}
	if _, err := e.Run(ctx, first, nil); err != nil {
		t.Fatal(err)
	}
	second, created, err := e.Submit(ctx, c)
	if err != nil || created || second != first {
		t.Errorf("run %s, created %t, %v", second, created, err)
	}
	if _, err := e.Run(ctx, second, nil); err != nil {
		t.Fatal(err)
	}
	versions, err := e.Registry.Versions(ctx, "penguins")
	if err != nil || len(versions) != 1 {
		t.Errorf("%d versions, %v", len(versions), err)
	}
	c.Seed++
	if other := submit(t, e, c); other == first {
		t.Error("another seed is the same run")
	}
}

func TestRowsWithoutTargetAreLeftOut(t *testing.T) {
	file := filepath.Join(t.TempDir(), "data.csv")
	var text strings.Builder
	text.WriteString("x,y,nothing\n")
	for i := range 40 {
		fmt.Fprintf(&text, "%d,%d,\n", i, 2*i)
	}
	text.WriteString("41,,\n42,NA,\n")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	e := engine(t)
	c := parse(t, "data: {source: "+file+", target: y, task: regression}\nconfigurations: [{learner: linear}]\naccept: ['leakage:x']")
	verdict, err := e.Run(ctx, submit(t, e, c), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(verdict.Warnings) != 3 || !strings.Contains(verdict.Warnings[0], "2 of 42 rows") || !strings.Contains(verdict.Warnings[2], `column "nothing" has no value`) {
		t.Errorf("warnings %v", verdict.Warnings)
	}
	// The relation is exact, so the error is rounding.
	if verdict.Metric != "rmse" || verdict.Score > 1e-9 {
		t.Errorf("%s %v", verdict.Metric, verdict.Score)
	}
}

// TestUnnamedColumnsAreLeftOut, unless the config says something of them: the row numbers of
// sorted data tell its target.
func TestUnnamedColumnsAreLeftOut(t *testing.T) {
	file := filepath.Join(t.TempDir(), "data.csv")
	text := ",x,y\n"
	for i := range 40 {
		text += fmt.Sprintf("%d,%d,%d\n", i, i*i%7, i)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for said, inputs := range map[string]int{"": 1, ", drop: ['Unnamed: 0']": 1, ", columns: [x, y]": 1, ", types: {'Unnamed: 0': numeric}": 2, ", columns: ['Unnamed: 0', x, y]": 2} {
		e := engine(t)
		c := parse(t, "data: {source: "+file+", target: y, task: regression"+said+"}\naccept: ['leakage:Unnamed: 0']\nconfigurations: [{learner: linear}]")
		verdict, err := e.Run(ctx, submit(t, e, c), nil)
		if err != nil {
			t.Fatal(err)
		}
		if known := verdict.Score < 1e-9; known != (inputs == 2) {
			t.Errorf("%q: rmse %v", said, verdict.Score)
		}
		if warned := strings.Contains(fmt.Sprint(verdict.Warnings), `column "Unnamed: 0" has no name`); warned != (said == "") {
			t.Errorf("%q: warnings %q", said, verdict.Warnings)
		}
	}
}

// TestInfiniteInputs are refused by the plan, with the row of the file: not by each trial,
// with the row of a fold.
func TestInfiniteInputs(t *testing.T) {
	file := filepath.Join(t.TempDir(), "data.csv")
	text := "x,y\n" + strings.Repeat("1,2\n2,3\n", 10) + "inf,4\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	e := engine(t)
	_, err := e.Plan(ctx, submit(t, e, parse(t, "data: {source: "+file+", target: y, task: regression}")))
	if err == nil || !strings.Contains(err.Error(), `column "x": row 21 is infinite`) {
		t.Errorf("got %v", err)
	}
}

// TestHoldout judges on one share of the rows, for a number and for classes.
func TestHoldout(t *testing.T) {
	for _, data := range []string{
		"{source: ../../testdata/penguins.csv, target: species}",
		"{source: ../../testdata/penguins.csv, target: body_mass_g, task: regression}",
	} {
		e := engine(t)
		c := parse(t, "data: "+data+"\nvalidation: {scheme: holdout, share: 0.25}\nconfigurations: [{learner: baseline}, {learner: boosting, params: {rounds: 5}}]")
		run := submit(t, e, c)
		if _, err := e.Run(ctx, run, nil); err != nil {
			t.Fatal(err)
		}
		board, err := e.Leaderboard(ctx, run)
		if err != nil || len(board.Standings) != 2 || board.Standings[0].Learner != "boosting" || board.Standings[0].StandardError != 0 {
			t.Errorf("leaderboard %+v, %v", board, err)
		}
		prepared, err := e.data(ctx, run)
		if err != nil {
			t.Fatal(err)
		}
		rows := len(prepared.Y)
		if len(prepared.folds) != 1 || len(prepared.folds[0].Test) != (rows+2)/4 || len(prepared.folds[0].Train)+len(prepared.folds[0].Test) != rows {
			t.Errorf("%d folds, %d test rows of %d", len(prepared.folds), len(prepared.folds[0].Test), rows)
		}
	}
}

func TestPreparedSurvivesStorage(t *testing.T) {
	e := engine(t)
	run := submit(t, e, parse(t, penguins))
	var s submission
	if err := e.read(ctx, run, "config.json", &s); err != nil {
		t.Fatal(err)
	}
	_, _, before, err := e.prepare(ctx, run, s)
	if err != nil {
		t.Fatal(err)
	}
	b, err := before.encode()
	if err != nil {
		t.Fatal(err)
	}
	after, err := decodePrepared(b)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(before.folds, after.folds) || !reflect.DeepEqual(before.Y, after.Y) {
		t.Error("folds or targets changed")
	}
	again, err := after.encode()
	if err != nil || !bytes.Equal(b, again) {
		t.Errorf("stored again it has other bytes (%v)", err)
	}
}
