package lint

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// room is a package and those of this repository that it may import.
type room struct {
	pkg     string
	imports []string
}

// allowed lists the rooms of the house, test files aside. It is the picture in
// docs/architecture.md read from the bottom up: a room may only name those above its own
// line. Packages under pkg may also import pkg/internal.
var allowed = []room{
	{"pkg/internal/chromium", nil},
	{"pkg/internal/nearest", nil},
	{"pkg/internal/document", []string{"pkg/internal/nearest"}},
	{"pkg/internal/jsontext", nil},
	{"pkg/internal/num", nil},
	{"pkg/internal/par", nil},
	{"pkg/internal/seed", nil},
	{"pkg/emf", nil},
	{"pkg/safetensors", nil},
	{"pkg/sketch", nil},
	{"pkg/topology", nil},
	{"docs", nil},

	{"pkg/dataset", []string{"pkg/safetensors"}},
	{"pkg/dataset/parquet", []string{"pkg/dataset"}},
	{"pkg/source", []string{"pkg/dataset", "pkg/dataset/parquet"}},
	{"pkg/profile", []string{"pkg/dataset", "pkg/sketch"}},
	{"pkg/profile/expectation", []string{"pkg/dataset", "pkg/profile", "pkg/sketch"}},
	{"pkg/feature", []string{"pkg/dataset"}},
	{"pkg/model/tree", []string{"pkg/safetensors"}},
	{"pkg/model/tree/walk", []string{"pkg/model/tree"}},
	{"pkg/model", []string{"pkg/dataset", "pkg/model/tree", "pkg/model/tree/walk", "pkg/safetensors"}},
	{"pkg/model/modeltest", []string{"pkg/dataset", "pkg/model", "pkg/safetensors"}},
	{"pkg/calibration", nil},
	{"pkg/pipeline", []string{"pkg/calibration", "pkg/dataset", "pkg/feature", "pkg/model", "pkg/profile", "pkg/safetensors"}},

	{"pkg/metric", []string{"pkg/dataset"}},
	{"pkg/validate", []string{"pkg/dataset", "pkg/metric"}},
	{"pkg/search", []string{"pkg/dataset", "pkg/metric", "pkg/validate"}},

	{"pkg/registry", []string{"pkg/dataset", "pkg/profile"}},
	{"pkg/registry/dirstore", []string{"pkg/registry"}},
	{"pkg/registry/memstore", []string{"pkg/registry"}},
	{"pkg/registry/s3store", []string{"pkg/registry"}},
	{"pkg/registry/registrytest", []string{"pkg/registry"}},

	{"pkg/workflow", []string{"pkg/registry"}},

	{"pkg/capture", []string{"pkg/dataset", "pkg/pipeline", "pkg/profile", "pkg/registry", "pkg/safetensors", "pkg/sketch"}},
	{"pkg/monitoring", []string{"pkg/capture", "pkg/dataset", "pkg/emf", "pkg/metric", "pkg/pipeline", "pkg/profile", "pkg/registry", "pkg/topology"}},

	{"pkg/report", []string{"pkg/dataset", "pkg/metric", "pkg/profile", "pkg/profile/expectation"}},
	{"pkg/training", []string{"pkg/calibration", "pkg/dataset", "pkg/emf", "pkg/feature", "pkg/metric", "pkg/model", "pkg/monitoring", "pkg/pipeline", "pkg/profile", "pkg/profile/expectation", "pkg/registry", "pkg/report", "pkg/safetensors", "pkg/search", "pkg/source", "pkg/topology", "pkg/validate", "pkg/workflow"}},

	{"pkg/gateway", []string{"pkg/emf", "pkg/topology"}},
	{"pkg/site", []string{"pkg/gateway"}},
	{"pkg/statistics", []string{"pkg/dataset", "pkg/gateway", "pkg/profile", "pkg/registry", "pkg/report", "pkg/source", "pkg/workflow"}},
	{"pkg/serving", []string{"pkg/calibration", "pkg/capture", "pkg/dataset", "pkg/gateway", "pkg/pipeline", "pkg/profile", "pkg/registry", "pkg/registry/dirstore", "pkg/registry/memstore", "pkg/topology"}},
	{"pkg/batch", []string{"pkg/calibration", "pkg/dataset", "pkg/dataset/parquet", "pkg/emf", "pkg/gateway", "pkg/pipeline", "pkg/profile", "pkg/registry", "pkg/source", "pkg/topology", "pkg/workflow"}},
	{"pkg/control", []string{"pkg/batch", "pkg/capture", "pkg/dataset", "pkg/gateway", "pkg/monitoring", "pkg/profile", "pkg/profile/expectation", "pkg/registry", "pkg/registry/s3store", "pkg/site", "pkg/statistics", "pkg/topology", "pkg/training", "pkg/workflow"}},
	{"pkg/local", []string{"pkg/gateway", "pkg/topology"}},

	{"functions/api", []string{"pkg/control", "pkg/gateway", "pkg/registry", "pkg/registry/s3store", "pkg/topology", "pkg/training"}},
	{"functions/batch", []string{"pkg/batch", "pkg/registry", "pkg/registry/s3store", "pkg/topology"}},
	{"functions/monitor", []string{"pkg/monitoring", "pkg/registry", "pkg/registry/s3store", "pkg/topology"}},
	{"functions/predict", []string{"pkg/gateway", "pkg/registry", "pkg/registry/s3store", "pkg/serving", "pkg/topology"}},
	{"functions/retrain", []string{"pkg/control", "pkg/registry/s3store", "pkg/topology"}},
	{"functions/statistics", []string{"pkg/registry", "pkg/registry/s3store", "pkg/statistics", "pkg/topology"}},
	{"functions/train", []string{"pkg/registry", "pkg/registry/s3store", "pkg/topology", "pkg/training"}},
	{"infra", []string{"docs", "pkg/gateway", "pkg/topology"}},
	{"cmd/foretell", []string{"pkg/..."}},
	{"internal/deploycheck", nil},
	{"internal/image", []string{"pkg/topology"}},
	{"internal/lint", nil},
	{"internal/bench", []string{"pkg/dataset", "pkg/dataset/parquet", "pkg/gateway", "pkg/metric", "pkg/model", "pkg/model/tree", "pkg/model/tree/walk", "pkg/pipeline", "pkg/profile", "pkg/registry", "pkg/registry/dirstore", "pkg/registry/memstore", "pkg/search", "pkg/serving", "pkg/source", "pkg/training", "pkg/validate"}},
}

const table = "the table in internal/lint/imports_test.go"

// upward finds imports that the table does not allow.
func upward(packages []pkg) (faults []string) {
	for _, p := range packages {
		i := slices.IndexFunc(allowed, func(r room) bool { return r.pkg == p.path() })
		if i < 0 {
			faults = append(faults, fmt.Sprintf("%s is not in %s: add a line for it, and draw it in docs/architecture.md", p.path(), table))
			continue
		}
		for _, path := range p.Imports {
			if path := ours(path); path != "" && !mayImport(p.path(), path, allowed[i].imports) {
				faults = append(faults, fmt.Sprintf("%s imports %s: imports run downward only, so move the code to where both may reach it, or allow it in %s", p.path(), path, table))
			}
		}
	}
	return faults
}

func mayImport(from, to string, imports []string) bool {
	return slices.Contains(imports, to) || slices.Contains(imports, "pkg/...") && strings.HasPrefix(to, "pkg/") ||
		strings.HasPrefix(from, "pkg/") && strings.HasPrefix(to, "pkg/internal/")
}

func TestImportsRunDownward(t *testing.T) {
	report(t, upward(list(t, "./...")))

	for _, example := range []struct{ from, to string }{
		{"pkg/dataset", "pkg/training"},
		{"pkg/serving", "pkg/search"},
		{"pkg/nowhere", "pkg/dataset"},
		{"infra", "pkg/internal/num"},
	} {
		p := pkg{ImportPath: module + "/" + example.from, Imports: []string{"fmt", module + "/" + example.to}}
		bites(t, example.from+" imports "+example.to, upward([]pkg{p}), 1)
	}
	fine := pkg{ImportPath: module + "/pkg/model", Imports: []string{"math", module + "/pkg/dataset", module + "/pkg/internal/num"}}
	bites(t, "pkg/model imports pkg/dataset", upward([]pkg{fine}), 0)
}

// The table itself has no way up: each line names only lines above it.
func TestTableRunsDownward(t *testing.T) {
	seen := map[string]bool{"pkg/...": true}
	for _, line := range allowed {
		for _, path := range line.imports {
			if !seen[path] {
				t.Errorf("%s: %s may import %s, which stands below it or nowhere", table, line.pkg, path)
			}
		}
		if seen[line.pkg] {
			t.Errorf("%s: %s has two lines", table, line.pkg)
		}
		seen[line.pkg] = true
	}
}

// heavy finds, among the packages that a function links, those that predict does without
// to start in milliseconds.
func heavy(packages []pkg) (faults []string) {
	for _, p := range packages {
		if slices.Contains([]string{"pkg/control", "pkg/search", "pkg/training", "pkg/report", "pkg/monitoring", "pkg/metric"}, p.path()) || strings.Contains(p.ImportPath, "parquet") || strings.Contains(p.ImportPath, "yaml") {
			faults = append(faults, fmt.Sprintf("functions/predict links %s: it has to start fast, so cut the import that brings it in", p.ImportPath))
		}
	}
	return faults
}

func TestPredictIsSmall(t *testing.T) {
	report(t, heavy(list(t, "-deps", "./functions/predict")))

	bites(t, "predict links search and Parquet", heavy([]pkg{
		{ImportPath: module + "/pkg/search"}, {ImportPath: "github.com/parquet-go/parquet-go"}, {ImportPath: module + "/pkg/serving"},
	}), 2)
}
