package main

import (
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
	data := file(t, "few.csv", "x,y\n"+strings.Repeat("1,a\n2,b\n3,a\n", 20))
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
