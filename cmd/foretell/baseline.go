package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// latest names the statistics that were stored last.
const latest = "latest"

// baseline is what --compare compares with.
type baseline struct {
	label   string
	profile *profile.Profile
	model   bool // it is the inputs of a model, and other columns are no business of it
	latest  bool // it is what was stored last, when the baseline was looked for
}

// findBaseline finds what --compare names; statisticsExamples lists what that can be.
func (d *describing) findBaseline(ctx context.Context) (baseline, error) {
	b, err := d.openBaseline(ctx, d.compare)
	if err != nil {
		return baseline{}, fmt.Errorf("--compare %s: %w", d.compare, err)
	}
	return b, nil
}

func (d *describing) openBaseline(ctx context.Context, named string) (baseline, error) {
	_, err := os.Stat(named)
	switch {
	case strings.HasSuffix(named, ".json"):
		return readStatistics(named)
	case err == nil || strings.Contains(named, "://"):
		rows, err := openSource(ctx, named)
		if err != nil {
			return baseline{}, err
		}
		p, _, err := profile.Scan(ctx, rows, d.options, profile.Options{})
		return baseline{label: named, profile: p}, err
	}
	name, version, found := strings.Cut(named, "@")
	if !found {
		name, version = d.name, named
	}
	switch {
	case version == latest || isDigest(version):
		return storedBaseline(ctx, d.store, registry.DatasetName(name), version, d.found.Version)
	case strings.ContainsAny(version, `./\`):
		return baseline{}, errors.New("no such file")
	}
	b, err := modelBaseline(ctx, d.store, registry.ModelName(name), version)
	if err != nil && !found {
		err = fmt.Errorf("%w; nor is there a file of that name, and a stored version is named by 8 hex digits or more, or as latest", err)
	}
	return b, err
}

// isDigest reports whether a version is that of statistics, by eight hex digits or more.
func isDigest(version string) bool {
	return len(version) >= 8 && strings.Trim(version, "0123456789abcdef") == ""
}

// storedBaseline finds stored statistics of a data set.
func storedBaseline(ctx context.Context, store *registry.Registry, name registry.DatasetName, version, current string) (baseline, error) {
	versions, err := store.StatisticsVersions(ctx, name)
	if err != nil {
		return baseline{}, err
	}
	var matching []string
	for _, v := range slices.Backward(versions) {
		if version == latest && v.Version != current || strings.HasPrefix(v.Version, version) {
			matching = append(matching, v.Version)
		}
	}
	switch {
	case version == latest && len(matching) == 0:
		return baseline{}, fmt.Errorf("no statistics of other content are stored of data set %q", name)
	case len(matching) == 0:
		return baseline{}, fmt.Errorf("data set %q has no statistics of that version; `foretell statistics --name %s --history` lists them", name, name)
	case version != latest && len(matching) > 1:
		return baseline{}, fmt.Errorf("%d versions of data set %q start like that; name more digits", len(matching), name)
	}
	s, err := store.StatisticsOf(ctx, name, matching[0])
	if err != nil {
		return baseline{}, err
	}
	return baseline{label: fmt.Sprintf("%s@%s", name, s.Version[:12]), profile: s.Profile, latest: version == latest}, nil
}

// modelBaseline finds what a version of a model was trained on.
func modelBaseline(ctx context.Context, store *registry.Registry, model registry.ModelName, version string) (baseline, error) {
	number, err := strconv.Atoi(version)
	if err != nil {
		number = 0 // an alias
	}
	p, err := loadPipeline(ctx, store, model, registry.AliasName(version), number)
	if err != nil {
		return baseline{}, err
	}
	return baseline{label: fmt.Sprintf("%s@%s", model, version), profile: p.Reference, model: true}, nil
}

// readStatistics reads a file that --json printed, or that a store keeps.
func readStatistics(path string) (baseline, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return baseline{}, err
	}
	var s registry.Statistics
	if err := json.Unmarshal(text, &s); err != nil {
		return baseline{}, fmt.Errorf("these are no statistics: %w", err)
	}
	if s.Profile == nil {
		return baseline{}, errors.New("these are no statistics: want what --json prints, or the store keeps below statistics/")
	}
	return baseline{label: path, profile: s.Profile}, nil
}

// comparable is what of a profile is compared with the baseline.
func (b baseline) comparable(p *profile.Profile) *profile.Profile {
	if !b.model {
		return p
	}
	inputs := make(map[string]bool, len(b.profile.Columns))
	for i := range b.profile.Columns {
		inputs[b.profile.Columns[i].Name] = true
	}
	only := *p
	only.Columns = slices.DeleteFunc(slices.Clone(p.Columns), func(c profile.Column) bool { return !inputs[c.Name] })
	return &only
}
