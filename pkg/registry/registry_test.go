package registry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/dirstore"
)

func newRegistry(t *testing.T) *registry.Registry {
	t.Helper()
	s, err := dirstore.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return &registry.Registry{Store: s}
}

func put(t *testing.T, s registry.Store, key, body string) {
	t.Helper()
	if _, err := s.Put(t.Context(), key, []byte(body), registry.Condition{}); err != nil {
		t.Fatal(err)
	}
}

// failing fails the call number fail, from 1, before or after it took effect.
type failing struct {
	registry.Store
	calls, fail int
	after       bool
}

var errInjected = errors.New("injected")

func (f *failing) due() bool { f.calls++; return f.calls == f.fail }

func (f *failing) Open(ctx context.Context, key string) (io.ReadCloser, registry.Info, error) {
	if f.due() {
		return nil, registry.Info{}, errInjected
	}
	return f.Store.Open(ctx, key)
}

func (f *failing) Put(ctx context.Context, key string, body []byte, c registry.Condition) (registry.Info, error) {
	due := f.due()
	if due && !f.after {
		return registry.Info{}, errInjected
	}
	info, err := f.Store.Put(ctx, key, body, c)
	if due {
		return registry.Info{}, errInjected
	}
	return info, err
}

func (f *failing) List(ctx context.Context, prefix string) iter.Seq2[registry.Info, error] {
	if f.due() {
		return func(yield func(registry.Info, error) bool) { yield(registry.Info{}, errInjected) }
	}
	return f.Store.List(ctx, prefix)
}

// TestRegisterConverges: whichever call fails, and whether it took effect or not, trying
// again makes one version, and what is there in between is whole.
func TestRegisterConverges(t *testing.T) {
	for _, after := range []bool{false, true} {
		for fail := 1; ; fail++ {
			plain := newRegistry(t)
			other, err := plain.Register(t.Context(), "wine", []byte("other"), registry.Manifest{Run: "r0"})
			if err != nil {
				t.Fatal(err)
			}
			f := &failing{Store: plain.Store, fail: fail, after: after}
			faulty := &registry.Registry{Store: f}
			m, err := faulty.Register(t.Context(), "wine", []byte("trees"), registry.Manifest{Run: "r1"})
			if err == nil {
				if f.calls >= fail {
					t.Errorf("call %d failed and Register does not say so", fail)
				}
				if fail < 4 { // list, read, artifact, version
					t.Fatalf("Register makes only %d calls", f.calls)
				}
				break
			}
			if !errors.Is(err, errInjected) {
				t.Errorf("call %d: %v", fail, err)
			}
			versions, err := plain.Versions(t.Context(), "wine")
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range versions {
				if _, err := plain.Artifact(t.Context(), "wine", v.Digest); err != nil {
					t.Errorf("after call %d failed: %v", fail, err)
				}
			}
			m, err = plain.Register(t.Context(), "wine", []byte("trees"), registry.Manifest{Run: "r1"})
			if err != nil || m.Version != other.Version+1 {
				t.Errorf("after call %d failed: version %d, %v", fail, m.Version, err)
			}
			if versions, _ := plain.Versions(t.Context(), "wine"); len(versions) != 2 {
				t.Errorf("after call %d failed: %d versions", fail, len(versions))
			}
		}
	}
}

func TestRegisterRefuses(t *testing.T) {
	r := newRegistry(t)
	var name *registry.NameError
	if _, err := r.Register(t.Context(), "Wine", nil, registry.Manifest{Run: "r"}); !errors.As(err, &name) {
		t.Errorf("a name in capitals: %v", err)
	}
	if _, err := r.Register(t.Context(), "wine", nil, registry.Manifest{}); err == nil {
		t.Error("no run is accepted")
	}
	if _, err := r.Register(t.Context(), "wine", nil, registry.Manifest{Run: "r", Score: math.NaN()}); err == nil {
		t.Error("a NaN score is accepted")
	}
	for info, err := range r.Store.List(t.Context(), "") {
		t.Errorf("left behind: %s, %v", info.Key, err)
	}
}

func TestManifestRoundTrip(t *testing.T) {
	r := newRegistry(t)
	want := registry.Manifest{
		Run: "r1", Task: dataset.Binary, Target: "income", Learner: "boosting",
		Params: map[string]any{"leaves": 31.0, "learning_rate": 0.1}, Metric: "roc_auc", Score: 1.0 / 3,
		Scores: map[string]float64{"roc_auc": 1.0 / 3, "log_loss": 0.1}, DataDigest: "ab", Rows: 5,
		Schema:  dataset.Schema{{Name: "a<b", Type: dataset.Categorical, Levels: []string{"x", "ü"}}},
		Classes: []string{"<=50K", ">50K"},
	}
	made, err := r.Register(t.Context(), "wine", []byte("trees"), want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.Version(t.Context(), "wine", 1)
	if err != nil || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", made) {
		t.Errorf("%v\n got %+v\nwant %+v", err, got, made)
	}
	body, _, err := registry.Read(t.Context(), r.Store, "models/wine/versions/1.json")
	if err != nil || !strings.Contains(string(body), `"a<b"`) || !strings.HasSuffix(string(body), "}\n") {
		t.Errorf("%s, %v", body, err)
	}
}

// TestVersionsInOrder: by number, not by text, and other files there are no versions.
func TestVersionsInOrder(t *testing.T) {
	r := newRegistry(t)
	for i := range 11 {
		run := fmt.Sprintf("r%d", i+1)
		if _, err := r.Register(t.Context(), "wine", []byte(run), registry.Manifest{Run: run}); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"01.json", "0.json", "-1.json", "12.json.bak", "x.json", "12", "3/4.json", "+4.json"} {
		put(t, r.Store, "models/wine/versions/"+file, "not a manifest")
	}
	put(t, r.Store, "models/draft/artifacts/abc", "")
	put(t, r.Store, "models/wine-b/versions/1.json", "{}")
	put(t, r.Store, "models/README", "")
	versions, err := r.Versions(t.Context(), "wine")
	if err != nil || len(versions) != 11 {
		t.Fatalf("%d versions, %v", len(versions), err)
	}
	for i, v := range versions {
		if v.Version != i+1 || v.Run != fmt.Sprintf("r%d", i+1) {
			t.Errorf("place %d is version %d of %s", i, v.Version, v.Run)
		}
	}
	if names, err := r.Models(t.Context()); err != nil || !slices.Equal(names, []registry.ModelName{"wine", "wine-b"}) {
		t.Errorf("models %q, %v", names, err)
	}
}

func TestNotFound(t *testing.T) {
	r := newRegistry(t)
	if names, err := r.Models(t.Context()); err != nil || len(names) > 0 {
		t.Errorf("an empty registry has %q, %v", names, err)
	}
	if _, err := r.Register(t.Context(), "wine", nil, registry.Manifest{Run: "r"}); err != nil {
		t.Fatal(err)
	}
	put(t, r.Store, "data/wine/w.csv", "a\n1\n")
	versions := func(m registry.ModelName) error { _, err := r.Versions(t.Context(), m); return err }
	version := func(m registry.ModelName, n int) error { _, err := r.Version(t.Context(), m, n); return err }
	alias := func(m registry.ModelName, a registry.AliasName) error {
		_, _, err := r.Alias(t.Context(), m, a)
		return err
	}
	set := func(n int) error {
		_, _, err := r.SetAlias(t.Context(), "wine", "a", registry.Alias{Version: n}, registry.Condition{Absent: true})
		return err
	}
	parts := func(d registry.DatasetName) error { _, err := r.DataParts(t.Context(), d); return err }
	statistics := func(d registry.DatasetName) error { _, err := r.Statistics(t.Context(), d); return err }
	for _, tt := range []struct {
		err  error
		want string
	}{
		{versions("beer"), "model beer not found"},
		{version("beer", 1), "model beer not found"},
		{version("wine", 2), "version 2 of model wine not found"},
		{version("wine", -1), "version -1 of model wine not found"},
		{alias("beer", "champion"), "model beer not found"},
		{alias("wine", "champion"), "alias champion of model wine not found"},
		{set(2), "version 2 of model wine not found"},
		{parts("beer"), "dataset beer not found"},
		{statistics("beer"), "dataset beer not found"},
		{statistics("wine"), "statistics of data set wine not found"},
	} {
		var missing *registry.NotFoundError
		if !errors.As(tt.err, &missing) || !errors.Is(tt.err, registry.ErrNotFound) || tt.err.Error() != tt.want {
			t.Errorf("%v, want %s", tt.err, tt.want)
		}
	}
}

func TestArtifactIsVerified(t *testing.T) {
	r := newRegistry(t)
	m, err := r.Register(t.Context(), "wine", []byte("trees"), registry.Manifest{Run: "r1"})
	if err != nil {
		t.Fatal(err)
	}
	put(t, r.Store, "models/wine/artifacts/"+m.Digest, "treez")
	var corrupt *registry.CorruptError
	if _, err := r.Artifact(t.Context(), "wine", m.Digest); !errors.As(err, &corrupt) || corrupt.Want != m.Digest {
		t.Errorf("Artifact = %v", err)
	}
	// A new version must not be made of it either.
	if _, err := r.Register(t.Context(), "wine", []byte("trees"), registry.Manifest{Run: "r2"}); !errors.As(err, &corrupt) {
		t.Errorf("Register = %v", err)
	}
	if _, err := r.Artifact(t.Context(), "wine", strings.Repeat("0", 64)); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("an artifact that is not there: %v", err)
	}
}

func TestSetAlias(t *testing.T) {
	r := newRegistry(t)
	for _, run := range []string{"r1", "r2"} {
		if _, err := r.Register(t.Context(), "wine", []byte(run), registry.Manifest{Run: run}); err != nil {
			t.Fatal(err)
		}
	}
	set := func(to registry.Alias, c registry.Condition) (registry.Info, error) {
		_, info, err := r.SetAlias(t.Context(), "wine", "champion", to, c)
		return info, err
	}
	for _, c := range []registry.Condition{{}, {Absent: true, IfMatch: "x"}} {
		if _, err := set(registry.Alias{Version: 1}, c); err == nil || errors.Is(err, registry.ErrConflict) {
			t.Errorf("condition %+v: %v", c, err)
		}
	}
	if _, err := set(registry.Alias{Version: 1, Digest: "other"}, registry.Condition{Absent: true}); err == nil {
		t.Error("another digest is accepted")
	}
	first, err := set(registry.Alias{Version: 1, Reason: "first"}, registry.Condition{Absent: true})
	if err != nil {
		t.Fatal(err)
	}
	a, info, err := r.Alias(t.Context(), "wine", "champion")
	if err != nil || a.Version != 1 || a.Reason != "first" || info.ETag != first.ETag || a.Digest != registry.Digest([]byte("r1")) {
		t.Errorf("%+v %+v, %v", a, info, err)
	}
	if _, err := set(registry.Alias{Version: 2}, registry.Condition{Absent: true}); !errors.Is(err, registry.ErrConflict) {
		t.Errorf("Absent on an alias: %v", err)
	}
	if _, err := set(registry.Alias{Version: 2}, registry.Condition{IfMatch: info.ETag}); err != nil {
		t.Error(err)
	}
	if _, err := set(registry.Alias{Version: 1}, registry.Condition{IfMatch: info.ETag}); !errors.Is(err, registry.ErrConflict) {
		t.Errorf("an old ETag: %v", err)
	}
}

// TestMove promotes by hand and rolls back.
func TestMove(t *testing.T) {
	r := newRegistry(t)
	for _, run := range []string{"r1", "r2", "r3"} {
		if _, err := r.Register(t.Context(), "wine", []byte(run), registry.Manifest{Run: run}); err != nil {
			t.Fatal(err)
		}
	}
	move := func(version int) (registry.Alias, error) {
		return r.Move(t.Context(), "wine", "champion", registry.Alias{Version: version, Reason: "by hand"})
	}
	if _, err := move(0); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("a rollback of no alias: %v", err)
	}
	for _, step := range []struct{ to, version, previous int }{{1, 1, 0}, {3, 3, 1}, {3, 3, 1}, {0, 1, 3}, {0, 3, 1}, {2, 2, 3}} {
		got, err := move(step.to)
		now, _, _ := r.Alias(t.Context(), "wine", "champion")
		if err != nil || got != now || got.Version != step.version || got.Previous != step.previous || got.Reason != "by hand" {
			t.Errorf("to %d: %+v, stored %+v, %v; want version %d, before it %d", step.to, got, now, err, step.version, step.previous)
		}
	}
	if _, err := move(4); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("to a version that is not there: %v", err)
	}
	if _, err := r.Move(t.Context(), "wine", "new", registry.Alias{Version: 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Move(t.Context(), "wine", "new", registry.Alias{}); err == nil || !strings.Contains(err.Error(), "has pointed at version 1 since it was created: there is nothing to roll back to") {
		t.Errorf("a rollback of a new alias: %v", err)
	}
}

func TestAliases(t *testing.T) {
	r := newRegistry(t)
	if aliases, err := r.Aliases(t.Context(), "wine"); err != nil || len(aliases) != 0 {
		t.Errorf("of no model: %v, %v", aliases, err)
	}
	if _, err := r.Register(t.Context(), "wine", []byte("a"), registry.Manifest{Run: "r"}); err != nil {
		t.Fatal(err)
	}
	for _, alias := range []registry.AliasName{"champion", "challenger"} {
		if _, _, err := r.SetAlias(t.Context(), "wine", alias, registry.Alias{Version: 1}, registry.Condition{Absent: true}); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"README", "Champion.json", "champion.json.bak", "old/champion.json"} {
		put(t, r.Store, "models/wine/aliases/"+file, "not an alias")
	}
	aliases, err := r.Aliases(t.Context(), "wine")
	if err != nil || len(aliases) != 2 || aliases["champion"].Version != 1 || aliases["challenger"].Version != 1 {
		t.Errorf("%v, %v", aliases, err)
	}
}

func TestNames(t *testing.T) {
	for name, ok := range map[string]bool{
		"a": true, "0": true, "a-b": true, "adult-income-2": true, strings.Repeat("a", 63): true,
		"": false, "-": false, "a-": false, "-a": false, "A": false, "a_b": false, "a.b": false, "a/b": false,
		"a b": false, "ä": false, "a\x00": false, "..": false, strings.Repeat("a", 64): false,
	} {
		for _, err := range []error{registry.ModelName(name).Validate(), registry.DatasetName(name).Validate(), registry.AliasName(name).Validate()} {
			if (err == nil) != ok {
				t.Errorf("%q: %v", name, err)
			}
		}
	}
}
