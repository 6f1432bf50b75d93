package main

import (
	"net/url"
	"path/filepath"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// datasetName is what a source is called unless --name says otherwise: as the file without its
// extensions, the table with its schema, or, for *.csv and ".", the folder that they are in.
// "" if nothing of it can be in a name.
func datasetName(source string) string {
	if address, parameters, ok := strings.Cut(source, "?"); ok && strings.Contains(address, "://") {
		if values, err := url.ParseQuery(parameters); err == nil && values.Get("table") != "" {
			return registry.NameFrom(strings.NewReplacer(".", "-", "/", "-").Replace(values.Get("table")))
		}
	}
	if _, compression, ok := dataset.FormatOf(source); ok && compression != dataset.Plain {
		source = source[:strings.LastIndexByte(source, '.')]
	}
	name := registry.NameFrom(source)
	if name != "" || strings.Contains(source, "://") {
		return name
	}
	path, err := filepath.Abs(source)
	for err == nil && name == "" && path != filepath.Dir(path) {
		name, path = registry.NameFrom(filepath.ToSlash(path)), filepath.Dir(path)
	}
	return name
}
