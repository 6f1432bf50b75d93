package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/training"
)

const runsExamples = `
A run that failed says where, and why. A store does not know whether somebody works on a run that has no
verdict and did not fail: it is unfinished there. The API of a cloud (--api) knows.

Examples:
  foretell runs
  foretell runs --model adult-income --json
  foretell runs show adult-income-b3dddea3346d --watch
  foretell runs --api http://127.0.0.1:8080 show adult-income-b3dddea3346d
` + signExamples

// runsCommand lists runs, or shows one.
func runsCommand(ctx context.Context, c *invocation) error {
	place := c.storeFlag()
	api := c.flags.String("api", "", "ask the API of a cloud at this URL instead of a store")
	model := c.flags.String("model", "", "list only the runs of this model")
	limit := c.flags.Int("limit", 20, "list at most so many runs, 1 to 100, those submitted last first")
	s := &runShow{c: c}
	c.flags.BoolVar(&s.json, "json", false, "as JSON; with --watch one object a line and change")
	c.flags.BoolVar(&s.watch, "watch", false, "with show: follow the run until it ends; fails if it does")
	c.flags.DurationVar(&s.every, "every", 2*time.Second, "with --watch: time between two looks")
	args, err := c.parse(0, 2)
	if err != nil {
		return err
	}
	switch {
	case len(args) == 1, len(args) == 2 && args[0] != "show":
		return fmt.Errorf("runs takes no arguments, or show and a run, got %q", strings.Join(args, " "))
	case len(args) == 2 && *model != "":
		return errors.New("--model goes with the list of runs")
	case len(args) == 0 && s.watch:
		return errors.New("--watch goes with show and a run")
	case *limit < 1 || *limit > 100 || s.every <= 0:
		return errors.New("--limit is 1 to 100, and --every more than 0")
	}
	if *api != "" {
		cloud, err := newClient(ctx, *api)
		if err != nil {
			return err
		}
		s.from = apiRuns{cloud}
	} else {
		store, err := openStore(ctx, *place)
		if err != nil {
			return err
		}
		s.from = storeRuns{&training.Engine{Registry: store}}
	}
	if len(args) == 2 {
		return s.show(ctx, training.RunID(args[1]))
	}
	list, err := s.from.runs(ctx, registry.ModelName(*model), *limit)
	if err != nil {
		return err
	}
	if s.json {
		return writeJSON(c.stdout, list)
	}
	return printRuns(c.stdout, list, time.Now())
}

// runList is what GET /v1/runs answers.
type runList struct {
	Runs []training.Summary `json:"runs"`
	More int                `json:"more"` // how many there are besides
}

func printRuns(w io.Writer, list runList, now time.Time) error {
	if len(list.Runs) == 0 {
		_, err := fmt.Fprintln(w, "no runs yet; `foretell train CONFIG` makes one")
		return err
	}
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "run\tmodel\tstate\ttrials\tbest so far\tsubmitted")
	for _, r := range list.Runs {
		trials, best := "", ""
		if r.Trials > 0 {
			trials = fmt.Sprintf("%d/%d", r.Finished, r.Trials)
		}
		if r.Best != nil {
			best = r.Metric + " " + score(*r.Best)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s ago\n", r.Run, r.Model, r.State, trials, best, age(now.Sub(r.Submitted)))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, r := range list.Runs {
		if f := r.Failure; f != nil {
			fmt.Fprintf(w, "%s failed at %s: %s: %s\n", r.Run, f.State, f.Error, f.Cause)
		}
	}
	if list.More > 0 {
		fmt.Fprintf(w, "and %d more; --limit and --model show others\n", list.More)
	}
	return nil
}

// score is a mean over folds with its standard error, if there is one.
func score(s training.Standing) string {
	if s.StandardError == 0 {
		return fmt.Sprintf("%.5g", s.Score)
	}
	return fmt.Sprintf("%.5g ± %.2g", s.Score, s.StandardError)
}

// age is a time for people, in the one unit that fits: "12 s", "3 min", "5 h", "2 days".
func age(d time.Duration) string {
	switch d = max(d, 0); {
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.0f h", d.Hours())
	}
	return fmt.Sprintf("%.0f days", d.Hours()/24)
}

func writeJSON(w io.Writer, v any) error {
	to := json.NewEncoder(w)
	to.SetIndent("", "  ")
	return to.Encode(v)
}
