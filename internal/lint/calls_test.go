package lint

import (
	"fmt"
	"go/ast"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// edges are where the world comes in: time, environment, chance.
var edges = []string{"cmd", "functions", "infra", "internal/bench", "internal/deploycheck", "internal/image", "pkg/local"}

// impure finds calls by which the world gets into code that has to give the same result
// for the same input.
func impure(s source) (faults []string) {
	if s.test() || s.under(edges...) {
		return nil
	}
	for _, use := range uses(s.tree) {
		switch use.path {
		case "time":
			if slices.Contains([]string{"Now", "Since", "Until"}, use.name) {
				faults = append(faults, fmt.Sprintf("%s calls time.%s: take the time as an argument; only %s ask the clock", s.path, use.name, strings.Join(edges, ", ")))
			}
		case "math/rand", "math/rand/v2":
			if use.path == "math/rand/v2" && (s.under("pkg/internal/seed") || use.name == "Rand") {
				continue
			}
			faults = append(faults, fmt.Sprintf("%s uses %s.%s: draw from seed.Rand(seed.Derive(…)) of pkg/internal/seed, so that a run can be made again", s.path, use.path, use.name))
		case "os":
			if slices.Contains([]string{"Getenv", "LookupEnv", "Environ", "ExpandEnv"}, use.name) {
				faults = append(faults, fmt.Sprintf("%s calls os.%s: main reads the environment once and passes it on", s.path, use.name))
			}
		}
	}
	return faults
}

// use is one mention of a package's function, type or variable.
type use struct{ path, name string }

// uses lists what a file mentions of the packages that it imports. A dot import counts as a
// mention of ".": what it brings in could not be told apart.
func uses(file *ast.File) (all []use) {
	imports := map[string]string{}
	for _, i := range file.Imports {
		path, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			panic(err) // the parser accepted it
		}
		name := strings.TrimSuffix(path, "/v2")
		name = name[strings.LastIndex(name, "/")+1:]
		if i.Name != nil {
			name = i.Name.Name
		}
		if name == "." {
			all = append(all, use{path, "."})
		}
		imports[name] = path
	}
	ast.Inspect(file, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		// An identifier that is resolved within the file is a variable, not an import.
		if x, ok := selector.X.(*ast.Ident); ok && x.Obj == nil && imports[x.Name] != "" {
			all = append(all, use{imports[x.Name], selector.Sel.Name})
		}
		return true
	})
	return all
}

func TestNoClockNoChance(t *testing.T) {
	for _, s := range sources(t) {
		report(t, impure(s))
	}

	for _, example := range []struct {
		path, text string
		faults     int
	}{
		{"pkg/model/x.go", "package model\nimport \"time\"\nvar t = time.Now()", 1},
		{"pkg/model/x.go", "package model\nimport clock \"time\"\nvar f = clock.Since", 1},
		{"pkg/model/x.go", "package model\nimport \"time\"\nvar d = 2 * time.Second", 0},
		{"pkg/model/x.go", "package model\nimport \"math/rand/v2\"\nvar f = rand.Float64()", 1},
		{"pkg/model/x.go", "package model\nimport \"math/rand/v2\"\nvar r = rand.New(rand.NewPCG(1, 2))", 2},
		{"pkg/model/x.go", "package model\nimport \"math/rand/v2\"\nfunc draw(r *rand.Rand) float64 { return r.Float64() }", 0},
		{"pkg/model/x.go", "package model\nimport . \"math/rand\"\nvar f = Float64()", 1},
		{"pkg/model/x.go", "package model\nimport \"os\"\nvar e = os.Getenv(\"X\")", 1},
		{"pkg/model/x.go", "package model\nfunc f(time struct{ Now int }) int { return time.Now }", 0},
		{"pkg/internal/seed/x.go", "package seed\nimport \"math/rand/v2\"\nvar r = rand.New(rand.NewPCG(1, 2))", 0},
		{"pkg/model/x_test.go", "package model\nimport \"time\"\nvar t = time.Now()", 0},
		{"pkg/local/x.go", "package local\nimport \"time\"\nvar t = time.Now()", 0},
		{"pkg/locals/x.go", "package locals\nimport \"time\"\nvar t = time.Now()", 1},
	} {
		bites(t, example.text, impure(parse(t, example.path, example.text)), example.faults)
	}
}
