package source_test

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/dirstore"
	"github.com/foretell-ml/foretell/pkg/source"
)

func gzipped(t testing.TB, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstandard(t testing.TB, content string) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll([]byte(content), nil)
}

// files are the same small table in every format, by name.
func files(t *testing.T) map[string][]byte {
	lines := func(n int) string { return fmt.Sprintf("{\"a\":%d,\"b\":\"x\"}\n", n) }
	table := func(n int) string { return fmt.Sprintf("a,b\n%d,x\n", n) }
	return map[string][]byte{
		"data/wine/1.csv":          []byte(table(1)),
		"data/wine/sub/2.CSV.GZ":   gzipped(t, table(2)),
		"data/wine/sub/3.csv.zst":  zstandard(t, table(3)),
		"data/wine/README.md":      []byte("# wine"),
		"data/wine/.hidden.csv":    []byte("z"),
		"data/wine/.cache/4.csv":   []byte("z"),
		"data/wine-2/5.csv":        []byte(table(5)),
		"data/lines/6.jsonl":       []byte(lines(6)),
		"data/lines/7.ndjson.gz":   gzipped(t, lines(7)),
		"data/columns/14.parquet":  columns(t),
		"data/both/14.parquet":     columns(t),
		"data/both/8.csv":          []byte(table(8)),
		"data/mixed/8.csv":         []byte(table(8)),
		"data/mixed/9.jsonl":       []byte(lines(9)),
		"data/other/notes.txt":     []byte("text"),
		"data/plain/adult.data":    []byte(table(10)),
		"data/plain/adult.data.gz": gzipped(t, table(11)),
		"data/odd/a*.csv":          []byte(table(12)),
		"data/odd/ab.csv":          []byte(table(13)),
	}
}

// columns is the table as Parquet, of testdata/peers/parquet_pyarrow.py: a is 14.
func columns(t *testing.T) []byte {
	data, err := os.ReadFile("../../testdata/parquet/fourteen.parquet")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// The same names stand for the same rows on the disk and in a bucket.
func TestOpen(t *testing.T) {
	dir := t.TempDir()
	store, err := dirstore.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range files(t) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, body, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	o := source.Options{Objects: func(ctx context.Context, bucket, prefix string) iter.Seq2[dataset.Part, error] {
		if bucket != "bucket" {
			t.Errorf("bucket %q is opened", bucket)
		}
		return registry.Parts(ctx, store, prefix)
	}}
	for _, tt := range []struct {
		name string
		want string // the values of column a, or a part of the error
	}{
		{"data/wine", "[1 2 3]"},
		{"data/wine/", "[1 2 3]"},
		{"data/wine/1.csv", "[1]"},
		{"data/wine/sub/2.CSV.GZ", "[2]"},
		{"data/wine/sub/*.zst", "[3]"},
		{"data/wine/sub/[23].*", "[2 3]"},
		{"data/wine-2", "[5]"},
		{"data/w*/?.csv", "[5 1]"}, // in bytewise order of the keys
		{"data/lines", "[6 7]"},
		{"data/plain/adult.data", "[10]"},
		{"data/plain/adult.data.gz", "[11]"},
		{"data/odd/a*.csv", "[12]"}, // the file of that name
		{"data/odd/?b.csv", "[13]"},
		{"data/columns", "[14]"},
		{"data/columns/14.parquet", "[14]"},
		{"data/columns/*.parquet", "[14]"},
		{"data/both", "a data set has one format"},
		{"data/mixed", "8.csv is csv, but "},
		{"data/other", "no "},
		{"data/none", "no "},
		{"data/none/*.csv", "no "},
		{"data/win", "no "},
		{"data/**/*.csv", "** is not supported"},
		{"data/[", ""},
	} {
		for _, root := range []string{dir + "/", "s3://bucket/"} {
			src, err := source.Open(t.Context(), root+tt.name, o)
			var got string
			if err == nil {
				var table *dataset.Table
				if table, _, err = dataset.Read(t.Context(), src, dataset.Options{}); err == nil {
					got = fmt.Sprint(table.Column("a").Values)
				}
			}
			if err != nil {
				got = err.Error()
			}
			if strings.HasPrefix(tt.want, "[") && got != tt.want || !strings.Contains(got, tt.want) || err == nil && tt.want == "" {
				t.Errorf("%s%s: %s, want %s", root, tt.name, got, tt.want)
			}
		}
	}
	for name, want := range map[string]string{
		"":                 "no data set is named",
		"s3://":            "no bucket is named",
		"http://host/a":    "http:// is no data source",
		"gs://bucket/a":    "gs:// is no data source",
		dir + "/data/odd/": "",
	} {
		_, err := source.Open(t.Context(), name, o)
		if fmt.Sprint(err) != "<nil>" && want == "" || want != "" && !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%q: %v, want %s", name, err, want)
		}
	}
	if _, err := source.Open(t.Context(), "s3://bucket/data/wine", source.Options{}); err == nil || !strings.Contains(err.Error(), "cannot be read here") {
		t.Errorf("a bucket without access: %v", err)
	}
}

// A file that is replaced after it was found is not read as if it were the same.
func TestFileThatChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.csv")
	write := func(content string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("a\n1\n")
	src, err := source.Open(t.Context(), path, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	write("a\n1\n2\n")
	if _, _, err := dataset.Read(t.Context(), src, dataset.Options{}); err == nil || !strings.Contains(err.Error(), "changed since it was found") {
		t.Errorf("a file that grew: %v", err)
	}
}

// The digest is that of the decompressed bytes, so that compressing a file does not make
// another data set of it.
func TestDigestOfCompressed(t *testing.T) {
	content := "a,b\n" + strings.Repeat("1,x\n2,y\n", 9<<17) // more than one piece of the digest
	digests := map[dataset.Digest]bool{}
	for name, body := range map[string][]byte{
		"a.csv": []byte(content), "a.csv.gz": gzipped(t, content), "a.csv.zst": zstandard(t, content),
		// Several members and frames are one file, as gzip and zstd have it.
		"b.csv.gz":  append(gzipped(t, content[:1000]), gzipped(t, content[1000:])...),
		"b.csv.zst": append(zstandard(t, content[:1000]), zstandard(t, content[1000:])...),
	} {
		src, err := source.FromParts([]dataset.Part{bytesPart(name, body)})
		if err != nil {
			t.Fatal(err)
		}
		extent, err := src.Scan(t.Context(), dataset.Options{}, nowhere{})
		if err != nil || extent.Rows != 9<<18 {
			t.Errorf("%s: %d rows, %v", name, extent.Rows, err)
		}
		digests[extent.Digest] = true
	}
	if len(digests) != 1 {
		t.Errorf("%d digests of one content", len(digests))
	}
}

// nowhere takes all rows and keeps none.
type nowhere struct{}

func (nowhere) Begin([]dataset.Field) error { return nil }
func (n nowhere) Block() dataset.Sink       { return n }
func (nowhere) End(dataset.Sink) error      { return nil }
func (nowhere) Add(*dataset.Batch) error    { return nil }
