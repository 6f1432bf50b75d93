package lint

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// topLevel is what may lie at the root of the repository.
var topLevel = []string{
	".ci", ".github", ".gitignore", "CHANGELOG.md", "LICENSE", "Makefile", "README.md", "cdk.json",
	"cmd", "docs", "functions", "go.mod", "go.sum", "infra", "internal", "pkg", "testdata",
}

// misplaced finds top-level entries that are neither listed nor ignored by git.
func misplaced(names, ignored []string) (faults []string) {
	for _, name := range names {
		if !slices.Contains(topLevel, name) && !slices.Contains(ignored, name) {
			faults = append(faults, fmt.Sprintf("%s lies at the top level: move it into a folder, or add it to topLevel in internal/lint/tree_test.go", name))
		}
	}
	return faults
}

func TestTopLevel(t *testing.T) {
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	report(t, misplaced(names, ignored(t)))
	for _, name := range topLevel {
		if !slices.Contains(names, name) {
			t.Errorf("%s is missing at the top level: restore it, or take it out of topLevel in internal/lint/tree_test.go", name)
		}
	}

	bites(t, "notes.txt at the top", misplaced([]string{"go.mod", "notes.txt", ".git"}, []string{".git"}), 1)
}

// What belongs to one machine and not to the repository: folders of a user or of a build
// machine, and hosts that packages are fetched from, which go.mod leaves to the user. These
// patterns do not match their own source.
var machine = []*regexp.Regexp{
	regexp.MustCompile("(?m)(?:^|[\\s\"'`=(\\[{,:])(/(?:work|root|tmp|home|Users|mnt|opt)/[\\w.-]+)"),
	regexp.MustCompile(`((?:proxy|sum)\.golang\.org|registry\.(?:npmjs\.org|yarnpkg\.com)|(?:files\.)?pythonhosted\.org|\bpypi\.org|goproxy\.(?:io|cn))`),
}

// platform is what belongs to a platform rather than to a machine: SageMaker's containers.
var platform = []string{"/opt" + "/ml"}

// machineBound finds lines that only make sense on one machine.
func machineBound(path, text string) (faults []string) {
	number := 0
	for line := range strings.Lines(text) {
		number++
		for _, pattern := range machine {
			if found := pattern.FindStringSubmatch(line); found != nil && !slices.Contains(platform, found[1]) {
				faults = append(faults, fmt.Sprintf("%s:%d names %s: use a path from the root or t.TempDir(), and leave where packages come from to the user", path, number, found[1]))
			}
		}
	}
	return faults
}

func TestNothingBoundToAMachine(t *testing.T) {
	for _, path := range files(t) {
		report(t, machineBound(path, read(t, path)))
	}

	slash := "/"
	for _, example := range []struct {
		line   string
		faults int
	}{
		{"cat " + slash + "work" + slash + "main", 1},
		{`dir := "` + slash + "tmp" + slash + `x"`, 1},
		{"image " + slash + "home" + slash + "ana/x.png", 1},
		{"GOPROXY=https://proxy" + ".golang" + ".org", 1},
		{"https://pypi" + ".org" + slash + "simple", 1},
		{"https://example.org/work/main", 0},
		{"Lambda gives a function the folder " + slash + "tmp.", 0},
		{"a/b/tmp/c", 0},
		{"model data lies in " + platform[0] + "/model", 0},
		{"cat " + slash + "opt" + slash + "mlx/model", 1},
	} {
		bites(t, example.line, machineBound("x", example.line), example.faults)
	}
}
