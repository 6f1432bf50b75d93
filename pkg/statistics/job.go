package statistics

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/source"
)

// Request says what a job is to describe besides the data set as it is. The zero value reads
// all of it and detects everything.
type Request struct {
	// Target is the column that is to be predicted; "" leaves relations to it out.
	Target string `json:"target,omitempty"`
	source.Reading
}

// JobID names a job: twelve hex digits of the data set, the versions of its files and the
// request, and how often that was asked for: 8e162a58ce23-1.
type JobID string

var jobForm = regexp.MustCompile(`^[0-9a-f]{12}-[1-9][0-9]{0,5}$`)

// Content is the first part of the JobID: two requests share it if they are for the same.
func Content(name registry.DatasetName, q Request, parts []dataset.Part) (string, error) {
	hash := sha256.New()
	e := json.NewEncoder(hash)
	err := errors.Join(e.Encode(name), e.Encode(q))
	for _, p := range parts {
		err = errors.Join(err, e.Encode([]string{p.Name, p.ETag}))
	}
	return hex.EncodeToString(hash.Sum(nil)[:6]), err
}

// Attempt is the n-th job, n from 1, for one content.
func Attempt(content string, n int) JobID { return JobID(content + "-" + strconv.Itoa(n)) }

func (j JobID) content() string {
	content, _, _ := strings.Cut(string(j), "-")
	return content
}

// Jobs does the steps of jobs, and tells how they stand. All that a job knows lies in the
// store below jobs/statistics/<dataset>/<job>/, of use until it has ended:
//
//	job.json      what was asked for, and the execution that does it
//	plan.json     the files, and how to read them
//	shards.json   the shards, for the Distributed Map
//	<n>.partial   what shard n, from 0, has found
//	result.json   the version that was stored, or what is wrong with the data
//	failures/     how its execution failed, if it did: workflow.Failure
type Jobs struct {
	Registry *registry.Registry
	Workers  int // cores that a step uses; 0 is all of them

	limits limits // zero: standardLimits. Tests make them small.
}

// Job is job.json.
type Job struct {
	Dataset   registry.DatasetName `json:"dataset"`
	Job       JobID                `json:"job"`
	Request   Request              `json:"request"`
	Execution string               `json:"execution"` // ARN
}

// Result is result.json: the version that was stored, or what is wrong with the data. A
// Lambda error would carry only a text, and lose row and column.
type Result struct {
	Version string           `json:"version,omitempty"`
	Problem *gateway.Problem `json:"problem,omitempty"`
}

// Record records a job, unless it is recorded already.
func (j *Jobs) Record(ctx context.Context, job Job) error {
	return j.write(ctx, job.Dataset, job.Job, "job.json", job)
}

// Attempts returns how often a job for a content was recorded: the number of the last one.
func (j *Jobs) Attempts(ctx context.Context, name registry.DatasetName, content string) (last int, err error) {
	if err := name.Validate(); err != nil {
		return 0, err
	}
	for info, err := range j.Registry.Store.List(ctx, jobsPrefix(name)+content+"-") {
		if err != nil {
			return 0, err
		}
		job, isJob := strings.CutSuffix(strings.TrimPrefix(info.Key, jobsPrefix(name)), "/job.json")
		if isJob && jobForm.MatchString(job) {
			n, _ := strconv.Atoi(job[len(content)+1:]) // jobForm: a number
			last = max(last, n)
		}
	}
	return last, nil
}

// Job returns a job that was recorded, and its result: the zero Result while it has none. One
// that was not recorded, or whose objects have expired, is a *registry.NotFoundError.
func (j *Jobs) Job(ctx context.Context, name registry.DatasetName, id JobID) (job Job, result Result, err error) {
	if err := name.Validate(); err != nil {
		return job, result, err
	}
	missing := &registry.NotFoundError{Kind: registry.KindJob, Name: fmt.Sprintf("%.40s of data set %s", id, name)}
	if !jobForm.MatchString(string(id)) {
		return job, result, missing
	}
	if err := j.read(ctx, name, id, "job.json", &job); errors.Is(err, registry.ErrNotFound) {
		return job, result, missing
	} else if err != nil {
		return job, result, err
	}
	if err := j.read(ctx, name, id, "result.json", &result); err != nil && !errors.Is(err, registry.ErrNotFound) {
		return job, result, err
	}
	return job, result, nil
}

func jobsPrefix(name registry.DatasetName) string { return "jobs/statistics/" + string(name) + "/" }

func jobKey(name registry.DatasetName, id JobID, object string) string {
	return jobsPrefix(name) + string(id) + "/" + object
}

// checkJob refuses names that no job can have, which would otherwise become keys.
func checkJob(name registry.DatasetName, id JobID) error {
	if err := name.Validate(); err != nil {
		return err
	}
	if !jobForm.MatchString(string(id)) {
		return fmt.Errorf("%.40q names no job", id)
	}
	return nil
}

func (j *Jobs) read(ctx context.Context, name registry.DatasetName, id JobID, object string, into any) error {
	_, err := registry.ReadJSON(ctx, j.Registry.Store, jobKey(name, id, object), into)
	return err
}

func (j *Jobs) has(ctx context.Context, name registry.DatasetName, id JobID, object string) (bool, error) {
	_, err := j.Registry.Store.Stat(ctx, jobKey(name, id, object))
	if errors.Is(err, registry.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// write records one of a job's immutable objects. That it is there already is no error: the
// step was done before.
func (j *Jobs) write(ctx context.Context, name registry.DatasetName, id JobID, object string, v any) error {
	_, err := registry.WriteJSON(ctx, j.Registry.Store, jobKey(name, id, object), v, registry.Condition{Absent: true})
	if errors.Is(err, registry.ErrConflict) {
		return nil
	}
	return err
}
