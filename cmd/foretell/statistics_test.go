package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const penguinsFile = "../../testdata/penguins.csv"

// fails runs the command, which has to fail, and returns what it prints and the exit code.
func fails(t *testing.T, args ...string) (out string, err error, code int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if err = run(context.Background(), &stdout, &stderr, args); err == nil {
		t.Fatalf("foretell %s did not fail:\n%s", strings.Join(args, " "), stdout.String())
	}
	return stdout.String(), err, exitCode(err)
}

// changed is the penguins with one text replaced everywhere.
func changed(t *testing.T, old, new string) string {
	t.Helper()
	text, err := os.ReadFile(penguinsFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte(old)) {
		t.Fatalf("the penguins have no %q", old)
	}
	return file(t, "penguins.csv", strings.ReplaceAll(string(text), old, new))
}

// file writes a file in a folder of its own.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSuggestAndCheck(t *testing.T) {
	store, path := t.TempDir(), filepath.Join(t.TempDir(), "penguins.constraints.yaml")
	out := foretell(t, "statistics", "--store", store, "--suggest-constraints", path, penguinsFile)
	if !strings.Contains(out, "expectations are in "+path) || !strings.Contains(out, "flipper_length_mm") {
		t.Errorf("suggest:\n%s", out)
	}
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), "values: [Adelie, Chinstrap, Gentoo]") {
		t.Fatalf("%v\n%s", err, text)
	}
	if _, err, code := fails(t, "statistics", "--store", store, "--suggest-constraints", path, penguinsFile); code != 1 || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("a second time: %v", err)
	}

	if out := foretell(t, "statistics", "--store", store, "--check", path, penguinsFile); !strings.HasPrefix(out, "all expectations are fulfilled\n") || strings.Contains(out, "flipper") {
		t.Errorf("check:\n%s", out)
	}
	other := changed(t, "Gentoo", "Emperor")
	out, err, code := fails(t, "statistics", "--store", store, "--check", path, other)
	if code != exitViolated || !strings.HasPrefix(out, "1 expectation is not fulfilled\n") || !strings.Contains(out, `"Emperor"`) || !strings.Contains(err.Error(), "is not as "+path+" expects") {
		t.Errorf("%d, %v\n%s", code, err, out)
	}
	out, _, code = fails(t, "statistics", "--store", store, "--check", path, "--json", other)
	var answer described
	if err := json.Unmarshal([]byte(out), &answer); err != nil || code != exitViolated || len(answer.Violations) != 1 || answer.Violations[0].Rows != 124 || answer.Profile.Rows != 344 {
		t.Errorf("%d, %v\n%s", code, err, out)
	}
}

// TestPersonalDataIsMasked in the table and in JSON, which is a baseline for what is not masked.
func TestPersonalDataIsMasked(t *testing.T) {
	text := "operator,minutes\n"
	for i := range 60 {
		text += fmt.Sprintf("jane%d@example.com,%d\n", i%4, i)
	}
	calls := file(t, "calls.csv", text)
	table := foretell(t, "statistics", "--store", t.TempDir(), calls)
	report := foretell(t, "statistics", "--store", t.TempDir(), "--json", calls)
	if strings.Contains(table+report, "jane") || !strings.Contains(table, "j•••@e•••.com") || !strings.Contains(report, "j•••@e•••.com") {
		t.Errorf("%s\n%s", table, report)
	}
	if out := foretell(t, "statistics", "--store", t.TempDir(), "--compare", file(t, "old.json", report), calls); !strings.Contains(out, "drift: stable") {
		t.Errorf("%s", out)
	}
	allowed := file(t, "operators.yaml", "columns: [{name: operator, values: [jane0@example.com, jane1@example.com, jane2@example.com]}]")
	if out, _, code := fails(t, "statistics", "--store", t.TempDir(), "--check", allowed, calls); code != exitViolated || strings.Contains(out, "jane") || !strings.Contains(out, "15") {
		t.Errorf("%d\n%s", code, out)
	}
}

func TestStatisticsFiles(t *testing.T) {
	page := filepath.Join(t.TempDir(), "penguins.html")
	out := foretell(t, "statistics", "--store", t.TempDir(), "--html", page, penguinsFile)
	text, err := os.ReadFile(page)
	if err != nil || !strings.Contains(string(text), "bill_length_mm") || !strings.Contains(out, page) {
		t.Errorf("%v\n%s", err, out)
	}
	for want, args := range map[string][]string{
		`unknown key; did you mean "columns"?`: {"--check", file(t, "a.yaml", "colums: []")},
		"no such file":                         {"--check", "nowhere.yaml"},
		`--target: column "specie"`:            {"--target", "specie"},
		"bad name":                             {"--name", "bad name"},
	} {
		if _, err, code := fails(t, append([]string{"statistics", "--store", t.TempDir(), penguinsFile}, args...)...); code != 1 || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %d, %v", args, code, err)
		}
	}
}

// TestTrainChecksConstraints: they are found beside the config, and what they find is shown.
func TestTrainChecksConstraints(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"good.yaml":    "columns: [{name: species, values: [Adelie, Chinstrap, Gentoo]}]",
		"bad.yaml":     "columns: [{name: species, values: [Adelie, Chinstrap]}]",
		"faulty.yaml":  "columns: [{nam: species}]",
		"penguins.csv": string(readFile(t, penguinsFile)),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	config := func(constraints string) string {
		path := filepath.Join(dir, "config.yaml")
		text := "data: {source: penguins.csv, target: species, constraints: " + constraints + "}\nsearch: {trials: 1}\nconfigurations: [{learner: baseline}]\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	store := t.TempDir()
	if out := foretell(t, "train", "--store", store, config("good.yaml")); !strings.Contains(out, "model penguins version 1") {
		t.Errorf("good:\n%s", out)
	}
	out, err, code := fails(t, "train", "--store", store, config("bad.yaml"))
	if code != exitViolated || !strings.Contains(out, `"Gentoo"`) || !strings.Contains(err.Error(), "nothing was trained") {
		t.Errorf("%d, %v\n%s", code, err, out)
	}
	for constraints, want := range map[string]string{"faulty.yaml": `/columns/0/nam: unknown key; did you mean "name"?`, "nowhere.yaml": "no such file"} {
		if _, err, code := fails(t, "train", "--store", store, config(constraints)); code != 1 || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %d, %v", constraints, code, err)
		}
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestHelpHasExamples that can be run.
func TestHelpHasExamples(t *testing.T) {
	var stderr bytes.Buffer
	if err := run(context.Background(), &stderr, &stderr, []string{"statistics", "-h"}); err == nil || errors.Unwrap(err) != nil {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(stderr.String(), "--suggest-constraints adult.constraints.yaml testdata/adult.csv") {
		t.Errorf("%s", stderr.String())
	}
}

// TestNoBarInALog: progress is for a terminal.
func TestNoBarInALog(t *testing.T) {
	var log bytes.Buffer
	b := newReadingBar(&log, "reading")
	b.set(1, 2)
	b.set(2, 2)
	b.close()
	if log.Len() > 0 {
		t.Errorf("%q", log.String())
	}
}

// TestSchemaRoundTrip: what is written holds for the same data, and says where other data differs.
func TestSchemaRoundTrip(t *testing.T) {
	store, path := t.TempDir(), filepath.Join(t.TempDir(), "penguins.schema.json")
	out := foretell(t, "statistics", "--store", store, "--write-schema", path, penguinsFile)
	if !strings.Contains(out, "the schema is in "+path) || !strings.Contains(string(readFile(t, path)), `{"name":"island","type":"categorical"},`) {
		t.Errorf("%s\n%s", out, readFile(t, path))
	}
	if _, err, code := fails(t, "statistics", "--store", store, "--write-schema", path, penguinsFile); code != 1 || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("a second time: %v", err)
	}
	foretell(t, "statistics", "--store", store, "--schema", path, penguinsFile)
	for _, c := range []struct{ old, new, want string }{
		{"18.7", "wide", `penguins.csv: row 1 (line 2), column "bill_depth_mm": "wide" is not a number`},
		{"bill_depth_mm", "depth", `column "bill_depth_mm": is in the schema but not in the data`},
	} {
		if _, err, _ := fails(t, "statistics", "--store", store, "--schema", path, changed(t, c.old, c.new)); !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

// TestTrainReads: flags say how the data of a config is read, and then it is another run.
func TestTrainReads(t *testing.T) {
	store, config := t.TempDir(), smallConfig(t)
	run := func(args ...string) string {
		return strings.SplitN(foretell(t, append([]string{"train", "--store", store, config}, args...)...), "\n", 2)[0]
	}
	all, some := run(), run("--sample", "50%", "--columns", "species,island,bill_length_mm")
	if all == some || !strings.Contains(some, "run penguins-") {
		t.Errorf("%s\n%s", all, some)
	}
	if again := run("--columns", "species,island,bill_length_mm", "--sample", "0.5"); !strings.Contains(again, "was started before") {
		t.Errorf("the same flags: %s", again)
	}
	schema := file(t, "penguins.schema.json", `[{"name": "species", "type": "categorical"}, {"name": "year", "type": "numeric"}]`)
	if run("--schema", schema) == all {
		t.Error("a schema changes nothing")
	}
	for want, args := range map[string][]string{
		`/data/columns/1: the data has no column "ilsand"; did you mean "island"?`: {"--columns", "species,ilsand"},
		`/data/target: "species" is none of the columns to read`:                   {"--columns", "island"},
		`--sample: "x" is neither`:                                                 {"--sample", "x"},
		`/data/types/yaer: the data has no column "yaer"; did you mean "year"?`:    {"--types", "yaer=numeric"},
	} {
		if _, err, code := fails(t, append([]string{"train", "--store", store, config}, args...)...); code != 1 || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", args, err, want)
		}
	}
}
