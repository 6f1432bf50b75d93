package parquet_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/dataset/parquet"
)

// TestWriterRoundTrip: what is written is read back, bit for bit, over several row groups and
// more columns than a short list has room for.
func TestWriterRoundTrip(t *testing.T) {
	columns := []parquet.OutColumn{{Name: "id", Text: true}}
	for i := range 20 {
		columns = append(columns, parquet.OutColumn{Name: fmt.Sprintf("p(%d)", i)})
	}
	numbers := []float64{0, math.Copysign(0, -1), 0.1, math.MaxFloat64, math.SmallestNonzeroFloat64, -1.0 / 3, 1e-7, 12, 13}
	codes := []int32{0, 1, -1, 2, 1, 0, -1, -1, 2}
	texts := []string{"a", "ünï, \"quoted\"", "0012"}
	var file bytes.Buffer
	w, err := parquet.NewWriter(&file, columns)
	if err != nil {
		t.Fatal(err)
	}
	const groups = 3
	for range groups {
		values := []parquet.OutValues{{Codes: codes, Texts: texts}}
		for range columns[1:] {
			values = append(values, parquet.OutValues{Numbers: numbers})
		}
		if err := w.Group(len(numbers), values); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	table, _, err := dataset.Read(t.Context(), filesOf(file.Bytes()), dataset.Options{Types: map[string]dataset.Type{"id": dataset.Text}})
	if err != nil {
		t.Fatal(err)
	}
	if table.Rows() != groups*len(numbers) || len(table.Columns) != len(columns) {
		t.Fatalf("%d rows of %d columns", table.Rows(), len(table.Columns))
	}
	for i := range table.Rows() {
		at := i % len(numbers)
		for j, c := range table.Columns[1:] {
			if math.Float64bits(c.Values[i]) != math.Float64bits(numbers[at]) {
				t.Errorf("row %d, column %d: %v, want %v", i, j+1, c.Values[i], numbers[at])
			}
		}
		id := table.Columns[0]
		if want := codes[at]; id.Missing(i) != (want < 0) || want >= 0 && id.Text(i) != texts[want] {
			t.Errorf("row %d: id %q, want code %d", i, id.Text(i), want)
		}
	}
}

// filesOf are a file in memory as a data set.
func filesOf(file []byte) parquet.Files {
	return parquet.Files{Files: []dataset.Part{{
		Name: "out.parquet", Size: int64(len(file)),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(file)), nil },
		OpenAt: func(_ context.Context, offset, length int64) (io.ReadCloser, error) {
			return io.NopCloser(io.NewSectionReader(bytes.NewReader(file), offset, length)), nil
		},
	}}}
}
