package training

import (
	"bytes"
	"errors"
	"maps"
	"reflect"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/registry"
)

// ready is a run whose trials are done, of a model with a champion; always promotes, so that no kill
// is spent on a run that leaves champion alone.
func ready(t *testing.T) (k *killing, run RunID) {
	t.Helper()
	k = &killing{data: smallData(t), how: "{strategy: random, trials: 2}"}
	k.before = newMemory()
	e := k.engine(k.before)
	if v, err := e.Run(ctx, submit(t, e, parse(t, k.config("{strategy: random, trials: 1}", 3))), nil); err != nil || !v.Promoted {
		t.Fatalf("%+v, %v", v, err)
	}
	run = submit(t, e, parse(t, k.config(k.how, 7)+"promote: {when: always}\n"))
	for _, trial := range firstRound(t, e, run) {
		if _, err := e.Trial(ctx, trial); err != nil {
			t.Fatal(err)
		}
	}
	k.after = k.before.copy()
	watched := &dying{Store: k.after, n: 1 << 30}
	var err error
	if k.verdict, err = k.engine(watched).Conclude(ctx, run); err != nil || !k.verdict.Promoted {
		t.Fatalf("%+v, %v", k.verdict, err)
	}
	k.operations = watched.done
	return k, run
}

// concluded concludes the run until its nth operation.
func (k *killing) concluded(t *testing.T, run RunID, n int, torn bool) *memory {
	t.Helper()
	store := k.before.copy()
	if _, err := k.engine(&dying{Store: store, n: n, torn: torn}).Conclude(ctx, run); !errors.Is(err, errKilled) {
		t.Fatalf("killed at %s (torn: %t): %v", k.operations[n], torn, err)
	}
	return store
}

// TestKilledInPromotion kills a conclusion at each of its operations, before it and in the middle of
// it, and concludes again: champion has moved once, to the same digest, and there is one record of
// what it was before. To conclude once more writes nothing.
func TestKilledInPromotion(t *testing.T) {
	k, run := ready(t)
	var alias, audit, kills int
	for n, operation := range k.operations {
		for _, torn := range []bool{false, true} {
			kills++
			if strings.HasPrefix(operation, "Put models/small/aliases/") {
				alias++
			} else if strings.HasPrefix(operation, "Put models/small/audit/") {
				audit++
			}
			store := k.concluded(t, run, n, torn)
			again := &dying{Store: store, n: 1 << 30}
			e := k.engine(again)
			verdict, err := e.Conclude(ctx, run)
			if err != nil || !reflect.DeepEqual(verdict, k.verdict) || verdict.Digest != k.verdict.Digest {
				t.Errorf("killed at %s (torn: %t): %+v, want %+v, %v", operation, torn, verdict, k.verdict, err)
			}
			if !maps.EqualFunc(store.objects, k.after.objects, bytes.Equal) {
				t.Errorf("killed at %s (torn: %t), it ends with other objects", operation, torn)
			}
			now, _, err := e.Registry.Alias(ctx, "small", registry.Champion)
			if err != nil || now.Version != 2 || now.Previous != 1 || now.Revision != 2 || now.Digest != verdict.Digest {
				t.Errorf("killed at %s (torn: %t): alias %+v, %v", operation, torn, now, err)
			}
			changes, err := e.Registry.History(ctx, "small", registry.Champion, 10)
			if records := countOf(store, "models/small/audit/"); err != nil || records != 1 || len(changes) != 2 || changes[0].From != 1 || changes[1].From != 0 {
				t.Errorf("killed at %s (torn: %t): %d records, history %+v, %v", operation, torn, records, changes, err)
			}
			again.done = nil
			if _, err := e.Conclude(ctx, run); err != nil || strings.Contains(strings.Join(again.done, "\n"), "Put ") {
				t.Errorf("concluded once more, it does %q, %v", again.done, err)
			}
		}
	}
	t.Logf("%d operations, killed %d times", len(k.operations), kills)
	if alias != 2 || audit != 2 || kills < 2*25 {
		t.Errorf("%d kills at the alias and %d at its record, of %d: %q", alias, audit, kills, k.operations)
	}
}

// TestRollbackStands: what a person does to champion between a kill and the next attempt is left as it
// is, whether the first had promoted or not, and that champion is again what it was makes no
// difference.
func TestRollbackStands(t *testing.T) {
	k, run := ready(t)
	moved := 0
	for n, operation := range k.operations {
		store := k.concluded(t, run, n, true)
		e := k.engine(store)
		now, _, err := e.Registry.Alias(ctx, "small", registry.Champion)
		if err != nil {
			t.Fatal(err)
		}
		to := registry.Alias{Version: 1, Reason: "by hand"}
		if now.Version == 2 {
			moved++
			to.Version = 0 // back to the one before
		}
		if _, compared := store.objects[run.key("contest.json")]; !compared {
			continue // it is compared with what a person set
		}
		if _, err := e.Registry.Move(ctx, "small", registry.Champion, to); err != nil {
			t.Fatal(err)
		}
		_, decided := store.objects[run.key("promotion.json")]
		verdict, err := e.Conclude(ctx, run)
		if err != nil || verdict.Promoted != decided || !decided && !strings.Contains(verdict.Reason, "set to version 1 while this run concluded") {
			t.Errorf("killed at %s: %+v, %v", operation, verdict, err)
		}
		if now, _, err := e.Registry.Alias(ctx, "small", registry.Champion); err != nil || now.Version != 1 || now.Reason != "by hand" {
			t.Errorf("killed at %s: alias %+v, %v", operation, now, err)
		}
	}
	if moved < 3 {
		t.Errorf("champion had moved %d times", moved)
	}
}

// countOf counts the objects below a prefix.
func countOf(store *memory, prefix string) (n int) {
	for key := range store.objects {
		if strings.HasPrefix(key, prefix) {
			n++
		}
	}
	return n
}
