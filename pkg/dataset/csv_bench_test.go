package dataset

import (
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkReadCSV reads the data sets of testdata from memory: adult is mostly categories,
// wine mostly numbers.
func BenchmarkReadCSV(b *testing.B) {
	for _, name := range []string{"adult.csv", "wine-quality-white.csv"} {
		content, err := os.ReadFile(filepath.Join(testdata, name))
		if err != nil {
			b.Fatal(err)
		}
		parts := []Part{text(name, string(content))}
		b.Run("file="+name, func(b *testing.B) {
			b.SetBytes(int64(len(content)))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := ReadCSV(b.Context(), parts, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
