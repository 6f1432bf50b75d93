package parquet

import (
	"os"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// summed adds up all values, which a query that reads them does at least.
type summed struct {
	sum  float64
	code int64
	rows int
}

func (s *summed) Begin([]dataset.Field) error { return nil }
func (s *summed) Block() dataset.Sink         { return &summed{} }

func (s *summed) End(b dataset.Sink) error {
	one := b.(*summed)
	s.sum, s.code, s.rows = s.sum+one.sum, s.code+one.code, s.rows+one.rows
	return nil
}

func (s *summed) Add(b *dataset.Batch) error {
	s.rows += b.Rows
	for i := range b.Columns {
		sum, code := 0.0, int64(0)
		for _, v := range b.Columns[i].Values {
			sum += v
		}
		for _, v := range b.Columns[i].Codes {
			code += int64(v)
		}
		s.sum, s.code = s.sum+sum, s.code+code
	}
	return nil
}

// FORETELL_PARQUET names the file to read instead of a small one of testdata, and
// FORETELL_COLUMNS its columns, separated by commas.
func BenchmarkScan(b *testing.B) {
	path, columns := os.Getenv("FORETELL_PARQUET"), []string(nil)
	if path == "" {
		path = folder + "adult.parquet"
	}
	if names := os.Getenv("FORETELL_COLUMNS"); names != "" {
		columns = strings.Split(names, ",")
	}
	f := open(b, path)
	b.SetBytes(f.Files[0].Size)
	for b.Loop() {
		var s summed
		if _, err := f.Scan(b.Context(), dataset.Options{Columns: columns}, &s); err != nil {
			b.Fatal(err)
		}
		if s.rows == 0 {
			b.Fatal("no rows")
		}
	}
}
