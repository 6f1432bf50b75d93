package workflow

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/foretell-ml/foretell/pkg/registry"
)

// Child is an execution of one item of a Distributed Map that failed, as the ResultWriter lists it.
type Child struct {
	Name   string `json:"Name"`
	Status string `json:"Status"`
	Input  string `json:"Input"` // JSON
	Error  string `json:"Error"`
	Cause  string `json:"Cause"`
}

// String is the error and what it says to people.
func (c Child) String() string { return fmt.Sprintf("%s: %s", c.Error, Message(c.Cause)) }

// Lost returns the children that failed in the last map run whose results lie below a prefix, by
// name of error and by input: the order in which they ended is chance. Where no run has left
// results there are none.
//
// A ResultWriter writes <prefix><map run>/manifest.json, and lists beside it the children that
// failed in FAILED_<n>.json
// (https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html).
func Lost(ctx context.Context, store registry.Store, prefix string) ([]Child, error) {
	var files []registry.Info
	var last registry.Info // manifest
	for info, err := range store.List(ctx, prefix) {
		if err != nil {
			return nil, err
		}
		switch name := path.Base(info.Key); {
		case name == "manifest.json" && (last.Key == "" || info.Modified.After(last.Modified)):
			last = info
		case strings.HasPrefix(name, "FAILED_"):
			files = append(files, info)
		}
	}
	var lost []Child
	for _, f := range files {
		if path.Dir(f.Key) != path.Dir(last.Key) {
			continue
		}
		body, _, err := registry.Read(ctx, store, f.Key)
		if err != nil {
			return nil, err
		}
		var children []Child
		if err := json.Unmarshal(body, &children); err != nil {
			return nil, fmt.Errorf("read %s: %w", f.Key, err)
		}
		lost = append(lost, children...)
	}
	slices.SortStableFunc(lost, func(a, b Child) int {
		return cmp.Or(cmp.Compare(a.Error, b.Error), cmp.Compare(a.Input, b.Input))
	})
	return lost, nil
}
