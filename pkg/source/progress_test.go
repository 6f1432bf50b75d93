package source

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/foretell-ml/foretell/pkg/dataset"
)

// TestProgressReachesTheTotal reads a plain and a compressed file of a folder.
func TestProgressReachesTheTotal(t *testing.T) {
	dir := t.TempDir()
	text := "x,y\n" + strings.Repeat("1,two\n", 50_000)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"a.csv": []byte(text), "b.csv.gz": packed.Bytes()} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var mu sync.Mutex
	most, of, calls := int64(0), int64(0), 0
	source, err := Open(t.Context(), dir, Options{Progress: func(read, total int64) {
		mu.Lock()
		defer mu.Unlock()
		most, of, calls = max(most, read), total, calls+1
	}})
	if err != nil {
		t.Fatal(err)
	}
	table, _, err := dataset.Read(t.Context(), source, dataset.Options{})
	if err != nil || table.Rows() != 100_000 {
		t.Fatalf("%v", err)
	}
	if want := int64(len(text) + packed.Len()); most != want || of != want || calls < 2 {
		t.Errorf("read %d of %d in %d calls, want %d", most, of, calls, want)
	}
}

// TestProgressOfParquet reads a file of which places are asked for, rather than one byte after the other.
func TestProgressOfParquet(t *testing.T) {
	var mu sync.Mutex
	most, of := int64(0), int64(0)
	source, err := Open(t.Context(), "../../testdata/parquet/adult.parquet", Options{Progress: func(read, total int64) {
		mu.Lock()
		defer mu.Unlock()
		most, of = max(most, read), total
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := dataset.Read(t.Context(), source, dataset.Options{}); err != nil {
		t.Fatal(err)
	}
	if most != of || of == 0 {
		t.Errorf("read %d of %d", most, of)
	}
}
