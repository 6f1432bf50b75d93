package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/foretell-ml/foretell/pkg/training"
)

func train(ctx context.Context, c *invocation) error {
	place := c.storeFlag()
	workers := c.flags.Int("workers", 0, "cores to use; 0 is all of them, and the model does not depend on it")
	args, err := c.parse(1, 1)
	if err != nil {
		return err
	}
	config, err := readConfig(args[0])
	if err != nil {
		return err
	}
	store, err := openStore(ctx, *place)
	if err != nil {
		return err
	}
	engine := &training.Engine{Registry: store, Source: openSource, Workers: *workers}
	run, created, err := engine.Submit(ctx, config)
	if err != nil {
		return explainConfig(args[0], err)
	}
	if created {
		fmt.Fprintf(c.stdout, "run %s: %s, target %s\n", run, config.Data.Source, config.Data.Target)
	} else {
		fmt.Fprintf(c.stdout, "run %s was started before: finished trials are kept\n", run)
	}
	if config.Schedule != "" {
		fmt.Fprintln(c.stderr, "note: the schedule is kept by the cloud and by foretell up, not by this command")
	}
	progress := newBar(c.stderr, "trials")
	var done atomic.Int64
	verdict, err := engine.Run(ctx, run, func(_ training.Result, total int) { progress.set(int(done.Add(1)), total) })
	if err != nil {
		return explainConfig(args[0], err)
	}
	board, err := engine.Leaderboard(ctx, run)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.stdout)
	if err := printLeaderboard(c.stdout, board); err != nil {
		return err
	}
	printVerdict(c, verdict)
	return nil
}

func printVerdict(c *invocation, v training.Verdict) {
	fmt.Fprintf(c.stdout, "\nmodel %s version %d: %s, %s %.5g\nsha256 %s\n", v.Model, v.Version, v.Learner, v.Metric, v.Score, v.Digest)
	if v.Promoted {
		fmt.Fprintf(c.stdout, "alias champion points at version %d (%s)\n", v.Version, v.Reason)
	} else {
		fmt.Fprintf(c.stdout, "not promoted: %s\n", v.Reason)
	}
	for _, w := range v.Warnings {
		fmt.Fprintln(c.stdout, "warning:", w)
	}
}

// readConfig reads a run config; a source in it is relative to the working directory, and
// if it is not found there, to the config's folder.
func readConfig(file string) (training.Config, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return training.Config{}, err
	}
	config, err := training.ParseConfig(text)
	if err != nil {
		return training.Config{}, explainConfig(file, err)
	}
	source := config.Data.Source
	if !strings.Contains(source, "://") && !filepath.IsAbs(source) {
		if _, err := os.Stat(source); errors.Is(err, os.ErrNotExist) {
			beside := filepath.Join(filepath.Dir(file), source)
			if _, err := os.Stat(beside); err == nil {
				config.Data.Source = beside
			}
		}
	}
	return config, nil
}

// explainConfig lists the faults of a config, one a line.
func explainConfig(file string, err error) error {
	var faulty *training.ConfigError
	if !errors.As(err, &faulty) {
		return err
	}
	lines := []string{file + " cannot be run:"}
	for _, f := range faulty.Faults {
		lines = append(lines, fmt.Sprintf("  %s: %s", f.Pointer, f.Detail))
	}
	return errors.New(strings.Join(lines, "\n"))
}
