package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/foretell-ml/foretell/pkg/registry"
)

const promoteExamples = `
What answers predictions changes at once, with nothing deployed. A run promotes what it makes by
its config's rule; this is for the cases that the rule leaves to a person.

Examples:
  foretell promote adult-income 3 --reason "checked by hand against last week's outcomes"
  foretell rollback adult-income
  foretell promote adult-income 4 --alias challenger
`

func promote(ctx context.Context, c *invocation) error {
	flags := c.aliasFlags()
	args, err := c.parse(2, 2)
	if err != nil {
		return err
	}
	version, err := strconv.Atoi(args[1])
	if err != nil || version < 1 {
		return fmt.Errorf("%q is no version: want a number from 1, as `foretell models %s` lists them", args[1], args[0])
	}
	return flags.move(ctx, c, args[0], version, "promoted by hand")
}

func rollback(ctx context.Context, c *invocation) error {
	flags := c.aliasFlags()
	args, err := c.parse(1, 1)
	if err != nil {
		return err
	}
	return flags.move(ctx, c, args[0], 0, "rolled back by hand")
}

// aliasFlags are what promote and rollback have in common.
type aliasFlags struct{ store, alias, reason *string }

func (c *invocation) aliasFlags() aliasFlags {
	return aliasFlags{
		store:  c.storeFlag(),
		alias:  c.flags.String("alias", string(registry.Champion), "the alias to move; one that is not there is created"),
		reason: c.flags.String("reason", "", "why, for those who ask later"),
	}
}

// move points the alias at a version, or with 0 back.
func (f aliasFlags) move(ctx context.Context, c *invocation, model string, version int, reason string) error {
	if *f.reason != "" {
		reason = *f.reason
	}
	store, err := openStore(ctx, *f.store)
	if err != nil {
		return err
	}
	to, err := store.Move(ctx, registry.ModelName(model), registry.AliasName(*f.alias), version, reason)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "alias %s of %s points at version %d (sha256 %.12s)", *f.alias, model, to.Version, to.Digest)
	if to.Previous != 0 && to.Previous != to.Version {
		fmt.Fprintf(c.stdout, "; before it at %d", to.Previous)
	}
	fmt.Fprintln(c.stdout)
	return nil
}
