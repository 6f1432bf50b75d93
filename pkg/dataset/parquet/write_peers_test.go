package parquet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"
)

// What the file of TestWriterByPeers holds: three row groups of predictions, with all that doubles
// and texts may be.
var (
	writtenNumbers = []float64{0.1, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64, 1.0 / 3, -12345.75}
	writtenCodes   = []int32{0, -1, 1, 2, 3, -1, 4, 0, 1}
	writtenTexts   = []string{"yes", "", "ünï, \"quoted\"\r\n", "0012", "日本語 🐧"}
	writtenGroups  = []int{9, 1, 4}
)

// TestWriterByPeers: pyarrow, DuckDB and polars read what is written, bit for bit. What they found is
// in testdata/golden, by testdata/peers/parquet_written.py, of the very bytes that are written here.
func TestWriterByPeers(t *testing.T) {
	const name = "../../../testdata/parquet/written.parquet"
	columns := []OutColumn{{Name: "class", Text: true}, {Name: "p(yes)"}, {Name: "p(ünï, \"no\")"}}
	var file bytes.Buffer
	w, err := NewWriter(&file, columns)
	if err != nil {
		t.Fatal(err)
	}
	var numbers, reversed []string
	var texts []any
	for _, n := range writtenGroups {
		back := slices.Clone(writtenNumbers[:n])
		slices.Reverse(back)
		if err := w.Group(n, []OutValues{{Codes: writtenCodes[:n], Texts: writtenTexts}, {Numbers: writtenNumbers[:n]}, {Numbers: back}}); err != nil {
			t.Fatal(err)
		}
		for i := range n {
			numbers, reversed = append(numbers, bitsOf(writtenNumbers[i])), append(reversed, bitsOf(back[i]))
			if code := writtenCodes[i]; code < 0 {
				texts = append(texts, nil)
			} else {
				texts = append(texts, writtenTexts[code])
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(name, file.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(committed, file.Bytes()) {
		t.Fatalf("%s is not what is written now: write it anew (-update) and have the peers read it (testdata/peers/parquet_written.py)", name)
	}

	text, err := os.ReadFile("../../../testdata/golden/parquet_written.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Groups      []int
		Compression []string
		Readers     map[string][]struct {
			Name, Type string
			Values     []any
		}
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(golden.Groups, writtenGroups) || !slices.Equal(golden.Compression, []string{"ZSTD"}) {
		t.Errorf("row groups %v, compressed by %v", golden.Groups, golden.Compression)
	}
	types := map[string][2]string{"pyarrow": {"string", "double"}, "duckdb": {"VARCHAR", "DOUBLE"}, "polars": {"String", "Float64"}}
	if len(golden.Readers) != len(types) {
		t.Errorf("%d readers", len(golden.Readers))
	}
	for reader, found := range golden.Readers {
		if len(found) != len(columns) {
			t.Fatalf("%s finds %d columns", reader, len(found))
		}
		for j, c := range found {
			kind, want := types[reader][1], fmt.Sprint([][]string{nil, numbers, reversed}[j])
			if j == 0 {
				kind, want = types[reader][0], fmt.Sprintf("%q", texts)
			}
			got := fmt.Sprint(c.Values)
			if j == 0 {
				got = fmt.Sprintf("%q", c.Values)
			}
			if c.Name != columns[j].Name || c.Type != kind || got != want {
				t.Errorf("%s finds column %q of %s:\n%s\nwant %q of %s:\n%s", reader, c.Name, c.Type, got, columns[j].Name, kind, want)
			}
		}
	}
}

func bitsOf(v float64) string { return fmt.Sprintf("%016x", math.Float64bits(v)) }
