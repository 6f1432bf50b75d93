package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/foretell-ml/foretell/pkg/topology"
)

const smokeExamples = `
Asks whether the functions answer, uploads a small data set, trains a model on it (foretell-smoke) and
has rows predicted whose classes are known: all of a deployment in a minute, for a fraction of a cent.
The same seed finds the run that it trained before and only predicts; another one trains anew.
Requests to AWS are signed with the credentials that AWS's tools find; where the address does not tell
the region, ` + envSign + ` does.

Examples:
  foretell smoke --api http://127.0.0.1:8080
  foretell smoke --api https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/api --seed 42
`

// smokeRows are 200 rows of a number whose class is high beyond 50, more or less, so that it is no
// secret and no certainty either.
func smokeRows() string {
	var b strings.Builder
	b.WriteString("number,other,class\n")
	for i := range 200 {
		number, class := i*61%100, "low"
		if number+i*37%50-25 >= 50 {
			class = "high"
		}
		fmt.Fprintf(&b, "%d,%d,%s\n", number, i*7%13, class)
	}
	return b.String()
}

// smoke checks a deployment through its API.
func smoke(ctx context.Context, c *invocation) error {
	api := c.flags.String("api", "", "the API of a cloud, at this `URL` (required)")
	seed := c.flags.Uint64("seed", 1, "of the run")
	within := c.flags.Duration("within", 10*time.Minute, "how long all may take")
	if _, err := c.parse(0, 0); err != nil {
		return err
	}
	if *api == "" {
		return errors.New("--api is required: the URL of a cloud, as cdk deploy or foretell up print it")
	}
	ctx, cancel := context.WithTimeout(ctx, *within)
	defer cancel()
	cloud, err := newClient(ctx, *api)
	if err != nil {
		return err
	}
	check := smokeCheck{cloud, *seed}
	for _, step := range []struct {
		name string
		do   func(context.Context) (string, error)
	}{{"predict", check.ready}, {"api", check.lists}, {"training", check.trains}, {"prediction", check.predicts}} {
		began := time.Now()
		found, err := step.do(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		fmt.Fprintf(c.stdout, "%-10s  %-44s %v\n", step.name, found, time.Since(began).Round(time.Millisecond))
	}
	return nil
}

// smokeCheck is what the steps share. Each says in words what it found.
type smokeCheck struct {
	api  client
	seed uint64
}

func (s smokeCheck) ready(ctx context.Context) (string, error) {
	var health struct{ Ready bool }
	if err := s.api.call(ctx, "GET", "/v2/health/ready", nil, &health); err != nil {
		return "", err
	}
	if !health.Ready {
		return "", errors.New("it is not ready")
	}
	return "is ready", nil
}

func (s smokeCheck) lists(ctx context.Context) (string, error) {
	var list struct{ Models []any }
	err := s.api.call(ctx, "GET", "/v1/models", nil, &list)
	return fmt.Sprintf("lists %d models", len(list.Models)), err
}

func (s smokeCheck) trains(ctx context.Context) (string, error) {
	rows := smokeRows()
	source, err := s.api.store(ctx, topology.SmokeModel, "rows.csv", strings.NewReader(rows), int64(len(rows)))
	if err != nil {
		return "", err
	}
	var run runState
	if err := s.api.call(ctx, "POST", "/v1/runs", map[string]any{
		"model": topology.SmokeModel, "data": map[string]any{"source": source, "target": "class"},
		"configurations": []any{map[string]any{"learner": "logistic"}}, "promote": map[string]any{"when": "always"}, "seed": s.seed,
	}, &run); err != nil {
		return "", err
	}
	found := "run %s has made version %d"
	if run.State == "succeeded" {
		found = "run %s had made version %d before"
	}
	for run.State != "succeeded" {
		if run.State == "failed" {
			return "", fmt.Errorf("run %s failed: %s: %s", run.Run, run.Error, run.Cause)
		}
		if err := pause(ctx); err != nil {
			return "", err
		}
		if err := s.api.call(ctx, "GET", "/v1/runs/"+string(run.Run), nil, &run); err != nil {
			return "", err
		}
	}
	if run.Verdict == nil {
		return "", fmt.Errorf("run %s succeeded without a verdict", run.Run)
	}
	return fmt.Sprintf(found, run.Run, run.Verdict.Version), nil
}

func (s smokeCheck) predicts(ctx context.Context) (string, error) {
	var answer struct {
		Version     int
		Predictions []struct{ Class string }
	}
	rows := []map[string]any{{"number": 2, "other": 3}, {"number": 97, "other": 3}}
	if err := s.api.call(ctx, "POST", "/v1/models/"+topology.SmokeModel+"/predict", map[string]any{"instances": rows}, &answer); err != nil {
		return "", err
	}
	if len(answer.Predictions) != 2 || answer.Predictions[0].Class != "low" || answer.Predictions[1].Class != "high" {
		return "", fmt.Errorf("version %d predicts %v, want low and high", answer.Version, answer.Predictions)
	}
	return fmt.Sprintf("version %d is right", answer.Version), nil
}
