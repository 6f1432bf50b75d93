// Command foretell makes models of tables and serves them: on this machine, with the same
// configs, artifacts and results as in the cloud.
//
// Usage:
//
//	foretell up         [flags]               start the local cloud and serve
//	foretell statistics [flags] FILE          describe a data set
//	foretell train      [flags] CONFIG        explore configurations, keep the best model
//	foretell predict    [flags] --model NAME FILE   predict the rows of a data set
//	foretell batch      [flags] DATASET       have a cloud predict a data set, or a file, into files
//	foretell serve      [flags] [ARTIFACT]    answer predictions over HTTP
//	foretell runs       [flags] [show RUN]    list runs, or show one and follow it
//	foretell models     [flags] [NAME]        list models, or the versions of one, or (history NAME) who moved its alias
//	foretell drift      [flags] MODEL         compare what a model was asked with its training
//	foretell promote    [flags] NAME VERSION  point an alias at a version
//	foretell rollback   [flags] NAME          point an alias where it pointed before
//	foretell withdraw   [flags] MODEL         end the scheduled retrains of a model
//	foretell smoke      [flags] --api URL     check a deployment through its API
//
// It exits with 0, or with 1 if it failed, 3 if data is not as it is expected to be
// (statistics --check, train), 4 if it drifted (statistics --fail-on,
// drift --fail-on), 130 if interrupted.
//
// Everything but up works in this process on a store, which is a folder (.foretell/store)
// or a bucket (--store s3://bucket).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, os.Stderr, os.Args[1:])
	interrupted := ctx.Err() != nil
	stop()
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case interrupted && errors.Is(err, context.Canceled):
		fmt.Fprintln(os.Stderr, "foretell: interrupted; what is finished is kept, and the same command goes on from there")
		os.Exit(130)
	default:
		fmt.Fprintln(os.Stderr, "foretell:", err)
		os.Exit(exitCode(err))
	}
}

// Exit codes beside 0, 1 for what could not be done, and 130 for what was interrupted: the
// command did its work, and found what it was asked to fail on.
const (
	exitViolated = 3 // data is not as it is expected to be
	exitDrifted  = 4 // data drifted as far as --fail-on says
)

// exitError is an error with an exit code of its own.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

func exitCode(err error) int {
	var own *exitError
	if errors.As(err, &own) {
		return own.code
	}
	return 1
}

// command is one of the subcommands.
type command struct {
	name, arguments, summary string
	run                      func(ctx context.Context, c *invocation) error
	examples                 string // shown by -h after the flags
}

var commands = []command{
	{"up", "", "start the local cloud and serve", up, ""},
	{"statistics", "FILE", "describe a data set: a file, a glob, a folder or a query", statisticsCommand, statisticsExamples},
	{"train", "CONFIG", "explore configurations and keep the best model", train, trainExamples},
	{"predict", "FILE", "predict the rows of a data set (a file, a glob, a folder or a query)", predict, predictExamples},
	{"batch", "DATASET", "have a cloud predict a data set of its bucket, or a file, into files, and follow it", batchCommand, batchExamples},
	{"serve", "[ARTIFACT]", "answer predictions over HTTP, of a store or of one artifact", serve, serveExamples},
	{"runs", "[show RUN]", "list runs, or show or watch one", runsCommand, runsExamples},
	{"models", "[[history] NAME]", "list models, or the versions and aliases of one, or who moved an alias", models, modelsExamples},
	{"drift", "MODEL", "compare what a model was asked in a day with its training", drift, driftExamples},
	{"promote", "NAME VERSION", "point an alias of a model at a version", promote, promoteExamples},
	{"rollback", "NAME", "point an alias of a model where it pointed before", rollback, ""},
	{"withdraw", "MODEL", "have a cloud train a model no longer by its schedule", withdraw, withdrawExamples + signExamples},
	{"smoke", "", "check a deployment through its API: train a small model, and predict", smoke, smokeExamples},
}

// invocation is one call of a subcommand.
type invocation struct {
	stdout, stderr io.Writer
	flags          *flag.FlagSet
	args           []string
}

// parse reads the flags, which may stand before or after the arguments, and checks the
// number of arguments.
func (c *invocation) parse(least, most int) ([]string, error) {
	var plain []string
	for rest := c.args; ; {
		if err := c.flags.Parse(rest); err != nil {
			return nil, err
		}
		if c.flags.NArg() == 0 {
			break
		}
		plain, rest = append(plain, c.flags.Arg(0)), c.flags.Args()[1:]
	}
	if len(plain) < least || len(plain) > most {
		c.flags.Usage()
		takes := fmt.Sprintf("%d to %d arguments", least, most)
		switch {
		case most == 0:
			takes = "no arguments"
		case least == 1 && most == 1:
			takes = "one argument"
		case least == most:
			takes = fmt.Sprintf("%d arguments", least)
		}
		fault := fmt.Errorf("%s takes %s, got %d", c.flags.Name(), takes, len(plain))
		if most == 1 && len(plain) > 1 { // what a shell makes of *.csv
			fault = fmt.Errorf("%w; to name several files put the glob in quotes, or name their folder", fault)
		}
		return nil, fault
	}
	return plain, nil
}

func run(ctx context.Context, stdout, stderr io.Writer, args []string) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		usage(stdout)
		return nil
	}
	for _, c := range commands {
		if c.name != args[0] {
			continue
		}
		flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
		flags.SetOutput(stderr)
		flags.Usage = func() {
			fmt.Fprintf(stderr, "usage: foretell %s [flags] %s\n%s\n\n", c.name, c.arguments, c.summary)
			flags.PrintDefaults()
			fmt.Fprint(stderr, c.examples)
		}
		return c.run(ctx, &invocation{stdout, stderr, flags, args[1:]})
	}
	usage(stderr)
	return fmt.Errorf("unknown command %q", args[0])
}

func usage(w io.Writer) {
	fmt.Fprint(w, "Foretell makes models of tables and serves them.\n\n")
	for _, c := range commands {
		fmt.Fprintf(w, "  foretell %-11s %-12s %s\n", c.name, c.arguments, c.summary)
	}
	fmt.Fprint(w, "\n`foretell COMMAND -h` lists the flags of a command.\n")
}
