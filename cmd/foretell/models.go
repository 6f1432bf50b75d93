package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/foretell-ml/foretell/pkg/registry"
)

func models(ctx context.Context, c *invocation) error {
	place := c.storeFlag()
	args, err := c.parse(0, 1)
	if err != nil {
		return err
	}
	store, err := openStore(ctx, *place)
	if err != nil {
		return err
	}
	if len(args) == 1 {
		return modelVersions(ctx, c, store, registry.ModelName(args[0]))
	}
	names, err := store.Models(ctx)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		fmt.Fprintf(c.stdout, "no models in %s yet; `foretell train CONFIG` makes one\n", *place)
	}
	for _, name := range names {
		fmt.Fprintln(c.stdout, name)
	}
	return nil
}

// modelVersions lists the versions of a model with the aliases that point at them.
func modelVersions(ctx context.Context, c *invocation, store *registry.Registry, name registry.ModelName) error {
	versions, err := store.Versions(ctx, name)
	if err != nil {
		return err
	}
	aliases, err := store.Aliases(ctx, name)
	if err != nil {
		return err
	}
	pointing := map[int][]string{}
	for _, alias := range slices.Sorted(maps.Keys(aliases)) {
		pointing[aliases[alias].Version] = append(pointing[aliases[alias].Version], string(alias))
	}
	w := tabwriter.NewWriter(c.stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "version\tlearner\tmetric\tscore\tsha256\taliases")
	for _, m := range versions {
		fmt.Fprintf(w, "%d\t%s\t%s\t%.5g\t%.12s\t%s\n", m.Version, m.Learner, m.Metric, m.Score, m.Digest, strings.Join(pointing[m.Version], ", "))
	}
	return w.Flush()
}
