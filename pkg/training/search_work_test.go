package training

import (
	"strings"
	"testing"
)

// TestWorkEndsSearches before the trial that would go beyond what is allowed, in every strategy
// that has rounds and in those of one round.
func TestWorkEndsSearches(t *testing.T) {
	for how, least := range map[string]int{
		"{strategy: random, work: %s}":                      8,
		"{strategy: tpe, batch: 4, work: %s}":               8,
		"{strategy: halving, eta: 2, rungs: 3, work: %s}":   8,
		"{strategy: random, trials: 3, work: %s}":           3,
		"{strategy: portfolio, trials: 1000, work: 1.0e-9}": 1,
	} {
		e := engine(t)
		run := submit(t, e, parse(t, penguinsSpaces+strings.ReplaceAll(how, "%s", "0.1")))
		progress, err := e.Plan(ctx, run)
		if err != nil {
			t.Fatal(err)
		}
		for !progress.Done { // what trials find is of no importance here
			trials, err := e.listed(ctx, run, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, trial := range trials {
				result := Result{Trial: trial.ID, Learner: trial.Learner, Params: trial.Params, Rung: trial.Rung,
					Scores: map[string][]float64{"log_loss": {float64(trial.Number % 7)}}}
				if err := e.write(ctx, run.trialKey(trial.ID), result); err != nil {
					t.Fatal(err)
				}
			}
			if progress, err = e.Advance(ctx, progress); err != nil {
				t.Fatal(err)
			}
		}
		var plan Plan
		if err := e.read(ctx, run, "plan.json", &plan); err != nil {
			t.Fatal(err)
		}
		trials, err := e.listed(ctx, run, 0)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for _, trial := range trials {
			d, err := plan.Volume.demand(trial)
			if err != nil {
				t.Fatal(err)
			}
			sum += d.work
		}
		if len(trials) < least || len(trials) > 1 && sum > 0.1 {
			t.Errorf("%s: %d trials of %.3f core-seconds", how, len(trials), sum)
		}
		if least == 8 && sum < 0.075 { // a rung may not fill its part
			t.Errorf("%s: only %.3f core-seconds of 0.1 are used", how, sum)
		}
	}
}
