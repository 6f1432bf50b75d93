package training

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/workflow"
)

// The tests in this file interrupt runs, and let others interfere with them.

// failing fails the nth write, once and for all before it or after it, like a process that
// dies.
type failing struct {
	registry.Store
	n     int
	after bool
}

var errKilled = errors.New("killed")

func (f *failing) Put(ctx context.Context, key string, body []byte, c registry.Condition) (registry.Info, error) {
	f.n--
	if f.n < 0 {
		return registry.Info{}, errKilled
	}
	info, err := f.Store.Put(ctx, key, body, c)
	if f.n == 0 && f.after {
		f.n = -1
		return registry.Info{}, errKilled
	}
	return info, err
}

// plant puts a result into the ledger as if a trial had ended with it, predicting nothing but that
// the three penguins are equally likely.
func plant(t *testing.T, e *Engine, r Result, run RunID) {
	t.Helper()
	data, err := e.data(ctx, run)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.writePredictions(ctx, Trial{Run: run, ID: r.Trial}, slices.Repeat([]float64{1. / 3}, 3*len(data.Y)), 3); err != nil {
		t.Fatal(err)
	}
	if err := e.write(ctx, run.trialKey(r.Trial), r); err != nil {
		t.Fatal(err)
	}
}

// TestLeaderboardStands kills a run that lacks a trial between its leaderboard and its
// verdict. Started again, it does the missing trial, which is the best, but the leaderboard
// was published: verdict and leaderboard must agree.
func TestLeaderboardStands(t *testing.T) {
	e := engine(t)
	run := submit(t, e, parse(t, penguins))
	if _, err := e.Plan(ctx, run); err != nil {
		t.Fatal(err)
	}
	score := func(trial, learner string, s float64) {
		t.Helper()
		plant(t, e, Result{Trial: trial, Learner: learner, Params: map[string]any{}, Scores: map[string][]float64{"log_loss": {s, s, s, s, s}}}, run)
	}
	score("0001-baseline", "baseline", 0.5)
	dying := &Engine{Registry: &registry.Registry{Store: &failing{e.Registry.Store, 1, false}}, Source: e.Source}
	if _, err := dying.Conclude(ctx, run); !errors.Is(err, errKilled) {
		t.Fatalf("got %v", err)
	}
	score("0002-logistic", "logistic", 0.1)
	verdict, err := e.Conclude(ctx, run)
	if err != nil {
		t.Fatal(err)
	}
	board, err := e.Leaderboard(ctx, run)
	if err != nil || verdict.Trial != "0001-baseline" || board.Standings[0].Trial != verdict.Trial || len(board.Missing) != 5 {
		t.Errorf("verdict %+v, leaderboard %+v, %v", verdict, board, err)
	}
	if len(verdict.Warnings) != 1 || !strings.Contains(verdict.Warnings[0], "5 of 6 trials") {
		t.Errorf("warnings %q", verdict.Warnings)
	}
}

// TestLostAnswer: the store moves the alias but its answer is lost, and the second try is
// refused. The version is promoted all the same, and the verdict must say so.
func TestLostAnswer(t *testing.T) {
	e := engine(t)
	lossy := &Engine{Registry: &registry.Registry{Store: lostAnswer{e.Registry.Store}}, Source: e.Source}
	verdict, err := lossy.Run(ctx, submit(t, lossy, parse(t, penguins)), nil)
	if err != nil || !verdict.Promoted || verdict.Reason != "first version" {
		t.Errorf("verdict %+v, %v", verdict, err)
	}
}

type lostAnswer struct{ registry.Store }

func (l lostAnswer) Put(ctx context.Context, key string, body []byte, c registry.Condition) (registry.Info, error) {
	info, err := l.Store.Put(ctx, key, body, c)
	if strings.Contains(key, "/aliases/") {
		return l.Store.Put(ctx, key, body, c)
	}
	return info, err
}

func TestCancelledTrialLeavesNoResult(t *testing.T) {
	e := engine(t)
	run := submit(t, e, parse(t, penguins))
	if _, err := e.Plan(ctx, run); err != nil {
		t.Fatal(err)
	}
	var trials []Trial
	if err := e.read(ctx, run, roundName(1), &trials); err != nil {
		t.Fatal(err)
	}
	over, cancel := context.WithCancel(ctx)
	if _, err := e.data(ctx, run); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := e.Trial(over, trials[1]); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	status, err := e.Status(ctx, run)
	if err != nil || status.Finished != 0 || status.Trials != 6 {
		t.Errorf("status %+v, %v", status, err)
	}
}

func TestChangedDataIsNoticed(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "data.csv")
	content, err := os.ReadFile("../../testdata/penguins.csv")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	c := parse(t, penguins)
	c.Data.Source = file
	e := engine(t)
	run := submit(t, e, c)
	if err := os.WriteFile(file, bytes.Replace(content, []byte("Adelie"), []byte("Gentoo"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Plan(ctx, run); err == nil || !strings.Contains(err.Error(), "submit it again") {
		t.Errorf("got %v", err)
	}
}

// TestPromotersRace lets two runs of one model conclude against a champion that moves in
// between: the later one does not overwrite it.
func TestPromotersRace(t *testing.T) {
	e := engine(t)
	if _, err := e.Run(ctx, submit(t, e, parse(t, penguins)), nil); err != nil {
		t.Fatal(err)
	}
	moving := &movingAlias{Store: e.Registry.Store}
	other := &Engine{Registry: &registry.Registry{Store: moving}, Source: e.Source}
	c := parse(t, penguins+"promote: {when: always}\n")
	c.Seed = 99
	verdict, err := other.Run(ctx, submit(t, other, c), nil)
	if err != nil {
		t.Fatal(err)
	}
	if verdict.Promoted || !strings.Contains(verdict.Reason, "was set to version 1") {
		t.Errorf("verdict %+v", verdict)
	}
	alias, _, err := e.Registry.Alias(ctx, "penguins", registry.Champion)
	if err != nil || alias.Reason != "by hand" {
		t.Errorf("alias %+v, %v", alias, err)
	}
}

// movingAlias is a store in which somebody else moves champion just before we do.
type movingAlias struct{ registry.Store }

func (m *movingAlias) Put(ctx context.Context, key string, body []byte, c registry.Condition) (registry.Info, error) {
	if strings.Contains(key, "/aliases/") {
		r := &registry.Registry{Store: m.Store}
		_, info, err := r.Alias(ctx, "penguins", registry.Champion)
		if err != nil {
			return registry.Info{}, err
		}
		to := registry.Alias{Version: 1, Reason: "by hand"}
		if _, _, err := r.SetAlias(ctx, "penguins", registry.Champion, to, registry.Condition{IfMatch: info.ETag}); err != nil {
			return registry.Info{}, err
		}
	}
	return m.Store.Put(ctx, key, body, c)
}

// TestScheduledPlanIsRecorded has a schedule fall due, twice: the execution is an attempt of
// the run, once, until there is a verdict.
func TestScheduledPlanIsRecorded(t *testing.T) {
	e := engine(t)
	if _, err := registry.WriteJSON(ctx, e.Registry.Store, ScheduleKey("penguins"), parse(t, penguins), registry.Condition{}); err != nil {
		t.Fatal(err)
	}
	due := func(execution string) RunID {
		answer, err := e.Handle(ctx, Event{"plan", json.RawMessage(`{"schedule":"penguins"}`), workflow.Execution{ID: execution}})
		if err != nil {
			t.Fatal(err)
		}
		return answer.(Progress).Run
	}
	for i, execution := range []string{"first", "first", "second"} {
		run := due(execution)
		n, last, err := e.Attempts(ctx, run)
		if err != nil || last.Execution != execution || n != []int{1, 1, 2}[i] {
			t.Errorf("%d attempts, the last %q, %v", n, last.Execution, err)
		}
	}
	run := submit(t, e, parse(t, penguins))
	if _, err := e.Run(ctx, run, nil); err != nil {
		t.Fatal(err)
	}
	due("third")
	if n, _, err := e.Attempts(ctx, run); err != nil || n != 2 {
		t.Errorf("%d attempts after the verdict, %v", n, err)
	}
	if _, err := e.Handle(ctx, Event{Step: "plan", Input: json.RawMessage(`{"schedule":"walrus"}`)}); err == nil {
		t.Error("a schedule that is not there")
	}
}

// TestChampionNeverMovesBack kills a run between its version and the alias, lets a newer run
// take champion, and starts the first again: champion stays.
func TestChampionNeverMovesBack(t *testing.T) {
	e := engine(t)
	old := submit(t, e, parse(t, penguins))
	killed := &Engine{Registry: &registry.Registry{Store: noAliases{e.Registry.Store}}, Source: e.Source}
	if _, err := killed.Run(ctx, old, nil); !errors.Is(err, errKilled) {
		t.Fatalf("got %v", err)
	}
	c := parse(t, penguins)
	c.Seed = 99
	newer, err := e.Run(ctx, submit(t, e, c), nil)
	if err != nil || !newer.Promoted || newer.Version != 2 {
		t.Fatalf("verdict %+v, %v", newer, err)
	}
	verdict, err := e.Run(ctx, old, nil)
	if err != nil || verdict.Version != 1 || verdict.Promoted || !strings.Contains(verdict.Reason, "version 2") {
		t.Errorf("verdict %+v, %v", verdict, err)
	}
	if alias, _, err := e.Registry.Alias(ctx, "penguins", registry.Champion); err != nil || alias.Version != 2 {
		t.Errorf("alias %+v, %v", alias, err)
	}
}

// noAliases is a store under a process that dies when it comes to write an alias.
type noAliases struct{ registry.Store }

func (n noAliases) Put(ctx context.Context, key string, body []byte, c registry.Condition) (registry.Info, error) {
	if strings.Contains(key, "/aliases/") {
		return registry.Info{}, errKilled
	}
	return n.Store.Put(ctx, key, body, c)
}
