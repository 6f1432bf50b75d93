package training

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// TestModelsShareAFile: entries add to what stands beside the list, or say otherwise.
func TestModelsShareAFile(t *testing.T) {
	const text = `
data: {source: a.csv, drop: [id]}
seed: 7
search: {trials: 3}
models:
  - {model: income, data: {target: income}}
  - model: hours
    data: {target: hours, drop: [id, name]}
    search: {trials: null}
    seed: 8
`
	f, err := ParseConfigFile([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := []Config{
		parse(t, "{model: income, data: {source: a.csv, target: income, drop: [id]}, seed: 7, search: {trials: 3}}"),
		parse(t, "{model: hours, data: {source: a.csv, target: hours, drop: [id, name]}, seed: 8}"),
	}
	if !reflect.DeepEqual(f.Configs, want) {
		t.Errorf("got  %+v\nwant %+v", f.Configs, want)
	}
	var faulty *ConfigError
	if _, err := ParseConfig([]byte(text)); !errors.As(err, &faulty) || err.Error() != "run config: 5:1: /models: are 2 models [income hours]; this takes one" {
		t.Errorf("as one config: %v", err)
	}
	one, err := ParseConfig([]byte("models: [{data: {source: a.csv, target: y}}]"))
	if err != nil || one.Model != "a" {
		t.Errorf("a list of one: %+v, %v", one, err)
	}
}

// TestFaultsOfModels: each has its place in the text, and what is shared is wrong once.
func TestFaultsOfModels(t *testing.T) {
	for text, want := range map[string]string{
		"data: {source: a.csv}\nsed: 1\nmodels:\n  - data: {target: y}\n  - data: {tarket: z}": `2:1: /sed: unknown key; did you mean "seed"?; 5:12: /models/1/data/tarket: unknown key; did you mean "target"?`,
		"data: {source: a.csv}\nmodels:\n  - model: a\n    data: {target: y}\n  - model: b":    `5:5: /models/1/data/target: is required`,
		"data: {source: a.csv}\nmodels: [{data: {target: y}}, {data: {target: z}}]":            `2:31: /models/1/model: is a, as that of /models/0; give`,
		"models: []":            "1:1: /models: want a list of 1 to 100 models",
		"models: [3]\ndata: {}": "1:10: /models/0: want a mapping",
		"models: [{models: [], seed: 1}]\nseed: 2": `1:11: /models/0/models: unknown key`,
	} {
		_, err := ParseConfigFile([]byte(text))
		if err == nil || !strings.Contains(err.Error(), "run config: "+want) {
			t.Errorf("%s\ngot  %v\nwant %s", text, err, want)
		}
	}
}

// TestFaultsHaveAPlace: those of values as those of keys.
func TestFaultsHaveAPlace(t *testing.T) {
	_, err := ParseConfig([]byte("data:\n  source: a.csv\n  target: y\n  task: guess\nvalidation:\n  folds: 1\nconfigurations:\n  - learner: linear\n  - learner: boosting\n    params:\n      l2: {log: [0, 1]}\n"))
	want := "run config: 4:3: /data/task: unknown task \"guess\": want regression, binary or multiclass; 6:3: /validation/folds: want 2 to 50, got 1; 10:5: /configurations/1/params: l2: log wants bounds above 0, got [0 1]"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
