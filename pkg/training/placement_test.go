package training

import (
	"errors"
	"strings"
	"testing"
)

// TestPlacement: what fits the function is there; more memory or more time is elsewhere.
func TestPlacement(t *testing.T) {
	for name, c := range map[string]struct {
		d    demand
		want Place
		size string
	}{
		"small":           {demand{200, 10, 5}, OnLambda, "train"},
		"all its memory":  {demand{2500, 10, 5}, OnLambda, "train"},
		"too large":       {demand{2700, 10, 5}, OnFargate, "fargate"},
		"too long":        {demand{200, 2000, 5}, OnFargate, "fargate"},
		"one fold":        {demand{200, 800, 1}, OnFargate, "fargate"},
		"the same folded": {demand{200, 800, 5}, OnLambda, "train"},
		"huge":            {demand{150_000, 100, 5}, OnSageMaker, "ml.m5.12xlarge"},
		"larger":          {demand{300_000, 100, 5}, OnSageMaker, "ml.m5.24xlarge"},
		"beyond":          {demand{500_000, 100, 5}, Nowhere, ""},
	} {
		p := c.d.place()
		if p.place != c.want || p.size.Name != c.size || p.place != Nowhere && (p.size.MemoryMB < c.d.memoryMB || !(p.dollars > 0) || !(p.seconds > 0)) {
			t.Errorf("%s: %+v, want %s on %s", name, p, c.size, c.want)
		}
	}
}

// TestCloudRefusesWhatFitsNoFunction at submission and at plan, and says which trial, why, and
// what to do; in this process it runs.
func TestCloudRefusesWhatFitsNoFunction(t *testing.T) {
	config := parse(t, "data: {source: ../../testdata/penguins.csv, target: species}\nsearch: {strategy: grid}\nconfigurations: [{learner: baseline}, {learner: mlp, params: {epochs: 100000, members: 100, holdout: 0.0}}]")
	e := engine(t)
	e.Cloud = true
	var large *PlacementError
	if err := e.CheckQuote(ctx, config); !errors.As(err, &large) {
		t.Fatalf("%v", err)
	}
	_, err := e.Plan(ctx, submit(t, e, config))
	if !errors.As(err, &large) || len(large.Trials) != 1 {
		t.Fatalf("%v", err)
	}
	for _, part := range []string{"0002-mlp is predicted to take", "3008 MB and 15 minutes", "fargate", "fewer rounds, trees or epochs", "--sample"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in: %v", part, err)
		}
	}
	e.Cloud = false
	if _, err := e.Plan(ctx, submit(t, e, config)); err != nil {
		t.Errorf("here: %v", err)
	}
}

// TestDemandFollowsTheData: memory covers the data and the fit, rungs have less to do.
func TestDemandFollowsTheData(t *testing.T) {
	v := Volume{Rows: 1_000_000, Columns: 50, Classes: 2, Folds: 5, Train: 800_000, Judge: 200_000, Prepared: 400 << 20, Kinds: Kinds{Numbers: 50}}
	whole, err := v.demand(Trial{Learner: "boosting"})
	if err != nil {
		t.Fatal(err)
	}
	if whole.memoryMB < 2000 || whole.memoryMB > 8000 {
		t.Errorf("%+v", whole)
	}
	// A ninth of the rows is a ninth of everything; with a ninth of the rounds columns are put in
	// bins as for all of them.
	for resource, most := range map[string]float64{byRows: 0.3, byRounds: 0.3} {
		rung, err := v.demand(Trial{Learner: "boosting", Rung: &Rung{Number: 1, Of: 3, Share: 1.0 / 9, Resource: resource}})
		if err != nil || rung.work > most*whole.work || rung.work < 0.08*whole.work {
			t.Errorf("%s: %+v of %+v, %v", resource, rung, whole, err)
		}
	}
	if _, err := v.demand(Trial{Learner: "boostin"}); err == nil {
		t.Error("a learner that is none takes nothing")
	}
}
