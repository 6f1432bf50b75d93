package serving_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/dirstore"
	"github.com/foretell-ml/foretell/pkg/serving"
)

// census is a table of 60 rows: income is high for the old, and for a quarter of all.
func census(t testing.TB) *dataset.Table {
	t.Helper()
	const rows = 60
	age := dataset.Column{Name: "age", Type: dataset.Numeric}
	class := dataset.Column{Name: "job/class", Type: dataset.Categorical, Levels: []string{"3.0", "Private", "State"}}
	member := dataset.Column{Name: "member", Type: dataset.Boolean}
	since := dataset.Column{Name: "since", Type: dataset.Timestamp}
	income := dataset.Column{Name: "income", Type: dataset.Categorical, Levels: []string{"<=50K", ">50K"}}
	pay := dataset.Column{Name: "pay", Type: dataset.Numeric}
	for i := range rows {
		age.Values = append(age.Values, float64(20+i))
		class.Codes = append(class.Codes, int32(i%3))
		member.Values = append(member.Values, float64(i%2))
		since.Values = append(since.Values, 1.6e15+float64(i)*8.64e10)
		high := int32(0)
		if i >= rows*3/4 {
			high = 1
		}
		income.Codes = append(income.Codes, high)
		pay.Values = append(pay.Values, float64(i%4)) // mean 1.5
	}
	table, err := dataset.NewTable(age, class, member, since, income, pay)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// train registers a model of the census as the next version of its name.
func train(t testing.TB, r *registry.Registry, model registry.ModelName, learner, target string) (*pipeline.Pipeline, registry.Manifest) {
	t.Helper()
	return trained(t, r, model, learner, target, func(*pipeline.Pipeline) {})
}

// trained is train of a pipeline that is finished in some way.
func trained(t testing.TB, r *registry.Registry, model registry.ModelName, learner, target string, finish func(*pipeline.Pipeline)) (*pipeline.Pipeline, registry.Manifest) {
	t.Helper()
	table := census(t)
	inputs := table.Without("income", "pay")
	p := fit(t, table, inputs, target, learner)
	finish(p)
	return p, register(t, r, model, p, inputs)
}

// fit trains a learner on some columns of a table.
func fit(t testing.TB, table, inputs *dataset.Table, target, learner string) *pipeline.Pipeline {
	t.Helper()
	goal, err := pipeline.NewTarget(table.Column(target), "")
	if err != nil {
		t.Fatal(err)
	}
	p, err := pipeline.Fit(t.Context(), pipeline.Data{Inputs: inputs, Y: goal.Values(table.Column(target))}, goal, pipeline.Configuration{Learner: learner}, 7)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// register finishes a pipeline and registers it as the next version of a model.
func register(t testing.TB, r *registry.Registry, model registry.ModelName, p *pipeline.Pipeline, inputs *dataset.Table) registry.Manifest {
	t.Helper()
	if err := p.Finish(t.Context(), inputs, pipeline.Lineage{}); err != nil {
		t.Fatal(err)
	}
	artifact, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	m, err := r.Register(t.Context(), model, artifact, registry.Manifest{Run: p.Members[0].Configuration.Learner, Target: p.Target.Name, Classes: p.Target.Classes})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func promote(t testing.TB, r *registry.Registry, model registry.ModelName, version int) {
	t.Helper()
	c := registry.Condition{Absent: true}
	if _, info, err := r.Alias(t.Context(), model, registry.Champion); err == nil {
		c = registry.Condition{IfMatch: info.ETag}
	}
	if _, _, err := r.SetAlias(t.Context(), model, registry.Champion, registry.Alias{Version: version}, c); err != nil {
		t.Fatal(err)
	}
}

// counting counts the artifacts that are opened.
type counting struct {
	registry.Store
	artifacts atomic.Int64
}

func (c *counting) Open(ctx context.Context, key string) (io.ReadCloser, registry.Info, error) {
	if strings.Contains(key, "/artifacts/") {
		c.artifacts.Add(1)
	}
	return c.Store.Open(ctx, key)
}

func newRegistry(t testing.TB) (*registry.Registry, *counting) {
	t.Helper()
	s, err := dirstore.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c := &counting{Store: s}
	return &registry.Registry{Store: c}, c
}

func post(h http.Handler, target, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	h.ServeHTTP(w, r)
	return w
}

type answer struct {
	Model       string
	Version     int
	Digest      string
	Alias       string
	Predictions []struct {
		Value         *float64
		Class         *string
		Probabilities map[string]float64
	}
	Warnings []serving.Warning
}

func ask(t *testing.T, h http.Handler, target, body string) answer {
	t.Helper()
	w := post(h, target, body)
	var a answer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", target, w.Code, w.Body)
	}
	return a
}

// TestBaseline: the shares of the classes and the mean of the target, worked out by hand.
func TestBaseline(t *testing.T) {
	r, _ := newRegistry(t)
	_, m := train(t, r, "adult", "baseline", "income")
	promote(t, r, "adult", 1)
	train(t, r, "pay", "baseline", "pay")
	promote(t, r, "pay", 1)
	h := (&serving.Server{Registry: r}).Routes()

	a := ask(t, h, "/v1/models/adult/predict", `{"instances": [{"age": 30}, {"member": true}]}`)
	if a.Model != "adult" || a.Version != 1 || a.Digest != m.Digest || a.Alias != "champion" {
		t.Errorf("%+v", a)
	}
	for _, p := range a.Predictions {
		if *p.Class != "<=50K" || len(p.Probabilities) != 2 || p.Probabilities["<=50K"] != 0.75 || p.Probabilities[">50K"] != 0.25 || p.Value != nil {
			t.Errorf("%+v", p)
		}
	}
	a = ask(t, h, "/v1/models/pay/predict", `{"instances": [{"age": 30}]}`)
	if len(a.Predictions) != 1 || *a.Predictions[0].Value != 1.5 || a.Predictions[0].Class != nil {
		t.Errorf("%+v", a)
	}
}

// TestSameAsTable: what JSON says is what the table of the same values gives, bit for bit,
// however the values are written.
func TestSameAsTable(t *testing.T) {
	r, _ := newRegistry(t)
	for _, learner := range []string{"logistic", "boosting"} {
		p, m := train(t, r, "adult", learner, "income")
		h := (&serving.Server{Registry: r}).Routes()
		table := census(t).Select([]int{0, 23, 59})
		want, err := p.Predict(table)
		if err != nil {
			t.Fatal(err)
		}
		// since: 1.6e15 µs is 2020-09-13T12:26:40Z (date -u -d @1600000000), a day a row.
		a := ask(t, h, fmt.Sprintf("/v1/models/adult/predict?version=%d", m.Version), `{"instances": [
			{"age": 20, "job/class": 3.0, "member": false, "since": "2020-09-13T12:26:40Z"},
			{"since": "2020-10-06T12:26:40Z", "member": 1, "job/class": " State ", "age": 4.3e1},
			{"age": "79", "job/class": "State", "member": "true", "since": "2020-11-11T12:26:40Z"}]}`)
		if len(a.Predictions) != 3 || a.Alias != "" {
			t.Fatalf("%s: %+v", learner, a)
		}
		for i, got := range a.Predictions {
			if got.Probabilities["<=50K"] != want[2*i] || got.Probabilities[">50K"] != want[2*i+1] {
				t.Errorf("%s, row %d: %v, want %v", learner, i+1, got.Probabilities, want[2*i:2*i+2])
			}
		}
		if *a.Predictions[0].Class != "<=50K" || *a.Predictions[2].Class != ">50K" {
			t.Errorf("%s: classes %s, %s", learner, *a.Predictions[0].Class, *a.Predictions[2].Class)
		}
	}
}

func TestMissingAndUnseen(t *testing.T) {
	r, _ := newRegistry(t)
	train(t, r, "adult", "boosting", "income")
	promote(t, r, "adult", 1)
	h := (&serving.Server{Registry: r}).Routes()
	a := ask(t, h, "/v1/models/adult/predict", `{"instances": [
		{"age": 77}, {"age": 77, "job/class": null, "member": null, "since": ""}, {"age": 77, "job/class": "Privat"}]}`)
	for _, p := range a.Predictions[1:] {
		if p.Probabilities[">50K"] != a.Predictions[0].Probabilities[">50K"] {
			t.Errorf("absent, null and unseen differ: %+v", a.Predictions)
		}
	}
	want := []serving.Warning{{Pointer: "/instances/2/job~1class", Row: 3, Column: "job/class", Detail: `"Privat" was never seen in training and counts as missing`},
		{Detail: "missing here, but never in training: job/class, member, since"}}
	if !slices.Equal(a.Warnings, want) {
		t.Errorf("warnings %+v", a.Warnings)
	}
	many := strings.Repeat(`{"job/class": "x"},`, 150) + `{"age": 30}`
	a = ask(t, h, "/v1/models/adult/predict", `{"instances": [`+many+`]}`)
	if n := len(a.Warnings); n != serving.MaxFaults+2 || a.Warnings[n-2].Detail != "50 more values were never seen in training" {
		t.Errorf("%d warnings, at last %+v", n, a.Warnings[max(0, n-2):])
	}
}

// TestAlias: a promotion and a roll-back hold from the next request on.
func TestAlias(t *testing.T) {
	r, store := newRegistry(t)
	train(t, r, "adult", "baseline", "income")
	train(t, r, "adult", "logistic", "income")
	h := (&serving.Server{Registry: r}).Routes()
	for _, version := range []int{1, 2, 1} {
		promote(t, r, "adult", version)
		if a := ask(t, h, "/v1/models/adult/predict", `{"instances": [{"age": 30}]}`); a.Version != version {
			t.Errorf("the champion is %d, version %d answers", version, a.Version)
		}
	}
	if n := store.artifacts.Load(); n != 2 {
		t.Errorf("%d artifacts read for two models", n)
	}
	if a := ask(t, h, "/v1/models/adult/predict", `{"version": 2, "instances": [{"age": 30}]}`); a.Version != 2 || a.Alias != "" {
		t.Errorf("version 2 in the body: %+v", a)
	}
	if a := ask(t, h, "/v1/models/adult/predict", `{"alias": "champion", "instances": [{"age": 30}]}`); a.Version != 1 || a.Alias != "champion" {
		t.Errorf("an alias in the body: %+v", a)
	}
}

// TestLoadOnce: many first requests at once read the artifact once.
func TestLoadOnce(t *testing.T) {
	r, store := newRegistry(t)
	train(t, r, "adult", "boosting", "income")
	promote(t, r, "adult", 1)
	h := (&serving.Server{Registry: r}).Routes()
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if w := post(h, "/v1/models/adult/predict", `{"instances": [{"age": 30}]}`); w.Code != http.StatusOK {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
	group.Wait()
	if n := store.artifacts.Load(); n != 1 {
		t.Errorf("the artifact was read %d times", n)
	}
}

// TestRoom: with room for one artifact, the other is read again; with room for both it is not.
func TestRoom(t *testing.T) {
	r, store := newRegistry(t)
	_, first := train(t, r, "adult", "baseline", "income")
	_, second := train(t, r, "adult", "logistic", "income")
	for room, want := range map[int64][]int64{1: {1, 1, 2, 2, 3}, first.Size + second.Size - 1: {1, 1, 2, 2, 3}, first.Size + second.Size: {1, 1, 2, 2, 2}} {
		before := store.artifacts.Load()
		h := (&serving.Server{Registry: r, Room: room}).Routes()
		for i, version := range []int{1, 1, 2, 2, 1} {
			ask(t, h, fmt.Sprintf("/v1/models/adult/predict?version=%d", version), `{"instances": [{"age": 30}]}`)
			if got := store.artifacts.Load() - before; got != want[i] {
				t.Errorf("room for %d bytes, request %d: %d artifacts read, want %d", room, i+1, got, want[i])
			}
		}
	}
	if got := serving.RoomIn("1769"); got != 1769<<18 {
		t.Errorf("of 1,769 MB %d", got)
	}
	if got := serving.RoomIn(""); got != 0 {
		t.Errorf("of nothing said %d", got)
	}
}

// TestCorruptArtifact is our fault, and is not kept: a repaired one answers.
func TestCorruptArtifact(t *testing.T) {
	r, store := newRegistry(t)
	_, m := train(t, r, "adult", "baseline", "income")
	promote(t, r, "adult", 1)
	key := "models/adult/artifacts/" + m.Digest
	intact, _, err := registry.Read(t.Context(), store, key)
	if err != nil {
		t.Fatal(err)
	}
	broken := slices.Clone(intact)
	broken[len(broken)-1] ^= 1
	if _, err := store.Put(t.Context(), key, broken, registry.Condition{}); err != nil {
		t.Fatal(err)
	}
	h := (&serving.Server{Registry: r}).Routes()
	w := post(h, "/v1/models/adult/predict", `{"instances": [{"age": 30}]}`)
	var p gateway.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || !errors.Is(p, gateway.InternalError.New("")) || p.Detail != "" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if _, err := store.Put(t.Context(), key, intact, registry.Condition{}); err != nil {
		t.Fatal(err)
	}
	ask(t, h, "/v1/models/adult/predict", `{"instances": [{"age": 30}]}`)
}
