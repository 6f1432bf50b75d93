package training

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/registry"
)

// TestRuns follows two runs of one model, and a stranger's, through the list: the one submitted
// last comes first, each with how far it came.
func TestRuns(t *testing.T) {
	e := engine(t)
	if runs, more, err := e.Runs(ctx, "", 10); err != nil || runs == nil || len(runs) != 0 || more != 0 {
		t.Fatalf("of nothing: %+v, %d, %v", runs, more, err)
	}
	first := submit(t, e, parse(t, penguins))
	time.Sleep(20 * time.Millisecond) // the order is that of the store's clock
	c := parse(t, penguins)
	c.Model = "penguins-b"
	second := submit(t, e, c)
	time.Sleep(20 * time.Millisecond)
	const broken = "runs/penguins-0123456789ab/config.json"
	if _, err := e.Registry.Store.Put(ctx, broken, []byte("{"), registry.Condition{}); err != nil {
		t.Fatal(err)
	}
	states := func(model registry.ModelName) (of []string) {
		t.Helper()
		runs, more, err := e.Runs(ctx, model, 10)
		if err != nil || more != 0 {
			t.Fatal(more, err)
		}
		for _, r := range runs {
			of = append(of, string(r.Run)+" "+r.State)
		}
		return of
	}
	if got, want := states(""), []string{"penguins-0123456789ab unreadable", string(second) + " submitted", string(first) + " submitted"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if _, err := e.Plan(ctx, first); err != nil {
		t.Fatal(err)
	}
	verdict, err := e.Run(ctx, second, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := states("penguins"), []string{"penguins-0123456789ab unreadable", string(first) + " unfinished"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	runs, more, err := e.Runs(ctx, "penguins-b", 1)
	if err != nil || len(runs) != 1 || more != 0 {
		t.Fatal(runs, more, err)
	}
	r := runs[0]
	if r.State != Succeeded || r.Trials != 6 || r.Finished != 6 || r.Version != verdict.Version || r.Promoted != verdict.Promoted ||
		r.Metric != "log_loss" || r.Best.Trial != verdict.Trial || r.Updated.Before(r.Submitted) {
		t.Errorf("%+v", r)
	}
	if runs, more, err := e.Runs(ctx, "", 1); err != nil || len(runs) != 1 || more != 2 {
		t.Errorf("limited: %+v, %d, %v", runs, more, err)
	}
	if _, _, err := e.Runs(ctx, "../models", 1); err == nil {
		t.Error("a name that is none")
	}
}

// TestLeaderboardSoFar ranks the trials that are finished while others are not.
func TestLeaderboardSoFar(t *testing.T) {
	e := engine(t)
	run := submit(t, e, parse(t, penguins))
	var missing *registry.NotFoundError
	if _, err := e.Leaderboard(ctx, run); !errors.As(err, &missing) || missing.Kind != registry.KindLeaderboard {
		t.Errorf("submitted: %v", err)
	}
	if _, err := e.Plan(ctx, run); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Leaderboard(ctx, run); !errors.As(err, &missing) || missing.Kind != registry.KindLeaderboard {
		t.Errorf("planned: %v", err)
	}
	trials, err := e.listed(ctx, run, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i, score := range []float64{3, 1, 2} {
		plant(t, e, Result{Trial: trials[i].ID, Learner: trials[i].Learner, Scores: map[string][]float64{"log_loss": {score, score, score + 1, score, score}}}, run)
	}
	board, err := e.Leaderboard(ctx, run)
	if err != nil || !board.SoFar || len(board.Standings) != 3 || len(board.Missing) != 3 || board.Standings[0].Trial != trials[1].ID || board.Standings[0].StandardError == 0 {
		t.Errorf("%+v, %v", board, err)
	}
	status, err := e.Status(ctx, run)
	if err != nil || status.State != Unfinished || status.Finished != 3 || status.Ended() {
		t.Errorf("%+v, %v", status, err)
	}
	if _, err := e.Run(ctx, run, nil); err != nil {
		t.Fatal(err)
	}
	if board, err := e.Leaderboard(ctx, run); err != nil || board.SoFar || len(board.Standings) != 6 {
		t.Errorf("at the end: %+v, %v", board, err)
	}
}
