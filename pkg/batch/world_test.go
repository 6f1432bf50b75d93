package batch

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/calibration"
	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/dirstore"
)

// people are 90 rows of every type of column, with gaps, as CSV.
func people() string {
	var b strings.Builder
	b.WriteString("id,age,job,member,since,note,class,pay\n")
	for i := range 90 {
		age, note := fmt.Sprintf("%d.%d", 20+i*7%50, i%10), fmt.Sprintf("about %s and \"\"%s\"\"", []string{"cats", "dogs", "both, really"}[i%3], []string{"x", "y"}[i%2])
		if i%11 == 0 {
			age = ""
		}
		job := []string{"clerk", "smith", "3", ""}[i%4]
		class := []string{"no", "yes", "may, be"}[(i*7%50/17+i%2)%3]
		fmt.Fprintf(&b, "%04d,%s,%s,%t,2026-%02d-%02dT10:00:00Z,\"%s\",\"%s\",%d.25\n", i, age, job, i%3 == 0, 1+i%12, 1+i%28, note, class, i*13%37)
	}
	return b.String()
}

var peopleTypes = map[string]dataset.Type{
	"id": dataset.Text, "age": dataset.Numeric, "job": dataset.Categorical, "member": dataset.Boolean,
	"since": dataset.Timestamp, "note": dataset.Text, "class": dataset.Categorical, "pay": dataset.Numeric,
}

// tableOf reads a CSV text.
func tableOf(t testing.TB, text string, types map[string]dataset.Type) *dataset.Table {
	t.Helper()
	table, _, err := dataset.ReadCSV(t.Context(), []dataset.Part{{
		Name: "people.csv", Size: int64(len(text)),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil },
	}}, dataset.Options{Types: types})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// learn registers a model of the people, and makes it the champion.
func learn(t testing.TB, r *registry.Registry, model registry.ModelName, target, learner string) *pipeline.Pipeline {
	t.Helper()
	table := tableOf(t, people(), peopleTypes)
	goal, err := pipeline.NewTarget(table.Column(target), "")
	if err != nil {
		t.Fatal(err)
	}
	inputs := table.Without("id", "class", "pay", target)
	p, err := pipeline.Fit(t.Context(), pipeline.Data{Inputs: inputs, Y: goal.Values(table.Column(target))}, goal, pipeline.Configuration{Learner: learner}, 7)
	if err != nil {
		t.Fatal(err)
	}
	if !goal.Task.Classification() {
		p.Conformal = &calibration.Conformal{Coverage: 0.9, Low: []float64{-1.25}, High: []float64{2.0 / 3}}
	}
	if err := p.Finish(t.Context(), inputs, pipeline.Lineage{}); err != nil {
		t.Fatal(err)
	}
	artifact, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	m, err := r.Register(t.Context(), model, artifact, registry.Manifest{Run: learner, Target: target, Classes: goal.Classes})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.SetAlias(t.Context(), model, registry.Champion, registry.Alias{Version: m.Version}, registry.Condition{Absent: true}); err != nil {
		t.Fatal(err)
	}
	return p
}

// storeOf is a registry over a folder with the objects.
func storeOf(t testing.TB, objects map[string]string) *registry.Registry {
	t.Helper()
	store, err := dirstore.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range slices.Sorted(maps.Keys(objects)) {
		if _, err := store.Put(t.Context(), key, []byte(objects[key]), registry.Condition{}); err != nil {
			t.Fatal(err)
		}
	}
	return &registry.Registry{Store: store}
}

// objectsOf are all objects below a prefix.
func objectsOf(t testing.TB, r *registry.Registry, prefix string) map[string]string {
	t.Helper()
	objects := map[string]string{}
	for info, err := range r.Store.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		body, _, err := registry.Read(t.Context(), r.Store, info.Key)
		if err != nil {
			t.Fatal(err)
		}
		objects[info.Key] = string(body)
	}
	return objects
}

// champion is the version that a batch of the model's champion is of.
func champion(t testing.TB, r *registry.Registry, model registry.ModelName) Version {
	t.Helper()
	a, _, err := r.Alias(t.Context(), model, registry.Champion)
	if err != nil {
		t.Fatal(err)
	}
	return Version{Version: a.Version, Digest: a.Digest, Alias: registry.Champion}
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

// run does all steps of a batch, one after the other.
func run(ctx context.Context, j *Jobs, model registry.ModelName, v Version, q Request) (Manifest, error) {
	job, err := j.Submit(ctx, model, v, q)
	if err != nil {
		return Manifest{}, err
	}
	var p Planned
	if err := step(ctx, j, "plan", Start{model, job.Batch}, &p); err != nil {
		return Manifest{}, err
	}
	if !p.Done {
		var parts []Part
		if _, err := registry.ReadJSON(ctx, j.Registry.Store, p.Items, &parts); err != nil {
			return Manifest{}, err
		}
		for _, part := range parts {
			var ignored map[string]int
			if err := step(ctx, j, "part", part, &ignored); err != nil {
				return Manifest{}, err
			}
		}
	}
	var ended Ended
	if err := step(ctx, j, "conclude", p, &ended); err != nil {
		return Manifest{}, err
	}
	return j.Conclude(ctx, model, job.Batch)
}

// predictions are the objects of a batch's parts, one after the other.
func predictions(t testing.TB, r *registry.Registry, m Manifest) string {
	t.Helper()
	var all strings.Builder
	for _, out := range m.Outputs {
		body, _, err := registry.Read(t.Context(), r.Store, out.Object)
		if err != nil {
			t.Fatal(err)
		}
		if registry.Digest(body) != out.Digest || int64(len(body)) != out.Size {
			t.Errorf("%s is not what the manifest says", out.Object)
		}
		all.Write(body)
	}
	return all.String()
}
