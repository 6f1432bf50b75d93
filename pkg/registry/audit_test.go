package registry_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// wines registers versions that predict two classes, but version 4, of three.
func wines(t *testing.T) *registry.Registry {
	t.Helper()
	r := newRegistry(t)
	for n := range 4 {
		m := registry.Manifest{Run: fmt.Sprintf("r%d", n+1), Task: dataset.Binary, Target: "good", Classes: []string{"no", "yes"}}
		if n == 3 {
			m.Task, m.Classes = dataset.Multiclass, []string{"a", "b", "c"}
		}
		if _, err := r.Register(t.Context(), "wine", []byte(m.Run), m); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func history(t *testing.T, r *registry.Registry) string {
	t.Helper()
	changes, err := r.History(t.Context(), "wine", "champion", 100)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, c := range changes {
		all = append(all, fmt.Sprintf("%d→%d %s", c.From, c.Version, c.By))
	}
	return strings.Join(all, ", ")
}

// TestHistory: who, when, why, from what to what, the newest first.
func TestHistory(t *testing.T) {
	r := wines(t)
	if _, err := r.History(t.Context(), "beer", "champion", 1); err == nil || err.Error() != "model beer not found" {
		t.Errorf("of no model: %v", err)
	}
	if _, err := r.History(t.Context(), "wine", "champion", 1); err == nil || err.Error() != "alias champion of model wine not found" {
		t.Errorf("of no alias: %v", err)
	}
	at := time.Date(2026, 11, 27, 1, 2, 3, 0, time.UTC)
	for i, to := range []registry.Alias{{Version: 1, By: "ada"}, {Version: 2, By: "bob", Reason: "better", At: at}, {By: "cy"}, {Version: 1, By: "di", Canary: &registry.Canary{Version: 2, Weight: 0.1}}} {
		if a, err := r.Move(t.Context(), "wine", "champion", to); err != nil || a.Revision != i+1 {
			t.Fatalf("%+v, %v", a, err)
		}
	}
	if got := history(t, r); got != "1→1 di, 2→1 cy, 1→2 bob, 0→1 ada" {
		t.Errorf("history: %s", got)
	}
	latest, err := r.History(t.Context(), "wine", "champion", 3)
	if err != nil || len(latest) != 3 || latest[0].Canary.Weight != 0.1 || latest[2].From != 1 || latest[2].Reason != "better" || !latest[2].At.Equal(at) {
		t.Errorf("the last three: %+v, %v", latest, err)
	}
}

// TestHistoryOfOddObjects: one written before changes were counted, one that somebody deleted, and
// one put back from an old copy. Nothing is lost and nobody is hindered.
func TestHistoryOfOddObjects(t *testing.T) {
	r := wines(t)
	const key = "models/wine/aliases/champion.json"
	put(t, r.Store, key, `{"version": 2, "digest": "x", "reason": "old", "previous": 1}`)
	if got := history(t, r); got != "1→2 " {
		t.Errorf("before changes were counted: %s", got)
	}
	move := func(version int, by string) {
		t.Helper()
		if _, err := r.Move(t.Context(), "wine", "champion", registry.Alias{Version: version, By: by}); err != nil {
			t.Fatal(err)
		}
	}
	move(3, "ada")
	old, _, err := registry.Read(t.Context(), r.Store, key)
	if err != nil {
		t.Fatal(err)
	}
	move(1, "bob")
	if err := r.Store.Delete(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	if got := history(t, r); got != "2→3 ada, 1→2 " {
		t.Errorf("of a deleted alias, whose last state went with it: %s", got)
	}
	move(2, "cy")
	if got := history(t, r); got != "3→2 cy, 2→3 ada, 1→2 " {
		t.Errorf("of one made again: %s", got)
	}
	move(3, "di")
	put(t, r.Store, key, strings.Replace(string(old), "ada", "eve", 1)) // as revision 1, by hand
	if got := history(t, r); got != "2→3 eve, 3→2 cy, 2→3 ada, 1→2 " {
		t.Errorf("of one put back: %s", got)
	}
	move(2, "flo")
	if got := history(t, r); got != "3→2 flo, 2→3 eve, 3→2 cy, 2→3 ada, 1→2 " {
		t.Errorf("after one was put back: %s", got)
	}
}

// TestAuditConverges: whichever call of a move fails, and whether it took effect or not, the
// history has the states that were, and the next move goes on from there.
func TestAuditConverges(t *testing.T) {
	for _, after := range []bool{false, true} {
		for fail := 1; ; fail++ {
			plain := wines(t)
			for _, by := range []string{"ada", "bob"} {
				if _, err := plain.Move(t.Context(), "wine", "champion", registry.Alias{Version: 1, By: by}); err != nil {
					t.Fatal(err)
				}
			}
			f := &failing{Store: plain.Store, fail: fail, after: after}
			_, err := (&registry.Registry{Store: f}).Move(t.Context(), "wine", "champion", registry.Alias{Version: 2, By: "cy"})
			if err == nil {
				if fail < 5 { // alias, version, alias, record, alias
					t.Fatalf("a move makes only %d calls", f.calls)
				}
				break
			}
			moved, _, aerr := plain.Alias(t.Context(), "wine", "champion")
			want := "1→1 bob, 0→1 ada"
			if moved.Version == 2 {
				want = "1→2 cy, " + want
			}
			if got := history(t, plain); got != want || aerr != nil || !errors.Is(err, errInjected) {
				t.Errorf("after call %d failed: %s, %v, %v, want %s", fail, got, err, aerr, want)
			}
			if _, err := plain.Move(t.Context(), "wine", "champion", registry.Alias{Version: 3, By: "di"}); err != nil {
				t.Fatal(err)
			}
			if got, next := history(t, plain), fmt.Sprintf("%d→3 di, %s", moved.Version, want); got != next {
				t.Errorf("then: %s, want %s", got, next)
			}
		}
	}
}

// TestAliasFaults: what an alias cannot be, by the member that is at fault; nothing is written.
func TestAliasFaults(t *testing.T) {
	r := wines(t)
	half, two := 0.5, 2.0
	for want, to := range map[string]registry.Alias{
		"/canary/weight: 1.5 is not":         {Version: 1, Canary: &registry.Canary{Version: 2, Weight: 1.5}},
		"/canary/weight: NaN is not":         {Version: 1, Canary: &registry.Canary{Version: 2, Weight: math.NaN()}},
		"/canary/version: version 1 is the":  {Version: 1, Canary: &registry.Canary{Version: 1, Weight: 0.5}},
		"/canary/version: version 4 pred":    {Version: 1, Canary: &registry.Canary{Version: 4, Weight: 0.5}},
		"/canary/version: version 2 has d":   {Version: 1, Canary: &registry.Canary{Version: 2, Digest: "x", Weight: 0.5}},
		"/shadow/version: version 1 is the":  {Version: 1, Shadow: &registry.Shadow{Version: 1}},
		"/decision: want a threshold or":     {Version: 1, Decision: &registry.Decision{}},
		"/decision: want a threshold or c":   {Version: 1, Decision: &registry.Decision{Threshold: &half, Costs: [][]float64{{0, 1}, {1, 0}}}},
		"/decision/threshold: 2 is not":      {Version: 1, Decision: &registry.Decision{Threshold: &two}},
		"/decision/threshold: a threshold":   {Version: 4, Decision: &registry.Decision{Threshold: &half}},
		"/decision/costs: has 3 rows":        {Version: 1, Decision: &registry.Decision{Costs: [][]float64{{0}, {0}, {0}}}},
		"/decision/costs/1: has 1 costs":     {Version: 1, Decision: &registry.Decision{Costs: [][]float64{{0, 1}, {1}}}},
		"version 9 of model wine not found":  {Version: 1, Canary: &registry.Canary{Version: 9, Weight: 0.5}},
		"version 10 of model wine not found": {Version: 1, Shadow: &registry.Shadow{Version: 10}},
	} {
		_, _, err := r.SetAlias(t.Context(), "wine", "champion", to, registry.Condition{Absent: true})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
		var fault *registry.AliasError
		if strings.HasPrefix(want, "/") && !errors.As(err, &fault) {
			t.Errorf("%v is no AliasError", err)
		}
	}
	if aliases, err := r.Aliases(t.Context(), "wine"); err != nil || len(aliases) > 0 {
		t.Errorf("written: %v, %v", aliases, err)
	}
}

// TestDecisionStays: with the alias, until it is changed or does not fit.
func TestDecisionStays(t *testing.T) {
	r := wines(t)
	half := 0.5
	for i, step := range []struct {
		to   registry.Alias
		kept bool
	}{
		{registry.Alias{Version: 1, Decision: &registry.Decision{Threshold: &half}}, true},
		{registry.Alias{Version: 2}, true},
		{registry.Alias{}, true},
		{registry.Alias{Version: 4}, false},
		{registry.Alias{Version: 1}, false},
		{registry.Alias{Version: 1, Decision: &registry.Decision{Threshold: &half}}, true},
		{registry.Alias{Version: 1, Decision: &registry.Decision{}}, false},
	} {
		if a, err := r.Move(t.Context(), "wine", "champion", step.to); err != nil || (a.Decision != nil) != step.kept {
			t.Errorf("step %d: %+v, %v", i+1, a, err)
		}
	}
}

// TestVersionOf: by its digest, whole or its start.
func TestVersionOf(t *testing.T) {
	r := wines(t)
	digest := registry.Digest([]byte("r2"))
	again, err := r.Register(t.Context(), "wine", []byte("r2"), registry.Manifest{Run: "again"})
	if err != nil || again.Digest != digest {
		t.Fatal(again, err)
	}
	for _, name := range []string{digest, digest[:12], digest[:63]} {
		if m, err := r.VersionOf(t.Context(), "wine", name); err != nil || m.Version != 2 {
			t.Errorf("%s: version %d, %v", name, m.Version, err)
		}
	}
	for _, name := range []string{"", digest[:11], digest + "0", strings.ToUpper(digest), digest[:12] + "/../" + digest[:12]} {
		if _, err := r.VersionOf(t.Context(), "wine", name); err == nil || errors.Is(err, registry.ErrNotFound) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := r.VersionOf(t.Context(), "wine", strings.Repeat("0", 12)); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("a digest of no version: %v", err)
	}
	// No two inputs are known whose SHA-256 start alike for 48 bits: a manifest written by hand.
	put(t, r.Store, "models/wine/versions/9.json", `{"version": 9, "digest": "`+digest[:20]+strings.Repeat("0", 44)+`"}`)
	var several *registry.AmbiguousError
	if _, err := r.VersionOf(t.Context(), "wine", digest[:12]); !errors.As(err, &several) {
		t.Errorf("the start of two digests: %v", err)
	}
}
