package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// predictions asks foretell predict, and returns what it says on both streams.
func predictions(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	var out, told bytes.Buffer
	err = run(t.Context(), &out, &told, append([]string{"predict"}, args...))
	return out.String(), told.String(), err
}

// smallModel trains a model of three columns.
func smallModel(t *testing.T) (store, data string) {
	t.Helper()
	folder := t.TempDir()
	store, data = filepath.Join(folder, "store"), filepath.Join(folder, "small.csv")
	var b strings.Builder
	b.WriteString("id,a,c,y\n")
	for i := range 60 {
		fmt.Fprintf(&b, "%03d,%d,%c,%s\n", i, i*7%13, 'p'+rune(i%3), []string{"no", "yes"}[(i*7%13/7+i%5/4)%2])
	}
	if err := os.WriteFile(data, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(folder, "run.yaml")
	text := fmt.Sprintf("model: small\ndata: {source: %s, target: y, drop: [id]}\nvalidation: {folds: 2}\nsearch: {trials: 1}\nconfigurations: [{learner: bayes}]\n", data)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	foretell(t, "train", "--store", store, config)
	return store, data
}

// TestPredictFiles: predictions are the same rows in each format, whole or not there; faults are
// listed, and unseen values told of.
func TestPredictFiles(t *testing.T) {
	store, data := smallModel(t)
	plain, told, err := predictions(t, "--store", store, "--model", "small", data)
	if err != nil || told != "" || strings.Count(plain, "\n") != 61 || !strings.HasPrefix(plain, "y,p(no),p(yes)\n") {
		t.Fatalf("%v, %q:\n%.200s", err, told, plain)
	}
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	asked := []string{"--store", store, "--model", "small", "--keep", "id,a"}
	for _, name := range []string{"p.csv", "p.jsonl", "p.parquet"} {
		if out, told, err := predictions(t, append(asked, "--output", at(name), data)...); err != nil || out+told != "" {
			t.Fatalf("%s: %v, %q", name, err, out+told)
		}
	}
	if _, _, err := predictions(t, append(asked, "--output", at("none/p.csv"), data)...); err == nil || err.Error() != "write "+at("none/p.csv")+": no such file or directory" {
		t.Errorf("into a folder that there is not: %v", err)
	}
	kept, err := os.ReadFile(at("p.csv"))
	if err != nil || !strings.HasPrefix(string(kept), "id,a,y,p(no),p(yes)\n000,0,") {
		t.Errorf("%v\n%.200s", err, kept)
	}
	lines, err := os.ReadFile(at("p.jsonl"))
	if err != nil || !strings.HasPrefix(string(lines), `{"id":"000","a":"0","class":"`) || strings.Count(string(lines), "\n") != 60 {
		t.Errorf("%v\n%.200s", err, lines)
	}
	if out := foretell(t, "statistics", "--store", at("other"), at("p.parquet")); !strings.Contains(out, "p(yes)") {
		t.Errorf("Parquet: %.300s", out)
	}

	bad := at("bad.csv")
	if err := os.WriteFile(bad, []byte("id,a,c\n1,2,p\n2,many,q\n3,4,new\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := predictions(t, append(asked, "--output", at("none.csv"), bad)...); err == nil || !strings.Contains(err.Error(), `row 2 (`) && !strings.Contains(err.Error(), `row 2, column "a"`) {
		t.Errorf("a row with a fault: %v", err)
	}
	out, told, err := predictions(t, "--store", store, "--model", "small", "--keep", "id", "--max-errors", "1", "--errors", at("faults.jsonl"), bad)
	if err != nil || strings.Count(out, "\n") != 3 || strings.Contains(out, "\n2,") ||
		!strings.Contains(told, `warning: row 3, column "c": "new" was never seen in training and counts as missing`) || !strings.Contains(told, "1 of 3 rows have faults") {
		t.Errorf("%v, %q\n%s", err, told, out)
	}
	faults, err := os.ReadFile(at("faults.jsonl"))
	if err != nil || !strings.Contains(string(faults), `"row":2,"column":"a"`) || strings.Count(string(faults), "\n") != 1 {
		t.Errorf("%v: %s", err, faults)
	}
	left, err := os.ReadDir(folder)
	if err != nil || len(left) != 6 { // three formats, the other store, bad rows and their faults
		t.Errorf("%d files are left, %v", len(left), err)
	}
	for want, args := range map[string][]string{
		"--format says":            {"--output", at("p.xml")},
		"none of csv":              {"--format", "xml"},
		"--types: the model says":  {"--types", "a=text"},
		"--max-errors is negative": {"--max-errors", "-1"},
		"column of that name":      {"--keep", "y"},
		"is to be kept":            {"--keep", "z"},
	} {
		if _, _, err := predictions(t, append(append([]string{"--store", store, "--model", "small"}, args...), data)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", args, err, want)
		}
	}
}

// TestPredictIsBounded: a file of 400 MB is predicted in a memory that does not grow with it.
func TestPredictIsBounded(t *testing.T) {
	store, _ := smallModel(t)
	large := filepath.Join(t.TempDir(), "large.csv")
	f, err := os.Create(large)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	block := strings.Repeat("0123456789012345678901234567890123456789,7,q\n", 100_000)
	if _, err := io.WriteString(f, "id,a,c\n"); err != nil {
		t.Fatal(err)
	}
	const blocks = 88 // of 4.5 MB
	for range blocks {
		if _, err := io.WriteString(f, block); err != nil {
			t.Fatal(err)
		}
	}
	defer debug.SetGCPercent(debug.SetGCPercent(25)) // or what is in use is mostly garbage
	var most uint64
	w := &counting{each: func() {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		most = max(most, m.HeapInuse)
	}}
	if err := run(t.Context(), w, io.Discard, []string{"predict", "--store", store, "--model", "small", large}); err != nil {
		t.Fatal(err)
	}
	if w.lines != blocks*100_000+1 || most > 180<<20 {
		t.Errorf("%d lines, with %d MB in use", w.lines, most>>20)
	}
}

// counting counts lines, and does something at each write.
type counting struct {
	lines int
	each  func()
}

func (c *counting) Write(p []byte) (int, error) {
	c.lines += bytes.Count(p, []byte("\n"))
	c.each()
	return len(p), nil
}

// TestBatchThroughTheAPI predicts a data set by the functions and the workflow as they ship, under
// the local cloud: the part has the bytes that the API answers to the same file.
func TestBatchThroughTheAPI(t *testing.T) {
	data, err := os.ReadFile("../../testdata/penguins.csv") // the cloud moves the working directory
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	w.put(t, "data/new/penguins.csv", string(data))
	var view struct {
		Batch, State, Manifest string
		Rows                   int
	}
	if err := w.api.call(t.Context(), "POST", "/v1/models/penguins/batches", map[string]any{"dataset": "new"}, &view); err != nil {
		t.Fatal(err)
	}
	path := "/v1/models/penguins/batches/" + view.Batch
	for end := time.Now().Add(2 * time.Minute); (view.State == "running" || view.State == "submitted") && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if err := w.api.call(t.Context(), "GET", path, nil, &view); err != nil {
			t.Fatal(err)
		}
	}
	if view.State != "succeeded" || view.Rows != 344 || view.Manifest != "s3://foretell/batches/penguins/"+view.Batch+"/manifest.json" {
		t.Fatalf("%+v", view)
	}
	part, _, err := registry.Read(t.Context(), w.store, "batches/penguins/"+view.Batch+"/part-00000.csv")
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), "POST", w.api.url+"/v1/models/penguins/predict?extra=ignore", bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "text/csv")
	request.Header.Set("Accept", "text/csv")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != 200 || !bytes.Equal(answer, part) {
		t.Errorf("%s, and the part has\n%.300s\nwant\n%.300s", response.Status, part, answer)
	}

	var told bytes.Buffer
	if err := run(t.Context(), &told, io.Discard, []string{"batch", "--api", w.api.url + "/", "--model", "penguins", "new"}); err != nil ||
		!strings.Contains(told.String(), "batch "+view.Batch+" of penguins, version 1\n344 rows, 0 left out") {
		t.Errorf("the command says %q, %v", told.String(), err)
	}
	again := []string{"batch", "--api", w.api.url, "--model", "penguins", "--every", "20ms", "--format", "parquet", "--keep", "island,sex", "new"}
	if err := run(t.Context(), &told, io.Discard, again); err != nil || strings.Count(told.String(), "344 rows") != 2 {
		t.Errorf("in Parquet: %q, %v", told.String(), err)
	}
	// A file is uploaded, and what is predicted of it comes back, with the same bytes.
	folder := t.TempDir()
	local, here := filepath.Join(folder, "New.csv"), filepath.Join(folder, "predicted")
	if err := os.WriteFile(local, data, 0o644); err != nil {
		t.Fatal(err)
	}
	told.Reset()
	if err := run(t.Context(), &told, io.Discard, []string{"batch", "--api", w.api.url, "--model", "penguins", "--every", "20ms", "--output", here, local}); err != nil ||
		!strings.Contains(told.String(), "uploaded New.csv to s3://foretell/data/new/\n") || !strings.Contains(told.String(), "688 rows, 0 left out") || !strings.Contains(told.String(), "fetched 2 files into "+here) {
		t.Errorf("of a file: %q, %v", told.String(), err)
	}
	if got, err := os.ReadFile(filepath.Join(here, "part-00000.csv")); err != nil || !bytes.HasPrefix(got, part) {
		t.Errorf("fetched %.300s, %v", got, err)
	}
	w.put(t, "data/bad/bad.csv", strings.Replace(string(data), "39.1", "long", 1))
	if err := run(t.Context(), &told, io.Discard, []string{"batch", "--api", w.api.url, "--model", "penguins", "--every", "20ms", "bad"}); err == nil || !strings.Contains(err.Error(), `row 1`) || !strings.Contains(err.Error(), `"bill_length_mm"`) {
		t.Errorf("a row with a fault: %v", err)
	}
}

// TestLongAnswer: an answer that no function may give is fetched from the bucket, by the link that
// the function answers with.
func TestLongAnswer(t *testing.T) {
	w := newWorld(t)
	var list runList
	if err := w.api.call(t.Context(), "GET", "/v1/runs", nil, &list); err != nil || len(list.Runs) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	page := strings.Repeat("<p>a report of many columns", 300_000) // 8 MB
	w.put(t, "runs/"+string(list.Runs[0].Run)+"/report.html", page)
	path := "/v1/runs/" + string(list.Runs[0].Run) + "/report"
	if got, err := w.api.send(t.Context(), "GET", path, nil); err != nil || string(got) != page {
		t.Errorf("%d bytes, %v, want %d", len(got), err, len(page))
	}
	staying := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := staying.Get(w.api.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var there gateway.Elsewhere
	if err := json.NewDecoder(response.Body).Decode(&there); err != nil || response.StatusCode != http.StatusSeeOther ||
		there.Bytes != int64(len(page)) || there.Location != response.Header.Get("Location") || !strings.Contains(there.Location, "/answers/") {
		t.Errorf("%s: %+v, %v", response.Status, there, err)
	}
}
