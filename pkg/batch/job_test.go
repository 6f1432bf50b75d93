package batch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/local"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/topology"
)

// halves are the people in two files, with n rows in the first that do not fit.
func halves(bad ...string) map[string]string {
	lines := strings.SplitAfter(people(), "\n")
	return map[string]string{
		"data/people/a.csv": strings.Join(lines[:40], "") + strings.Join(bad, ""),
		"data/people/b.csv": lines[0] + strings.Join(lines[40:], ""),
	}
}

const (
	badAge  = "bad1,many,clerk,true,2026-01-01,x,no,1\n"
	badBoth = "bad2,few,clerk,perhaps,2026-01-01,x,no,1\n"
)

// TestRowsWithFaults: they end a batch, or are left out and listed, as max_errors says; and key
// columns tell which rows the predictions are of.
func TestRowsWithFaults(t *testing.T) {
	r := storeOf(t, halves(badAge, badBoth))
	learn(t, r, "class", "class", "baseline")
	var log bytes.Buffer
	jobs := &Jobs{Registry: r, Metrics: &log, Now: func() time.Time { return time.Unix(0, 0) }, limits: limits{bytes: 1 << 20, files: 1}}
	q := Request{Dataset: "people", Keep: []string{"id", "age"}}
	m, err := run(t.Context(), jobs, "class", champion(t, r, "class"), q)
	if err != nil {
		t.Fatal(err)
	}
	if m.State != Failed || m.FailedParts != 1 || len(m.Outputs) != 2 || m.Outputs[1].Object == "" || m.Problem == nil {
		t.Fatalf("%+v", m)
	}
	if e := m.Problem.Errors[0]; e.Row != 40 || e.Column != "age" || !strings.Contains(m.Problem.Detail, "a.csv: row 40") {
		t.Errorf("problem %+v, want row 40, column age", m.Problem)
	}
	q.MaxErrors = 1
	if m, err = run(t.Context(), jobs, "class", champion(t, r, "class"), q); err != nil || m.State != Failed || m.Problem.Errors[0].Row != 41 {
		t.Errorf("one row may have faults: %+v, %v", m, err)
	}
	q.MaxErrors = 2
	log.Reset()
	if m, err = run(t.Context(), jobs, "class", champion(t, r, "class"), q); err != nil {
		t.Fatal(err)
	}
	counted(t, log.String(), 92, 2)
	if m.State != Succeeded || m.Rows != 92 || m.Errors != 2 || m.Outputs[0].Errors != 2 || m.Outputs[1].Faults != "" {
		t.Errorf("%+v", m)
	}
	faults, _, err := registry.Read(t.Context(), r.Store, m.Outputs[0].Faults)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(string(faults)) {
		var f Fault
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s %d %s", f.File, f.Row, f.Column))
	}
	if want := "a.csv 40 age|a.csv 41 age|a.csv 41 member"; strings.Join(got, "|") != want {
		t.Errorf("faults %q, want %s", got, want)
	}
	text := predictions(t, r, m)
	if !strings.HasPrefix(text, "id,age,class,\"p(may, be)\",p(no),p(yes)\n0000,,") || !strings.Contains(text, "\n0089,") || strings.Contains(text, "bad") {
		t.Errorf("predictions\n%.400s", text)
	}
	if n := strings.Count(text, "\n"); n != 90+2 { // two headers
		t.Errorf("%d lines, want 92", n)
	}
}

// counted fails unless lines of metrics of the model class, one for each of two parts, sum up to rows
// and faulty ones.
func counted(t *testing.T, log string, rows, faulty float64) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(log), "\n")
	for _, text := range lines {
		var line struct {
			Function, Model  string
			Rows, FaultyRows float64
		}
		if err := json.Unmarshal([]byte(text), &line); err != nil || line.Function != "batch" || line.Model != "class" {
			t.Errorf("%v: %s", err, text)
		}
		rows, faulty = rows-line.Rows, faulty-line.FaultyRows
	}
	if len(lines) != 2 || rows != 0 || faulty != 0 {
		t.Errorf("%d lines that are off by %v rows and %v faulty ones:\n%s", len(lines), rows, faulty, log)
	}
}

// TestRefused: what cannot be a batch ends it with a problem, before anything is predicted.
func TestRefused(t *testing.T) {
	objects := halves()
	objects["data/other/a.csv"] = "id,age\n1,2\n"
	objects["data/bare/a.jsonl"] = `{"age":1}` + "\n"
	r := storeOf(t, objects)
	learn(t, r, "class", "class", "baseline")
	for name, c := range map[string]struct {
		request Request
		says    string
	}{
		"columns":       {Request{Dataset: "other"}, `"job": is missing`},
		"a kept one":    {Request{Dataset: "people", Keep: []string{"name"}}, `"name": is to be kept`},
		"the target's":  {Request{Dataset: "people", Keep: []string{"class"}}, "predictions have a column of that name"},
		"in no row":     {Request{Dataset: "bare"}, "no row has"},
		"in no row, pq": {Request{Dataset: "bare", Format: Parquet}, "no row has"},
	} {
		m, err := run(t.Context(), &Jobs{Registry: r}, "class", champion(t, r, "class"), c.request)
		if err != nil || m.State != Failed || m.Problem == nil || !strings.Contains(m.Problem.Detail, c.says) {
			t.Errorf("%s: %+v, %v; want %s", name, m, err, c.says)
		}
	}
	faults := Request{Dataset: "-", Format: "xml", MaxErrors: -1, Keep: []string{"a", "a"}, Delimiter: "||"}.Faults()
	if len(faults) != 5 {
		t.Errorf("faults %+v, want 5", faults)
	}
}

var errKilled = errors.New("killed")

// dying is a store under a process that dies at its nth operation: before it or, torn, after it,
// when nobody learns what came of it.
type dying struct {
	registry.Store
	n    int
	torn bool
	mu   sync.Mutex
	puts []string
	done int
}

func (d *dying) step() (through, last bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	at := d.done
	d.done++
	return at < d.n, at == d.n && d.torn
}

func (d *dying) Put(ctx context.Context, key string, body []byte, c registry.Condition) (registry.Info, error) {
	through, last := d.step()
	if through || last {
		d.mu.Lock()
		d.puts = append(d.puts, key)
		d.mu.Unlock()
		info, err := d.Store.Put(ctx, key, body, c)
		if through {
			return info, err
		}
	}
	return registry.Info{}, errKilled
}

func (d *dying) Open(ctx context.Context, key string) (io.ReadCloser, registry.Info, error) {
	if through, _ := d.step(); !through {
		return nil, registry.Info{}, errKilled
	}
	return d.Store.Open(ctx, key)
}

func (d *dying) Stat(ctx context.Context, key string) (registry.Info, error) {
	if through, _ := d.step(); !through {
		return registry.Info{}, errKilled
	}
	return d.Store.Stat(ctx, key)
}

func (d *dying) List(ctx context.Context, prefix string) iter.Seq2[registry.Info, error] {
	if through, _ := d.step(); !through {
		return func(yield func(registry.Info, error) bool) { yield(registry.Info{}, errKilled) }
	}
	return d.Store.List(ctx, prefix)
}

// TestKilledAtEveryOperation: a batch that dies at any of its operations on the store and is done
// again ends with the same objects, and no part that was finished is predicted again.
func TestKilledAtEveryOperation(t *testing.T) {
	seed := storeOf(t, halves(badAge))
	learn(t, seed, "class", "class", "baseline")
	version := champion(t, seed, "class")
	q := Request{Dataset: "people", Format: JSONLines, Keep: []string{"id"}, MaxErrors: 3}
	jobsOf := func(s registry.Store) *Jobs {
		return &Jobs{Registry: &registry.Registry{Store: s}, Workers: 1, limits: limits{bytes: 1 << 20, files: 1}}
	}
	clean := &dying{Store: seed.Store, n: 1 << 30}
	if m, err := run(t.Context(), jobsOf(clean), "class", version, q); err != nil || m.State != Succeeded {
		t.Fatalf("%+v, %v", m, err)
	}
	want := objectsOf(t, seed, "batches/")
	if len(want) != 9 { // batch, plan, parts, manifest; two of parts and results, one of errors
		t.Fatalf("%d objects: %v", len(want), maps.Keys(want))
	}
	for n := range clean.done {
		for _, torn := range []bool{false, true} {
			r := seed // the same store: a batch is named by the ETags of the files
			for key := range objectsOf(t, r, "batches/") {
				if err := r.Store.Delete(t.Context(), key); err != nil {
					t.Fatal(err)
				}
			}
			d := &dying{Store: r.Store, n: n, torn: torn}
			_, err := run(t.Context(), jobsOf(d), "class", version, q)
			if !errors.Is(err, errKilled) {
				t.Fatalf("operation %d: %v", n, err)
			}
			finished := objectsOf(t, r, "batches/")
			again := &dying{Store: r.Store, n: 1 << 30}
			if m, err := run(t.Context(), jobsOf(again), "class", version, q); err != nil || m.State != Succeeded {
				t.Fatalf("operation %d, torn %t: %+v, %v", n, torn, m, err)
			}
			if got := objectsOf(t, r, "batches/"); !maps.Equal(got, want) {
				t.Errorf("operation %d, torn %t: other objects", n, torn)
			}
			for _, key := range again.puts {
				part, is := strings.CutPrefix(key[strings.LastIndexByte(key, '/')+1:], "part-")
				result := key[:strings.LastIndexByte(key, '/')] + "/results/" + strings.TrimSuffix(part, ".jsonl") + ".json"
				if _, done := finished[result]; is && done {
					t.Errorf("operation %d, torn %t: %s was finished and is predicted again", n, torn, key)
				}
			}
		}
	}
}

// TestRanges: a large file is predicted in ranges, some of which were read from where no record
// begins, as one scan predicts it; and the manifest says how many rows are before each.
func TestRanges(t *testing.T) {
	var b strings.Builder
	b.WriteString("age,job,member,since,note\n")
	for i := 0; b.Len() < 9<<20; i++ {
		fmt.Fprintf(&b, "%d,clerk,true,2026-01-01,\"value %d, said \"\"%d\"\"\"\n", i%70, i%1000, i%7)
	}
	for b.Len() < 26<<20 { // read from within the text it is records as well, even more of them
		b.WriteString("5,smith,true,2026-01-01,\"\n1,2,3,4,5\n8,clerk,true,2026-01-01,\"\n")
	}
	r := storeOf(t, map[string]string{"data/big/a.csv": b.String()})
	p := learn(t, r, "class", "class", "bayes")
	jobs := &Jobs{Registry: r, limits: limits{bytes: dataset.DigestPiece, files: 100}}
	m, err := run(t.Context(), jobs, "class", champion(t, r, "class"), Request{Dataset: "big"})
	if err != nil {
		t.Fatal(err)
	}
	if m.State != Succeeded || len(m.Outputs) != 4 {
		t.Fatalf("%d parts: %s %+v", len(m.Outputs), m.State, m.Problem)
	}
	var whole strings.Builder
	counts, _, err := Scan{Pipeline: p, Format: CSV}.Run(t.Context(), dataset.CSV{Files: []dataset.Part{partOf(t, r, "data/big/a.csv")}}, dataset.Options{}, &whole)
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(whole.String(), "\n")
	got := head + "\n" + strings.ReplaceAll(predictions(t, r, m), head+"\n", "")
	if got != whole.String() || m.Rows != counts.Rows {
		t.Errorf("%d rows in %d bytes, want %d in %d", m.Rows, len(got), counts.Rows, whole.Len())
	}
	mended, rows := 0, 0
	for i, out := range m.Outputs {
		var result Result
		if err := jobs.read(t.Context(), m.Job.resultKey(i), &result); err != nil {
			t.Fatal(err)
		}
		if result.Range.First > 0 {
			mended++
		}
		if out.RowsBefore != rows {
			t.Errorf("part %d: %d rows before, want %d", i, out.RowsBefore, rows)
		}
		rows += out.Rows
	}
	if mended == 0 {
		t.Error("every range was read from where a record begins: nothing had to be mended")
	}
}

func partOf(t *testing.T, r *registry.Registry, key string) dataset.Part {
	t.Helper()
	for part, err := range registry.Parts(t.Context(), r.Store, key) {
		if err != nil {
			t.Fatal(err)
		}
		return part
	}
	t.Fatalf("no %s", key)
	return dataset.Part{}
}

// handled invokes the handler with the JSON that the workflow sends; a part fails once at first.
type handled struct {
	jobs  *Jobs
	mu    sync.Mutex
	fails int
}

func (h *handled) Invoke(ctx context.Context, _ string, payload []byte) ([]byte, error) {
	var event Event
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, err
	}
	h.mu.Lock()
	failing := event.Step == "part" && h.fails > 0
	if failing {
		h.fails--
	}
	h.mu.Unlock()
	if failing {
		return nil, &local.FunctionError{Type: "Runtime.ExitError", Message: "out of memory"}
	}
	answer, err := h.jobs.Handle(ctx, event)
	if err != nil {
		return nil, &local.FunctionError{Type: "errorString", Message: err.Error()}
	}
	return json.Marshal(answer)
}

// TestWorkflow runs the state machine that ships, with the handler that ships. A part whose
// function fails every time fails the execution, not the other parts; the next attempt does what
// is missing.
func TestWorkflow(t *testing.T) {
	r := storeOf(t, halves())
	learn(t, r, "class", "class", "baseline")
	h := &handled{jobs: &Jobs{Registry: r, limits: limits{bytes: 1 << 20, files: 1}}}
	job, err := h.jobs.Submit(t.Context(), "class", champion(t, r, "class"), Request{Dataset: "people"})
	if err != nil {
		t.Fatal(err)
	}
	definition, err := local.Substitute(topology.Batch, map[string]string{"BatchFunction": "batch", "Bucket": "bucket"})
	if err != nil {
		t.Fatal(err)
	}
	machine, err := local.ParseMachine([]byte(definition))
	if err != nil {
		t.Fatal(err)
	}
	input, err := json.Marshal(Start{"class", job.Batch})
	if err != nil {
		t.Fatal(err)
	}
	read := func(ctx context.Context, _, key string) ([]byte, error) {
		body, _, err := registry.Read(ctx, r.Store, key)
		return body, err
	}
	write := func(ctx context.Context, _, key string, body []byte) error {
		_, err := r.Store.Put(ctx, key, body, registry.Condition{})
		return err
	}
	environment := local.Environment{Invoker: h, ReadObject: read, WriteObject: write, MaxConcurrency: 1, Sleep: func(context.Context, time.Duration) error { return nil }}
	h.fails = 3 // as often as a part is tried
	if _, err := machine.Run(t.Context(), environment, "batch-1", input); err == nil {
		t.Error("a batch without one of its parts ended well")
	}
	f, err := h.jobs.Failure(t.Context(), job)
	if err != nil || f == nil || f.State != "Conclude" || !strings.Contains(f.Cause, "is not done") || !strings.Contains(f.Cause, "failed items: 1, the first: Runtime.ExitError: out of memory") {
		t.Errorf("recorded is %+v, %v", f, err)
	}
	if p, err := h.jobs.Progress(t.Context(), job); err != nil || p != (Progress{2, 1}) {
		t.Errorf("progress %+v, %v; want 1 of 2", p, err)
	}
	output, err := machine.Run(t.Context(), environment, "batch-2", input)
	if err != nil {
		t.Fatal(err)
	}
	var ended Ended
	if err := json.Unmarshal(output, &ended); err != nil || ended.State != Succeeded || ended.Rows != 90 {
		t.Errorf("%s, %v", output, err)
	}
}

// manyFiles lists more files of a data set than a plan has room for, without having them.
type manyFiles struct{ registry.Store }

func (m manyFiles) List(ctx context.Context, prefix string) iter.Seq2[registry.Info, error] {
	if prefix != "data/many/" {
		return m.Store.List(ctx, prefix)
	}
	return func(yield func(registry.Info, error) bool) {
		for i := range 70_000 {
			key := fmt.Sprintf("%s%s%06d.csv", prefix, strings.Repeat("a-long-name/", 10), i)
			if !yield(registry.Info{Key: key, Size: 100, ETag: "0123456789abcdef0123456789abcdef"}, nil) {
				return
			}
		}
	}
}

// TestMoreFilesThanAPlanHolds are refused when the batch is submitted, and nothing is recorded.
func TestMoreFilesThanAPlanHolds(t *testing.T) {
	r := storeOf(t, nil)
	learn(t, r, "class", "class", "baseline")
	v := champion(t, r, "class")
	r.Store = manyFiles{r.Store}
	_, err := (&Jobs{Registry: r}).Submit(t.Context(), "class", v, Request{Dataset: "many"})
	if !errors.Is(err, gateway.InvalidDataset.New("")) || !strings.Contains(err.Error(), "70000 files") {
		t.Errorf("%v", err)
	}
	if left := objectsOf(t, r, "batches/"); len(left) > 0 {
		t.Errorf("left %d objects", len(left))
	}
}
