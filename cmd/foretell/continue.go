package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/foretell-ml/foretell/pkg/training"
)

// continued is what --continue and --trials ask for.
type continued struct {
	run    string
	trials string
	api    string
	every  time.Duration
}

func (w *continued) register(c *invocation) {
	c.flags.StringVar(&w.run, "continue", "", "a `RUN` to go on with: its config with --trials more, its finished trials kept; takes no CONFIG")
	c.flags.StringVar(&w.trials, "trials", "", "with --continue: how many more, like +20")
	c.flags.StringVar(&w.api, "api", "", "with --continue: have the cloud with this API `URL` do it, and watch")
	c.flags.DurationVar(&w.every, "every", 2*time.Second, "with --api: time between two looks")
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
	case w.run == "" && w.api != "":
		return errors.New("--api goes with --continue; a config is posted to /v1/runs of the API, see docs/api.md")
	case w.every <= 0:
		return errors.New("--every wants more than 0")
	case w.run == "" && len(args) == 0:
		return errors.New("train takes one argument, got 0: a CONFIG; or --continue RUN")
	case w.run == "":
		return nil
	case len(args) > 0:
		return fmt.Errorf("--continue goes on with the config of run %s and takes no other; leave out %s", w.run, args[0])
	}
	var fault error
	c.flags.Visit(func(f *flag.Flag) {
		switch {
		case w.api != "" && slices.Contains([]string{"store", "workers"}, f.Name):
			fault = fmt.Errorf("--%s is for this machine, and does not go with --api", f.Name)
		case !slices.Contains([]string{"continue", "trials", "store", "workers", "json", "api", "every"}, f.Name):
			fault = fmt.Errorf("--%s does not go with --continue: trials of another config or on other data do not compare", f.Name)
		}
	})
	return fault
}

// remotely has a cloud go on with a run, and watches it.
func (w continued) remotely(ctx context.Context, c *invocation, asJSON bool) error {
	more, err := w.more()
	if err != nil {
		return err
	}
	api, err := newClient(ctx, w.api)
	if err != nil {
		return err
	}
	var state runState
	if err := api.call(ctx, "POST", "/v1/runs", map[string]any{"continue": w.run, "trials": more}, &state); err != nil {
		return err
	}
	if !asJSON {
		fmt.Fprintf(c.stdout, "run %s goes on with %s\n", state.Run, w.run)
	}
	s := &runShow{c: c, from: apiRuns{api}, json: asJSON, watch: true, every: w.every}
	return s.show(ctx, state.Run)
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
