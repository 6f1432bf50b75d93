package parquet

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

const folder = "../../../testdata/parquet/"

func open(t testing.TB, paths ...string) Files {
	t.Helper()
	var f Files
	for _, path := range paths {
		parts, err := dataset.Files(path)
		if err != nil {
			t.Fatal(err)
		}
		f.Files = append(f.Files, parts...)
	}
	return f
}

// Every codec, page version and encoding gives what pyarrow reads, at any number of workers.
func TestReadsAsPyarrow(t *testing.T) {
	text, err := os.ReadFile("../../../testdata/golden/parquet_pyarrow.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Files   []string
		Columns map[string][]any
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.Files) != 25 {
		t.Fatalf("%d files", len(golden.Files))
	}
	for _, name := range golden.Files {
		for workers := range 4 {
			table, _, err := dataset.Read(t.Context(), open(t, folder+name), dataset.Options{Workers: workers})
			if err != nil {
				t.Errorf("%s: %v", name, err)
				break
			}
			if len(table.Columns) != len(golden.Columns) {
				t.Errorf("%s: %d columns", name, len(table.Columns))
			}
			for _, c := range table.Columns {
				want := golden.Columns[c.Name]
				if c.Len() != len(want) {
					t.Errorf("%s: %s has %d rows, want %d", name, c.Name, c.Len(), len(want))
					continue
				}
				for i, w := range want {
					ok := w == nil && c.Missing(i)
					switch w := w.(type) {
					case float64:
						ok = !c.Type.Coded() && c.Values[i] == w
					case string:
						ok = c.Type == dataset.Categorical && c.Text(i) == w
					}
					if !ok {
						t.Errorf("%s: %s row %d is %s (%s), want %v", name, c.Name, i, c.Text(i), c.Type, w)
						break
					}
				}
			}
		}
	}
}

func TestReadsSpecialFiles(t *testing.T) {
	ctx := t.Context()
	plain, _, err := dataset.Read(ctx, open(t, folder+"none-v1-plain.parquet"), dataset.Options{Columns: []string{"micros", "nanos"}})
	if err != nil {
		t.Fatal(err)
	}
	int96, _, err := dataset.Read(ctx, open(t, folder+"int96.parquet"), dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range plain.Columns {
		for row, v := range plain.Columns[i].Values {
			if got := int96.Columns[i].Values[row]; got != v {
				t.Fatalf("INT96 row %d: %v, want %v", row, got, v)
			}
		}
	}
	wide, _, err := dataset.Read(ctx, open(t, folder+"wide.parquet"), dataset.Options{})
	if err != nil || wide.Columns[0].Type != dataset.Text || wide.Columns[0].Text(0) != "9007199254740993" || !wide.Columns[0].Missing(2) {
		t.Errorf("identifiers: %v, %v", wide, err)
	}
	for name, want := range map[string]string{
		"wide-silent.parquet": "2^53", "nested.parquet": "nested", "binary.parquet": "row 2", "empty.parquet": "no rows",
	} {
		if _, _, err := dataset.Read(ctx, open(t, folder+name), dataset.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	if _, _, err := dataset.Read(ctx, open(t, folder+"nested.parquet"), dataset.Options{Columns: []string{"a"}}); err != nil {
		t.Error(err)
	}
}

func TestOptions(t *testing.T) {
	ctx, f := t.Context(), open(t, folder+"zstd-v2-dictionary.parquet", folder+"snappy-v1-plain.parquet")
	table, _, err := dataset.Read(ctx, f, dataset.Options{Columns: []string{"int8"}, Types: map[string]dataset.Type{"int8": dataset.Text}})
	if err != nil || table.Rows() != 80 || table.Columns[0].Text(40) != "-20" {
		t.Errorf("declared text: %v", err)
	}
	for _, sample := range []float64{7, 80, 1} {
		table, _, err := dataset.Read(ctx, f, dataset.Options{Sample: sample})
		if want := int(sample); err != nil || table.Rows() != want && sample > 1 || sample == 1 && table.Rows() != 80 {
			t.Errorf("sample %v: %v", sample, err)
		}
	}
	var column *dataset.ColumnError
	for _, o := range []dataset.Options{{Columns: []string{"colour"}}, {Types: map[string]dataset.Type{"int8": dataset.Timestamp}}} {
		if _, _, err := dataset.Read(ctx, f, o); !errors.As(err, &column) {
			t.Errorf("%v: %v", o, err)
		}
	}
	done, cancel := context.WithCancel(ctx)
	cancel()
	if _, _, err := dataset.Read(done, f, dataset.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

// CSV and Parquet of the same rows give equal tables: names, types, levels, values.
func TestReadsAsCSV(t *testing.T) {
	for _, name := range []string{"penguins", "adult"} {
		want, _, err := dataset.Read(t.Context(), dataset.CSV{Files: open(t, "../../../testdata/"+name+".csv").Files}, dataset.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for workers := range 4 {
			got, _, err := dataset.Read(t.Context(), open(t, folder+name+".parquet"), dataset.Options{Workers: workers})
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got.Schema(), want.Schema()) || got.Rows() != want.Rows() {
				t.Fatalf("%s: %v of %d rows, want %v of %d", name, got.Schema(), got.Rows(), want.Schema(), want.Rows())
			}
			for i := range want.Columns {
				g, w := &got.Columns[i], &want.Columns[i]
				same := slices.Equal(g.Codes, w.Codes) && slices.EqualFunc(g.Values, w.Values, func(a, b float64) bool {
					return math.Float64bits(a) == math.Float64bits(b) || math.IsNaN(a) && math.IsNaN(b)
				})
				if !same {
					t.Errorf("%s: %s differs", name, w.Name)
				}
			}
		}
	}
}

// The same digest as CSV's rule gives.
func TestDigest(t *testing.T) {
	f := open(t, folder+"delta.parquet")
	tag, err := f.Files[0].Tag(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, digest, err := dataset.Read(t.Context(), f, dataset.Options{}); err != nil || string(digest) != tag {
		t.Errorf("%s, want %s: %v", digest, tag, err)
	}
}

// What is cut off or flipped is read or refused, never a panic or a hang.
func TestDamaged(t *testing.T) {
	for _, name := range []string{"none-v1-dictionary", "lz4-v2-plain", "snappy-v1-plain", "delta"} {
		whole, err := os.ReadFile(folder + name + ".parquet")
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "damaged.parquet")
		try := func(data []byte) error {
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			_, _, err := dataset.Read(t.Context(), open(t, path), dataset.Options{})
			return err
		}
		for cut := 0; cut < len(whole); cut += len(whole)/10 + 1 {
			if try(whole[:cut]) == nil {
				t.Errorf("%s: the first %d bytes were read", name, cut)
			}
		}
		for at := 4; at < len(whole); at += len(whole)/40 + 1 {
			flipped := append([]byte(nil), whole...)
			flipped[at] ^= 1 << (at % 8)
			_ = try(flipped)
		}
		claim := append([]byte(nil), whole...)
		binary.LittleEndian.PutUint32(claim[len(claim)-8:], math.MaxUint32)
		if err := try(claim); err == nil || !strings.Contains(err.Error(), "footer claims") {
			t.Errorf("footer: %v", err)
		}
	}
}
