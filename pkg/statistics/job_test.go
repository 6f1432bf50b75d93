// long: one job, from every side.
package statistics

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/source"
)

// begin names the n-th job for a request on the data set as it is.
func begin(t *testing.T, r *registry.Registry, name registry.DatasetName, q Request, n int) Start {
	t.Helper()
	parts, err := r.DataParts(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	content, err := Content(name, q, parts)
	if err != nil {
		t.Fatal(err)
	}
	return Start{name, Attempt(content, n), q}
}

// step calls the handler as the workflow does.
func step(ctx context.Context, j *Jobs, name string, input, into any) error {
	text, err := json.Marshal(input)
	if err != nil {
		return err
	}
	answer, err := j.Handle(ctx, Event{Step: name, Input: text})
	if err != nil {
		return err
	}
	if text, err = json.Marshal(answer); err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// shards runs plan and returns what the map would read.
func shards(t *testing.T, j *Jobs, s Start) (Progress, []Shard) {
	t.Helper()
	var p Progress
	if err := step(t.Context(), j, "plan", s, &p); err != nil {
		t.Fatal(err)
	}
	var all []Shard
	if !p.Done {
		if _, err := registry.ReadJSON(t.Context(), j.Registry.Store, p.Items, &all); err != nil {
			t.Fatal(err)
		}
	}
	return p, all
}

// run does all steps, the shards in any order.
func run(t *testing.T, j *Jobs, s Start) (Result, int) {
	t.Helper()
	p, all := shards(t, j, s)
	for _, i := range rand.Perm(len(all)) {
		if err := step(t.Context(), j, "shard", all[i], new(any)); err != nil {
			t.Fatal(err)
		}
	}
	var result Result
	if err := step(t.Context(), j, "merge", p, &result); err != nil {
		t.Fatal(err)
	}
	return result, len(all)
}

// many is a data set of several parts, one of them without rows.
func many(parts, rows int) map[string]string {
	random := rand.New(rand.NewPCG(1, 2))
	objects := map[string]string{}
	for i := range parts {
		var b strings.Builder
		b.WriteString("id;amount;kind\n")
		for row := range rows {
			if i != 1 {
				fmt.Fprintf(&b, "%d;%.2f;k%d\n", 1000*i+row, random.NormFloat64(), random.IntN(5))
			}
		}
		objects[fmt.Sprintf("data/many/%03d.csv", i)] = b.String()
	}
	return objects
}

// TestJobEqualsStore: in any number of shards, what is stored is what one pass stores, under
// the same name.
func TestJobEqualsStore(t *testing.T) {
	q := Request{Target: "kind", Reading: source.Reading{Types: map[string]dataset.Type{"id": dataset.Numeric}}}
	r := sets(t, many(7, 40))
	want, err := Store(t.Context(), r, "many", rowsOf(t, r, "many"), dataset.Options{Types: q.Types}, profile.Options{Target: q.Target})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(want.Profile)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		limits limits
		shards int
	}{{limits{}, 1}, {limits{1 << 30, 3}, 3}, {limits{1, 100}, 7}, {limits{1400, 100}, 3}} {
		r := sets(t, many(7, 40))
		result, shards := run(t, &Jobs{Registry: r, limits: c.limits}, begin(t, r, "many", q, 1))
		if result.Version != want.Version || result.Problem != nil || shards != c.shards {
			t.Errorf("%+v: %+v of %d shards; want version %s of %d", c.limits, result, shards, want.Version, c.shards)
			continue
		}
		s, err := r.Statistics(t.Context(), "many")
		if err != nil || s.Profile.Rows != 240 {
			t.Fatalf("%+v: %+v, %v", c.limits, s, err)
		}
		if c.shards > 1 { // moments are merged with other roundings
			near(t, s.Profile.Columns[1].Numeric.Mean, want.Profile.Columns[1].Numeric.Mean)
			near(t, *s.Profile.Columns[1].Numeric.SD, *want.Profile.Columns[1].Numeric.SD)
			if got := s.Profile.Columns[0]; got.Order != want.Profile.Columns[0].Order || got.Distinct != 240 {
				t.Errorf("%+v: column id is %+v", c.limits, got)
			}
			continue
		}
		if got, err := json.Marshal(s.Profile); err != nil || !bytes.Equal(got, text) {
			t.Errorf("%+v: the profile is\n%s, %v\nwant\n%s", c.limits, got, err, text)
		}
	}
}

// TestSampledJob: shards draw the rows that one pass draws.
func TestSampledJob(t *testing.T) {
	for _, sample := range []float64{0.4, 50} {
		q := Request{Reading: source.Reading{Sample: sample, Decimal: "point", Thousands: "comma"}}
		o, err := q.Options()
		if err != nil {
			t.Fatal(err)
		}
		r := sets(t, many(7, 40))
		want, err := Store(t.Context(), r, "many", rowsOf(t, r, "many"), o, profile.Options{})
		if err != nil || want.Profile.Rows < 50 || want.Profile.Rows > 150 {
			t.Fatalf("%+v, %v", want.Profile, err)
		}
		for _, l := range []limits{{1 << 30, 3}, {1, 100}} {
			r := sets(t, many(7, 40))
			result, _ := run(t, &Jobs{Registry: r, limits: l}, begin(t, r, "many", q, 1))
			if result.Version != want.Version {
				t.Fatalf("%+v: %+v, want version %s", l, result, want.Version)
			}
			s, err := r.Statistics(t.Context(), "many")
			if err != nil || s.Profile.Rows != want.Profile.Rows {
				t.Fatalf("%+v: %+v, %v", l, s, err)
			}
			got, id := s.Profile.Columns[0], want.Profile.Columns[0]
			if got.Numeric.Min != id.Numeric.Min || *got.Numeric.Sum != *id.Numeric.Sum {
				t.Errorf("%+v: %+v, want %+v", l, got.Numeric, id.Numeric)
			}
		}
	}
}

// TestOneShard: data sets of other formats are one shard, and get the name that Store gives.
func TestOneShard(t *testing.T) {
	penguins, err := os.ReadFile("../../testdata/parquet/penguins.parquet")
	if err != nil {
		t.Fatal(err)
	}
	for name, objects := range map[registry.DatasetName]map[string]string{
		"lines":   {"data/lines/a.jsonl": "{\"x\": 1}\n", "data/lines/b.jsonl": "{\"x\": 2}\n{\"x\": null}\n"},
		"parquet": {"data/parquet/a.parquet": string(penguins), "data/parquet/b.parquet": string(penguins)},
	} {
		r := sets(t, objects)
		result, shards := run(t, &Jobs{Registry: r, limits: limits{1, 1}}, begin(t, r, name, Request{}, 1))
		got, err := r.StatisticsOf(t.Context(), name, result.Version)
		if err != nil || shards != 1 {
			t.Fatalf("%s: %+v of %d shards, %v", name, result, shards, err)
		}
		want, err := Store(t.Context(), r, name, rowsOf(t, r, name), dataset.Options{}, profile.Options{})
		if err != nil || got.Version != want.Version || got.Profile.Rows != want.Profile.Rows {
			t.Errorf("%s: version %s of %d rows, want %s of %d, %v", name, got.Version, got.Profile.Rows, want.Version, want.Profile.Rows, err)
		}
	}
}

func near(t *testing.T, got, want float64) {
	t.Helper()
	if d := got - want; d > 1e-12 || d < -1e-12 {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestJobIsCutAnywhere fails every write and read of the store in turn, once before and once
// after it is done, tries the step again as the workflow does, and wants the same result.
func TestJobIsCutAnywhere(t *testing.T) {
	objects := many(3, 4)
	r := sets(t, objects)
	start := begin(t, r, "many", Request{}, 1)
	want, n := run(t, &Jobs{Registry: r, limits: limits{1, 1}}, start)
	if n != 3 || want.Version == "" {
		t.Fatal(want, n)
	}
	cuts := 0
	for at := 1; ; at++ {
		r := sets(t, objects)
		store := &cutting{Store: r.Store, at: at}
		j := &Jobs{Registry: &registry.Registry{Store: store}, limits: limits{1, 1}}
		again := func(name string, input, into any) {
			err := step(t.Context(), j, name, input, into)
			if errors.Is(err, errCut) {
				err = step(t.Context(), j, name, input, into)
			}
			if err != nil {
				t.Fatalf("cut %d: %s: %v", at, name, err)
			}
		}
		var p Progress
		var all []Shard
		var result Result
		again("plan", start, &p)
		if _, err := registry.ReadJSON(t.Context(), r.Store, p.Items, &all); err != nil {
			t.Fatal(err)
		}
		for _, s := range all {
			again("shard", s, new(any))
		}
		again("merge", p, &result)
		if result != want {
			t.Errorf("cut %d: %+v, want %+v", at, result, want)
		}
		if !store.done {
			break
		}
		cuts++
	}
	if cuts < 20 {
		t.Errorf("only %d places to cut at", cuts)
	}
}

var errCut = errors.New("cut")

// cutting is a store whose at-th operation fails: writes after they are done.
type cutting struct {
	registry.Store
	mu   sync.Mutex
	n    int
	at   int
	done bool
}

func (c *cutting) cut() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n++; c.n == c.at {
		c.done = true
		return errCut
	}
	return nil
}

func (c *cutting) Open(ctx context.Context, key string) (io.ReadCloser, registry.Info, error) {
	if err := c.cut(); err != nil {
		return nil, registry.Info{}, err
	}
	return c.Store.Open(ctx, key)
}

func (c *cutting) Stat(ctx context.Context, key string) (registry.Info, error) {
	if err := c.cut(); err != nil {
		return registry.Info{}, err
	}
	return c.Store.Stat(ctx, key)
}

func (c *cutting) Put(ctx context.Context, key string, body []byte, condition registry.Condition) (registry.Info, error) {
	if err := c.cut(); err != nil { // before
		return registry.Info{}, err
	}
	info, err := c.Store.Put(ctx, key, body, condition)
	if cut := c.cut(); cut != nil { // after
		return registry.Info{}, cut
	}
	return info, err
}

// TestTwoAtOnce: two jobs for one content, each of whose steps is done twice side by side, are
// two results and one version.
func TestTwoAtOnce(t *testing.T) {
	r := sets(t, many(5, 20))
	j := &Jobs{Registry: r, limits: limits{1, 1}}
	results := make([]Result, 4)
	var group sync.WaitGroup
	for i := range results {
		start := begin(t, r, "many", Request{}, 1+i%2)
		group.Go(func() {
			var p Progress
			if err := step(context.Background(), j, "plan", start, &p); err != nil {
				t.Error(err)
				return
			}
			var all []Shard
			if _, err := registry.ReadJSON(context.Background(), r.Store, p.Items, &all); err != nil {
				t.Error(err)
				return
			}
			for _, s := range all {
				if err := step(context.Background(), j, "shard", s, new(any)); err != nil {
					t.Error(err)
				}
			}
			if err := step(context.Background(), j, "merge", p, &results[i]); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for _, got := range results {
		if got != results[0] || got.Version == "" {
			t.Errorf("results %+v", results)
		}
	}
}

// TestChanged: a part that was changed, came or went while the job was at work makes its
// result a conflict, wherever the job was, and nothing is stored.
func TestChanged(t *testing.T) {
	changes := map[string]func(*registry.Registry){
		"changed": func(r *registry.Registry) { put(t, r, "data/many/000.csv", "id;amount;kind\n1;2;k9\n") },
		"came":    func(r *registry.Registry) { put(t, r, "data/many/9.csv", "id;amount;kind\n1;2;k9\n") },
		"went": func(r *registry.Registry) {
			if err := r.Store.Delete(t.Context(), "data/many/002.csv"); err != nil {
				t.Fatal(err)
			}
		},
	}
	for what, change := range changes {
		for _, when := range []string{"before plan", "before the shards", "before merge"} {
			r := sets(t, many(3, 4))
			j := &Jobs{Registry: r, limits: limits{1, 1}}
			start := begin(t, r, "many", Request{}, 1)
			if when == "before plan" {
				change(r)
			}
			p, all := shards(t, j, start)
			if when == "before the shards" {
				change(r)
			}
			for _, s := range all {
				if err := step(t.Context(), j, "shard", s, new(any)); err != nil {
					t.Fatal(err)
				}
			}
			if when == "before merge" {
				change(r)
			}
			var result Result
			if err := step(t.Context(), j, "merge", p, &result); err != nil {
				t.Errorf("%s %s: %v", what, when, err)
				continue
			}
			if result.Problem == nil || result.Problem.Type != gateway.Conflict.URI() || result.Version != "" {
				t.Errorf("%s %s: %+v", what, when, result)
			}
			if versions, err := r.StatisticsVersions(t.Context(), "many"); err != nil || len(versions) > 0 {
				t.Errorf("%s %s: stored %v, %v", what, when, versions, err)
			}
		}
	}
}

// TestProblems: what is wrong with the data is the job's result, with its place.
func TestProblems(t *testing.T) {
	r := sets(t, map[string]string{
		"data/ragged/a.csv": "x,y\n1,2\n", "data/ragged/b.csv": "x,y\n1,2\n3\n", "data/ragged/c.csv": "x,y\n1\n",
		"data/header/a.csv": "x,y\n1,2\n", "data/header/b.csv": "x,z\n1,2\n",
		"data/typed/a.csv": "x,y\n1,2\n", "data/typed/b.csv": "x,y\n4,2\nno,1\n",
		"data/text/a.txt": "x", "data/empty/a.csv": "x,y\n", "data/empty/b.csv": "x,y\n",
		"data/lines/a.jsonl": "{\"x\": 1}\n", "data/lines/b.jsonl": "{\"x\": 1}\n{\"z\": 1}\n",
	})
	typed := Request{Reading: source.Reading{Types: map[string]dataset.Type{"x": dataset.Numeric}}}
	for name, c := range map[registry.DatasetName]struct {
		request     Request
		row         int
		column, say string
	}{
		"ragged": {Request{}, 2, "", "b.csv: row 2 (line 3)"},
		"header": {Request{}, 0, "", `b.csv: header (line 1): column 2 is "z", but in a.csv it is "y"`},
		"typed":  {typed, 2, "x", `b.csv: row 2 (line 3), column "x"`},
		"empty":  {Request{}, 0, "", "a.csv: no rows below the header"},
		"lines":  {Request{}, 2, "z", "b.jsonl: row 2"},
	} {
		result, _ := run(t, &Jobs{Registry: r, limits: limits{1, 1}}, begin(t, r, name, c.request, 1))
		p := result.Problem
		if p == nil || p.Type != gateway.InvalidDataset.URI() || len(p.Errors) != 1 || p.Errors[0].Row != c.row ||
			p.Errors[0].Column != c.column || !strings.Contains(p.Detail, c.say) {
			t.Errorf("%s: %+v, want %+v", name, p, c)
		}
		if versions, err := r.StatisticsVersions(t.Context(), name); err != nil || len(versions) > 0 {
			t.Errorf("%s: stored %v, %v", name, versions, err)
		}
	}
	result, shards := run(t, &Jobs{Registry: r, limits: limits{1, 1}}, begin(t, r, "typed", Request{Target: "why"}, 1))
	if result.Problem == nil || shards != 0 || !strings.Contains(result.Problem.Detail, "known are x, y") {
		t.Errorf("target: %+v after %d shards", result.Problem, shards)
	}
	if result, _ := run(t, &Jobs{Registry: r}, Start{Dataset: "text", Job: "0123456789ab-1"}); result.Problem == nil || !strings.Contains(result.Problem.Detail, "a.txt") {
		t.Errorf("text: %+v", result)
	}
	if result, _ := run(t, &Jobs{Registry: r}, Start{Dataset: "walrus", Job: "0123456789ab-1"}); result.Problem == nil || result.Problem.Type != gateway.DatasetNotFound.URI() {
		t.Errorf("no data set: %+v", result)
	}
}

// TestFaults: what is wrong with us is an error, which the workflow tries again, and leaves
// no result.
func TestFaults(t *testing.T) {
	denied := errors.New("access denied")
	r := sets(t, many(3, 4))
	start := begin(t, r, "many", Request{}, 1)
	for _, fault := range []error{denied, context.DeadlineExceeded} {
		broken := &Jobs{Registry: &registry.Registry{Store: unreadable{r.Store, fault}}}
		if _, err := broken.Plan(t.Context(), "many", start.Job, Request{}); !errors.Is(err, fault) {
			t.Errorf("%v of plan", err)
		}
	}
	j := &Jobs{Registry: r, limits: limits{1, 1}}
	_, all := shards(t, j, start)
	for _, fault := range []error{denied, context.DeadlineExceeded} {
		broken := &Jobs{Registry: &registry.Registry{Store: unreadable{r.Store, fault}}, limits: j.limits}
		if err := step(t.Context(), broken, "shard", all[0], new(any)); !errors.Is(err, fault) {
			t.Errorf("%v of a shard", err)
		}
	}
	// All shards must be there: one that is missing is no data set without its rows.
	for _, s := range all[:2] {
		if err := j.Profile(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := j.Merge(t.Context(), "many", start.Job); err == nil || !strings.Contains(err.Error(), "shard 2") {
		t.Errorf("merged without a shard: %v", err)
	}
	put(t, r, jobKey("many", start.Job, "2.partial"), "torn")
	if _, err := j.Merge(t.Context(), "many", start.Job); err == nil || !strings.Contains(err.Error(), "shard 2") {
		t.Errorf("merged with half a shard: %v", err)
	}
	if other, err := r.Store.Stat(t.Context(), jobKey("many", start.Job, "result.json")); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("a result: %+v, %v", other, err)
	}
	for _, event := range []Event{
		{Step: "plan", Input: json.RawMessage(`{"dataset":"../x","job":"0123456789ab-1"}`)},
		{Step: "merge", Input: json.RawMessage(`{"dataset":"many","job":"../../x"}`)},
		{Step: "shard", Input: json.RawMessage(`{"dataset":"many","job":"` + string(start.Job) + `","shard":7,"first":2,"last":9}`)},
		{Step: "shard", Input: json.RawMessage(`[]`)}, {Step: "rest", Input: json.RawMessage(`{}`)},
	} {
		if answer, err := j.Handle(t.Context(), event); err == nil {
			t.Errorf("%s %s: %v", event.Step, event.Input, answer)
		}
	}
}

type unreadable struct {
	registry.Store
	fault error
}

func (u unreadable) Open(context.Context, string) (io.ReadCloser, registry.Info, error) {
	return nil, registry.Info{}, u.fault
}

// TestAttempts: jobs are found again by what they are for, and only once they are recorded.
func TestAttempts(t *testing.T) {
	r := sets(t, many(1, 4))
	j := &Jobs{Registry: r}
	start := begin(t, r, "many", Request{}, 1)
	content := start.Job.content()
	for n := range 12 {
		if last, err := j.Attempts(t.Context(), "many", content); err != nil || last != n {
			t.Fatalf("%d attempts, %v; want %d", last, err, n)
		}
		if err := j.Record(t.Context(), Job{Dataset: "many", Job: Attempt(content, n+1), Execution: "arn"}); err != nil {
			t.Fatal(err)
		}
	}
	job, result, err := j.Job(t.Context(), "many", Attempt(content, 12))
	if err != nil || job.Execution != "arn" || result != (Result{}) {
		t.Errorf("%+v, %+v, %v", job, result, err)
	}
	for _, id := range []JobID{Attempt(content, 13), "", "../x", Attempt(content, 0), JobID(strings.ToUpper(string(start.Job)))} {
		var missing *registry.NotFoundError
		if _, _, err := j.Job(t.Context(), "many", id); !errors.As(err, &missing) || missing.Kind != registry.KindJob {
			t.Errorf("%q: %v", id, err)
		}
	}
	if other := begin(t, r, "many", Request{Target: "kind"}, 1); other.Job.content() == content {
		t.Error("another target is the same job")
	}
	put(t, r, "data/many/000.csv", "id;amount;kind\n1;2;3\n")
	if other := begin(t, r, "many", Request{}, 1); other.Job.content() == content {
		t.Error("other data is the same job")
	}
}
