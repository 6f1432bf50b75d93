package main

import (
	"context"
	"fmt"

	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/report"
	"github.com/foretell-ml/foretell/pkg/source"
	"github.com/foretell-ml/foretell/pkg/statistics"
)

func statisticsCommand(ctx context.Context, c *invocation) error {
	place := c.storeFlag()
	name := c.flags.String("name", "", "name of the data set (default: the file's)")
	var reading source.Flags
	reading.Register(c.flags)
	args, err := c.parse(1, 1)
	if err != nil {
		return err
	}
	set := registry.DatasetName(*name)
	if set == "" {
		set = registry.DatasetName(registry.NameFrom(args[0]))
	}
	store, err := openStore(ctx, *place)
	if err != nil {
		return err
	}
	options, err := reading.Options()
	if err != nil {
		return err
	}
	rows, err := openSource(ctx, args[0])
	if err != nil {
		return err
	}
	s, err := statistics.Store(ctx, store, set, rows, options)
	if err != nil {
		return err
	}
	if err := report.Statistics(c.stdout, s.Profile, terminalStyle(c.stdout)); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.stdout, "\nstored in %s as statistics/%s/%s.json, with a page to look at in .html beside it\n", *place, s.Dataset, s.Version)
	return err
}
