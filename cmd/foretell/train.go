package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/report"
	"github.com/foretell-ml/foretell/pkg/source"
	"github.com/foretell-ml/foretell/pkg/training"
)

const trainExamples = `
CONFIG is a run config in YAML or JSON, which may have several models; or, with --target, a data
set: a file, a glob, a folder, s3://bucket/prefix/ or postgres://…, trained on with all else by
default.

A run trains nothing if its data has too few rows, breaks data.constraints, or has a column that
tells the target as nothing honest does; then the exit code is 3. --accept adds to accept of the
config, and what was accepted stays with the model.

The flags that say how the data is read replace the keys of their names in the config's data
section. So they are part of what names the run: with other ones it is another run.

Examples:
  foretell train testdata/adult.yaml
  foretell train testdata/penguins.csv --target species
  foretell train --explain testdata/adult.yaml
  foretell train --retrain testdata/adult.yaml
  foretell train --continue adult-income-0123456789ab --trials +20
  foretell train --continue adult-income-0123456789ab --trials +20 --api http://127.0.0.1:8080
  foretell train --sample 20% --columns age,education_num,income testdata/adult.yaml
`

// trainer is one call of the command.
type trainer struct {
	c       *invocation
	file    *configFile
	engine  *training.Engine
	explain bool // instead of training
	json    bool
	store   string // where the run is kept
	reading *source.Flags
	accept  []string
	retrain bool // from what champion is made of
}

func train(ctx context.Context, c *invocation) error {
	place := c.storeFlag()
	workers := c.flags.Int("workers", 0, "cores to use; 0 is all of them, and the model does not depend on it")
	target := c.flags.String("target", "", "column to predict: CONFIG is a data set then, and all else is by default")
	name := c.flags.String("model", "", "which model of a config to train, if it has several; with --target, the model's name")
	t := &trainer{c: c, reading: &source.Flags{}}
	c.flags.BoolVar(&t.explain, "explain", false, "print the config with every default, the plan and the quote, and write nothing")
	c.flags.BoolVar(&t.json, "json", false, "one JSON object a line for each thing that happens, on stdout; with --explain one a model")
	c.flags.BoolVar(&t.retrain, "retrain", false, "first try what champion is made of, as a schedule does")
	t.reading.Register(c.flags)
	c.flags.Func("accept", "train in spite of a reason not to, by its `name`: leakage:COLUMN, classes, …; may be given several times", func(name string) error {
		t.accept = append(t.accept, name)
		return nil
	})
	var earlier continued
	earlier.register(c)
	args, err := c.parse(0, 1)
	if err != nil {
		return err
	}
	if err := earlier.faults(c, args); err != nil {
		return err
	}
	if t.retrain && t.explain {
		return errors.New("--explain looks at no store, and so does not go with --retrain")
	}
	if earlier.api != "" {
		return earlier.remotely(ctx, c, t.json)
	}
	if earlier.run != "" {
		store, err := openStore(ctx, *place)
		if err != nil {
			return err
		}
		t.engine = &training.Engine{Registry: store, Source: openSource, Workers: *workers, Now: time.Now}
		return t.again(ctx, earlier)
	}
	if *target != "" {
		t.file = dataFile(args[0], *target, *name)
	} else if t.file, err = readConfigFile(args[0]); err != nil {
		return err
	}
	chosen, err := t.file.Choose(registry.ModelName(*name))
	if err != nil {
		return fmt.Errorf("%s: %w", t.file.name, err)
	}
	store := &registry.Registry{} // to open one makes its folder, and to explain needs none
	if !t.explain {
		if store, err = openStore(ctx, *place); err != nil {
			return err
		}
	}
	t.store = *place
	t.engine = &training.Engine{Registry: store, Source: openSource, Workers: *workers, Now: time.Now}
	var failed []error // of several models, one that cannot be trained does not stop the others
	for n, i := range chosen {
		if n > 0 && !t.json {
			fmt.Fprintln(c.stdout)
		}
		if err := t.run(ctx, i); err != nil {
			failed = append(failed, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(failed...)
}

// run trains the model of config i.
func (t *trainer) run(ctx context.Context, i int) error {
	c, config := t.c, t.file.Configs[i]
	over, err := t.reading.Over(config.Data.Reading)
	if err != nil {
		return err
	}
	config.Accept = append(slices.Clone(config.Accept), t.accept...)
	if config, err = config.Read(over); err != nil {
		return fmt.Errorf("with what the flags say: %w", t.file.explain(i, err))
	}
	if t.explain {
		return t.blocked(t.explained(ctx, i, config))
	}
	run, err := t.submit(ctx, config)
	if err != nil {
		return t.file.explain(i, err)
	}
	if !config.Schedule.IsZero() {
		fmt.Fprintln(c.stderr, "note: the schedule is kept by the cloud and by foretell up, not by this command")
	}
	return t.follow(ctx, run, func(err error) error { return t.file.explain(i, err) })
}

// submit records a run, and says which it is.
func (t *trainer) submit(ctx context.Context, config training.Config) (run training.RunID, err error) {
	var r training.Retrain
	if t.retrain {
		r, err = t.engine.Retrain(ctx, config)
	} else {
		r.Run, r.Created, err = t.engine.Submit(ctx, config)
	}
	if err != nil {
		return "", err
	}
	if r.Created {
		t.say("run %s: %s, target %s\n", r.Run, config.Data.Source, config.Data.Target)
	} else {
		t.say("run %s was started before: finished trials are kept\n", r.Run)
	}
	if r.From > 0 {
		t.say("it starts from what version %d is made of\n", r.From)
	}
	return r.Run, nil
}

// follow does what is left of a run, and shows how it goes and ends. The run is of a file, or of
// another run, whose faults explain puts into words.
func (t *trainer) follow(ctx context.Context, run training.RunID, explain func(error) error) error {
	c, engine := t.c, t.engine
	f, stop := t.following(ctx)
	verdict, err := engine.Run(ctx, run, f.saw)
	stop()
	if ctx.Err() != nil && f.plan != nil {
		fmt.Fprintf(c.stderr, "%d of %d trials of run %s are finished\n", f.finished, f.plan.Trials, run)
	}
	if err != nil {
		return t.blocked(explain(err))
	}
	if t.json {
		return errors.Join(f.fault, trainEvent{Event: "verdict", Run: run, Verdict: &verdict}.tell(c.stdout))
	}
	board, err := engine.Leaderboard(ctx, run)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.stdout)
	if err := printLeaderboard(c.stdout, board, terminalStyle(c.stdout)); err != nil {
		return err
	}
	printVerdict(c.stdout, verdict)
	fmt.Fprintf(c.stdout, "report %s\n", placeIn(t.store, training.ReportKey(run)))
	return nil
}

// following is what follows a run: a table on a terminal, else lines in a log, and JSON if asked.
func (t *trainer) following(ctx context.Context) (f *following, stop func()) {
	f, stop = &following{now: time.Now}, func() {}
	live := newScreen(t.c.stderr)
	if live == nil {
		f.logTo(t.c.stderr)
	} else {
		stop = f.drawOn(live)
	}
	beside := f.news
	f.news = func(n training.News) {
		if n.Plan != nil { // without a quote there is no time left to tell, and no more harm
			f.quote, _ = t.engine.Quote(ctx, n.Plan.Run)
		}
		if beside != nil {
			beside(n)
		}
		if e, ok := f.event(n); t.json && ok {
			f.fault = errors.Join(f.fault, e.tell(t.c.stdout))
		}
	}
	return f, stop
}

// say tells people something on stdout, which is for machines if JSON is asked for.
func (t *trainer) say(format string, args ...any) {
	if !t.json {
		fmt.Fprintf(t.c.stdout, format, args...)
	}
}

// blocked lists the reasons not to train that an error holds, and has the exit code for it;
// other errors stay as they are.
func (t *trainer) blocked(err error) error {
	var blocked *training.BlockedError
	if !errors.As(err, &blocked) {
		return err
	}
	if t.json && !t.explain {
		return errors.Join(&exitError{exitViolated, fmt.Errorf("%w; nothing was trained", blocked)}, trainEvent{Event: "blocked", Gates: &blocked.Gates}.tell(t.c.stdout))
	}
	if !t.json {
		if err := printGates(t.c.stdout, blocked.Gates); err != nil {
			return err
		}
	}
	return &exitError{exitViolated, fmt.Errorf("%w; nothing was trained", blocked)}
}

// printGates lists what a run was blocked by, and how to train all the same.
func printGates(w io.Writer, gates training.Gates) error {
	if gates.Broken() {
		if err := report.Violations(w, gates.Violations, terminalStyle(w)); err != nil {
			return err
		}
		fmt.Fprintln(w)
	}
	for _, g := range gates.Blocking {
		fmt.Fprintf(w, "blocked by %s\n  %s\n  %s. To train all the same: --accept %s\n", g.Name, g.Evidence, g.Remedy, quoted(g.Name))
	}
	return nil
}

// quoted is a word as a shell takes it.
func quoted(word string) string {
	if strings.ContainsFunc(word, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-:./", r)
	}) {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return word
}

// served says what predicts: a learner, or which share each trial has in the ensemble.
func served(v training.Verdict) string {
	const shown = 4
	if len(v.Members) < 2 {
		return v.Learner
	}
	var parts []string
	members := slices.SortedStableFunc(slices.Values(v.Members), func(a, b registry.Member) int { return cmp.Compare(b.Weight, a.Weight) })
	for i, m := range members {
		if i == shown {
			parts = append(parts, fmt.Sprintf("and %d more", len(members)-shown))
			break
		}
		parts = append(parts, fmt.Sprintf("%.0f %% %s", 100*m.Weight, m.Trial))
	}
	return "ensemble of " + strings.Join(parts, ", ")
}

// tested says how the model did on the rows that were held out.
func tested(v training.Verdict) string {
	line := fmt.Sprintf("tested on %d rows that no trial saw: %s %.5g", v.Tested.Rows, v.Metric, v.Tested.Scores[v.Metric])
	if in, ok := v.Tested.Intervals[v.Metric]; ok {
		line += fmt.Sprintf(", %.0f %% interval %.5g to %.5g", 100*v.Tested.Confidence, in[0], in[1])
	}
	return line
}

func printVerdict(w io.Writer, v training.Verdict) {
	fmt.Fprintf(w, "\nmodel %s version %d: %s, %s %.5g on the folds\n", v.Model, v.Version, served(v), v.Metric, v.Score)
	if v.Tested != nil {
		fmt.Fprintln(w, tested(v))
	}
	fmt.Fprintln(w, "sha256", v.Digest)
	if v.Promoted {
		fmt.Fprintf(w, "alias champion points at version %d (%s)\n", v.Version, v.Reason)
	} else {
		fmt.Fprintf(w, "not promoted: %s\n", v.Reason)
	}
	if v.Cost != nil {
		fmt.Fprintf(w, "in the cloud: %s\n", v.Cost)
	}
	for _, warning := range v.Warnings {
		fmt.Fprintln(w, "warning:", warning)
	}
}
