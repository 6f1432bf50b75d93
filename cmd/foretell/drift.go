package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/foretell-ml/foretell/pkg/capture"
	"github.com/foretell-ml/foretell/pkg/monitoring"
	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/report"
)

const driftExamples = `
What instances of the predict function captured is merged now and compared with what the model was
trained on; nothing is written. The API has what the scheduled job made of it last: GET …/drift.

Examples:
  foretell drift adult-income
  foretell drift adult-income --day 2026-11-26 --fail-on severe
`

// drift reports what a day was like for a model.
func drift(ctx context.Context, c *invocation) error {
	place := c.storeFlag()
	day := c.flags.String("day", "", "the day, of UTC; today if it is not said")
	asJSON := c.flags.Bool("json", false, "as JSON")
	failOn := c.flags.String("fail-on", "", "exit with 4 if the inputs of a version drifted so far: moderate or severe")
	args, err := c.parse(1, 1)
	if err != nil {
		return err
	}
	if *failOn != "" && *failOn != string(profile.Moderate) && *failOn != string(profile.Severe) {
		return fmt.Errorf("--fail-on %q: want moderate or severe", *failOn)
	}
	when := time.Now()
	if *day != "" {
		if when, err = time.Parse(capture.DayForm, *day); err != nil {
			return fmt.Errorf("--day %q is not of the form %s", *day, capture.DayForm)
		}
	}
	store, err := openStore(ctx, *place)
	if err != nil {
		return err
	}
	model := registry.ModelName(args[0])
	if _, err := store.Versions(ctx, model); err != nil {
		return err
	}
	made, err := (&monitoring.Monitor{Registry: store, Now: time.Now}).Day(ctx, model, when)
	if err != nil {
		return err
	}
	if *asJSON {
		e := json.NewEncoder(c.stdout)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		err = e.Encode(made)
	} else {
		err = printDay(c.stdout, made)
	}
	if err != nil {
		return err
	}
	if *failOn != "" && (made.Verdict == profile.Severe || string(made.Verdict) == *failOn) {
		return &exitError{exitDrifted, errors.New(made.Reason)}
	}
	return nil
}

func printDay(w io.Writer, r *monitoring.Report) error {
	fmt.Fprintf(w, "model %s on %s: %s, %s (%d objects of %d instances)\n", r.Model, r.Day, r.Verdict, r.Reason, r.Objects, r.Instances)
	for _, v := range r.Versions {
		fmt.Fprintf(w, "\nversion %d (sha256 %.12s)", v.Version, v.Digest)
		for _, role := range slices.Sorted(maps.Keys(v.Seen)) {
			fmt.Fprintf(w, ", %d rows as %s", v.Seen[role], role)
		}
		fmt.Fprintln(w)
		if v.Drift != nil {
			if err := report.Drift(w, v.Drift, report.Style{}); err != nil {
				return err
			}
		}
		if v.Shift != nil {
			fmt.Fprintf(w, "its predictions, against the day before: %s, %s\n", v.Shift.Verdict, v.Shift.Reason)
		}
		if s := v.Shadow; s != nil {
			fmt.Fprintf(w, "as a shadow: distance %.4g on average, %.4g at most, another class in %.2f%% of %d rows; %d requests failed, %d skipped\n",
				s.Mean, s.Max, 100*s.Changed, s.Rows, s.Failed, s.Skipped)
		}
	}
	if o := r.Outcomes; o != nil {
		fmt.Fprintf(w, "\n%d outcomes came, %d of unknown predictions, %d contradicted, %d of another kind\n", o.Rows, o.Unmatched, o.Contradicted, o.Unfit)
		for _, v := range o.Versions {
			fmt.Fprintf(w, "version %d on %d rows:", v.Version, v.Rows)
			for _, name := range slices.Sorted(maps.Keys(v.Scores)) {
				fmt.Fprintf(w, " %s %.4g", name, v.Scores[name])
				if tested, ok := v.Tested[name]; ok {
					fmt.Fprintf(w, " (tested %.4g)", tested)
				}
			}
			fmt.Fprintln(w)
		}
	}
	for _, warning := range r.Warnings {
		fmt.Fprintln(w, "warning:", warning)
	}
	return nil
}
