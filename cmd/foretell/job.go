package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/local"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/report"
	"github.com/foretell-ml/foretell/pkg/statistics"
	"github.com/foretell-ml/foretell/pkg/training"
)

// job is the main job, done through the API as any client would: a data set goes in,
// predictions come out.
type job struct {
	c       *invocation
	config  training.Config
	set     registry.DatasetName
	file    string // its name without folders
	content []byte
	example []map[string]any // rows to predict
	shown   string           // config file as the user gave it

	api     client
	version string // "?version=3" if champion does not point at it
	steps   int
}

// newJob reads the config and the file that it names.
func newJob(ctx context.Context, c *invocation, configFile string) (*job, error) {
	config, err := readConfig(configFile)
	if err != nil {
		return nil, err
	}
	source := config.Data.Source
	content, err := os.ReadFile(source)
	if err != nil {
		return nil, fmt.Errorf("%s: a job takes one local file as data.source: %w", configFile, err)
	}
	set := registry.DatasetName(registry.NameFrom(source))
	if err := set.Validate(); err != nil {
		return nil, fmt.Errorf("%s: the file's name gives the data set its name: %w", source, err)
	}
	options, err := config.Data.Options()
	if err != nil {
		return nil, err
	}
	rows, err := openSource(ctx, source)
	if err != nil {
		return nil, err
	}
	table, _, err := dataset.Read(ctx, rows, options)
	if err != nil {
		return nil, err
	}
	return &job{c: c, config: config, set: set, file: filepath.Base(source), content: content, shown: configFile,
		example: instances(config.Inputs(table), 3)}, nil
}

// instances are the first rows of a table as the API takes them.
func instances(t *dataset.Table, n int) []map[string]any {
	rows := make([]map[string]any, min(n, t.Rows()))
	for i := range rows {
		rows[i] = map[string]any{}
		for j := range t.Columns {
			c := &t.Columns[j]
			switch {
			case c.Missing(i):
				rows[i][c.Name] = nil
			case c.Type == dataset.Numeric:
				rows[i][c.Name] = c.Values[i]
			case c.Type == dataset.Boolean:
				rows[i][c.Name] = c.Values[i] == 1
			default:
				rows[i][c.Name] = c.Text(i)
			}
		}
	}
	return rows
}

// step announces what happens next.
func (j *job) step(format string, args ...any) {
	j.steps++
	fmt.Fprintf(j.c.stdout, "\n%d. %s\n", j.steps, fmt.Sprintf(format, args...))
}

func (j *job) say(format string, args ...any) { fmt.Fprintf(j.c.stdout, "   "+format+"\n", args...) }

// do does the job against a running cloud whose folder is dir.
func (j *job) do(ctx context.Context, cloud *local.Cloud, dir string) error {
	j.api = client{url: cloud.URL()}
	source, err := j.upload(ctx)
	if err != nil {
		return err
	}
	version, err := j.statistics(ctx)
	if err != nil {
		return err
	}
	j.config.Data.Source = source
	run, err := j.train(ctx)
	if err != nil {
		return err
	}
	if err := j.model(ctx, run); err != nil {
		return err
	}
	if err := j.predict(ctx); err != nil {
		return err
	}
	j.step("Where everything lies")
	bucket := filepath.Join(relative(dir), "s3", cloud.Bucket())
	j.say("data         %s", filepath.Join(bucket, "data", string(j.set), j.file))
	j.say("statistics   %s", filepath.Join(bucket, "statistics", string(j.set), version+".json"))
	j.say("run          %s", filepath.Join(bucket, "runs", string(run.Run)))
	j.say("model        %s", filepath.Join(bucket, "models", string(run.Model)))
	j.say("logs         %s", filepath.Join(relative(dir), "logs"))
	return nil
}

func (j *job) upload(ctx context.Context) (source string, err error) {
	j.step("Upload %s (%d KB) as data set %s, by a presigned POST", j.file, len(j.content)/1024, j.set)
	if source, err = j.api.store(ctx, j.set, j.file, bytes.NewReader(j.content), int64(len(j.content))); err != nil {
		return "", err
	}
	j.say("stored below %s", source)
	return source, nil
}

func (j *job) statistics(ctx context.Context) (version string, err error) {
	j.step("Statistics of the data set")
	path := "/v1/datasets/" + string(j.set) + "/statistics"
	version, err = j.api.profile(ctx, path, statistics.Request{Target: j.config.Data.Target, Reading: j.config.Data.Reading})
	if err != nil {
		return "", err
	}
	var s registry.Statistics
	if err := j.api.call(ctx, "GET", path+"?version="+version, nil, &s); err != nil {
		return "", err
	}
	j.say("stored as statistics/%s/%s.json\n", s.Dataset, s.Version)
	return s.Version, report.Statistics(j.c.stdout, s.Profile, terminalStyle(j.c.stdout))
}

// profile has a data set profiled and waits for it; path is that of its statistics. What is
// wrong with the data is the error.
func (c client) profile(ctx context.Context, path string, request statistics.Request) (version string, err error) {
	var job struct {
		Job, State, Version, Error, Cause string
		Problem                           *gateway.Problem
	}
	if err := c.call(ctx, "POST", path, request, &job); err != nil {
		return "", err
	}
	for {
		switch {
		case job.Problem != nil:
			return "", *job.Problem
		case job.State == "succeeded":
			return job.Version, nil
		case job.State == "failed":
			return "", fmt.Errorf("statistics job %s failed: %s: %s", job.Job, job.Error, job.Cause)
		}
		if err := pause(ctx); err != nil {
			return "", err
		}
		if err := c.call(ctx, "GET", path+"/jobs/"+job.Job, nil, &job); err != nil {
			return "", err
		}
	}
}

// pause is the time between two looks at what goes on elsewhere.
func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(150 * time.Millisecond):
		return nil
	}
}

// runState is what the API tells of a run.
type runState struct {
	training.Status
	Error   string `json:"error,omitempty"`
	Cause   string `json:"cause,omitempty"`
	Attempt int    `json:"attempt,omitempty"` // how often a workflow was started for it
}

func (j *job) train(ctx context.Context) (runState, error) {
	j.step("Training run from %s: %s", j.shown, j.explores())
	var run runState
	if err := j.api.call(ctx, "POST", "/v1/runs", j.config, &run); err != nil {
		return run, err
	}
	if run.State == "succeeded" {
		j.say("run %s has finished before: same config, same data, nothing to redo", run.Run)
	} else {
		j.say("run %s", run.Run)
	}
	progress, quoted := newBar(j.c.stderr, "   trials"), false
	for {
		if run.Trials > 0 && !quoted {
			quoted = true
			var q training.Quote
			if err := j.api.call(ctx, "GET", "/v1/runs/"+string(run.Run)+"/quote", nil, &q); err != nil {
				return run, err
			}
			j.say("quoted at $%.5f and %s in the cloud, prices of %s", q.Dollars, q.Time(), q.Prices)
		}
		progress.set(run.Finished, run.Trials)
		switch run.State {
		case "succeeded":
			return run, j.leaderboard(ctx, run)
		case "failed":
			return run, fmt.Errorf("run %s failed: %s: %s", run.Run, run.Error, run.Cause)
		}
		if err := pause(ctx); err != nil {
			return run, err
		}
		if err := j.api.call(ctx, "GET", "/v1/runs/"+string(run.Run), nil, &run); err != nil {
			return run, err
		}
	}
}

// explores says in words what the config explores.
func (j *job) explores() string {
	var learners []string
	for _, c := range j.config.Configurations {
		learners = append(learners, c.Learner)
	}
	if learners == nil {
		learners = []string{"all learners that suit"}
	}
	how := fmt.Sprintf("%d folds", j.config.Validation.Folds)
	if j.config.Validation.Folds == 0 {
		how = j.config.Validation.Scheme
	}
	return fmt.Sprintf("%d configurations of %s, %s", j.config.Search.Trials, strings.Join(learners, ", "), how)
}

func (j *job) leaderboard(ctx context.Context, run runState) error {
	var board training.Leaderboard
	if err := j.api.call(ctx, "GET", "/v1/runs/"+string(run.Run)+"/leaderboard", nil, &board); err != nil {
		return err
	}
	fmt.Fprintln(j.c.stdout)
	return printLeaderboard(j.c.stdout, board, terminalStyle(j.c.stdout))
}

func (j *job) model(ctx context.Context, run runState) error {
	v := run.Verdict
	if v == nil {
		return errors.New("the run succeeded without a verdict")
	}
	j.step("Model %s, version %d", v.Model, v.Version)
	j.say("%s, %s %.5g on the folds", served(*v), v.Metric, v.Score)
	if v.Tested != nil {
		j.say("%s", tested(*v))
	}
	j.say("sha256 %s", v.Digest)
	if v.Cost != nil {
		j.say("%s", v.Cost)
	}
	if !v.Promoted {
		j.say("not promoted: %s", v.Reason)
		j.version = fmt.Sprintf("?version=%d", v.Version)
		return nil
	}
	var alias registry.Alias
	if err := j.api.call(ctx, "GET", "/v1/models/"+string(v.Model)+"/aliases/"+string(registry.Champion), nil, &alias); err != nil {
		return err
	}
	j.say("alias champion points at version %d (%s), moved by compare-and-swap", alias.Version, alias.Reason)
	return nil
}

func (j *job) predict(ctx context.Context) error {
	path := "/v1/models/" + string(j.config.Model) + "/predict" + j.version
	j.step("Predict: POST %s", path)
	request, err := json.Marshal(map[string]any{"instances": j.example})
	if err != nil {
		return err
	}
	fmt.Fprintf(j.c.stdout, "\n%s\n\n", perLine(request))
	began := time.Now()
	response, err := j.api.send(ctx, "POST", path, request)
	if err != nil {
		return err
	}
	j.say("answered in %s:\n", time.Since(began).Round(100*time.Microsecond))
	fmt.Fprintf(j.c.stdout, "%s\n", perLine(response))
	one, err := json.Marshal(map[string]any{"instances": j.example[:1]})
	if err != nil {
		return err
	}
	fmt.Fprintln(j.c.stdout)
	j.say("the same by hand, while it stays up (make up):\n")
	fmt.Fprintf(j.c.stdout, "curl -s %s%s -d '%s'\n", j.api.url, path, strings.ReplaceAll(string(one), "'", `'\''`))
	return nil
}

// perLine breaks a request or response so that each row stands on a line of its own.
func perLine(text []byte) string {
	broken := strings.NewReplacer(`[{`, "[\n     {", `},{`, "},\n     {", `}]`, "}\n   ]").Replace(strings.TrimSpace(string(text)))
	return "   " + broken
}
