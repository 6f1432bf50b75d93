//go:build linux || darwin

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/local"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/topology"
)

// The tests in this file run the functions as they ship, under the local cloud.

// functions is the folder with the functions, built for this machine.
var functions string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "foretell-functions-")
	if err != nil {
		panic(err)
	}
	functions = dir
	for _, f := range topology.Functions {
		build := exec.Command("go", "build", "-trimpath", "-tags", "lambda.norpc", "-o", filepath.Join(dir, f.Name, "bootstrap"),
			"github.com/foretell-ml/foretell/functions/"+f.Name)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build %s: %v\n%s", f.Name, err, out)
			os.Exit(1)
		}
	}
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		panic(err)
	}
	os.Exit(code)
}

// cloudDir is a folder for a local cloud, below the repository's build folder. Not t.TempDir:
// /tmp may be a file system without extended attributes.
func cloudDir(t testing.TB) string {
	t.Helper()
	build, err := filepath.Abs("../../build/test")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(build, 0o755); err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp(build, "cloud-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// foretell runs the command and returns what it prints.
func foretell(t testing.TB, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if err := run(context.Background(), &out, &errs, args); err != nil {
		t.Fatalf("foretell %s: %v\n%s%s", strings.Join(args, " "), err, out.String(), errs.String())
	}
	return out.String()
}

var digestLine = regexp.MustCompile(`sha256 ([0-9a-f]{64})`)

func digest(t *testing.T, output string) string {
	t.Helper()
	m := digestLine.FindStringSubmatch(output)
	if m == nil {
		t.Fatalf("no digest in:\n%s", output)
	}
	return m[1]
}

// small explores all three families in a second.
const small = `
model: penguins
data: {source: %s, target: species}
search: {strategy: random, trials: 12}
configurations:
  - learner: baseline
  - learner: logistic
    params: {l2: {log: [0.01, 10]}}
  - learner: boosting
    params: {rounds: [10, 20], learning_rate: {log: [0.05, 0.3]}, leaves: 7}
seed: 5
`

func smallConfig(t testing.TB) string {
	t.Helper()
	data, err := filepath.Abs("../../testdata/penguins.csv")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "penguins.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, small, data), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestMainJob does the main job through the shipped binaries, twice, and compares with the
// same config trained in this process.
func TestMainJob(t *testing.T) {
	dir, config := cloudDir(t), smallConfig(t)
	up := []string{"up", "--dir", dir, "--functions", functions, "--port", "0", "--job", config, "--exit"}
	first := foretell(t, up...)
	for _, want := range []string{
		"1. Upload penguins.csv", "344 rows × 8 columns", "bill_length_mm", "12 configurations of baseline, logistic, boosting, 5 folds",
		"log_loss", "Model penguins, version 1", "alias champion points at version 1 (first version)",
		"POST /v1/models/penguins/predict", `"class":"Adelie"`, "curl -s http://127.0.0.1:", "Where everything lies", "done in",
	} {
		if !strings.Contains(first, want) {
			t.Errorf("the output lacks %q", want)
		}
	}
	second := foretell(t, up...)
	if !strings.Contains(second, "has finished before") || digest(t, second) != digest(t, first) {
		t.Error("a second start did not find the run of the first")
	}
	if t.Failed() {
		t.Logf("first:\n%s\nsecond:\n%s", first, second)
	}

	store := t.TempDir()
	inProcess := foretell(t, "train", "--store", store, config)
	if got, want := digest(t, inProcess), digest(t, first); got != want {
		t.Errorf("trained in this process the model is %s, through the functions %s", got, want)
	}
	if out := foretell(t, "models", "--store", store, "penguins"); !strings.Contains(out, digest(t, first)[:12]) || !strings.Contains(out, "champion") {
		t.Errorf("models:\n%s", out)
	}
	if out := foretell(t, "promote", "--store", store, "penguins", "1", "--alias", "night"); !strings.Contains(out, "alias night of penguins points at version 1") {
		t.Errorf("promote:\n%s", out)
	}
	foretell(t, "promote", "--store", store, "penguins", "1", "--alias", "night", "--costs", "[[0,1,2],[3,0,4],[5,6,0]]", "--by", "ada", "--reason", "costly nights")
	foretell(t, "promote", "--store", store, "penguins", "1", "--alias", "night", "--threshold", "none")
	kept := strings.Split(foretell(t, "models", "history", "--store", store, "penguins", "--alias", "night"), "\n")
	if len(kept) != 5 || !strings.HasSuffix(kept[1], "promoted by hand") || !strings.Contains(kept[2], "  1     1   ada  ") ||
		!strings.HasSuffix(kept[2], "costly nights; the class of the least expected cost is served: [[0 1 2] [3 0 4] [5 6 0]]") || !strings.Contains(kept[3], "  -     1   ") {
		t.Errorf("history:\n%s", strings.Join(kept, "\n"))
	}
	err := run(context.Background(), io.Discard, io.Discard, []string{"rollback", "--store", store, "penguins", "--alias", "night"})
	if err == nil || !strings.Contains(err.Error(), "has pointed at version 1 since it was created: there is nothing to roll back to") {
		t.Errorf("rollback of a new alias: %v", err)
	}
	testDrift(t, store)
	predicted := foretell(t, "predict", "--store", store, "--model", "penguins", "../../testdata/penguins.csv")
	if lines := strings.Count(predicted, "\n"); lines != 345 || !strings.HasPrefix(predicted, "species,p(Adelie),p(Chinstrap),p(Gentoo)\nAdelie,0.9") {
		t.Errorf("%d lines of predictions:\n%.200s", lines, predicted)
	}
}

// world is a running cloud with a trained model and a client of its API.
type world struct {
	cloud *local.Cloud
	api   client
	store registry.Store
}

func newWorld(t testing.TB) world {
	t.Helper()
	dir := cloudDir(t)
	foretell(t, "up", "--dir", dir, "--functions", functions, "--port", "0", "--job", smallConfig(t), "--exit")
	return openWorld(t, dir)
}

// objects are all keys with their ETags.
func (w world) objects(t *testing.T) []string {
	t.Helper()
	var all []string
	for info, err := range w.store.List(context.Background(), "") {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, info.Key+" "+info.ETag)
	}
	return all
}

// put stores an object as an upload would.
func (w world) put(t *testing.T, key, body string) {
	t.Helper()
	if _, err := w.store.Put(context.Background(), key, []byte(body), registry.Condition{}); err != nil {
		t.Fatal(err)
	}
}

// row is a valid instance but for what is replaced in it.
const row = `{"island":"Dream","bill_length_mm":46.5,"bill_depth_mm":17.9,"flipper_length_mm":192,"body_mass_g":3500,"sex":"female","year":2007}`

// TestBadInput sends what must be refused: each is a problem of the right type that points
// at the fault, and nothing in S3 has changed afterwards.
func TestBadInput(t *testing.T) {
	w := newWorld(t)
	w.put(t, "data/ragged/ragged.csv", "x,y\n1,2\n3\n")
	w.put(t, "data/two/a.csv", "x,y\n1,2\n")
	w.put(t, "data/two/notes.txt", "hello")
	before := w.objects(t)

	const predict, runs = "/v1/models/penguins/predict", "/v1/runs"
	wrong := strings.Replace(row, "46.5", `"long"`, 1)
	for name, c := range map[string]struct {
		method, path, body string
		want               gateway.Type
		at                 gateway.FieldError // Detail is part of the real one
	}{
		"unknown model":         {"POST", "/v1/models/walrus/predict", `{"instances":[` + row + `]}`, gateway.ModelNotFound, gateway.FieldError{}},
		"unknown version":       {"POST", predict + "?version=9", `{"instances":[` + row + `]}`, gateway.VersionNotFound, gateway.FieldError{}},
		"unknown alias":         {"POST", predict + "?alias=canary", `{"instances":[` + row + `]}`, gateway.AliasNotFound, gateway.FieldError{}},
		"unknown column":        {"POST", predict, `{"instances":[` + row + `,{"bill_lenght_mm":1}]}`, gateway.InvalidInstances, gateway.FieldError{Pointer: "/instances/1/bill_lenght_mm", Row: 2, Column: "bill_lenght_mm", Detail: "bill_length_mm"}},
		"wrong type in row 3":   {"POST", predict, `{"instances":[` + row + `,` + row + `,` + wrong + `]}`, gateway.InvalidInstances, gateway.FieldError{Pointer: "/instances/2/bill_length_mm", Row: 3, Column: "bill_length_mm", Detail: "long"}},
		"empty body":            {"POST", predict, ``, gateway.EmptyBody, gateway.FieldError{}},
		"7 MB body":             {"POST", predict, `{"instances":["` + strings.Repeat("x", 7<<20) + `"]}`, gateway.BodyTooLarge, gateway.FieldError{}},
		"malformed JSON":        {"POST", predict, `{"instances":[{"island":}]}`, gateway.InvalidJSON, gateway.FieldError{}},
		"no instances":          {"POST", predict, `{"rows":[]}`, gateway.InvalidJSON, gateway.FieldError{}},
		"missing target":        {"POST", runs, `{"data":{"source":"s3://foretell/data/penguins/"}}`, gateway.MissingTarget, gateway.FieldError{Pointer: "/data/target", Detail: "required"}},
		"target not in data":    {"POST", runs, `{"data":{"source":"s3://foretell/data/penguins/","target":"specie"}}`, gateway.MissingTarget, gateway.FieldError{Pointer: "/data/target", Detail: "species"}},
		"unknown key":           {"POST", runs, `{"data":{"source":"s3://foretell/data/penguins/","target":"species"},"metrics":"accuracy"}`, gateway.InvalidConfig, gateway.FieldError{Pointer: "/metrics", Detail: `did you mean "metric"`}},
		"malformed config":      {"POST", runs, `{"data":`, gateway.InvalidJSON, gateway.FieldError{}},
		"another bucket":        {"POST", runs, `{"data":{"source":"s3://elsewhere/data/penguins/","target":"species"}}`, gateway.InvalidConfig, gateway.FieldError{Pointer: "/data/source", Detail: "s3://foretell/data/"}},
		"bad schedule":          {"POST", runs, `{"model":"p","data":{"source":"s3://foretell/data/penguins/","target":"species"},"schedule":"cron(99 * * * ? *)"}`, gateway.InvalidConfig, gateway.FieldError{Pointer: "/schedule"}},
		"no such data set":      {"POST", "/v1/datasets/walruses/statistics", ``, gateway.DatasetNotFound, gateway.FieldError{}},
		"run without data set":  {"POST", runs, `{"data":{"source":"s3://foretell/data/walruses/","target":"species"}}`, gateway.DatasetNotFound, gateway.FieldError{}},
		"no statistics yet":     {"GET", "/v1/datasets/ragged/statistics", ``, gateway.StatisticsNotFound, gateway.FieldError{}},
		"not a CSV":             {"POST", "/v1/datasets/two/statistics", ``, gateway.InvalidDataset, gateway.FieldError{Detail: "notes.txt"}},
		"file name":             {"POST", "/v1/datasets/penguins/uploads", `{"file":"../models/x.csv"}`, gateway.InvalidParameter, gateway.FieldError{Pointer: "/file"}},
		"target's name":         {"POST", "/v1/datasets/ragged/statistics", `{"targte":"x"}`, gateway.InvalidJSON, gateway.FieldError{}},
		"no such job":           {"GET", "/v1/datasets/ragged/statistics/jobs/0123456789ab-1", ``, gateway.JobNotFound, gateway.FieldError{}},
		"no page yet":           {"GET", "/v1/datasets/ragged/statistics.html", ``, gateway.StatisticsNotFound, gateway.FieldError{}},
		"data set name":         {"POST", "/v1/datasets/UPPER/uploads", `{"file":"x.csv"}`, gateway.InvalidName, gateway.FieldError{}},
		"no such run":           {"GET", "/v1/runs/penguins-000000000000", ``, gateway.RunNotFound, gateway.FieldError{}},
		"odd run":               {"GET", "/v1/runs/%2e%2e%2fmodels", ``, gateway.RunNotFound, gateway.FieldError{}},
		"no such version":       {"GET", "/v1/models/penguins/versions/x", ``, gateway.VersionNotFound, gateway.FieldError{}},
		"alias unconditionally": {"PUT", "/v1/models/penguins/aliases/champion", `{"version":1}`, gateway.PreconditionRequired, gateway.FieldError{}},
		"no such route":         {"GET", "/v2/health", ``, gateway.RouteNotFound, gateway.FieldError{}},
		"wrong method":          {"DELETE", runs, ``, gateway.MethodNotAllowed, gateway.FieldError{}},
	} {
		response, p := w.problem(t, c.method, c.path, c.body, nil)
		if response.StatusCode != c.want.Status || p.Type != c.want.URI() || p.Status != c.want.Status ||
			response.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %s, %+v; want %s", name, response.Status, p, c.want.Slug)
			continue
		}
		if c.at == (gateway.FieldError{}) {
			continue
		}
		if len(p.Errors) != 1 || p.Errors[0].Pointer != c.at.Pointer || p.Errors[0].Row != c.at.Row ||
			p.Errors[0].Column != c.at.Column || !strings.Contains(p.Errors[0].Detail, c.at.Detail) {
			t.Errorf("%s: errors %+v, want %+v", name, p.Errors, c.at)
		}
	}
	if after := w.objects(t); !slices.Equal(after, before) {
		t.Errorf("S3 changed from\n%s\nto\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
	}
}

// problem sends a request and decodes the problem it is answered with.
func (w world) problem(t *testing.T, method, path, body string, header map[string]string) (*http.Response, gateway.Problem) {
	t.Helper()
	request, err := http.NewRequest(method, w.api.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	for name, value := range header {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var p gateway.Problem
	if err := json.Unmarshal(text, &p); err != nil {
		t.Errorf("%s %s: %v: %s", method, path, err, text)
	}
	return response, p
}

// TestModelsThroughTheAPI reads versions and moves an alias, by compare-and-swap.
func TestModelsThroughTheAPI(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	var list struct{ Models []string }
	if err := w.api.call(ctx, "GET", "/v1/models", nil, &list); err != nil || !slices.Equal(list.Models, []string{"penguins"}) {
		t.Errorf("models %v, %v", list, err)
	}
	var model struct {
		Versions []struct {
			Version int
			Digest  string
		}
		Aliases map[string]registry.Alias
	}
	if err := w.api.call(ctx, "GET", "/v1/models/penguins", nil, &model); err != nil {
		t.Fatal(err)
	}
	if len(model.Versions) != 1 || model.Aliases["champion"].Version != 1 || model.Aliases["champion"].Digest != model.Versions[0].Digest {
		t.Errorf("model %+v", model)
	}
	var manifest registry.Manifest
	if err := w.api.call(ctx, "GET", "/v1/models/penguins/versions/1", nil, &manifest); err != nil || manifest.Rows != 344 || len(manifest.Classes) != 3 {
		t.Errorf("manifest %+v, %v", manifest, err)
	}

	response, _ := w.problem(t, "GET", "/v1/models/penguins/aliases/champion", "", nil)
	tag := response.Header.Get("ETag")
	const path, body = "/v1/models/penguins/aliases/champion", `{"version":1,"reason":"by hand"}`
	if response, _ := w.problem(t, "PUT", path, body, map[string]string{"If-Match": tag}); response.StatusCode != 200 {
		t.Errorf("moved with its ETag: %s", response.Status)
	}
	if response, p := w.problem(t, "PUT", path, body, map[string]string{"If-Match": tag}); !errors.Is(p, gateway.PreconditionFailed.New("")) {
		t.Errorf("moved with an old ETag: %s %v", response.Status, p)
	}
	if response, p := w.problem(t, "PUT", path, body, map[string]string{"If-None-Match": "*"}); !errors.Is(p, gateway.PreconditionFailed.New("")) {
		t.Errorf("made although it is there: %s %v", response.Status, p)
	}
	if response, _ := w.problem(t, "PUT", "/v1/models/penguins/aliases/canary", body, map[string]string{"If-None-Match": "*"}); response.StatusCode != 200 {
		t.Errorf("made: %s", response.Status)
	}
	var alias registry.Alias
	if err := w.api.call(ctx, "GET", path, nil, &alias); err != nil || alias.Reason != "by hand" {
		t.Errorf("alias %+v, %v", alias, err)
	}
}

// TestPredictEqualsTheCommand sends all rows through the API and compares with the command
// line on the same store: the numbers are the same to the last bit.
func TestPredictEqualsTheCommand(t *testing.T) {
	data, err := filepath.Abs("../../testdata/penguins.csv") // the cloud moves the working directory
	if err != nil {
		t.Fatal(err)
	}
	parts, err := openSource(context.Background(), data)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	models := &registry.Registry{Store: w.store}
	p, err := loadPipeline(context.Background(), models, "penguins", registry.Champion, 0)
	if err != nil {
		t.Fatal(err)
	}
	table, err := readInputs(context.Background(), parts, dataset.Options{}, p.Schema)
	if err != nil {
		t.Fatal(err)
	}
	rows, _, err := table.Conform(p.Schema)
	if err != nil {
		t.Fatal(err)
	}
	want, err := p.Predict(rows)
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Predictions []struct{ Probabilities map[string]float64 }
	}
	request := map[string]any{"instances": instances(table.Without("species"), table.Rows())}
	if err := w.api.call(context.Background(), "POST", "/v1/models/penguins/predict", request, &answer); err != nil {
		t.Fatal(err)
	}
	if len(answer.Predictions)*3 != len(want) {
		t.Fatalf("%d predictions, want %d", len(answer.Predictions), len(want)/3)
	}
	for i, got := range answer.Predictions {
		for k, class := range p.Target.Classes {
			if got.Probabilities[class] != want[3*i+k] {
				t.Fatalf("row %d, %s: %v through the API, %v here", i+1, class, got.Probabilities[class], want[3*i+k])
			}
		}
	}
}

// readInputs reads a table with the types that the model was trained on.
func readInputs(ctx context.Context, rows dataset.Source, o dataset.Options, schema dataset.Schema) (*dataset.Table, error) {
	header, err := rows.Header(ctx, o)
	if err != nil {
		return nil, err
	}
	trained, types := schema.Types(), maps.Clone(o.Types)
	if types == nil {
		types = map[string]dataset.Type{}
	}
	for _, f := range header {
		if t, ok := trained[f.Name]; ok {
			types[f.Name] = t
		}
	}
	o.Types = types
	table, _, err := dataset.Read(ctx, rows, o)
	return table, err
}
