package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a/x.csv", "a.csv", "b.CSV", "notes.txt", ".hidden.csv", ".git/y.csv", "a[1].csv", "dir.csv/z.csv"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("name\n"+name+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		pattern string
		want    []string
	}{
		{"", []string{"a.csv", "a/x.csv", "a[1].csv", "b.CSV", "dir.csv/z.csv"}},
		{"a.csv", []string{"a.csv"}},
		{"a[1].csv", []string{"a[1].csv"}}, // a file before a pattern
		{"notes.txt", []string{"notes.txt"}},
		{"*.csv", []string{".hidden.csv", "a.csv", "a[1].csv"}},
		{"[ab].*", []string{"a.csv", "b.CSV"}},
	} {
		parts, err := Files(filepath.Join(dir, c.pattern))
		if err != nil {
			t.Errorf("%q: %v", c.pattern, err)
			continue
		}
		var got []string
		for _, p := range parts {
			name, err := filepath.Rel(dir, p.Name)
			if err != nil {
				t.Fatal(err)
			}
			name = filepath.ToSlash(name)
			got = append(got, name)
			sum := sha256.Sum256([]byte("name\n" + name + "\n"))
			if tag, err := p.Tag(t.Context()); err != nil || tag != hex.EncodeToString(sum[:]) {
				t.Errorf("%s: tag %s is not the SHA-256 of the content, %v", name, tag, err)
			}
			if p.Size != int64(len("name\n"+name+"\n")) || p.Modified.IsZero() {
				t.Errorf("%s: %d bytes, modified %s", name, p.Size, p.Modified)
			}
			if content := content(t, p); content != "name\n"+name+"\n" {
				t.Errorf("%s holds %q", name, content)
			}
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: %q, want %q", c.pattern, got, c.want)
		}
	}
	for _, pattern := range []string{"none.csv", "*.tsv", "a[", ".git/objects"} {
		if parts, err := Files(filepath.Join(dir, pattern)); err == nil {
			t.Errorf("%q: %v, want an error", pattern, parts)
		}
	}
	if _, err := Files(t.TempDir()); err == nil {
		t.Error("empty directory: no error")
	}
}

func content(t *testing.T, p Part) string {
	t.Helper()
	for range 2 { // it can be opened again
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := p.Open(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("Open with a context that ended: %v", err)
		}
		f, err := p.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		b, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		if len(b) > 0 {
			return string(b)
		}
	}
	return ""
}
