package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/foretell-ml/foretell/pkg/registry"
)

const modelsExamples = `
Examples:
  foretell models
  foretell models adult-income
  foretell models history adult-income --alias champion
`

func models(ctx context.Context, c *invocation) error {
	place := c.storeFlag()
	alias := c.flags.String("alias", string(registry.Champion), "with history: the alias")
	limit := c.flags.Int("limit", 20, "with history: show at most so many changes, the last first")
	args, err := c.parse(0, 2)
	if err != nil {
		return err
	}
	switch {
	case len(args) == 2 && args[0] != "history":
		return fmt.Errorf("models takes a model, or history and a model, got %q", strings.Join(args, " "))
	case *limit < 1 || *limit > registry.MaxHistory:
		return fmt.Errorf("--limit is 1 to %d", registry.MaxHistory)
	}
	store, err := openStore(ctx, *place)
	if err != nil {
		return err
	}
	if len(args) == 2 {
		return aliasHistory(ctx, c, store, registry.ModelName(args[1]), registry.AliasName(*alias), *limit)
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
		a := aliases[alias]
		pointing[a.Version] = append(pointing[a.Version], string(alias))
		if a.Canary != nil {
			pointing[a.Canary.Version] = append(pointing[a.Canary.Version], fmt.Sprintf("%s (canary, %g%%)", alias, 100*a.Canary.Weight))
		}
		if a.Shadow != nil {
			pointing[a.Shadow.Version] = append(pointing[a.Shadow.Version], fmt.Sprintf("%s (shadow)", alias))
		}
	}
	w := tabwriter.NewWriter(c.stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "version\tlearner\tmetric\tscore\tsha256\taliases")
	for _, m := range versions {
		fmt.Fprintf(w, "%d\t%s\t%s\t%.5g\t%.12s\t%s\n", m.Version, m.Learner, m.Metric, m.Score, m.Digest, strings.Join(pointing[m.Version], ", "))
	}
	return w.Flush()
}

// aliasHistory lists who moved an alias, when, from where to where, and why.
func aliasHistory(ctx context.Context, c *invocation, store *registry.Registry, model registry.ModelName, alias registry.AliasName, limit int) error {
	changes, err := store.History(ctx, model, alias, limit)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(c.stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "when\tfrom\tto\tby\twhy")
	for _, change := range changes {
		when, from := "", "-" // of before it was kept
		if !change.At.IsZero() {
			when = change.At.Format(time.RFC3339)
		}
		if change.From > 0 {
			from = fmt.Sprint(change.From)
		}
		why := strings.Join(append([]string{change.Reason}, aliasLines(change.Alias)...), "; ")
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\n", when, from, change.Version, change.By, why)
	}
	return w.Flush()
}
