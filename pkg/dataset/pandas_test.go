package dataset

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/internal/num"
)

// testdata is the folder of the repository's data sets.
var testdata = filepath.Join("..", "..", "testdata")

func readFile(t *testing.T, name string) (*Table, Digest) {
	t.Helper()
	parts, err := Files(filepath.Join(testdata, name))
	if err != nil {
		t.Fatal(err)
	}
	table, digest, err := ReadCSV(t.Context(), parts, Options{})
	if err != nil {
		t.Fatal(err)
	}
	tag, err := parts[0].Tag(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if string(digest) != tag {
		t.Errorf("%s: digest %s is not the SHA-256 of the file", name, digest)
	}
	return table, digest
}

// TestPandas compares what is read with what pandas reads: kinds, missing and distinct
// counts, extremes and sums, and how often each category occurs. The expected file is
// written by testdata/peers/dataset_pandas.py.
func TestPandas(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(testdata, "golden", "dataset_pandas.json"))
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Files []struct {
			File    string
			Rows    int
			Columns []pandasColumn
		}
	}
	if err := json.Unmarshal(b, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.Files) != 3 {
		t.Fatalf("%d files in the golden file, want 3", len(golden.Files))
	}
	for _, f := range golden.Files {
		table, _ := readFile(t, f.File)
		if table.Rows() != f.Rows || len(table.Columns) != len(f.Columns) {
			t.Errorf("%s: %d rows × %d columns, pandas %d × %d", f.File, table.Rows(), len(table.Columns), f.Rows, len(f.Columns))
			continue
		}
		for j, want := range f.Columns {
			want.compare(t, f.File, &table.Columns[j])
		}
	}
}

type pandasColumn struct {
	Name, Kind        string
	Missing, Distinct int
	Min, Max, Sum     float64
	Counts            map[string]int
}

func (want pandasColumn) compare(t *testing.T, file string, c *Column) {
	t.Helper()
	kind := "text"
	if !c.Type.Coded() {
		kind = string(c.Type)
	}
	var missing int
	counts := map[string]int{}
	var present []float64
	for i := range c.Len() {
		switch {
		case c.Missing(i):
			missing++
			continue
		case !c.Type.Coded():
			present = append(present, c.Values[i])
		}
		counts[c.Text(i)]++
	}
	if c.Name != want.Name || kind != want.Kind || missing != want.Missing || len(counts) != want.Distinct {
		t.Errorf("%s: column %q is %s, %d missing, %d distinct; pandas: %+v", file, c.Name, kind, missing, len(counts), want)
	}
	if c.Type.Coded() {
		if c.Type != Categorical || !maps.Equal(counts, want.Counts) {
			t.Errorf("%s: column %q is %s with %v; pandas: %v", file, c.Name, c.Type, counts, want.Counts)
		}
		return
	}
	// num.Sum errs by about one rounding of the result; the golden sum is rounded correctly.
	const tolerance = 4 * 0x1p-53
	sum := num.Sum(present)
	if slices.Min(present) != want.Min || slices.Max(present) != want.Max || math.Abs(sum-want.Sum) > tolerance*math.Abs(want.Sum) {
		t.Errorf("%s: column %q: min %v, max %v, sum %v; pandas: %+v", file, c.Name, slices.Min(present), slices.Max(present), sum, want)
	}
}

// The data sets are one for each task, as testdata/README.md says.
func TestTasksOfTestdata(t *testing.T) {
	for _, c := range []struct {
		file, target string
		want         Task
	}{
		{"adult.csv", "income", Binary},
		{"penguins.csv", "species", Multiclass},
		{"wine-quality-white.csv", "quality", Regression},
	} {
		table, _ := readFile(t, c.file)
		if got, err := InferTask(table.Column(c.target)); err != nil || got != c.want {
			t.Errorf("%s: %q, %v; want %q", c.file, got, err, c.want)
		}
	}
}

// A file cut into parts, each with the header, is the same table.
func TestPartsOfTestdata(t *testing.T) {
	whole, _ := readFile(t, "adult.csv")
	b, err := os.ReadFile(filepath.Join(testdata, "adult.csv"))
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(b, []byte("\n"))
	for _, size := range []int{1000, 2999, 6000} {
		var parts []Part
		for chunk := range slices.Chunk(lines[1:], size) {
			parts = append(parts, text("part", string(lines[0])+string(bytes.Join(chunk, nil))))
		}
		got, _, err := ReadCSV(t.Context(), parts, Options{})
		if err != nil {
			t.Fatal(err)
		}
		equalTables(t, got, whole)
	}
}
