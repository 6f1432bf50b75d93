package parquet

import (
	"os"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// Whatever a file holds, it is a table or an error that names it: the same at any number of
// workers, and never a fault of ours.
func FuzzScan(f *testing.F) {
	for _, name := range []string{"none-v1-dictionary", "snappy-v2-plain", "delta", "int96", "wide", "nested", "binary", "empty", "same"} {
		data, err := os.ReadFile(folder + name + ".parquet")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, h := range hostiles() {
		if data := h.file.bytes(f); len(data) < 10_000 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<20 {
			return
		}
		var first string
		for _, workers := range []int{1, 3} {
			seen := &texts{}
			extent, err := Files{[]dataset.Part{inMemory("fuzzed", data)}}.Scan(t.Context(), dataset.Options{Workers: workers}, seen)
			got := seen.String()
			if err != nil {
				got = err.Error()
				if strings.Contains(got, "runtime error") || !strings.Contains(got, "fuzzed") && !strings.Contains(got, "column ") {
					t.Fatal(err)
				}
			} else if extent.Rows != seen.rows {
				t.Fatalf("%d rows, and %d were handed on", extent.Rows, seen.rows)
			}
			if workers == 1 {
				first = got
			} else if got != first {
				t.Fatalf("%d workers: %s, one: %s", workers, got, first)
			}
		}
	})
}

// texts writes down what it is given, up to some length, and counts the rest.
type texts struct {
	strings.Builder
	rows int
}

func (k *texts) Begin([]dataset.Field) error { return nil }
func (k *texts) Block() dataset.Sink         { return &texts{} }

func (k *texts) End(s dataset.Sink) error {
	b := s.(*texts)
	k.rows += b.rows
	k.WriteString(b.String())
	return nil
}

func (k *texts) Add(b *dataset.Batch) error {
	k.rows += b.Rows
	for row := range min(b.Rows, 100) {
		for i := range b.Columns {
			c := &b.Columns[i]
			column := dataset.Column{Type: c.Type, Values: c.Values, Codes: c.Codes}
			for _, level := range c.Levels {
				if !c.Type.Coded() || len(level) == 0 {
					panic("levels that should not be")
				}
				column.Levels = append(column.Levels, string(level))
			}
			k.WriteString(column.Text(row) + ",")
		}
	}
	return nil
}
