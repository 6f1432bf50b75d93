package parquet

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/hostile, and testdata/parquet/written.parquet of the repository")

// small are those of the hostile files that are kept in testdata/hostile, where the test of the
// command reads them.
var small = []string{
	"a page repeats a value", "all is missing", "absurd rows", "a run of the longest length", "absurd children",
	"a list of two billion elements", "bombs that say so", "deltas without end",
}

// The kept files are what the builder makes.
func TestHostileFiles(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "testdata", "hostile")
	kept := 0
	for _, h := range hostiles() {
		for _, name := range small {
			if h.name != name {
				continue
			}
			kept++
			path := filepath.Join(dir, strings.ReplaceAll(name, " ", "-")+".parquet")
			want := h.file.bytes(t)
			if *update {
				if err := os.WriteFile(path, want, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: %v, or not what the builder makes", path, err)
			}
		}
	}
	if kept != len(small) {
		t.Errorf("%d of %d files", kept, len(small))
	}
}
