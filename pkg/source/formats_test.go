package source

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

func file(t *testing.T, path string, body []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
}

func gzipped(t *testing.T, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstandard(t *testing.T, body []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(body, nil)
}

const asCSV = "id,city,when,ok,zip\n1,Ulm,2024-02-28,true,02134\n2.5,,2024-02-29,false,10115\n,\"Bad Tölz, Süd\",,,\n"

const asJSON = `{"id":1,"city":"Ulm","when":"2024-02-28","ok":true,"zip":"02134"}
{"id":2.5,"city":null,"when":"2024-02-29","ok":false,"zip":"10115"}
{"city":" Bad Tölz, Süd "}
`

// Whatever the format and wherever it lies, it is the same table.
func TestFormatsGiveTheSameTable(t *testing.T) {
	dir := t.TempDir()
	tab := strings.ReplaceAll(strings.ReplaceAll(asCSV, ",", "\t"), "\"Bad Tölz\t Süd\"", "Bad Tölz, Süd")
	file(t, dir+"/a.csv", []byte(asCSV))
	file(t, dir+"/a.tsv", []byte(tab))
	file(t, dir+"/gz/a.csv.gz", gzipped(t, []byte(asCSV)))
	file(t, dir+"/gz/.hidden.csv", []byte("x\n1\n"))
	file(t, dir+"/a.csv.zst", zstandard(t, []byte(asCSV)))
	file(t, dir+"/a.jsonl", []byte(asJSON))
	file(t, dir+"/a.ndjson.gz", gzipped(t, []byte(asJSON)))
	columns, err := os.ReadFile("../../testdata/parquet/same.parquet") // testdata/peers/parquet_pyarrow.py
	if err != nil {
		t.Fatal(err)
	}
	file(t, dir+"/a.parquet", columns)
	file(t, dir+"/parts/1/a.PARQUET.gz", gzipped(t, columns))
	var want *dataset.Table
	for _, name := range []string{"a.csv", "a.tsv", "gz", "*.zst", "a.jsonl", "a.ndjson.gz", "a.parquet", "a.par*", "parts"} {
		rows, err := Open(t.Context(), filepath.Join(dir, name), Options{})
		if err != nil {
			t.Fatal(err)
		}
		table, _, err := dataset.Read(t.Context(), rows, dataset.Options{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if want == nil {
			want = table
			if got := fmt.Sprint(table.Schema()); !strings.Contains(got, "{zip categorical [02134 10115]}") || table.Rows() != 3 {
				t.Fatal(got)
			}
		}
		if !reflect.DeepEqual(table.Schema(), want.Schema()) {
			t.Errorf("%s: %v, want %v", name, table.Schema(), want.Schema())
		}
		for j := range want.Columns {
			for i := range want.Rows() {
				if got := table.Columns[j].Text(i); got != want.Columns[j].Text(i) {
					t.Errorf("%s: row %d, column %s: %q, want %q", name, i+1, want.Columns[j].Name, got, want.Columns[j].Text(i))
				}
			}
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	file(t, dir+"/mixed/a.csv", []byte(asCSV))
	file(t, dir+"/mixed/b.jsonl", []byte(asJSON))
	file(t, dir+"/with-parquet/a.csv", []byte(asCSV))
	file(t, dir+"/with-parquet/b.parquet", []byte("PAR1"))
	file(t, dir+"/text.parquet", []byte(asCSV))
	file(t, dir+"/empty/notes.md", nil)
	whole := gzipped(t, []byte(strings.Repeat(asCSV, 100)))
	file(t, dir+"/cut.csv.gz", whole[:len(whole)/2])
	file(t, dir+"/plain.csv.gz", []byte(asCSV))
	file(t, dir+"/bomb.csv.gz", gzipped(t, append([]byte("a,b\n"), bytes.Repeat([]byte("1,2\n"), 40<<20)...)))
	file(t, dir+"/bomb.csv.zst", zstandard(t, append([]byte("a,b\n"), bytes.Repeat([]byte("1,2\n"), 40<<20)...)))
	for _, c := range []struct{ name, want string }{
		{"mixed", "a data set has one format"},
		{"with-parquet", "a data set has one format"},
		{"text.parquet", "no Parquet file"},
		{"empty", "no file of a known format"},
		{"none.csv", "none.csv"},
		{"cut.csv.gz", "cut.csv.gz"},
		{"plain.csv.gz", "plain.csv.gz"},
		{"bomb.csv.gz", "bomb.csv.gz"},
		{"bomb.csv.zst", "bomb.csv.zst"},
	} {
		rows, err := Open(t.Context(), filepath.Join(dir, c.name), Options{})
		if err == nil {
			_, _, err = dataset.Read(t.Context(), rows, dataset.Options{})
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		} else {
			t.Log(err)
		}
	}
	for _, name := range []string{"", "ftp://x/y", "s3://bucket/x"} {
		if _, err := Open(t.Context(), name, Options{}); err == nil {
			t.Errorf("%q: no error", name)
		}
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	for _, name := range []string{
		"postgres://ann:s3cret@localhost/shop?table=orders",
		"postgresql://localhost/shop?user=ann&password=s3cret&query=SELECT+1",
	} {
		if got := Redact(name); strings.Contains(got, "s3cret") || !strings.Contains(got, "localhost/shop") {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := Redact("data/a.csv"); got != "data/a.csv" {
		t.Error(got)
	}
}

func TestParse(t *testing.T) {
	types, err := ParseTypes(`zip=categorical,age=numeric,"city, state=text"`)
	if want := map[string]dataset.Type{"zip": "categorical", "age": "numeric", "city, state": "text"}; err != nil || !reflect.DeepEqual(types, want) {
		t.Errorf("%v, %v", types, err)
	}
	for text, want := range map[string]float64{"": 0, "0.1": 0.1, "10%": 0.1, "500": 500, "100%": 1, "1": 1} {
		if got, err := ParseSample(text); err != nil || got != want {
			t.Errorf("sample %q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"-1", "0", "1.5", "110%", "ten", "NaN"} {
		if got, err := ParseSample(text); err == nil {
			t.Errorf("sample %q: %v", text, got)
		}
	}
	if _, err := ParseTypes("zip=number"); err == nil || !strings.Contains(err.Error(), "zip") {
		t.Error(err)
	}
}
