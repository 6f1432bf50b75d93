package batch

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/dataset/parquet"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/serving"
	"github.com/foretell-ml/foretell/pkg/source"
)

// inputs are columns of the people without those that a request may not have, as CSV, JSON Lines
// and Parquet.
func inputs(t *testing.T) map[string]string {
	t.Helper()
	records, err := csv.NewReader(strings.NewReader(people())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var text, lines, file bytes.Buffer
	comma := csv.NewWriter(&text)
	columns := []parquet.OutColumn{{Name: "age"}}
	values := []parquet.OutValues{{}}
	for j := 2; j < 6; j++ {
		columns, values = append(columns, parquet.OutColumn{Name: records[0][j], Text: true}), append(values, parquet.OutValues{})
	}
	for i, record := range records {
		if err := comma.Write(record[1:6]); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			continue
		}
		age := math.NaN()
		row := map[string]any{"job": record[2], "member": record[3] == "true", "since": record[4], "note": record[5]}
		if record[1] != "" {
			if age, err = strconv.ParseFloat(record[1], 64); err != nil {
				t.Fatal(err)
			}
			row["age"] = age
		}
		if record[2] == "" && i%8 == 0 {
			delete(row, "job") // absent is as good as empty
		}
		line, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(line, '\n'))
		values[0].Numbers = append(values[0].Numbers, age)
		for j := 2; j < 6; j++ {
			v := &values[j-1]
			if record[j] == "" {
				v.Codes = append(v.Codes, -1)
				continue
			}
			v.Codes = append(v.Codes, int32(len(v.Texts)))
			v.Texts = append(v.Texts, record[j])
		}
	}
	comma.Flush()
	w, err := parquet.NewWriter(&file, columns)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Group(len(records)-1, values); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return map[string]string{"rows.csv": text.String(), "rows.jsonl": lines.String(), "rows.parquet": file.String()}
}

// ask is what the API answers to the rows.
func ask(t *testing.T, r *registry.Registry, model registry.ModelName, alias registry.AliasName, body, accept string) string {
	t.Helper()
	request := httptest.NewRequest("POST", "/v1/models/"+string(model)+"/predict?alias="+string(alias), strings.NewReader(body))
	request.Header.Set("Content-Type", "text/csv")
	request.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	(&serving.Server{Registry: r}).Routes().ServeHTTP(w, request)
	if w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

// TestSameAsTheAPI: a batch of CSV, JSON Lines or Parquet gives, in each format, the bytes that
// the API answers to the same rows, and in Parquet their bits.
func TestSameAsTheAPI(t *testing.T) {
	r := storeOf(t, nil)
	learn(t, r, "class", "class", "boosting")
	learn(t, r, "linear", "class", "logistic")
	learn(t, r, "pay", "pay", "boosting")
	files := inputs(t)
	// A writer that keeps a column with gaps as floats writes the category 3 so.
	files["rows.csv"] = strings.ReplaceAll(files["rows.csv"], ",3,", ",3.0,")
	for name, body := range files {
		set := "data/" + name[strings.IndexByte(name, '.')+1:] + "/" + name
		if _, err := r.Store.Put(t.Context(), set, []byte(body), registry.Condition{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, model := range []registry.ModelName{"class", "linear", "pay"} {
		want := map[Format]string{CSV: ask(t, r, model, registry.Champion, files["rows.csv"], "text/csv"), JSONLines: ask(t, r, model, registry.Champion, files["rows.csv"], "application/jsonlines")}
		for _, set := range []registry.DatasetName{"csv", "jsonl", "parquet"} {
			for _, format := range []Format{CSV, JSONLines, Parquet} {
				m, err := run(t.Context(), &Jobs{Registry: r}, model, champion(t, r, model), Request{Dataset: set, Format: format})
				if err != nil {
					t.Fatal(err)
				}
				if m.State != Succeeded || m.Rows != 90 || m.Errors != 0 {
					t.Fatalf("%s of %s: %+v", model, set, m)
				}
				if format == Parquet {
					sameBits(t, r, m, want[CSV])
				} else if got := predictions(t, r, m); got != want[format] {
					t.Errorf("%s of %s as %s:\n%.300s\nwant\n%.300s", model, set, format, got, want[format])
				}
			}
		}
	}
}

// TestSameDecisionAsTheAPI: a batch by an alias serves the classes that the API serves by it, of the
// same probabilities: those of its threshold or costs, and not the model's own.
func TestSameDecisionAsTheAPI(t *testing.T) {
	rows := inputs(t)["rows.csv"]
	r := storeOf(t, map[string]string{"data/csv/rows.csv": rows})
	learn(t, r, "member", "member", "baseline") // of two classes, the second at a third
	learn(t, r, "class", "class", "logistic")   // of three
	threshold := 0.3
	for alias, a := range map[registry.AliasName]struct {
		model registry.ModelName
		d     registry.Decision
	}{
		"careful": {"member", registry.Decision{Threshold: &threshold}},
		"costly":  {"member", registry.Decision{Costs: [][]float64{{0, 1}, {50, 0}}}},
		"any":     {"class", registry.Decision{Costs: [][]float64{{0, 9, 9}, {1, 0, 9}, {1, 1, 0}}}},
	} {
		if _, err := r.Move(t.Context(), a.model, alias, registry.Alias{Version: 1, Decision: &a.d}); err != nil {
			t.Fatal(err)
		}
		set, _, err := r.Alias(t.Context(), a.model, alias)
		if err != nil {
			t.Fatal(err)
		}
		version := Version{Version: set.Version, Digest: set.Digest, Alias: alias, Decision: set.Decision}
		body := rows
		if a.model == "member" {
			body = withoutColumn(t, rows, "member")
			if _, err := r.Store.Put(t.Context(), "data/less/rows.csv", []byte(body), registry.Condition{}); err != nil {
				t.Fatal(err)
			}
		}
		dataset := map[registry.ModelName]registry.DatasetName{"member": "less", "class": "csv"}[a.model]
		for format, accept := range map[Format]string{CSV: "text/csv", JSONLines: "application/jsonlines"} {
			m, err := run(t.Context(), &Jobs{Registry: r}, a.model, version, Request{Dataset: dataset, Format: format})
			if err != nil || m.State != Succeeded || m.Rows != 90 {
				t.Fatalf("%s: %+v, %v", alias, m, err)
			}
			got := predictions(t, r, m)
			if want := ask(t, r, a.model, alias, body, accept); got != want {
				t.Errorf("%s as %s:\n%.300s\nwant\n%.300s", alias, format, got, want)
			}
			if got == ask(t, r, a.model, registry.Champion, body, accept) {
				t.Errorf("%s decides as the model does", alias)
			}
		}
	}
}

// withoutColumn is a CSV text without one of its columns.
func withoutColumn(t *testing.T, text, name string) string {
	t.Helper()
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := slices.Index(records[0], name)
	var b strings.Builder
	w := csv.NewWriter(&b)
	for _, record := range records {
		if err := w.Write(slices.Delete(record, at, at+1)); err != nil {
			t.Fatal(err)
		}
	}
	w.Flush()
	return b.String()
}

// sameBits compares a part in Parquet with the same as CSV, whose decimals read back as the same
// numbers.
func sameBits(t *testing.T, r *registry.Registry, m Manifest, text string) {
	t.Helper()
	want, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var parts []dataset.Part
	for part, err := range registry.Parts(t.Context(), r.Store, m.Outputs[0].Object) {
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, part)
	}
	rows, err := source.FromParts(parts)
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := dataset.Read(t.Context(), rows, dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got.Rows() != len(want)-1 || len(got.Columns) != len(want[0]) {
		t.Fatalf("%d rows of %d columns, want %d of %d", got.Rows(), len(got.Columns), len(want)-1, len(want[0]))
	}
	for j, c := range got.Columns {
		if c.Name != want[0][j] {
			t.Errorf("column %q, want %q", c.Name, want[0][j])
		}
		for i := range got.Rows() {
			text := want[i+1][j]
			if c.Type.Coded() {
				if c.Text(i) != text {
					t.Errorf("row %d, %s: %q, want %q", i, c.Name, c.Text(i), text)
				}
				continue
			}
			if v, err := strconv.ParseFloat(text, 64); err != nil || math.Float64bits(v) != math.Float64bits(c.Values[i]) {
				t.Errorf("row %d, %s: %v, want %s", i, c.Name, c.Values[i], text)
			}
		}
	}
}
