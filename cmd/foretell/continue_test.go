package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestTrainContinues: a run goes on with more trials, as the run that its config with as many
// makes; a retrain starts from champion; what does not go with that is refused in words.
func TestTrainContinues(t *testing.T) {
	store := t.TempDir()
	config := func(trials string) string {
		return file(t, "c.yaml", "data: {source: ../../testdata/penguins.csv, target: species}\nsearch: {trials: "+trials+"}\nconfigurations: [{learner: bayes, params: {smoothing: {log: [0.1, 10]}}}]\n")
	}
	named := regexp.MustCompile(`run (penguins-[0-9a-f]{12})`)
	first := named.FindStringSubmatch(foretell(t, "train", "--store", store, config("2")))[1]
	out := foretell(t, "train", "--store", store, "--continue", first, "--trials", "+3")
	if !strings.Contains(out, "goes on with "+first+": 5 trials in all") || !strings.Contains(out, "0005-bayes") {
		t.Errorf("%s", out)
	}
	again := foretell(t, "train", "--store", store, config("5"))
	if !strings.Contains(again, "run "+named.FindStringSubmatch(out)[1]+" was started before") {
		t.Errorf("%s\n%s", out, again)
	}
	row := "Adelie,Dream,39.1,18.7,181,3750,male,2009\n"
	rows, err := os.ReadFile("../../testdata/penguins.csv")
	if err != nil {
		t.Fatal(err)
	}
	retrain := []string{"train", "--store", store, "--retrain", "--model", "penguins", "--target", "species", file(t, "penguins.csv", string(rows)+row)}
	if out := foretell(t, retrain...); !strings.Contains(out, "it starts from what version ") || !strings.Contains(out, "0001-bayes") {
		t.Errorf("%s", out)
	}
	for want, args := range map[string][]string{
		"--continue wants --trials":            {"--continue", first},
		"like +20, got \"7\"":                  {"--continue", first, "--trials", "7"},
		"takes no other; leave out":            {"--continue", first, "--trials", "+7", config("9")},
		"--sample does not go with --continue": {"--continue", first, "--trials", "+7", "--sample", "50%"},
		"--trials goes with --continue":        {"--trials", "+7", config("9")},
		"a CONFIG; or --continue":              {},
		"--api goes with --continue":           {"--api", "http://127.0.0.1:1", config("9")},
		"--store is for this machine":          {"--continue", first, "--trials", "+7", "--api", "http://127.0.0.1:1"},
		"looks at no store":                    {"--explain", "--retrain", config("9")},
		"run penguins-000000000000 not found":  {"--continue", "penguins-000000000000", "--trials", "+1"},
	} {
		if _, err, code := fails(t, append([]string{"train", "--store", store}, args...)...); code != 1 || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", args, err, want)
		}
	}
}
