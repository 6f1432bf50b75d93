package training

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/registry"
)

// ending is a context whose deadline comes when it was asked so often whether it has come.
type ending struct {
	context.Context
	left *atomic.Int64
}

func endingAfter(n int) ending {
	e := ending{ctx, &atomic.Int64{}}
	e.left.Store(int64(n))
	return e
}

func (e ending) Err() error {
	if e.left.Add(-1) < 0 {
		return context.DeadlineExceeded
	}
	return nil
}

// untilFold is how often a trial asks until its first fold is finished, on stores that begin as one
// does.
func untilFold(t testing.TB, store *memory, engine func(registry.Store) *Engine, trial Trial) int {
	t.Helper()
	for n := range 10_000 {
		var unfinished *UnfinishedError
		_, err := engine(store.copy()).Trial(endingAfter(n), trial)
		if !errors.As(err, &unfinished) {
			t.Fatalf("%s: %v", trial.ID, err)
		}
		if unfinished.Finished == 1 {
			return n
		}
	}
	t.Fatalf("%s: no context ends it after one fold", trial.ID)
	return 0
}

// TestTrialGoesOn: attempts that each have time for one more fold, at most, come to the result and
// the predictions of one without a deadline, and fit no fold twice.
func TestTrialGoesOn(t *testing.T) {
	store := newMemory()
	on := func(s registry.Store) *Engine {
		return &Engine{Registry: &registry.Registry{Store: s}, Source: engine(t).Source, Workers: 1}
	}
	e := on(store)
	run := submit(t, e, parse(t, strings.Replace(penguinsQuick, "folds: 2", "folds: 4", 1)+"{trials: 1}"))
	trial := firstRound(t, e, run)[0]
	whole := on(store.copy())
	want, err := whole.Trial(ctx, trial)
	if err != nil {
		t.Fatal(err)
	}
	for fold := range 3 {
		var unfinished *UnfinishedError
		before := store.copy()
		for n := 0; ; n++ { // the least time in which another fold is finished
			*store = *before.copy()
			_, err := e.Trial(endingAfter(n), trial)
			if !errors.As(err, &unfinished) || unfinished.Folds != 4 {
				t.Fatalf("after %d folds: %v", fold, err)
			}
			if unfinished.Finished > fold {
				break
			}
		}
		if unfinished.Finished != fold+1 {
			t.Fatalf("%v", unfinished)
		}
	}
	got, err := e.Trial(ctx, trial)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v, %v", got, want, err)
	}
	a, _, errA := registry.Read(ctx, store, run.predictionsKey(trial.ID))
	b, _, errB := registry.Read(ctx, whole.Registry.Store, run.predictionsKey(trial.ID))
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		t.Errorf("the predictions differ: %v, %v", errA, errB)
	}
	for _, fold := range []string{"0", "1", "2"} {
		if _, err := store.Stat(ctx, trial.checkpointKey(fold)); err != nil {
			t.Errorf("fold %s: %v", fold, err)
		}
	}
}

// TestTimeOfAWorker: a trial stops in time before the deadline; one that finishes no fold is tried
// fold by fold, and given up if that does not help. One that is cancelled is not tried again.
func TestTimeOfAWorker(t *testing.T) {
	e := engine(t)
	e.Reserve = time.Hour
	run := submit(t, e, parse(t, penguinsQuick+"{trials: 1}"))
	trial := firstRound(t, e, run)[0]
	soon, stop := context.WithTimeout(ctx, 50*time.Minute)
	defer stop()
	var unfinished *UnfinishedError
	if _, err := e.Trial(soon, trial); !errors.As(err, &unfinished) || unfinished.Finished != 0 || unfinished.Folds != 2 {
		t.Errorf("%v", err)
	}
	var long *TooLongError
	if _, err := e.Trial(soon, trial); !errors.As(err, &long) {
		t.Errorf("%v", err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := e.Trial(cancelled, trial); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	e.Reserve = time.Minute
	if r, err := e.Trial(soon, trial); err != nil || r.Error != "" {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestForeignCheckpoint: what cannot be a fold of the trial is done anew.
func TestForeignCheckpoint(t *testing.T) {
	e := engine(t)
	run := submit(t, e, parse(t, penguinsQuick+"{trials: 1}"))
	trial := firstRound(t, e, run)[0]
	odd, err := encodeCheckpoint(&foldResult{predicted: []float64{1}, scores: []float64{0}}, checkpoint{})
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string][]byte{"0": odd, "1": []byte("no file"), "2": odd, "x": nil} {
		if err := e.put(ctx, trial.checkpointKey(name), body); err != nil {
			t.Fatal(err)
		}
	}
	r, err := e.Trial(ctx, trial)
	if err != nil || r.Error != "" || len(r.Scores["log_loss"]) != 2 || r.Scores["log_loss"][0] == 0 {
		t.Errorf("%+v, %v", r, err)
	}
}
