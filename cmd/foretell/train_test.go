package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// TestTrainSeveral: the models of a file are trained in turn, or the one that is named, and one
// that cannot be does not stop those behind it.
func TestTrainSeveral(t *testing.T) {
	store := t.TempDir()
	config := file(t, "two.yaml", `
data: {source: ../../testdata/penguins.csv}
search: {trials: 1}
configurations: [{learner: baseline}]
models:
  - {model: kind, data: {target: species}}
  - {model: none, data: {target: sexx}}
  - {model: body, data: {target: sex}}
`)
	out, err, code := fails(t, "train", "--store", store, config)
	if code != 1 || !strings.Contains(err.Error(), config+`:7:26: /models/1/data/target: the data has no column "sexx"; did you mean "sex"?`) {
		t.Errorf("%d: %v", code, err)
	}
	if !strings.Contains(out, "model kind version 1") || !strings.Contains(out, "model body version 1") {
		t.Errorf("one fault stopped the others: %s", out)
	}
	if out := foretell(t, "train", "--store", store, "--model", "body", config); strings.Contains(out, "model kind") || !strings.Contains(out, "was started before") {
		t.Errorf("--model: %s", out)
	}
	if _, err, _ := fails(t, "train", "--store", store, "--model", "bodi", config); !strings.Contains(err.Error(), `no model "bodi"; did you mean "body"?`) {
		t.Errorf("--model: %v", err)
	}
}

// TestTrainDataSet: a data set and a target are enough.
func TestTrainDataSet(t *testing.T) {
	store := t.TempDir()
	data := file(t, "few.csv", "x,y\n"+strings.Repeat("1,a\n2,b\n3,a\n2,a\n", 20))
	if out := foretell(t, "train", "--store", store, data, "--target", "y"); !strings.Contains(out, "model few version 1") {
		t.Errorf("%s", out)
	}
	if out := foretell(t, "train", "--store", store, data, "--target", "y", "--model", "named"); !strings.Contains(out, "model named version 1") {
		t.Errorf("%s", out)
	}
	if _, err, _ := fails(t, "train", "--store", store, data, "--target", "z"); !strings.Contains(err.Error(), `the data has no column "z"`) {
		t.Errorf("a target that is not there: %v", err)
	}
	if _, err, _ := fails(t, "train", "--store", store, data); !strings.Contains(err.Error(), "--target") {
		t.Errorf("a data set without a target: %v", err)
	}
}

// TestExplain prints a config that can be read again and is the same run, the plan and the quote,
// and writes nothing.
func TestExplain(t *testing.T) {
	store := filepath.Join(t.TempDir(), "store")
	config := file(t, "small.yaml", "data: {source: ../../testdata/penguins.csv, target: species}\nsearch: {trials: 3}\nconfigurations: [{learner: bayes, params: {smoothing: {log: [0.1, 10]}}}]")
	out := foretell(t, "train", "--store", store, "--explain", "--sample", "300", config)
	for _, part := range []string{"target: species  # " + config + ":1", "sample: 300  # by a flag", "task: multiclass  # follows from the data", "promote:\n  when: better", "\nplan\n", "\ntrials\n", "placed on", "lambda", "quote for the cloud, prices of", " seconds, the largest trial"} {
		if !strings.Contains(out, part) {
			t.Errorf("%q is not in\n%s", part, out)
		}
	}
	text, _, _ := strings.Cut(out, "\nplan\n")
	again := file(t, "resolved.yaml", text)
	first, second := explainJSON(t, store, config, "--sample", "300"), explainJSON(t, store, again)
	if !reflect.DeepEqual(first.Config, second.Config) || len(first.Quote.Trials) == 0 || first.Quote.Dollars != second.Quote.Dollars {
		t.Errorf("read again, the config is\n%+v, not\n%+v", second.Config, first.Config)
	}
	if entries, err := os.ReadDir(store); err == nil && len(entries) > 0 {
		t.Errorf("explained, and there is %v", entries)
	}
	tight := file(t, "tight.yaml", "data: {source: ../../testdata/penguins.csv, target: species}\nbudget: {cost: 0.00001}")
	out, err, code := fails(t, "train", "--store", store, "--explain", tight)
	if code != 1 || !strings.Contains(err.Error(), "more than budget.cost") || !strings.Contains(out, "quote for the cloud") {
		t.Errorf("%d, %v: %s", code, err, out)
	}
}

func explainJSON(t *testing.T, store, config string, args ...string) (e explanation) {
	t.Helper()
	out := foretell(t, append([]string{"train", "--store", store, "--explain", "--json", config}, args...)...)
	if err := json.Unmarshal([]byte(out), &e); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return e
}

// TestTrainTellsTheCost beside the quote, at the end.
func TestTrainTellsTheCost(t *testing.T) {
	if out := foretell(t, "train", "--store", t.TempDir(), smallConfig(t)); !regexp.MustCompile(`in the cloud: quoted at \$0\.\d{5}, would have cost \$0\.\d{5}`).MatchString(out) {
		t.Errorf("%s", out)
	}
}
