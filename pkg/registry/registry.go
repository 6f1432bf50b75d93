package registry

import (
	"context"
	"slices"
	"strconv"
	"strings"
)

// Registry is the meaning of the objects in a store. Its methods are safe for concurrent
// use by any number of processes: versions are claimed by Absent writes, aliases move by
// compare-and-swap, and everything else is written once.
//
//	data/<dataset>/…                    what users upload
//	statistics/<dataset>/<sha256>.json  profile of exactly that content; .html shows it
//	models/<model>/artifacts/<sha256>   content-addressed
//	models/<model>/versions/<n>.json    manifest
//	models/<model>/aliases/<alias>.json the one mutable object
//	models/<model>/audit/<alias>/<n>.json what it was before
type Registry struct {
	Store Store
}

// Models returns the names of the models that have a version, sorted.
func (r *Registry) Models(ctx context.Context) ([]ModelName, error) {
	const root = "models/"
	var names []ModelName
	for info, err := range r.Store.List(ctx, root) {
		if err != nil {
			return nil, err
		}
		name, rest, _ := strings.Cut(strings.TrimPrefix(info.Key, root), "/")
		file, isVersion := strings.CutPrefix(rest, "versions/")
		if !isVersion || versionNumber(file) == 0 {
			continue
		}
		if len(names) == 0 || names[len(names)-1] != ModelName(name) {
			names = append(names, ModelName(name))
		}
	}
	slices.Sort(names) // keys come as "wine-b/…" < "wine/…"
	return names, nil
}

func artifactKey(m ModelName, digest string) string {
	return "models/" + string(m) + "/artifacts/" + digest
}

func versionsPrefix(m ModelName) string { return "models/" + string(m) + "/versions/" }

func versionKey(m ModelName, n int) string {
	return versionsPrefix(m) + strconv.Itoa(n) + ".json"
}

func aliasesPrefix(m ModelName) string { return "models/" + string(m) + "/aliases/" }

func aliasKey(m ModelName, a AliasName) string { return aliasesPrefix(m) + string(a) + ".json" }

func auditPrefix(m ModelName, a AliasName) string {
	return "models/" + string(m) + "/audit/" + string(a) + "/"
}

func auditKey(m ModelName, a AliasName, revision int) string {
	return auditPrefix(m, a) + strconv.Itoa(revision) + ".json"
}

// versionNumber reads "12.json" as 12, and anything that versionKey does not write as 0.
func versionNumber(file string) int {
	n, err := strconv.Atoi(strings.TrimSuffix(file, ".json"))
	if err != nil || n < 1 || strconv.Itoa(n)+".json" != file {
		return 0
	}
	return n
}
