package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/foretell-ml/foretell/pkg/training"
)

// continued is what --continue and --trials ask for.
type continued struct {
	run    string
	trials string
}

func (w *continued) register(c *invocation) {
	c.flags.StringVar(&w.run, "continue", "", "a `RUN` to go on with: its config with --trials more, its finished trials kept; takes no CONFIG")
	c.flags.StringVar(&w.trials, "trials", "", "with --continue: how many more, like +20")
}

// more is how many trials are asked for.
func (w *continued) more() (int, error) {
	if w.trials == "" {
		return 0, errors.New("--continue wants --trials, how many more to try: --trials +20")
	}
	more, err := strconv.Atoi(strings.TrimPrefix(w.trials, "+"))
	if err != nil || more < 1 || !strings.HasPrefix(w.trials, "+") {
		return 0, fmt.Errorf("--trials wants how many more to try, like +20, got %q", w.trials)
	}
	return more, nil
}

// faults is what does not go with --continue, or without it.
func (w *continued) faults(c *invocation, args []string) error {
	switch {
	case w.run == "" && w.trials != "":
		return errors.New("--trials goes with --continue; without it the config's search.trials says how many")
	case w.run == "" && len(args) == 0:
		return errors.New("train takes one argument, got 0: a CONFIG; or --continue RUN")
	case w.run == "":
		return nil
	case len(args) > 0:
		return fmt.Errorf("--continue goes on with the config of run %s and takes no other; leave out %s", w.run, args[0])
	}
	var fault error
	c.flags.Visit(func(f *flag.Flag) {
		if !slices.Contains([]string{"continue", "trials", "store", "workers", "json"}, f.Name) {
			fault = fmt.Errorf("--%s does not go with --continue: trials of another config or on other data do not compare", f.Name)
		}
	})
	return fault
}

// again goes on with a run.
func (t *trainer) again(ctx context.Context, w continued) error {
	more, err := w.more()
	if err != nil {
		return err
	}
	run, config, err := t.engine.Continue(ctx, training.RunID(w.run), more)
	if err != nil {
		return err
	}
	t.say("run %s goes on with %s: %d trials in all\n", run, w.run, config.Search.Trials)
	return t.follow(ctx, run, func(err error) error { return err })
}
