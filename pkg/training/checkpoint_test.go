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

// untilThen is how often a trial asks until it has come so far, on stores that begin as one does.
func untilThen(t testing.TB, store *memory, engine func(registry.Store) *Engine, trial Trial, then func(*UnfinishedError) bool) int {
	t.Helper()
	for n := range 10_000 {
		var unfinished *UnfinishedError
		_, err := engine(store.copy()).Trial(endingAfter(n), trial)
		if !errors.As(err, &unfinished) {
			t.Fatalf("%s: %v", trial.ID, err)
		}
		if then(unfinished) {
			return n
		}
	}
	t.Fatalf("%s: no context ends it then", trial.ID)
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

// TestTrialGoesOnWithinAFold: attempts that each have time for a few rounds, side by side or not, come
// to the result and the predictions of one without a deadline.
func TestTrialGoesOnWithinAFold(t *testing.T) {
	for _, workers := range []int{1, 3} {
		store := newMemory()
		e := &Engine{Registry: &registry.Registry{Store: store}, Source: engine(t).Source, Workers: workers}
		run := submit(t, e, parse(t, penguinsBoosted))
		trial := firstRound(t, e, run)[0]
		whole := &Engine{Registry: &registry.Registry{Store: store.copy()}, Source: e.Source, Workers: 1}
		want, err := whole.Trial(ctx, trial)
		if err != nil {
			t.Fatal(err)
		}
		before, attempts := 0, 0
		for ; ; attempts++ {
			got, err := e.Trial(endingAfter(25*workers), trial)
			if err == nil {
				if !reflect.DeepEqual(got, want) {
					t.Errorf("%+v, want %+v", got, want)
				}
				break
			}
			var unfinished *UnfinishedError
			if !errors.As(err, &unfinished) || attempts > 100 {
				t.Fatalf("attempt %d: %v", attempts, err)
			}
			if done := 20*unfinished.Finished + unfinished.Rounds; done <= before {
				t.Errorf("attempt %d: %v, as before", attempts, err)
			} else {
				before = done
			}
		}
		a, _, errA := registry.Read(ctx, store, run.predictionsKey(trial.ID))
		b, _, errB := registry.Read(ctx, whole.Registry.Store, run.predictionsKey(trial.ID))
		if errA != nil || errB != nil || !bytes.Equal(a, b) || attempts < 3 {
			t.Errorf("after %d attempts the predictions differ: %v, %v", attempts, errA, errB)
		}
	}
}

// penguinsBoosted has one trial of boosted trees.
const penguinsBoosted = `
model: penguins
data: {source: ../../testdata/penguins.csv, target: species}
validation: {folds: 3}
configurations: [{learner: boosting, params: {rounds: 20, row_share: 0.7, early_stopping: 8}}]
search: {trials: 1}
`

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
	for name, body := range map[string][]byte{"0": odd, "1": []byte("no file"), "2": odd, "x": nil, "1-3": []byte("no file"), "0-0": nil, "-1-2": nil, "1-x": odd, "7-1": odd, "0-2": odd} {
		if err := e.put(ctx, trial.checkpointKey(name), body); err != nil {
			t.Fatal(err)
		}
	}
	r, err := e.Trial(ctx, trial)
	if err != nil || r.Error != "" || len(r.Scores["log_loss"]) != 2 || r.Scores["log_loss"][0] == 0 {
		t.Errorf("%+v, %v", r, err)
	}
}
