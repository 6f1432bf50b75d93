package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/foretell-ml/foretell/pkg/profile/expectation"
	"github.com/foretell-ml/foretell/pkg/report"
	"github.com/foretell-ml/foretell/pkg/source"
	"github.com/foretell-ml/foretell/pkg/training"
)

const trainExamples = `
The flags that say how the data is read replace the keys of their names in the config's data
section. So they are part of what names the run: with other ones it is another run.

Examples:
  foretell train testdata/adult.yaml
  foretell train --sample 20% --columns age,education_num,income testdata/adult.yaml
`

func train(ctx context.Context, c *invocation) error {
	place := c.storeFlag()
	workers := c.flags.Int("workers", 0, "cores to use; 0 is all of them, and the model does not depend on it")
	var reading source.Flags
	reading.Register(c.flags)
	args, err := c.parse(1, 1)
	if err != nil {
		return err
	}
	config, err := readConfig(args[0])
	if err != nil {
		return err
	}
	over, err := reading.Over(config.Data.Reading)
	if err != nil {
		return err
	}
	if config, err = config.Read(over); err != nil {
		return explainConfig(args[0]+" with what the flags say", err)
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
	var violated *training.ViolationError
	if errors.As(err, &violated) {
		if err := report.Violations(c.stdout, violated.Violations, terminalStyle(c.stdout)); err != nil {
			return err
		}
		return &exitError{exitViolated, fmt.Errorf("%s is not as data.constraints of %s expects; nothing was trained", violated.Source, args[0])}
	}
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

// readConfig reads a run config; a source or a file of constraints in it is relative to the
// working directory, and if it is not found there, to the config's folder. Constraints come
// back written out, since nobody else can read the file.
func readConfig(file string) (training.Config, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return training.Config{}, err
	}
	config, err := training.ParseConfig(text)
	if err != nil {
		return training.Config{}, explainConfig(file, err)
	}
	if !strings.Contains(config.Data.Source, "://") {
		config.Data.Source = beside(file, config.Data.Source)
	}
	if err := config.Data.Schema.Read(func(name string) string { return beside(file, name) }); err != nil {
		return training.Config{}, fmt.Errorf("%s: /data/schema: %w", file, err)
	}
	if n := config.Data.Constraints; n != nil && n.File != "" {
		expected, err := readExpectations(beside(file, n.File))
		if err != nil {
			return training.Config{}, fmt.Errorf("%s: /data/constraints: %w", file, err)
		}
		config.Data.Constraints = &expectation.Named{Expectations: *expected}
	}
	return config, nil
}

// beside is where a file lies that a config names.
func beside(config, named string) string {
	if filepath.IsAbs(named) {
		return named
	}
	if _, err := os.Stat(named); errors.Is(err, os.ErrNotExist) {
		there := filepath.Join(filepath.Dir(config), named)
		if _, err := os.Stat(there); err == nil {
			return there
		}
	}
	return named
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
