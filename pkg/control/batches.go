package control

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/foretell-ml/foretell/pkg/batch"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/internal/par"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/s3store"
	"github.com/foretell-ml/foretell/pkg/workflow"
)

// batchView answers POST …/batches and GET …/batches/{batch}.
type batchView struct {
	Model registry.ModelName `json:"model"`
	Batch batch.ID           `json:"batch"`
	batch.Version
	Request batch.Request `json:"request"`
	State   string        `json:"state"` // submitted, running, succeeded or failed
	// Parts are those of the data, and Done how many have been predicted.
	Parts int `json:"parts,omitempty"`
	Done  int `json:"done,omitempty"`

	// When it has ended with a manifest.

	Rows        int              `json:"rows,omitempty"`
	Errors      int              `json:"errors,omitempty"` // rows left out because of faults
	Unseen      int              `json:"unseen,omitempty"` // values of categories that training never saw
	FailedParts int              `json:"failed_parts,omitempty"`
	Output      string           `json:"output,omitempty"`   // where the parts lie
	Manifest    string           `json:"manifest,omitempty"` // the object that lists them
	Problem     *gateway.Problem `json:"problem,omitempty"`  // with the data, when failed

	Error string `json:"error,omitempty"` // of the workflow, when failed otherwise
	Cause string `json:"cause,omitempty"` // likewise, for people
	// Failure is what Error and Cause are of, as it was recorded.
	Failure *workflow.Failure `json:"failure,omitempty"`
	Attempt int               `json:"attempt,omitempty"`
}

// submitted is the state of a batch of which no workflow was started.
const submitted = "submitted"

// batchRequest is the body of POST …/batches: the request and which version predicts.
type batchRequest struct {
	batch.Request
	// Source names the data set by its place instead: s3://<bucket>/data/<dataset>/.
	Source  string              `json:"source"`
	Alias   *registry.AliasName `json:"alias"`
	Version *int                `json:"version"`
	Digest  *string             `json:"digest"`
}

func (s *Server) batches() *batch.Jobs { return &batch.Jobs{Registry: s.Registry} }

// createBatch submits a batch and starts its workflow. One that is running or has ended with a
// manifest is answered as it is; one whose workflow failed is started again and does what is
// missing.
func (s *Server) createBatch(r *http.Request) (answer, error) {
	model := registry.ModelName(r.PathValue("model"))
	if err := model.Validate(); err != nil {
		return answer{}, err
	}
	var body batchRequest
	if err := gateway.ReadJSON(r, maxConfig, &body); err != nil {
		return answer{}, err
	}
	if err := body.settle(s.Bucket); err != nil {
		return answer{}, err
	}
	version, err := s.batchVersion(r.Context(), model, body)
	if err != nil {
		return answer{}, err
	}
	job, err := s.batches().Submit(r.Context(), model, version, body.Request)
	if err != nil {
		return answer{}, err
	}
	view, err := s.batchView(r.Context(), job.Model, job.Batch)
	if err != nil {
		return answer{}, err
	}
	status := http.StatusOK
	if view.Manifest == "" && view.State != running {
		if err := s.startBatch(r.Context(), job, view.Attempt); err != nil {
			return answer{}, err
		}
		if view, err = s.batchView(r.Context(), job.Model, job.Batch); err != nil {
			return answer{}, err
		}
		status = http.StatusAccepted
	}
	return answer{status: status, body: view, header: map[string]string{
		"Location": "/v1/models/" + string(job.Model) + "/batches/" + string(job.Batch),
	}}, nil
}

// settle finds the data set, and all faults of the request.
func (b *batchRequest) settle(bucket string) error {
	if b.Source != "" {
		name, inside := strings.CutPrefix(b.Source, "s3://"+bucket+"/data/")
		name = strings.TrimSuffix(name, "/")
		if !inside || registry.DatasetName(name).Validate() != nil || b.Dataset != "" {
			detail := fmt.Sprintf("want s3://%s/data/<dataset>/, and no dataset beside it", bucket)
			return gateway.InvalidParameter.New("the source cannot be predicted", gateway.FieldError{Pointer: "/source", Detail: detail})
		}
		b.Dataset = registry.DatasetName(name)
	}
	var fields []gateway.FieldError
	for _, f := range b.Faults() {
		fields = append(fields, gateway.FieldError{Pointer: f.Pointer, Detail: f.Detail})
	}
	given := 0
	for _, is := range []bool{b.Alias != nil, b.Version != nil, b.Digest != nil} {
		if is {
			given++
		}
	}
	if given > 1 {
		fields = append(fields, gateway.FieldError{Pointer: "/alias", Detail: "name an alias, a version or a digest, or none for the champion"})
	}
	if b.Digest != nil && !registry.NamesVersion(*b.Digest) {
		fields = append(fields, gateway.FieldError{Pointer: "/digest", Detail: fmt.Sprintf("is not %d to 64 of 0-9 and a-f", registry.MinDigest)})
	}
	if len(fields) > 0 {
		return gateway.InvalidParameter.New("the batch cannot be so", fields...)
	}
	return nil
}

// batchVersion settles which version predicts.
func (s *Server) batchVersion(ctx context.Context, model registry.ModelName, b batchRequest) (batch.Version, error) {
	switch {
	case b.Version != nil:
		m, err := s.Registry.Version(ctx, model, *b.Version)
		return batch.Version{Version: m.Version, Digest: m.Digest}, err
	case b.Digest != nil:
		m, err := s.Registry.VersionOf(ctx, model, *b.Digest)
		return batch.Version{Version: m.Version, Digest: m.Digest}, err
	}
	name := registry.Champion
	if b.Alias != nil {
		name = *b.Alias
	}
	if err := name.Validate(); err != nil {
		return batch.Version{}, err
	}
	a, _, err := s.Registry.Alias(ctx, model, name)
	return batch.Version{Version: a.Version, Digest: a.Digest, Alias: name, Decision: a.Decision}, err
}

// startBatch begins the next attempt. If two callers race, or an earlier one died between the
// start and the record, both find the same execution by its name.
func (s *Server) startBatch(ctx context.Context, job batch.Job, attempts int) error {
	for n := attempts + 1; ; n++ {
		// A name has at most 80 characters; the batch alone tells executions apart.
		name := fmt.Sprintf("%.60s-%s-%d", job.Model, job.Batch, n)
		arn, err := s.Predicting.Start(ctx, name, batch.Start{Model: job.Model, Batch: job.Batch})
		if err != nil && !errors.Is(err, ErrNameTaken) {
			return err
		}
		if recorded := s.batches().RecordAttempt(ctx, job, n, arn); recorded != nil {
			return recorded
		}
		if err == nil {
			return nil
		}
	}
}

// batchView joins what the store knows of a batch with how its last attempt stands.
func (s *Server) batchView(ctx context.Context, model registry.ModelName, id batch.ID) (batchView, error) {
	job, err := s.batches().Job(ctx, model, id)
	if err != nil {
		return batchView{}, err
	}
	v := batchView{Model: job.Model, Batch: job.Batch, Version: job.Version, Request: job.Request, State: submitted}
	n, last, err := s.batches().Attempts(ctx, job)
	if err != nil {
		return v, err
	}
	v.Attempt = n
	if ended, err := s.ended(ctx, job, &v); err != nil || ended || n == 0 {
		return v, err
	}
	execution, err := s.Predicting.Execution(ctx, last.Execution)
	if err != nil {
		return v, err
	}
	if execution.Status != "RUNNING" { // it may have ended between our two looks
		if ended, err := s.ended(ctx, job, &v); err != nil || ended {
			return v, err
		}
	}
	progress, err := s.batches().Progress(ctx, job)
	v.Parts, v.Done = progress.Parts, progress.Done
	switch execution.Status {
	case "RUNNING":
		v.State = running
	case "SUCCEEDED":
		v.State, v.Cause = failed, "the workflow ended and there is no manifest; post the batch again"
	default:
		recorded, missed := s.batches().Failure(ctx, job)
		err = errors.Join(err, missed)
		v.State = failed
		v.Failure, v.Error, v.Cause = told(recorded, last.Execution, execution)
	}
	return v, err
}

// ended takes the manifest of a batch; false if it has none.
func (s *Server) ended(ctx context.Context, job batch.Job, v *batchView) (bool, error) {
	m, err := s.batches().Manifest(ctx, job)
	if m == nil || err != nil {
		return false, err
	}
	v.State, v.Problem, v.FailedParts = m.State, m.Problem, m.FailedParts
	v.Rows, v.Errors, v.Unseen = m.Rows, m.Errors, m.Unseen
	v.Parts, v.Done = len(m.Outputs), len(m.Outputs)
	v.Output = fmt.Sprintf("s3://%s/batches/%s/%s/", s.Bucket, job.Model, job.Batch)
	v.Manifest = v.Output + "manifest.json"
	return true, nil
}

func (s *Server) batch(r *http.Request) (answer, error) {
	v, err := s.batchView(r.Context(), registry.ModelName(r.PathValue("model")), batch.ID(r.PathValue("batch")))
	if err != nil {
		return answer{}, err
	}
	return ok(v)
}

// batchFile answers where a file of a batch that has ended may be read from.
func (s *Server) batchFile(r *http.Request) (answer, error) {
	name := r.PathValue("file")
	job, err := s.batches().Job(r.Context(), registry.ModelName(r.PathValue("model")), batch.ID(r.PathValue("batch")))
	if err != nil {
		return answer{}, err
	}
	m, err := s.batches().Manifest(r.Context(), job)
	if err != nil {
		return answer{}, err
	}
	if m != nil {
		for key, size := range m.Objects() {
			if path.Base(key) == name {
				url, err := s.Links.PresignGet(r.Context(), key)
				return answer{status: http.StatusSeeOther, header: map[string]string{"Location": url},
					body: gateway.Elsewhere{Location: url, Bytes: size, ExpiresIn: s3store.LinkValid.String()}}, err
			}
		}
	}
	return answer{}, gateway.FileNotFound.New(fmt.Sprintf("batch %s has no file %.100q, or has not ended", job.Batch, name))
}

// batchesAtOnce is how many batches are looked at side by side: each takes several reads, one after
// the other.
const batchesAtOnce = 16

// listBatches lists batches of a model, at most ?limit= of them.
func (s *Server) listBatches(r *http.Request) (answer, error) {
	limit, query := someRuns, r.URL.Query()
	if query.Has("limit") {
		var err error
		if limit, err = strconv.Atoi(query.Get("limit")); err != nil || limit < 1 || limit > mostRuns {
			return answer{}, gateway.InvalidParameter.New(fmt.Sprintf("limit %.20q is not a number from 1 to %d", query.Get("limit"), mostRuns))
		}
	}
	model := registry.ModelName(r.PathValue("model"))
	ids, more, err := s.batches().List(r.Context(), model, limit)
	if err != nil {
		return answer{}, err
	}
	views := make([]batchView, len(ids))
	err = par.For(r.Context(), len(ids), batchesAtOnce, func(i int) (err error) {
		views[i], err = s.batchView(r.Context(), model, ids[i])
		return err
	})
	if err != nil {
		return answer{}, err
	}
	return ok(map[string]any{"batches": views, "more": more})
}
