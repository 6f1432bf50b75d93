package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/profile"
)

// heavier is the penguins, each of them a kilogram heavier or more.
func heavier(t *testing.T) string {
	t.Helper()
	grams := regexp.MustCompile(`,([3-6])(\d{3}),`)
	text := grams.ReplaceAllStringFunc(string(readFile(t, penguinsFile)), func(s string) string {
		return "," + string(s[1]+2) + s[2:]
	})
	return file(t, "penguins.csv", text)
}

func TestCompare(t *testing.T) {
	store := t.TempDir()
	if _, err, code := fails(t, "statistics", "--store", store, "--compare", "latest", penguinsFile); code != 1 || !strings.Contains(err.Error(), `no statistics of other content are stored of data set "penguins"`) {
		t.Errorf("nothing is stored: %v", err)
	}
	out := foretell(t, "statistics", "--store", store, "--json", penguinsFile)
	var first described
	if err := json.Unmarshal([]byte(out), &first); err != nil {
		t.Fatal(err)
	}
	old := file(t, "old.json", out)
	other := heavier(t)

	// The same content stands against nothing as latest, and against itself by its version.
	if _, err, _ := fails(t, "statistics", "--store", store, "--compare", "latest", penguinsFile); !strings.Contains(err.Error(), "other content") {
		t.Errorf("against itself: %v", err)
	}
	if out := foretell(t, "statistics", "--store", store, "--compare", first.Version[:8], "--fail-on", "moderate", penguinsFile); !strings.HasPrefix(out, "compared with penguins@"+first.Version[:12]+"\n") || !strings.Contains(out, "stable") {
		t.Errorf("against its version:\n%s", out)
	}

	foretell(t, "train", "--store", store, smallConfig(t))
	for _, baseline := range []string{"latest", "penguins@latest", first.Version, "penguins@" + first.Version[:12], old, penguinsFile, "champion", "penguins@champion", "penguins@1"} {
		elsewhere := t.TempDir()
		if err := os.CopyFS(elsewhere, os.DirFS(store)); err != nil { // describing it makes it the latest
			t.Fatal(err)
		}
		out, err, code := fails(t, "statistics", "--store", elsewhere, "--name", "penguins", "--compare", baseline, "--fail-on", "severe", "--json", other)
		var answer described
		if err := json.Unmarshal([]byte(out), &answer); err != nil {
			t.Fatalf("%s: %v\n%s", baseline, err, out)
		}
		if code != exitDrifted || !strings.Contains(err.Error(), "drifted from") || answer.Drift.Verdict != profile.Severe {
			t.Errorf("%s: %d, %v", baseline, code, err)
		}
		for _, c := range answer.Drift.Columns {
			if want := map[bool]profile.Verdict{true: profile.Severe, false: profile.Stable}[c.Name == "body_mass_g"]; c.Verdict != want {
				t.Errorf("%s: %s is %s, want %s", baseline, c.Name, c.Verdict, want)
			}
		}
	}
	if out := foretell(t, "statistics", "--store", store, "--name", "others", "--compare", "penguins@latest", other); !strings.Contains(out, "drift: severe") {
		t.Errorf("without --fail-on:\n%s", out)
	}
}

func TestBaselinesThatAreNone(t *testing.T) {
	store := t.TempDir()
	foretell(t, "statistics", "--store", store, penguinsFile)
	for baseline, want := range map[string]string{
		"nowhere.json":              "no such file",
		"nowhere.csv":               "no such file",
		"aaaaaaaa":                  "has no statistics of that version",
		"walruses@latest":           `no statistics of other content are stored of data set "walruses"`,
		"champion":                  "penguins",
		"fbc3e":                     "nor is there a file of that name, and a stored version is named by 8 hex digits or more",
		"walruses@3":                "walruses",
		file(t, "list.json", "[1]"): "these are no statistics",
		file(t, "empty.json", "{}"): "these are no statistics",
		file(t, "empty.csv", ""):    "empty.csv",
		"ftp://there/is/no/such":    "is no data source",
		"Bad Name@latest":           "Bad Name",
	} {
		if _, err, code := fails(t, "statistics", "--store", store, "--compare", baseline, penguinsFile); code != 1 || !strings.HasPrefix(err.Error(), "--compare "+baseline+": ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %d, %v", baseline, code, err)
		}
	}
	for want, args := range map[string][]string{
		"--fail-on goes with --compare":        {"--fail-on", "severe", penguinsFile},
		`--fail-on "any": want moderate or`:    {"--compare", "latest", "--fail-on", "any", penguinsFile},
		"takes one argument: what to describe": {},
		"wants --name":                         {"--history"},
		"name the FILE to describe":            {"--history", "--name", "penguins", "--compare", "latest"},
		"no statistics of data set":            {"--history", "--name", "walruses"},
	} {
		if _, err, code := fails(t, append([]string{"statistics", "--store", store}, args...)...); code != 1 || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %d, %v", args, code, err)
		}
	}
}

func TestHistoryOfADataSet(t *testing.T) {
	store := t.TempDir()
	foretell(t, "statistics", "--store", store, penguinsFile)
	out := foretell(t, "statistics", "--store", store, "--history", heavier(t))
	if !strings.HasPrefix(out, "2 versions, ") || !strings.Contains(out, "stored in "+store) {
		t.Errorf("with a file:\n%s", out)
	}
	alone := foretell(t, "statistics", "--store", store, "--history", "--name", "penguins")
	if !strings.HasPrefix(out, alone) {
		t.Errorf("without a file:\n%s\nwith it\n%s", alone, out)
	}
	var history profile.History
	if err := json.Unmarshal([]byte(foretell(t, "statistics", "--store", store, "--history", "--json", "--name", "penguins")), &history); err != nil || len(history.Versions) != 2 || len(history.Columns) != 8 {
		t.Errorf("%+v, %v", history, err)
	}
	if entries, err := filepath.Glob(filepath.Join(store, "statistics", "penguins", "*.json")); err != nil || len(entries) != 2 {
		t.Errorf("%v, %v", entries, err)
	}
}
