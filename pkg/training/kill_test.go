package training

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// dying is a store under a process that dies at its nth operation, from 0: before it does
// anything or, torn, after a write, in the middle of a body or of a list. From then on nothing
// gets through.
type dying struct {
	registry.Store
	n    int
	torn bool

	mu   sync.Mutex
	done []string // operations so far: "Put runs/…"
}

// step counts an operation. It may go through, or be the last, or come too late.
func (d *dying) step(name, key string) (through, last bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	at := len(d.done)
	d.done = append(d.done, name+" "+key)
	return at < d.n, at == d.n && d.torn
}

func (d *dying) Put(ctx context.Context, key string, body []byte, c registry.Condition) (registry.Info, error) {
	through, last := d.step("Put", key)
	if through {
		return d.Store.Put(ctx, key, body, c)
	}
	if last {
		_, _ = d.Store.Put(ctx, key, body, c) // nobody learns what came of it
	}
	return registry.Info{}, errKilled
}

func (d *dying) Open(ctx context.Context, key string) (io.ReadCloser, registry.Info, error) {
	through, last := d.step("Open", key)
	if !through && !last {
		return nil, registry.Info{}, errKilled
	}
	body, info, err := d.Store.Open(ctx, key)
	if through || err != nil {
		return body, info, err
	}
	return io.NopCloser(io.MultiReader(io.LimitReader(body, info.Size/2), broken{})), info, nil
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errKilled }

func (d *dying) Stat(ctx context.Context, key string) (registry.Info, error) {
	if through, _ := d.step("Stat", key); !through {
		return registry.Info{}, errKilled
	}
	return d.Store.Stat(ctx, key)
}

func (d *dying) List(ctx context.Context, prefix string) iter.Seq2[registry.Info, error] {
	through, last := d.step("List", prefix)
	return func(yield func(registry.Info, error) bool) {
		if through || last {
			for info, err := range d.Store.List(ctx, prefix) {
				if !yield(info, err) {
					return
				}
				if last {
					break
				}
			}
		}
		if !through {
			yield(registry.Info{}, errKilled)
		}
	}
}

func (d *dying) Delete(ctx context.Context, key string) error {
	if through, _ := d.step("Delete", key); !through {
		return errKilled
	}
	return d.Store.Delete(ctx, key)
}

// small are runs of every strategy on 60 rows. Their ensembles, calibration and contest write
// and read all the objects that a run may have.
const small = `
model: small
data: {source: %s, target: y}
validation: {folds: 2}
configurations:
  - learner: bayes
    params: {smoothing: {log: [0.1, 10]}}
  - learner: logistic
    params: {l2: {log: [0.01, 10]}}
ensemble: {size: 5}
calibration: platt
segments: {columns: [c]}
search: %s
seed: %d
`

// smallData has a class that depends on two numbers and a category, and some noise.
func smallData(t *testing.T) string {
	t.Helper()
	text := "a,b,c,y\n"
	for i := range 60 {
		a, b := i*7%13, i*5%11
		class := "no"
		if a+b+i%3 > 12 != (i%10 == 0) {
			class = "yes"
		}
		text += fmt.Sprintf("%d,%d,%c,%s\n", a, b, 'p'+rune(i%3), class)
	}
	file := filepath.Join(t.TempDir(), "small.csv")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestKilledAtEveryOperation kills runs at each operation on the store, before it and in the
// middle of it, and starts them again: they end with the same objects, to the last byte, as the
// run that nobody killed (model, verdict, trials, alias), and no finished trial is done again.
func TestKilledAtEveryOperation(t *testing.T) {
	for name, how := range map[string]string{
		"random":   "{strategy: random, trials: 3}",
		"tpe":      "{strategy: tpe, trials: 3, batch: 1}",
		"halving":  "{strategy: halving, trials: 2, eta: 2, rungs: 2}",
		"deadline": "{strategy: random, trials: 2}", // after a fold
		"rounds":   "{strategy: random, trials: 2}", // within the second fold
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := killing{data: smallData(t), how: how, deadline: name == "deadline" || name == "rounds", within: name == "rounds"}
			k.prepare(t)
			kills := map[string]int{}
			lost := 0
			for n, operation := range k.operations {
				kind, _, _ := strings.Cut(operation, " ")
				for _, torn := range []bool{false, true} {
					if torn && kind == "Stat" {
						continue // nothing is left behind in the middle of it
					}
					kills[kind]++
					lost += k.kill(t, n, torn)
				}
			}
			t.Logf("%d operations, killed %d times: %v; %d trials lost", len(k.operations), kills["Put"]+kills["Open"]+kills["List"]+kills["Stat"], kills, lost)
			if lost > 0 {
				t.Errorf("%d finished trials were lost or done again", lost)
			}
			if kills["Put"] < 2*15 || kills["Open"] < 2*20 || kills["List"] < 2 || kills["Stat"] < 1 {
				t.Errorf("the run did too little: %v", kills)
			}
		})
	}
}

// killing is a run that is killed again and again.
type killing struct {
	data, how  string
	before     *memory // the store with a champion, before the run
	after      *memory // and after it
	verdict    Verdict
	operations []string
	// deadline has each trial run out of time after its first fold, and be tried again.
	deadline bool
	within   bool           // or after some rounds of its second
	time     map[string]int // by trial: when that is
}

func (k *killing) engine(store registry.Store) *Engine {
	return &Engine{Registry: &registry.Registry{Store: store}, Workers: 1, Source: func(_ context.Context, source string) (dataset.Source, error) {
		parts, err := dataset.Files(source)
		return dataset.CSV{Files: parts}, err
	}}
}

// config is that of a run.
func (k *killing) config(how string, seed int) string {
	text := fmt.Sprintf(small, k.data, how, seed)
	if k.within {
		text = strings.Replace(text, "learner: logistic\n    params: {l2: {log: [0.01, 10]}}", "learner: boosting\n    params: {rounds: 9, leaves: [3, 4], row_share: 0.8}", 1)
	}
	return text
}

// run does the run, or goes on with it.
func (k *killing) run(t *testing.T, store registry.Store) (Verdict, error) {
	t.Helper()
	e := k.engine(store)
	run, _, err := e.Submit(ctx, parse(t, k.config(k.how, 7)))
	if err != nil {
		return Verdict{}, err
	}
	if k.time == nil {
		return e.Run(ctx, run, nil)
	}
	progress, err := e.Plan(ctx, run)
	for err == nil && !progress.Done {
		var trials []Trial
		if trials, err = e.listed(ctx, run, progress.Round); err != nil {
			break
		}
		for _, trial := range trials {
			var over *UnfinishedError
			if _, err = e.Trial(endingAfter(k.time[trial.ID]), trial); errors.As(err, &over) {
				_, err = e.Trial(ctx, trial)
			}
			if err != nil {
				return Verdict{}, err
			}
		}
		progress, err = e.Advance(ctx, progress)
	}
	if err != nil {
		return Verdict{}, err
	}
	return e.Conclude(ctx, run)
}

// timed finds when trials have finished their first fold.
func (k *killing) timed(t *testing.T) {
	t.Helper()
	store := k.before.copy()
	e := k.engine(store)
	trials := firstRound(t, e, submit(t, e, parse(t, k.config(k.how, 7))))
	k.time = map[string]int{}
	for _, trial := range trials {
		k.time[trial.ID] = untilThen(t, store, k.engine, trial, func(u *UnfinishedError) bool {
			return u.Finished == 1 && (trial.Learner != "boosting" || u.Rounds == 4)
		})
	}
}

// prepare makes a champion, and does the run in one piece.
func (k *killing) prepare(t *testing.T) {
	t.Helper()
	k.before = newMemory()
	e := k.engine(k.before)
	champion, err := e.Run(ctx, submit(t, e, parse(t, k.config("{strategy: random, trials: 1}", 3))), nil)
	if err != nil || !champion.Promoted {
		t.Fatalf("%+v, %v", champion, err)
	}
	k.after = k.before.copy()
	watched := &dying{Store: k.after, n: 1 << 30}
	if k.deadline {
		if _, err := k.run(t, k.after); err != nil { // as one without a deadline ends
			t.Fatal(err)
		}
		k.timed(t)
		watched.Store = k.before.copy()
	}
	if k.verdict, err = k.run(t, watched); err != nil {
		t.Fatal(err)
	}
	k.operations = watched.done
	kept := "/checkpoints/0002-logistic/0"
	if k.within {
		kept = "/checkpoints/0002-boosting/1-4"
	}
	if all := strings.Join(watched.done, "\n"); k.deadline && strings.Count(all, kept) != 2 { // written and read
		t.Fatalf("%s was not kept:\n%s", kept, all)
	}
	if len(k.verdict.Members) < 1 || k.verdict.Contest == nil || k.verdict.Contest.Champion == 0 || k.verdict.Version != 2 {
		t.Fatalf("the run has no contest with a champion: %+v", k.verdict)
	}
}

// kill does the run until its nth operation, starts it again, and counts the finished trials
// that are lost.
func (k *killing) kill(t *testing.T, n int, torn bool) (lost int) {
	t.Helper()
	store := k.before.copy()
	if _, err := k.run(t, &dying{Store: store, n: n, torn: torn}); !errors.Is(err, errKilled) {
		t.Errorf("killed at %s (torn: %t): %v", k.operations[n], torn, err)
	}
	finished := store.copy()
	again := &dying{Store: store, n: 1 << 30}
	verdict, err := k.run(t, again)
	if err != nil || !reflect.DeepEqual(verdict, k.verdict) {
		t.Errorf("killed at %s (torn: %t): verdict %+v, want %+v, %v", k.operations[n], torn, verdict, k.verdict, err)
	}
	maps.DeleteFunc(store.objects, func(key string, _ []byte) bool { return strings.Contains(key, "/checkpoints/") })
	if !maps.EqualFunc(store.objects, k.after.objects, bytes.Equal) {
		t.Errorf("killed at %s (torn: %t), it ends with other objects", k.operations[n], torn)
	}
	for key, result := range finished.objects {
		if strings.Contains(key, "/checkpoints/") && slices.Contains(again.done, "Put "+key) {
			lost++
		}
		if strings.Contains(key, "/trials/") && (!bytes.Equal(result, store.objects[key]) || strings.Contains(strings.Join(again.done, "\n"), "Put "+key)) {
			lost++
		}
	}
	return lost
}
