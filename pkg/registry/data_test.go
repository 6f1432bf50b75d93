package registry_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/dirstore"
)

func TestDataParts(t *testing.T) {
	dir := t.TempDir()
	store, err := dirstore.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	r := &registry.Registry{Store: store}
	for key, body := range map[string]string{
		"b.csv": "x\n2\n", "a/2.CSV": "x\n1\n", "a-1.csv": "x\n0\n",
	} {
		put(t, store, "data/wine/"+key, body)
	}
	put(t, store, "data/wine-2/c.csv", "x\n9\n")
	if err := os.WriteFile(filepath.Join(dir, "data/wine/.DS_Store"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	parts, err := r.DataParts(t.Context(), "wine")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range parts {
		names = append(names, p.Name)
		if p.ETag == "" || p.Size != 4 || p.Modified.IsZero() {
			t.Errorf("%s has ETag %q, %d bytes, written %v", p.Name, p.ETag, p.Size, p.Modified)
		}
		ranged, err := p.OpenAt(t.Context(), 2, 100)
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(ranged); errors.Join(err, ranged.Close()) != nil || len(body) != 2 || body[1] != '\n' {
			t.Errorf("%s from its third byte on: %q, %v", p.Name, body, err)
		}
	}
	if !slices.Equal(names, []string{"a-1.csv", "a/2.CSV", "b.csv"}) {
		t.Errorf("parts %q", names)
	}
	table, digest, err := dataset.ReadCSV(t.Context(), parts, dataset.Options{})
	if err != nil || table.Rows() != 3 || table.Columns[0].Text(0) != "0" {
		t.Fatalf("%+v, %v", table, err)
	}
	// The same files of a directory are the same data set.
	files, err := dataset.Files(filepath.Join(dir, "data/wine"))
	if err != nil {
		t.Fatal(err)
	}
	if _, local, err := dataset.ReadCSV(t.Context(), files, dataset.Options{}); err != nil || local != digest {
		t.Errorf("digest %s from the store, %s from the directory, %v", digest, local, err)
	}

	put(t, store, "data/wine/b.csv", "x\n3\n")
	if _, err := parts[2].Open(t.Context()); !errors.Is(err, registry.ErrConflict) {
		t.Errorf("a part that changed opens: %v", err)
	}
	if _, err := parts[2].OpenAt(t.Context(), 0, 2); !errors.Is(err, registry.ErrConflict) {
		t.Errorf("a range of a part that changed opens: %v", err)
	}
	put(t, store, "data/wine/_SUCCESS", "")
	put(t, store, "data/wine/notes.txt", "")
	var fault *registry.DatasetError
	if _, err := r.DataParts(t.Context(), "wine"); !errors.As(err, &fault) || fault.Part != "notes.txt" {
		t.Errorf("with a text file: %v", err)
	}
}

// Every format that can be read may lie in a data set, compressed or not; a store without
// ranged reads gives parts without them.
func TestDataPartsOfEveryFormat(t *testing.T) {
	store, err := dirstore.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r := &registry.Registry{Store: plainStore{store}}
	want := []string{"a.csv", "a.csv.gz", "a.tsv", "b.JSONL.zst", "b.ndjson", "c.parquet"}
	for _, name := range want {
		put(t, store, "data/mixed/"+name, "x")
	}
	parts, err := r.DataParts(t.Context(), "mixed")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range parts {
		names = append(names, p.Name)
		if p.OpenAt != nil {
			t.Errorf("%s has ranged reads of a store that has none", p.Name)
		}
	}
	if !slices.Equal(names, want) {
		t.Errorf("parts %q, want %q", names, want)
	}
	for _, name := range []string{"csv", "a.gz", "a.csv.bz2", "a.xlsx", "parquet"} {
		put(t, store, "data/bad/"+name, "x")
		var fault *registry.DatasetError
		if _, err := r.DataParts(t.Context(), "bad"); !errors.As(err, &fault) || fault.Part != name {
			t.Errorf("%s: %v", name, err)
		}
		if err := store.Delete(t.Context(), "data/bad/"+name); err != nil {
			t.Fatal(err)
		}
	}
}

// plainStore hides what a store offers besides.
type plainStore struct{ registry.Store }

func TestStatistics(t *testing.T) {
	dir := t.TempDir()
	store, err := dirstore.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	r := &registry.Registry{Store: store}
	one, two := strings.Repeat("1", 64), strings.Repeat("2", 64)
	save := func(version string, rows int, at time.Time) {
		t.Helper()
		s := registry.Statistics{Dataset: "wine", Version: version, Profile: &profile.Profile{Rows: rows}}
		if err := r.SaveStatistics(t.Context(), "wine", s); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(filepath.Join(dir, "statistics/wine", version+".json"), at, at); err != nil {
			t.Fatal(err)
		}
	}
	latest := func(want string, rows int) {
		t.Helper()
		s, err := r.Statistics(t.Context(), "wine")
		if err != nil || s.Version != want || s.Dataset != "wine" || s.Profile.Rows != rows {
			t.Errorf("latest is %+v, %v, want %s", s, err, want)
		}
	}
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	save(two, 2, at)
	latest(two, 2)
	save(one, 1, at.Add(time.Second))
	latest(one, 1)
	save(two, 2, at.Add(2*time.Second)) // the data set went back
	latest(two, 2)
	save(one, 1, at.Add(2*time.Second)) // at the same moment the greatest key
	latest(two, 2)
	put(t, store, "statistics/wine/"+two+".html", "<p>")
	latest(two, 2)

	for _, bad := range []registry.Statistics{
		{Dataset: "beer", Version: one, Profile: &profile.Profile{}},
		{Dataset: "wine", Version: "../x", Profile: &profile.Profile{}},
		{Dataset: "wine", Version: one},
	} {
		if err := r.SaveStatistics(t.Context(), "wine", bad); err == nil {
			t.Errorf("%+v is saved", bad)
		}
	}
}

// TestStatisticsOfWideData: they may be larger than other documents, and no larger than can be
// read again.
func TestStatisticsOfWideData(t *testing.T) {
	r := newRegistry(t)
	s := registry.Statistics{Dataset: "wide", Version: strings.Repeat("1", 64)}
	s.Profile = &profile.Profile{Columns: []profile.Column{{Name: strings.Repeat("x", registry.MaxJSON)}}}
	if err := r.SaveStatistics(t.Context(), "wide", s); err != nil {
		t.Fatal(err)
	}
	if got, err := r.StatisticsOf(t.Context(), "wide", s.Version); err != nil || len(got.Profile.Columns[0].Name) != registry.MaxJSON {
		t.Errorf("cannot be read again: %v", err)
	}
	s.Profile.Columns[0].Name = strings.Repeat("x", registry.MaxStatistics)
	var large *registry.TooLargeError
	if err := r.SaveStatistics(t.Context(), "wide", s); !errors.As(err, &large) || large.Limit != registry.MaxStatistics {
		t.Errorf("saved what cannot be read again: %v", err)
	}
}

func TestReadBounds(t *testing.T) {
	r := newRegistry(t)
	put(t, r.Store, "big.json", `"`+strings.Repeat("x", registry.MaxJSON)+`"`)
	put(t, r.Store, "two.json", "{}{}")
	put(t, r.Store, "cut.json", `{"a":`)
	var v any
	var large *registry.TooLargeError
	if _, err := registry.ReadJSON(t.Context(), r.Store, "big.json", &v); !errors.As(err, &large) || large.Key != "big.json" {
		t.Errorf("a large object: %v", err)
	}
	for _, key := range []string{"two.json", "cut.json"} {
		if _, err := registry.ReadJSON(t.Context(), r.Store, key, &v); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s: %v", key, err)
		}
	}
	if _, err := registry.WriteJSON(t.Context(), r.Store, "a.json", strings.Repeat("x", registry.MaxJSON), registry.Condition{}); !errors.As(err, &large) || large.Limit != registry.MaxJSON {
		t.Errorf("what cannot be read back is written: %v", err)
	}
}
