package serving_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/serving"
)

// watching counts what is asked of a store, and fails all of it while it is down.
type watching struct {
	registry.Store
	mu           sync.Mutex
	opened, same int // objects read, and objects that did not change
	down         bool
}

var errDown = errors.New("the store is down")

func (w *watching) count(opened, same int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.opened, w.same = w.opened+opened, w.same+same
	if w.down {
		return errDown
	}
	return nil
}

func (w *watching) Open(ctx context.Context, key string) (io.ReadCloser, registry.Info, error) {
	if err := w.count(1, 0); err != nil {
		return nil, registry.Info{}, err
	}
	return w.Store.Open(ctx, key)
}

func (w *watching) OpenChanged(ctx context.Context, key, etag string) (io.ReadCloser, registry.Info, error) {
	if err := w.count(0, 1); err != nil {
		return nil, registry.Info{}, err
	}
	return w.Store.(registry.Revalidator).OpenChanged(ctx, key, etag)
}

// calls are the counts since the last call.
func (w *watching) calls() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer func() { w.opened, w.same = 0, 0 }()
	return fmt.Sprintf("%d opened, %d revalidated", w.opened, w.same)
}

func (w *watching) set(down bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = down
}

// clock is moved by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

const oneRow = `{"instances": [{"age": 30}]}`

// served has two versions of a model, of which the first is champion, behind a watched store and a
// clock.
func served(t *testing.T) (*registry.Registry, *watching, *clock, *serving.Server) {
	t.Helper()
	r, _ := newRegistry(t)
	train(t, r, "adult", "baseline", "income")
	train(t, r, "adult", "logistic", "income")
	promote(t, r, "adult", 1)
	store, now := &watching{Store: r.Store.(*counting).Store}, newClock()
	return r, store, now, &serving.Server{Registry: &registry.Registry{Store: store}, Now: now.Now}
}

// TestAliasIsBelieved: warm requests ask the store nothing for five seconds, then once whether the
// alias is the same; a request that comes five seconds after a change knows of it.
func TestAliasIsBelieved(t *testing.T) {
	r, store, now, s := served(t)
	h := s.Routes()
	version := func() int {
		t.Helper()
		return ask(t, h, "/v1/models/adult/predict", oneRow).Version
	}
	if v, calls := version(), store.calls(); v != 1 || calls != "2 opened, 0 revalidated" {
		t.Errorf("at first version %d, %s", v, calls)
	}
	now.pass(4999 * time.Millisecond)
	promote(t, r, "adult", 2)
	if v, calls := version(), store.calls(); v != 1 || calls != "0 opened, 0 revalidated" {
		t.Errorf("within five seconds version %d, %s", v, calls)
	}
	now.pass(time.Millisecond)
	if v, calls := version(), store.calls(); v != 2 || calls != "1 opened, 1 revalidated" { // the artifact
		t.Errorf("after five seconds version %d, %s", v, calls)
	}
	now.pass(5 * time.Second)
	if v, calls := version(), store.calls(); v != 2 || calls != "0 opened, 1 revalidated" {
		t.Errorf("after five more version %d, %s", v, calls)
	}
	// Many at once ask once.
	now.pass(5 * time.Second)
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() { post(h, "/v1/models/adult/predict", oneRow) })
	}
	group.Wait()
	if calls := store.calls(); calls != "0 opened, 1 revalidated" {
		t.Errorf("20 at once: %s", calls)
	}
	if err := r.Store.Delete(t.Context(), "models/adult/aliases/champion.json"); err != nil {
		t.Fatal(err)
	}
	now.pass(5 * time.Second)
	for range 2 {
		if w := post(h, "/v1/models/adult/predict", oneRow); w.Code != http.StatusNotFound {
			t.Errorf("without the alias: %d %s", w.Code, w.Body)
		}
	}
}

// TestStoreDown: the last answer is believed for five minutes, and the store asked every five
// seconds; then a request fails, and when the store is back the next one does not.
func TestStoreDown(t *testing.T) {
	_, store, now, s := served(t)
	h := s.Routes()
	post(h, "/v1/models/adult/predict", oneRow)
	store.calls()
	store.set(true)
	for passed := time.Duration(0); passed < 5*time.Minute; {
		now.pass(time.Minute)
		passed += time.Minute
		for range 2 {
			if w := post(h, "/v1/models/adult/predict", oneRow); w.Code != http.StatusOK {
				t.Fatalf("down for %v: %d %s", passed, w.Code, w.Body)
			}
		}
		if calls := store.calls(); calls != "0 opened, 1 revalidated" {
			t.Fatalf("down for %v: %s", passed, calls)
		}
	}
	now.pass(5 * time.Second)
	if w := post(h, "/v1/models/adult/predict", oneRow); w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "down") {
		t.Errorf("down for more than five minutes: %d %s", w.Code, w.Body)
	}
	store.set(false)
	if w := post(h, "/v1/models/adult/predict", oneRow); w.Code != http.StatusOK {
		t.Errorf("up again: %d %s", w.Code, w.Body)
	}
	// What is pinned needs no store at all.
	post(h, "/v1/models/adult/predict?version=2", oneRow)
	store.set(true)
	now.pass(time.Hour)
	if w := post(h, "/v1/models/adult/predict?version=2", oneRow); w.Code != http.StatusOK {
		t.Errorf("pinned: %d %s", w.Code, w.Body)
	}
}

// TestPinnedByDigest: whole, or by its start; looked up once.
func TestPinnedByDigest(t *testing.T) {
	r, store, _, s := served(t)
	h := s.Routes()
	m, err := r.Version(t.Context(), "adult", 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{m.Digest, m.Digest[:12]} {
		for range 2 {
			a := ask(t, h, "/v1/models/adult/predict?digest="+name, oneRow)
			if a.Version != 2 || a.Digest != m.Digest || a.Alias != "" {
				t.Errorf("%s: %+v", name, a)
			}
		}
	}
	if a := ask(t, h, "/v1/models/adult/predict", `{"digest": "`+m.Digest[:20]+`", "instances": [{"age": 30}]}`); a.Version != 2 {
		t.Errorf("in the body: %+v", a)
	}
	store.calls()
	ask(t, h, "/v1/models/adult/predict?digest="+m.Digest, oneRow)
	if calls := store.calls(); calls != "0 opened, 0 revalidated" {
		t.Errorf("a known digest: %s", calls)
	}
	for target, code := range map[string]int{
		"?digest=" + m.Digest[:11]:             http.StatusBadRequest,
		"?digest=" + strings.ToUpper(m.Digest): http.StatusBadRequest,
		"?digest=" + strings.Repeat("0", 64):   http.StatusNotFound,
		"?digest=" + m.Digest + "&version=2":   http.StatusBadRequest,
		"?digest=" + m.Digest + "&alias=x":     http.StatusBadRequest,
		"?digest=" + strings.Repeat("../", 15): http.StatusBadRequest,
	} {
		if w := post(h, "/v1/models/adult/predict"+target, oneRow); w.Code != code {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
	twin := strings.Replace(m.Digest, m.Digest[12:], strings.Repeat("0", 52), 1)
	if _, err := r.Store.Put(t.Context(), "models/adult/versions/7.json", []byte(`{"version": 7, "digest": "`+twin+`"}`), registry.Condition{}); err != nil {
		t.Fatal(err)
	}
	fresh := (&serving.Server{Registry: r}).Routes()
	if w := post(fresh, "/v1/models/adult/predict?digest="+m.Digest[:12], oneRow); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "several artifacts") {
		t.Errorf("the start of two: %d %s", w.Code, w.Body)
	}
}

// keyed sends a request with headers.
func keyed(t *testing.T, h http.Handler, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/v1/models/adult/predict", strings.NewReader(oneRow))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	h.ServeHTTP(w, r)
	return w
}

func setAlias(t *testing.T, r *registry.Registry, to registry.Alias) {
	t.Helper()
	if _, err := r.Move(t.Context(), "adult", registry.Champion, to); err != nil {
		t.Fatal(err)
	}
}

// TestCanary: keys keep their version; a greater weight only adds to them; the shares are within
// four standard deviations of the weights; another canary has other keys.
func TestCanary(t *testing.T) {
	r, _, _, _ := served(t)
	train(t, r, "adult", "bayes", "income")
	h := (&serving.Server{Registry: r}).Routes()
	const keys = 1500
	in := map[string]bool{} // of the canary so far
	count := func(to registry.Alias) (n int, others int) {
		t.Helper()
		setAlias(t, r, to)
		for i := range keys {
			key := fmt.Sprintf("customer %d", i)
			w := keyed(t, h, serving.HeaderKey, key)
			canary := w.Header().Get(serving.HeaderVersion) != "1"
			arm := map[bool]string{false: "main", true: "canary"}[canary]
			if w.Header().Get(serving.HeaderArm) != arm || !strings.Contains(w.Body.String(), `"arm":"`+arm+`"`) {
				t.Fatalf("%v %s", w.Header(), w.Body)
			}
			if canary {
				n++
			}
			if in[key] != canary {
				others++
			}
			if to.Canary.Version == 2 {
				if in[key] && !canary {
					t.Fatalf("%s left the canary when its weight grew", key)
				}
				in[key] = canary
			}
		}
		return n, others
	}
	for _, weight := range []float64{0, 0.1, 0.1, 0.3, 1} {
		n, moved := count(registry.Alias{Version: 1, Canary: &registry.Canary{Version: 2, Weight: weight}})
		if sd := math.Sqrt(keys * weight * (1 - weight)); math.Abs(float64(n)-keys*weight) > 4*sd {
			t.Errorf("%d of %d keys are in a canary of weight %v", n, keys, weight)
		}
		if weight == 0.3 {
			if n2, others := count(registry.Alias{Version: 1, Canary: &registry.Canary{Version: 3, Weight: 0.3}}); others < keys/4 {
				t.Errorf("%d of %d keys are in another canary, only %d are others", n2, keys, others)
			}
		}
		t.Logf("weight %v: %d keys, %d moved", weight, n, moved)
	}
	setAlias(t, r, registry.Alias{Version: 1})
	if w := keyed(t, h, serving.HeaderKey, "customer 1"); w.Header().Get(serving.HeaderArm) != "" || strings.Contains(w.Body.String(), "arm") {
		t.Errorf("without a canary: %s", w.Body)
	}
}

// TestRequestID: the caller's, or the platform's; it is the key where there is none.
func TestRequestID(t *testing.T) {
	r, _, _, _ := served(t)
	setAlias(t, r, registry.Alias{Version: 1, Canary: &registry.Canary{Version: 2, Weight: 0.5}})
	h := (&serving.Server{Registry: r}).Routes()
	versions := map[string]bool{}
	for i := range 40 {
		id := fmt.Sprintf("A-z_0.%d", i)
		w := keyed(t, h, serving.HeaderRequest, id)
		if w.Header().Get(serving.HeaderRequest) != id || !strings.Contains(w.Body.String(), `"id":"`+id+`"`) {
			t.Errorf("%v %s", w.Header(), w.Body)
		}
		version := w.Header().Get(serving.HeaderVersion)
		if again := keyed(t, h, serving.HeaderKey, id); again.Header().Get(serving.HeaderVersion) != version {
			t.Errorf("%s as a key is version %s, as an id %s", id, again.Header().Get(serving.HeaderVersion), version)
		}
		versions[version] = true
	}
	if len(versions) != 2 {
		t.Errorf("of 40 ids all are version %v", versions)
	}
	for _, id := range []string{strings.Repeat("x", 129), "a b", "a/b", "ä"} {
		if w := keyed(t, h, serving.HeaderRequest, id); w.Code != http.StatusBadRequest {
			t.Errorf("%q: %d %s", id, w.Code, w.Body)
		}
	}
	if w := keyed(t, h); w.Header().Get(serving.HeaderArm) != "main" || strings.Contains(w.Body.String(), `"id"`) {
		t.Errorf("without id and key: %s", w.Body)
	}
}

// TestDecisionOfAlias: the baseline says 0.25 for >50K. From 0.25 on it is served by a threshold of
// 0.25, and by costs of which missing it is the greater; version 1 itself still says what it did.
func TestDecisionOfAlias(t *testing.T) {
	r, _, _, _ := served(t)
	h := (&serving.Server{Registry: r}).Routes()
	class := func(query string) string {
		t.Helper()
		a := ask(t, h, "/v1/models/adult/predict"+query, oneRow)
		if a.Predictions[0].Probabilities[">50K"] != 0.25 {
			t.Errorf("%+v", a)
		}
		return *a.Predictions[0].Class
	}
	threshold := func(v float64) *registry.Decision { return &registry.Decision{Threshold: &v} }
	for i, tt := range []struct {
		decision *registry.Decision
		want     string
	}{
		{&registry.Decision{}, "<=50K"}, // none
		{threshold(0.25), ">50K"},
		{threshold(0.26), "<=50K"},
		{&registry.Decision{Costs: [][]float64{{0, 1}, {4, 0}}}, ">50K"},  // 0.75·1 < 0.25·4
		{&registry.Decision{Costs: [][]float64{{0, 1}, {2, 0}}}, "<=50K"}, // 0.75·1 > 0.25·2
	} {
		setAlias(t, r, registry.Alias{Version: 1, Decision: tt.decision})
		if got := class(""); got != tt.want {
			t.Errorf("decision %d serves %s", i, got)
		}
		if got := class("?version=1"); got != "<=50K" {
			t.Errorf("beside decision %d version 1 serves %s", i, got)
		}
	}
	// An object that was written by hand and cannot be: our fault, and no panic.
	if _, err := r.Store.Put(t.Context(), "models/adult/aliases/odd.json", []byte(`{"version": 1, "digest": "`+ask(t, h, "/v1/models/adult/predict", oneRow).Digest+`", "decision": {"costs": [[1]]}}`), registry.Condition{}); err != nil {
		t.Fatal(err)
	}
	if w := post(h, "/v1/models/adult/predict?alias=odd", oneRow); w.Code != http.StatusInternalServerError {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
