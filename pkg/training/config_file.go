package training

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/foretell-ml/foretell/pkg/internal/document"
	"github.com/foretell-ml/foretell/pkg/internal/nearest"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// ConfigFile is the text of one or several run configs. Several stand in a list under the key
// models; what stands beside it holds for each of them, and an entry adds to it or says
// otherwise: mappings are joined key by key, everything else takes the place of what was there,
// and null brings back the default. A list is JSON and YAML alike, and a JSON Schema describes
// it; documents between lines of --- are YAML alone and would repeat what they share.
type ConfigFile struct {
	Configs []Config // resolved and checked, with models of different names

	document *document.Document
	listed   bool // Configs are the entries of models
}

// maxModels is how many models a file may have.
const maxModels = 100

// ParseConfigFile reads a file of configs, fills in the defaults and checks them. What is wrong
// comes back as a *ConfigError with every fault of every model at once.
func ParseConfigFile(text []byte) (*ConfigFile, error) {
	doc, faults := document.Parse(text)
	if len(faults) > 0 {
		return nil, &ConfigError{below("", faults)}
	}
	f := &ConfigFile{document: doc}
	trees, wrong := f.trees()
	if len(wrong) > 0 {
		return nil, f.inText(wrong)
	}
	var all ConfigError
	for i, tree := range trees {
		c, err := configOf(tree)
		var faulty *ConfigError
		if errors.As(err, &faulty) {
			all.Faults = append(all.Faults, f.Locate(i, faulty).Faults...)
		}
		f.Configs = append(f.Configs, c)
	}
	if all.Faults = once(all.Faults); len(all.Faults) > 0 {
		return nil, &all
	}
	if wrong := f.sameNames(); len(wrong) > 0 {
		return nil, f.inText(wrong)
	}
	return f, nil
}

// configOf makes a config of a tree.
func configOf(tree any) (Config, error) {
	var c Config
	if faults := document.DecodeTree(tree, &c); len(faults) > 0 {
		return Config{}, &ConfigError{below("", faults)}
	}
	return c.checked()
}

// trees are the documents of the models, each with what it shares with the others.
func (f *ConfigFile) trees() (trees []any, faults faultList) {
	shared, _ := f.document.Tree.(map[string]any)
	list, ok := shared["models"]
	if !ok {
		return []any{f.document.Tree}, nil
	}
	f.listed = true
	entries, ok := list.([]any)
	if !ok || len(entries) == 0 || len(entries) > maxModels {
		faults.add("/models", "want a list of 1 to %d models, each a mapping with what it does not share with the others", maxModels)
		return nil, faults
	}
	shared = maps.Clone(shared)
	delete(shared, "models")
	for i, entry := range entries {
		own, ok := entry.(map[string]any)
		if !ok {
			faults.add(fmt.Sprintf("/models/%d", i), "want a mapping")
			continue
		}
		trees = append(trees, joined(shared, own))
	}
	return trees, faults
}

// joined is a mapping with what another adds to it or says otherwise.
func joined(shared, own map[string]any) map[string]any {
	both := maps.Clone(shared)
	for key, value := range own {
		before, wasMapping := both[key].(map[string]any)
		now, isMapping := value.(map[string]any)
		if wasMapping && isMapping {
			value = joined(before, now)
		}
		both[key] = value
	}
	return both
}

// sameNames reports models of one name: their versions would be of different things.
func (f *ConfigFile) sameNames() (faults faultList) {
	first := map[registry.ModelName]int{}
	for i, c := range f.Configs {
		if before, twice := first[c.Model]; twice {
			faults.add(fmt.Sprintf("/models/%d/model", i), "is %s, as that of /models/%d; give each model a name of its own", c.Model, before)
			continue
		}
		first[c.Model] = i
	}
	return faults
}

// Names are those of the models, in the file's order.
func (f *ConfigFile) Names() []registry.ModelName {
	names := make([]registry.ModelName, len(f.Configs))
	for i, c := range f.Configs {
		names[i] = c.Model
	}
	return names
}

// Choose returns the numbers of the configs to run: that of the model, or of all if none is
// named.
func (f *ConfigFile) Choose(model registry.ModelName) ([]int, error) {
	var all []int
	var names []string
	for i, name := range f.Names() {
		if model == name {
			return []int{i}, nil
		}
		all, names = append(all, i), append(names, string(name))
	}
	if model != "" {
		return nil, fmt.Errorf("there is no model %q%s", model, nearest.Hint(string(model), names))
	}
	return all, nil
}

// Locate says where in the text the faults of config i stand: in the model's entry, or among
// what the models share. The error itself stays as it is.
func (f *ConfigFile) Locate(i int, err *ConfigError) *ConfigError {
	faults := slices.Clone(err.Faults)
	for n := range faults {
		own := fmt.Sprintf("/models/%d%s", i, faults[n].Pointer)
		if f.listed && (f.has(own) || !f.has(faults[n].Pointer)) {
			faults[n].Pointer = own
		}
	}
	return f.inText(faults)
}

// inText gives faults their line and column.
func (f *ConfigFile) inText(faults []Fault) *ConfigError {
	if f.document == nil {
		return &ConfigError{faults} // made without a text
	}
	plain := make([]document.Fault, len(faults))
	for i, fault := range faults {
		plain[i] = document.Fault(fault)
	}
	return &ConfigError{below("", f.document.Places.Locate(plain))}
}

// has tells whether a pointer points at something in the text.
func (f *ConfigFile) has(pointer string) bool {
	_, ok := f.document.Places[pointer]
	return ok
}

// once drops faults that models share.
func once(faults []Fault) []Fault {
	var kept []Fault
	for _, f := range faults {
		if !slices.Contains(kept, f) {
			kept = append(kept, f)
		}
	}
	return kept
}

// ParseConfig reads a config, fills in the defaults and checks it. What is wrong comes back
// as a *ConfigError with every fault at once.
func ParseConfig(text []byte) (Config, error) {
	f, err := ParseConfigFile(text)
	if err != nil {
		return Config{}, err
	}
	if n := len(f.Configs); n > 1 {
		var faults faultList
		faults.add("/models", "are %d models %v; this takes one", n, f.Names())
		return Config{}, f.inText(faults)
	}
	return f.Configs[0], nil
}
