package lint

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	module = "github.com/foretell-ml/foretell"
	root   = "../.." // of the repository, seen from this package
)

// source is one Go file of the repository.
type source struct {
	path string // from the root, with slashes
	text string
	tree *ast.File
}

// test says whether the file is compiled only for tests. Most rules leave those alone.
func (s source) test() bool { return strings.HasSuffix(s.path, "_test.go") }

// under says whether the file is in one of the folders, or below.
func (s source) under(folders ...string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return strings.HasPrefix(s.path, f+"/") })
}

// parse makes a source of a text, for the repository's files and for the rules' examples.
func parse(t *testing.T, path, text string) source {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return source{path, text, tree}
}

// files lists what belongs to the repository, from its root: all but the top-level folders
// that .gitignore names, and git's own.
func files(t *testing.T) []string {
	t.Helper()
	ignored := ignored(t)
	var paths []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		path, err = filepath.Rel(root, path)
		if err != nil {
			return err
		}
		path = filepath.ToSlash(path)
		if slices.Contains(ignored, path) {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil // of a work tree .git is a file: SkipDir would skip all that comes behind it
		}
		if entry.Type().IsRegular() {
			paths = append(paths, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// ignored lists the folders of .gitignore, which are all of the form /name/, and .git.
func ignored(t *testing.T) []string {
	t.Helper()
	folders := []string{".git"}
	for line := range strings.Lines(read(t, ".gitignore")) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, ok := strings.CutPrefix(line, "/")
		name, folder := strings.CutSuffix(name, "/")
		if !ok || !folder || strings.Contains(name, "/") {
			t.Fatalf(".gitignore has %q: ignore whole top-level folders, as /name/, so that nothing else can hide", line)
		}
		folders = append(folders, name)
	}
	return folders
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// sources are the Go files of the repository.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	for _, path := range files(t) {
		if strings.HasSuffix(path, ".go") {
			all = append(all, parse(t, path, read(t, path)))
		}
	}
	return all
}

// pkg is what go list says of a package.
type pkg struct {
	ImportPath string
	Imports    []string
}

// path is the package's folder from the root; "" if it is not ours.
func (p pkg) path() string { return ours(p.ImportPath) }

func ours(importPath string) string {
	path, _ := strings.CutPrefix(importPath, module+"/")
	if path == importPath {
		return ""
	}
	return path
}

// list runs go list.
func list(t *testing.T, arguments ...string) []pkg {
	t.Helper()
	command := exec.Command("go", append([]string{"list", "-json=ImportPath,Imports"}, arguments...)...)
	command.Dir = root
	var stderr bytes.Buffer
	command.Stderr = &stderr
	output, err := command.Output()
	if err != nil {
		t.Fatalf("go list %s: %v\n%s", strings.Join(arguments, " "), err, stderr.String())
	}
	var packages []pkg
	for decoder := json.NewDecoder(bytes.NewReader(output)); ; {
		var p pkg
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

// report fails the test with each fault of a rule.
func report(t *testing.T, faults []string) {
	t.Helper()
	for _, fault := range faults {
		t.Error(fault)
	}
}

// bites fails unless the rule finds exactly so many faults in an example.
func bites(t *testing.T, example string, faults []string, want int) {
	t.Helper()
	if len(faults) != want {
		t.Errorf("the rule finds %d faults, want %d, in\n%s\nfound: %s", len(faults), want, example, strings.Join(faults, "\n\t"))
	}
}
