package training

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/search"
	"github.com/foretell-ml/foretell/pkg/source"
)

func TestDefaults(t *testing.T) {
	c := parse(t, "data: {source: s3://b/data/Adult Income/, target: income}")
	if c.Model != "adult-income" || c.Validation != (ValidationConfig{Scheme: "kfold", Folds: 5}) ||
		c.Search != (SearchConfig{Strategy: search.PortfolioSearch, Trials: 10}) || c.Promote != (PromoteConfig{When: "better", Confidence: 0.95}) {
		t.Errorf("got %+v", c)
	}
}

func TestYAMLAndJSONAreTheSame(t *testing.T) {
	asYAML := parse(t, "data: {source: a.csv, target: y}\nseed: 18446744073709551615\nconfigurations:\n- learner: boosting\n  params: {leaves: [7, 15]}")
	asJSON := parse(t, `{"data":{"source":"a.csv","target":"y"},"seed":18446744073709551615,"configurations":[{"learner":"boosting","params":{"leaves":[7,15]}}]}`)
	if !reflect.DeepEqual(asYAML, asJSON) {
		t.Errorf("%+v\n%+v", asYAML, asJSON)
	}
}

// TestNumbersWithExponents: 1e-4 is a number in JSON and in YAML 1.2, and the first thing
// that people write for a learning rate.
func TestNumbersWithExponents(t *testing.T) {
	want := map[string]any{"l2": map[string]any{"log": []any{1e-8, 1e5}}}
	for _, text := range []string{
		`{"data":{"source":"a.csv","target":"1e5"},"configurations":[{"learner":"linear","params":{"l2":{"log":[1e-8,1E+5]}}}]}`,
		"data: {source: a.csv, target: '1e5'}\nconfigurations:\n- learner: linear\n  params: {l2: {log: [1e-8, 1e5]}}",
		"data:\n  source: a.csv\n  target: \"1e5\"\nconfigurations:\n- learner: linear\n  params:\n    l2:\n      log:\n      - 1.0e-8\n      - 1E5",
	} {
		c := parse(t, text)
		if !reflect.DeepEqual(c.Configurations[0].Params, want) || c.Data.Target != "1e5" {
			t.Errorf("%s: params %v, target %q", text, c.Configurations[0].Params, c.Data.Target)
		}
	}
	fixed := parse(t, "data: {source: a.csv, target: y}\nconfigurations: [{learner: linear, params: {l2: 1e-3}}]")
	if got := fixed.Configurations[0].Params["l2"]; got != 1e-3 {
		t.Errorf("l2 is %v (%T)", got, got)
	}
}

func TestFaultsAreListedAllAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string // pointer: part of the detail
	}{
		"empty":         {"", []string{": want a mapping"}},
		"a list":        {"[1]", []string{": want a mapping"}},
		"not YAML":      {"data: {source: [", []string{": "}},
		"key twice":     {"seed: 1\nseed: 2", []string{": "}},
		"nothing named": {"seed: 1", []string{"/data/source: required", "/data/target: required"}},
		"unknown keys": {"data: {source: a.csv, target: y, tipes: {}}\nmetrics: rmse\nserch: {}",
			[]string{`/data/tipes: did you mean "types"?`, `/metrics: did you mean "metric"?`, `/serch: did you mean "search"?`}},
		"wrong type": {"data: {source: a.csv, target: y}\nsearch: {trials: many}", []string{"/search/trials: want a whole number, got text"}},
		"values": {"data: {source: a.csv, target: y, task: guess, drop: [y], types: {x: date}}\nmetric: cleverness\nschedule: daily\npromote: {when: sometimes}\nvalidation: {folds: 1}",
			[]string{"/data/task: guess", "/data/drop: y", "/data/types/x: date", "/validation/folds: 2 to 50", "/metric: cleverness", "/schedule: daily", "/promote/when: sometimes"}},
		"schemes":  {"data: {source: a.csv, target: y}\nvalidation: {scheme: holdout, folds: 3}", []string{"/validation/folds: belongs"}},
		"learner":  {"data: {source: a.csv, target: y}\nconfigurations: [{learner: boostin}]", []string{"/configurations/0: boostin"}},
		"param":    {"data: {source: a.csv, target: y}\nconfigurations: [{learner: boosting, params: {leafs: 3}}]", []string{"/configurations/0: leafs"}},
		"space":    {"data: {source: a.csv, target: y}\nconfigurations: [{learner: linear, params: {l2: {log: [0, 1]}}}]", []string{"/configurations/0/params: l2: log wants"}},
		"grid":     {"data: {source: a.csv, target: y}\nsearch: {strategy: grid}\nconfigurations: [{learner: linear, params: {l2: {log: [1, 2]}}}]", []string{"/search: l2"}},
		"no grid":  {"data: {source: a.csv, target: y}\nsearch: {strategy: grid}", []string{"/configurations: required by strategy grid"}},
		"anchors":  {"data: &d {source: a.csv, target: y}\nsearch: *d", []string{": anchors"}},
		"strategy": {"data: {source: a.csv, target: y}\nsearch: {strategy: halvin, trials: 3}", []string{`/search/strategy: "halvin": did you mean "halving"? there are portfolio, grid, random, tpe and halving`}},
		"foreign keys": {"data: {source: a.csv, target: y}\nsearch: {strategy: random, batch: 3, eta: 2, resource: rows}",
			[]string{"/search/batch: belongs to strategy tpe, not random", "/search/eta: belongs to strategy halving", "/search/resource: belongs to strategy halving"}},
		"search ranges": {"data: {source: a.csv, target: y}\nsearch: {strategy: halving, trials: -1, rungs: 9, eta: 1, resource: time}",
			[]string{"/search/trials: 1 to 10,000", "/search/rungs: 2 to 8, got 9", "/search/eta: 2 to 10, got 1", `/search/resource: rows or rounds, got "time"`}},
		"no rounds": {"data: {source: a.csv, target: y}\nsearch: {strategy: halving, resource: rounds}\nconfigurations: [{learner: boosting}, {learner: linear}]", []string{"/configurations/1/learner: linear has no rounds"}},
		"two":       {"data: {source: a.csv, target: y}\n---\nseed: 1", []string{": more than one document"}},
		"seed":      {`{"data":{"source":"a.csv","target":"y"},"seed":-1}`, []string{"/seed: want a whole number, not negative, got number -1"}},
		"reading": {"data: {source: a.csv, target: y, columns: [a, '', a], sample: 1.5, delimiter: ';;', comment: x, decimal: '.', thousands: point, missing: NA}",
			[]string{"/data/missing: want a list, got text"}},
		"signs": {"data: {source: a.csv, target: y, columns: [a, '', a], sample: 1.5, delimiter: ';;', comment: x, decimal: point, thousands: .}",
			[]string{`/data/target: "y" is none of the columns to read`, "/data/columns/1: is empty", `/data/columns/2: "a" is named twice`, "/data/delimiter: not one ASCII", `/data/comment: comment sign 'x'`, "/data: both before the fraction and between thousands", "/data/sample: sample 1.5"}},
		"schema":       {"data: {source: a.csv, target: y, schema: [{name: y, kind: text}, 3]}", []string{"/data/schema/0/kind: unknown key", "/data/schema/1: want a mapping"}},
		"schema types": {"data: {source: a.csv, target: y, schema: [{name: y, type: date}]}", []string{"/data/schema: unknown type"}},
		"slash":        {`{"data":{"source":"a.csv","target":"y","types":{"a/b~c":"date"}},"x/y":1}`, []string{"/x~1y: unknown key"}},
		"pointer":      {`{"data":{"source":"a.csv","target":"y","types":{"a/b~c":"date"}}}`, []string{"/data/types/a~1b~0c: date"}},
		"integers":     {"data: {source: a.csv, target: y}\nconfigurations: [{learner: boosting, params: {leaves: {int: [0, 1e300]}}}]", []string{"/configurations/0/params: leaves: int wants bounds"}},
		"once each":    {"data: {source: a.csv, target: y}\nconfigurations: [{learner: boosting, params: {learning_rate: {log: [2, 100]}}}]", []string{"/configurations/0: learning_rate"}},
		"too many":     {"data: {source: a.csv, target: y}\nconfigurations: [" + strings.Repeat("{learner: linear},", 101) + "]", []string{"/configurations: 100 at most, got 101"}},
		"range":        {"data: {source: a.csv, target: y}\nconfigurations: [{learner: boosting, params: {learning_rate: [0.1, -4]}}]", []string{"/configurations/0: learning_rate"}},
	} {
		_, err := ParseConfig([]byte(c.text))
		var faulty *ConfigError
		if !errors.As(err, &faulty) {
			t.Errorf("%s: got %v", name, err)
			continue
		}
		if len(faulty.Faults) != len(c.want) {
			t.Errorf("%s: %d faults, want %d: %v", name, len(faulty.Faults), len(c.want), err)
			continue
		}
		for i, want := range c.want {
			pointer, detail, _ := strings.Cut(want, ": ")
			if f := faulty.Faults[i]; f.Pointer != pointer || !strings.Contains(f.Detail, detail) {
				t.Errorf("%s: got %s: %s, want %s", name, f.Pointer, f.Detail, want)
			}
		}
	}
}

func TestColumnsThatTheDataLacks(t *testing.T) {
	e := engine(t)
	c := parse(t, "data: {source: ../../testdata/penguins.csv, target: specie, drop: [yaer], types: {ilsand: text}}")
	_, _, err := e.Submit(ctx, c)
	var faulty *ConfigError
	if !errors.As(err, &faulty) || len(faulty.Faults) != 3 || !strings.Contains(err.Error(), `did you mean "species"?`) {
		t.Errorf("got %v", err)
	}
	for info, err := range e.Registry.Store.List(ctx, "") {
		t.Errorf("left behind: %s, %v", info.Key, err)
	}
}

// TestReading: the data is read as the config says, and every column that it names is looked for.
func TestReading(t *testing.T) {
	dir := t.TempDir()
	var text strings.Builder
	text.WriteString("# export\nx;kind;'y';z\n")
	for i := range 200 {
		fmt.Fprintf(&text, "%d.%03d,5;'k;%d';%d;-\n", i+1, i, i%2, i%3)
	}
	path := filepath.Join(dir, "export.csv")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	config := "data: {source: " + path + ", target: kind, columns: [x, kind, z], comment: '#', quote: apostrophe, decimal: comma, thousands: point, missing: ['-'], sample: 100, types: {z: numeric}}\nsearch: {trials: 1}\nconfigurations: [{learner: baseline}]"
	e := engine(t)
	c := parse(t, config)
	run := submit(t, e, c)
	_, err := e.Plan(ctx, run)
	if err != nil {
		t.Fatal(err)
	}
	var plan Plan
	if err := e.read(ctx, run, "plan.json", &plan); err != nil || plan.Rows != 100 || plan.Columns != 2 || plan.Target.Task != dataset.Binary {
		t.Errorf("%+v, %v", plan, err)
	}
	other, err := c.Read(source.Reading{Comment: "#", Decimal: ",", Thousands: "."})
	if err != nil {
		t.Fatal(err)
	}
	if again := submit(t, e, other); again == run {
		t.Error("another way to read the data is the same run")
	}
	var faulty *ConfigError
	if _, err := c.Read(source.Reading{Columns: []string{"x"}}); !errors.As(err, &faulty) || faulty.Faults[0].Pointer != "/data/target" {
		t.Errorf("columns without the target: %v", err)
	}
	named := parse(t, "data: {source: "+path+", target: kind, schema: kind.json}")
	if _, _, err := e.Submit(ctx, named); !errors.As(err, &faulty) || faulty.Faults[0].Pointer != "/data/schema" {
		t.Errorf("a schema file: %v", err)
	}
	lacking := parse(t, "data: {source: "+path+", target: kind, comment: '#', columns: [kind, X], schema: [{name: yy, type: numeric}], types: {zz: text}}")
	if _, _, err := e.Submit(ctx, lacking); !errors.As(err, &faulty) || len(faulty.Faults) != 3 ||
		faulty.Faults[0].Pointer != "/data/columns/1" || faulty.Faults[1].Pointer != "/data/types/zz" || faulty.Faults[2].Pointer != "/data/schema/0" {
		t.Errorf("columns that are not there: %v", err)
	}
}

func TestWhatTheDataForbids(t *testing.T) {
	for text, want := range map[string]string{
		"data: {source: ../../testdata/penguins.csv, target: species}\nmetric: rmse":                                                                             "/metric",
		"data: {source: ../../testdata/penguins.csv, target: species}\nconfigurations: [{learner: linear}]":                                                      "/configurations/0/learner",
		"data: {source: ../../testdata/penguins.csv, target: species, task: regression}":                                                                         "/data/target",
		"data: {source: ../../testdata/penguins.csv, target: species, drop: [island, bill_length_mm, bill_depth_mm, flipper_length_mm, body_mass_g, sex, year]}": "/data/drop",
	} {
		e := engine(t)
		_, err := e.Plan(ctx, submit(t, e, parse(t, text)))
		var faulty *ConfigError
		if !errors.As(err, &faulty) || faulty.Faults[0].Pointer != want {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

func TestUnknownRun(t *testing.T) {
	e := engine(t)
	var missing *registry.NotFoundError
	if _, err := e.Plan(ctx, "wine-000000000000"); !errors.As(err, &missing) || missing.Kind != registry.KindRun {
		t.Errorf("plan: %v", err)
	}
	if _, err := e.Status(ctx, "wine-000000000000"); !errors.As(err, &missing) {
		t.Errorf("status: %v", err)
	}
	for _, run := range []RunID{"wine-000000000000", "../wine"} {
		if _, err := e.Leaderboard(ctx, run); !errors.As(err, &missing) || missing.Kind != registry.KindRun {
			t.Errorf("leaderboard of %s: %v", run, err)
		}
	}
	if _, err := e.Leaderboard(ctx, submit(t, e, parse(t, penguins))); !errors.As(err, &missing) || missing.Kind != registry.KindLeaderboard {
		t.Errorf("leaderboard of a run without one: %v", err)
	}
}

// TestExamplesParse keeps the configs that users copy valid.
func TestExamplesParse(t *testing.T) {
	files, err := filepath.Glob("../../testdata/*.yaml")
	if err != nil || len(files) < 3 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseConfig(text); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}
