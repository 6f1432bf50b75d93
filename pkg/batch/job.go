package batch

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/workflow"
)

// Jobs does the steps of batches, and tells how they stand. All that a batch knows lies in the
// store below batches/<model>/<batch>/:
//
//	batch.json            what was asked for: Job
//	attempts/<n>.json     executions that were started for it
//	plan.json             the files, and how to read them
//	parts.json            the parts, for the Distributed Map
//	part-<n>.<format>     what part n, of five digits from 0, predicts
//	errors-<n>.jsonl      the faults of rows that were left out, if any were
//	results/<n>.json      that part n is done: Result; written last
//	manifest.json         that the batch is done: Manifest
//	failures/<n>.json     how an execution failed: workflow.Failure
type Jobs struct {
	Registry *registry.Registry
	Workers  int // cores that a step uses; 0 is all of them
	// Metrics is where a line for CloudWatch goes, by the clock Now, for each part that is predicted;
	// nil: nowhere.
	Metrics io.Writer
	Now     func() time.Time

	limits limits // zero: standardLimits. Tests make them small.
}

// Job is batch.json.
type Job struct {
	Model registry.ModelName `json:"model"`
	Batch ID                 `json:"batch"`
	Version
	Request Request `json:"request"`
}

// Submit records a batch for a version of a model, unless it is recorded already, and returns it.
// A model, data set or version that is not there is a *registry.NotFoundError, a data set of more files
// than fit a plan a gateway.Problem.
func (j *Jobs) Submit(ctx context.Context, model registry.ModelName, v Version, q Request) (Job, error) {
	q.Format = cmp.Or(q.Format, CSV)
	parts, err := j.Registry.DataParts(ctx, q.Dataset)
	if err != nil {
		return Job{}, err
	}
	if text, err := json.Marshal(listed(parts)); err != nil || len(text) > maxFiles {
		return Job{}, errors.Join(err, gateway.InvalidDataset.New(fmt.Sprintf("the list of the data set's %d files comes to more than a batch may have, %d MB; predict it in several, or make its files fewer", len(parts), maxFiles>>20)))
	}
	id, err := idOf(model, v, q, parts)
	if err != nil {
		return Job{}, err
	}
	job := Job{Model: model, Batch: id, Version: v, Request: q}
	return job, j.write(ctx, job.key("batch.json"), job)
}

// Job returns a batch that was submitted. One that was not is a *registry.NotFoundError.
func (j *Jobs) Job(ctx context.Context, model registry.ModelName, id ID) (job Job, err error) {
	if err := model.Validate(); err != nil {
		return job, err
	}
	missing := &registry.NotFoundError{Kind: registry.KindBatch, Name: fmt.Sprintf("%.40s of model %s", id, model)}
	if !idForm.MatchString(string(id)) {
		return job, missing
	}
	_, err = registry.ReadJSON(ctx, j.Registry.Store, Job{Model: model, Batch: id}.key("batch.json"), &job)
	if errors.Is(err, registry.ErrNotFound) {
		return job, missing
	}
	return job, err
}

// List returns the batches of a model that were submitted, in the order of their IDs, at most
// limit of them, and whether there are more.
func (j *Jobs) List(ctx context.Context, model registry.ModelName, limit int) (ids []ID, more bool, err error) {
	if err := model.Validate(); err != nil {
		return nil, false, err
	}
	prefix := prefixOf(model)
	for info, err := range j.Registry.Store.List(ctx, prefix) {
		if err != nil {
			return nil, false, err
		}
		id, is := strings.CutSuffix(strings.TrimPrefix(info.Key, prefix), "/batch.json")
		if !is || !idForm.MatchString(id) {
			continue
		}
		if len(ids) == limit {
			return ids, true, nil
		}
		ids = append(ids, ID(id))
	}
	return ids, false, nil
}

// Attempt is attempts/<n>.json, n from 1: an execution of the workflow.
type Attempt struct {
	Execution string `json:"execution"` // ARN
}

// Attempts returns the number of a batch's attempts, and the last of them.
func (j *Jobs) Attempts(ctx context.Context, job Job) (n int, last Attempt, err error) {
	for info, err := range j.Registry.Store.List(ctx, job.key("attempts/")) {
		if err != nil {
			return 0, last, err
		}
		if strings.HasSuffix(info.Key, ".json") {
			n++
		}
	}
	if n > 0 {
		_, err = registry.ReadJSON(ctx, j.Registry.Store, job.attemptKey(n), &last)
	}
	return n, last, err
}

// RecordAttempt records an execution as attempt n, unless there is one.
func (j *Jobs) RecordAttempt(ctx context.Context, job Job, n int, execution string) error {
	return j.write(ctx, job.attemptKey(n), Attempt{execution})
}

// Failure returns how an execution of a batch failed last; nil if none did.
func (j *Jobs) Failure(ctx context.Context, job Job) (*workflow.Failure, error) {
	return workflow.Last(ctx, j.Registry.Store, job.key(""))
}

// Progress is how far a batch is that is not done.
type Progress struct {
	Parts int `json:"parts"` // 0: it is not planned yet
	Done  int `json:"done"`  // of them
}

// Progress counts the parts of a batch that are done.
func (j *Jobs) Progress(ctx context.Context, job Job) (p Progress, err error) {
	var planned plan
	if err := j.read(ctx, job.key("plan.json"), &planned); err != nil {
		if errors.Is(err, registry.ErrNotFound) {
			return p, nil
		}
		return p, err
	}
	p.Parts = planned.Count
	for _, err := range j.Registry.Store.List(ctx, job.key("results/")) {
		if err != nil {
			return p, err
		}
		p.Done++
	}
	return p, nil
}

// Manifest returns the manifest of a batch; nil while it has none.
func (j *Jobs) Manifest(ctx context.Context, job Job) (*Manifest, error) {
	var m Manifest
	err := j.read(ctx, job.key("manifest.json"), &m)
	if errors.Is(err, registry.ErrNotFound) {
		return nil, nil
	}
	return &m, err
}

func prefixOf(model registry.ModelName) string { return "batches/" + string(model) + "/" }

// key is that of one of a batch's objects.
func (job Job) key(object string) string {
	return prefixOf(job.Model) + string(job.Batch) + "/" + object
}

func (job Job) attemptKey(n int) string { return job.key("attempts/" + strconv.Itoa(n) + ".json") }

func (j *Jobs) read(ctx context.Context, key string, into any) error {
	_, err := registry.ReadJSON(ctx, j.Registry.Store, key, into)
	return err
}

func (j *Jobs) has(ctx context.Context, key string) (bool, error) {
	_, err := j.Registry.Store.Stat(ctx, key)
	if errors.Is(err, registry.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// write records an immutable object. That it is there already is no error: the step was done
// before.
func (j *Jobs) write(ctx context.Context, key string, v any) error {
	_, err := registry.WriteJSON(ctx, j.Registry.Store, key, v, registry.Condition{Absent: true})
	return written(err)
}

func (j *Jobs) put(ctx context.Context, key string, body []byte, c registry.Condition) error {
	_, err := j.Registry.Store.Put(ctx, key, body, c)
	return written(err)
}

func written(err error) error {
	if errors.Is(err, registry.ErrConflict) {
		return nil
	}
	return err
}

// errChanged is a problem of the data, not of us: whoever changed it may ask again.
var errChanged = gateway.Conflict.New("the data set was changed while it was read; try again")

// problemOf is what is wrong with the data or the request, nil if err is nil or a fault of ours.
func problemOf(err error) *gateway.Problem {
	if err == nil {
		return nil
	}
	if missing := (*registry.NotFoundError)(nil); errors.Is(err, registry.ErrConflict) || errors.Is(err, registry.ErrNotFound) && !errors.As(err, &missing) {
		err = errChanged // an object that was listed is another, or gone
	}
	if p, known := gateway.AsProblem(err); known && p.Status < 500 {
		return &p
	}
	return nil
}
