package lint

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/foretell-ml/foretell/pkg/topology"
)

// vague are names that say nothing of what a package is for.
var vague = []string{"util", "utils", "common", "types", "config", "mocks", "helpers", "misc", "base", "shared"}

// badlyPresented finds packages with a vague name, or without a comment that says what
// they are for.
func badlyPresented(all []source) (faults []string) {
	documented := map[string]bool{}
	names := map[string]string{}
	for _, s := range all {
		if s.test() {
			continue
		}
		folder := path.Dir(s.path)
		name := s.tree.Name.Name
		names[folder] = name
		opening := "Package " + name + " "
		if name == "main" {
			opening = "Command " + path.Base(folder) + " "
		}
		if strings.HasPrefix(s.tree.Doc.Text(), opening) {
			documented[folder] = true
		}
	}
	for _, folder := range slices.Sorted(maps.Keys(names)) {
		if slices.Contains(vague, names[folder]) {
			faults = append(faults, fmt.Sprintf("%s is named %s: name it for what it does, or put its files where they are used", folder, names[folder]))
		}
		if !documented[folder] {
			opening := "Package " + names[folder]
			if names[folder] == "main" {
				opening = "Command " + path.Base(folder)
			}
			faults = append(faults, fmt.Sprintf("%s has no package comment: say what it is for and its opinion, starting with %q", folder, opening+" "))
		}
	}
	return faults
}

func TestPackagesPresentThemselves(t *testing.T) {
	report(t, badlyPresented(sources(t)))

	bites(t, "package util without comment", badlyPresented([]source{parse(t, "pkg/util/x.go", "package util")}), 2)
	bites(t, "package good", badlyPresented([]source{parse(t, "pkg/good/x.go", "// Package good is.\npackage good")}), 0)
	bites(t, "command good", badlyPresented([]source{parse(t, "cmd/good/x.go", "// Command good is.\npackage main")}), 0)
}

var long = regexp.MustCompile(`(?m)^// long: \S`)

// tooLong finds files that nobody reads to the end, and that do not say why.
func tooLong(s source) (faults []string) {
	if lines := strings.Count(s.text, "\n"); lines > 500 && !long.MatchString(s.text) {
		faults = append(faults, fmt.Sprintf("%s has %d lines: split it by concept, or say why it is one in a comment `// long: …`", s.path, lines))
	}
	return faults
}

func TestFilesAreShort(t *testing.T) {
	for _, s := range sources(t) {
		report(t, tooLong(s))
	}

	example := "package x\n" + strings.Repeat("\n", 500)
	bites(t, "501 lines", tooLong(parse(t, "pkg/x/x.go", example)), 1)
	bites(t, "501 lines with a reason", tooLong(parse(t, "pkg/x/x.go", "// long: one table.\n"+example)), 0)
}

// A function's main wires clients to a handler of pkg, beside an event to try it with.
func TestFunctionsAreThin(t *testing.T) {
	const most = 45
	deployed := map[string]bool{}
	for _, f := range topology.Functions {
		deployed[f.Name] = true
		folder := "functions/" + f.Name + "/"
		if lines := strings.Count(read(t, folder+"main.go"), "\n"); lines > most {
			t.Errorf("%smain.go has %d lines, want at most %d: environment, clients, handler, start; the rest belongs in pkg", folder, lines, most)
		}
		if !json.Valid([]byte(read(t, folder+"event.json"))) {
			t.Errorf("%sevent.json is not JSON: it is the sample event that the function is tried with", folder)
		}
	}
	for _, s := range sources(t) {
		if !s.under("functions") || s.test() {
			continue
		}
		if name := strings.Split(s.path, "/")[1]; !deployed[name] {
			t.Errorf("%s is of no function in pkg/topology: add %s there, or delete it", s.path, name)
		} else if path.Base(s.path) != "main.go" {
			t.Errorf("%s: a function is its main.go, move this to a package under pkg", s.path)
		}
	}
}
