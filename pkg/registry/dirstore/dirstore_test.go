package dirstore_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/dirstore"
	"github.com/foretell-ml/foretell/pkg/registry/registrytest"
)

// counterDir makes this test binary a process that counts in the store of that directory.
const counterDir = "DIRSTORE_TEST_COUNTER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(counterDir); dir != "" {
		if err := count(dir); err != nil {
			os.Stderr.WriteString(err.Error())
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func newStore(t *testing.T) (registry.Store, string) {
	t.Helper()
	dir := t.TempDir()
	s, err := dirstore.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s, dir
}

func TestConformance(t *testing.T) {
	registrytest.Run(t, func(t *testing.T) registry.Store {
		s, _ := newStore(t)
		return s
	})
}

const counts = 25

// count adds to a number by compare-and-swap.
func count(dir string) error {
	s, err := dirstore.New(dir)
	if err != nil {
		return err
	}
	ctx := context.Background()
	for done := 0; done < counts; {
		body, info, err := registry.Read(ctx, s, "counter")
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(string(body))
		if err != nil {
			return err
		}
		_, err = s.Put(ctx, "counter", []byte(strconv.Itoa(n+1)), registry.Condition{IfMatch: info.ETag})
		if err == nil {
			done++
		} else if !errors.Is(err, registry.ErrConflict) {
			return err
		}
	}
	return nil
}

// TestProcesses: compare-and-swap holds across processes, not only across goroutines.
func TestProcesses(t *testing.T) {
	s, dir := newStore(t)
	if _, err := s.Put(t.Context(), "counter", []byte("0"), registry.Condition{}); err != nil {
		t.Fatal(err)
	}
	const processes = 3
	var started []*exec.Cmd
	for range processes {
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), counterDir+"="+dir)
		c.Stderr = os.Stderr
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		started = append(started, c)
	}
	for _, c := range started {
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	}
	if body, _, err := registry.Read(t.Context(), s, "counter"); err != nil || string(body) != strconv.Itoa(processes*counts) {
		t.Errorf("%d processes counted %d each to %s, %v", processes, counts, body, err)
	}
}

// files lists what is on disk below dir, but for the lock.
func files(t *testing.T, dir string) string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != ".lock" {
			rel, _ := filepath.Rel(dir, name)
			names = append(names, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, " ")
}

// TestNothingLeftBehind: neither a write that succeeds nor one that is refused leaves its
// temporary file, and what a crash left is in nobody's way.
func TestNothingLeftBehind(t *testing.T) {
	s, dir := newStore(t)
	for _, c := range []registry.Condition{{Absent: true}, {Absent: true}, {IfMatch: "other"}, {}} {
		_, err := s.Put(t.Context(), "a/b", []byte("x"), c)
		if err != nil && !errors.Is(err, registry.ErrConflict) {
			t.Fatal(err)
		}
	}
	if _, err := s.Put(t.Context(), "a/b/c", []byte("x"), registry.Condition{}); err == nil {
		t.Error("an object below another object was written")
	}
	if got := files(t, dir); got != "a/b" {
		t.Errorf("on disk: %s", got)
	}
	if err := os.WriteFile(filepath.Join(dir, ".tmp", "put-1"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := dirstore.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	for info, err := range again.List(t.Context(), "") {
		if err != nil || info.Key != "a/b" {
			t.Errorf("listed: %+v, %v", info, err)
		}
	}
	if err := s.Delete(t.Context(), "a/b"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "a")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty folder is left: %v", err)
	}
}

// TestETag: printf x | sha256sum.
func TestETag(t *testing.T) {
	s, dir := newStore(t)
	if err := os.WriteFile(filepath.Join(dir, "x"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := s.Stat(t.Context(), "x") // put there by hand
	if want := "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"; err != nil || info.ETag != want {
		t.Errorf("ETag %s, %v", info.ETag, err)
	}
}

func TestNewRefusesFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := dirstore.New(name); err == nil {
		t.Error("a file is taken for a directory")
	}
}
