package profile

import (
	"context"
	"os"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// BenchmarkScan profiles the CSV file that FORETELL_CSV names; make bench generates one.
func BenchmarkScan(b *testing.B) {
	name := os.Getenv("FORETELL_CSV")
	if name == "" {
		b.Skip("FORETELL_CSV names no file")
	}
	parts, err := dataset.Files(name)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(parts[0].Size)
	for b.Loop() {
		if _, _, err := Scan(context.Background(), dataset.CSV{Files: parts}, dataset.Options{}, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
