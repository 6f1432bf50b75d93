package batch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/foretell-ml/foretell/pkg/calibration"
	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/pipeline"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/source"
	"github.com/foretell-ml/foretell/pkg/workflow"
)

// limits are where parts end.
type limits struct {
	bytes int64 // of a part: one file of Parquet alone may have more
	files int   // of a part
}

// A part takes a function of two cores some seconds, and what it predicts is held in memory until
// it is written.
var standardLimits = limits{bytes: 8 * dataset.DigestPiece, files: 100}

// maxParts keeps the list of them, and the manifest, to what can be read at once.
const maxParts = 20_000

// plan is plan.json. It is written last of what the step writes: with it the batch is planned.
type plan struct {
	Delimiter byte   `json:"delimiter,omitempty"` // of CSV: one for all parts
	Quote     byte   `json:"quote,omitempty"`
	Files     []file `json:"files"`
	Count     int    `json:"parts"`
}

// maxFiles is how many bytes the list of files may take: a plan is read whole (registry.MaxJSON).
const maxFiles = registry.MaxJSON - 1<<20

func listed(parts []dataset.Part) []file {
	files := make([]file, len(parts))
	for i, f := range parts {
		files[i] = file{f.Name, f.ETag, f.Size, f.Modified}
	}
	return files
}

// file is one file of the data set, as it was when the batch was planned.
type file struct {
	Name     string    `json:"name"`
	ETag     string    `json:"etag"`
	Size     int64     `json:"size"`
	Modified time.Time `json:"modified"`
}

// Part is what one child of the Distributed Map predicts, an element of parts.json.
type Part struct {
	Model registry.ModelName `json:"model"`
	Batch ID                 `json:"batch"`
	Part  int                `json:"part"` // from 0
	dataset.Span
}

// Planned is what plan tells the workflow.
type Planned struct {
	Model registry.ModelName `json:"model"`
	Batch ID                 `json:"batch"`
	// Items is the key of the list of parts. Done says that there is nothing to predict: the batch
	// has its manifest.
	Items string `json:"items"`
	// Results is where the workflow lists what became of them, without a slash at the end.
	Results string `json:"results"`
	Done    bool   `json:"done"`
}

// results is where the workflow lists what became of the parts of a batch.
func (job Job) results() string { return strings.TrimSuffix(workflow.Maps+job.key(""), "/") }

// Plan looks at the data set and lists the parts. Done before, it only answers.
func (j *Jobs) Plan(ctx context.Context, model registry.ModelName, id ID) (Planned, error) {
	job, err := j.Job(ctx, model, id)
	if err != nil {
		return Planned{}, err
	}
	planned := Planned{Model: model, Batch: id, Items: job.key("parts.json"), Results: job.results()}
	if done, err := j.has(ctx, job.key("manifest.json")); err != nil || done {
		planned.Done = done
		return planned, err
	}
	if done, err := j.has(ctx, job.key("plan.json")); err != nil || done {
		return planned, err
	}
	p, parts, err := j.plan(ctx, job)
	if problem := problemOf(err); problem != nil {
		planned.Done = true
		return planned, j.write(ctx, job.key("manifest.json"), Manifest{Job: job, State: Failed, Problem: problem})
	}
	if err != nil {
		return Planned{}, err
	}
	if err := j.write(ctx, job.key("parts.json"), parts); err != nil {
		return Planned{}, err
	}
	return planned, j.write(ctx, job.key("plan.json"), p)
}

func (j *Jobs) plan(ctx context.Context, job Job) (plan, []Part, error) {
	files, err := j.Registry.DataParts(ctx, job.Request.Dataset)
	if err != nil {
		return plan{}, nil, err
	}
	if id, err := idOf(job.Model, job.Version, job.Request, files); err != nil || id != job.Batch {
		return plan{}, nil, errors.Join(err, errChanged)
	}
	p := plan{Files: listed(files)}
	rows, err := source.FromParts(files)
	if err != nil {
		return plan{}, nil, gateway.InvalidDataset.New(err.Error())
	}
	options, err := job.Request.reading().Options()
	if err != nil {
		return plan{}, nil, err
	}
	limit := cmp.Or(j.limits, standardLimits)
	var spans []dataset.Span
	switch rows := rows.(type) {
	case dataset.CSV:
		if options, err = rows.Detect(ctx, options); err != nil {
			return plan{}, nil, err
		}
		p.Delimiter, p.Quote = options.Delimiter, options.Quote
		spans = dataset.Cut(files, limit.bytes, limit.files)
	case dataset.JSONLines:
		spans = dataset.Cut(files, limit.bytes, 1) // each names its own columns
	default:
		for i := range files {
			spans = append(spans, dataset.Span{First: i, Last: i})
		}
	}
	if err := j.check(ctx, job, rows, options); err != nil {
		return plan{}, nil, err
	}
	if len(spans) > maxParts {
		return plan{}, nil, gateway.InvalidDataset.New("the data set comes to more parts than a batch may have; predict it in several")
	}
	parts := make([]Part, len(spans))
	for i, span := range spans {
		parts[i] = Part{Model: job.Model, Batch: job.Batch, Part: i, Span: span}
	}
	p.Count = len(parts)
	return p, parts, nil
}

// check finds columns that are not there before anything is predicted in vain.
func (j *Jobs) check(ctx context.Context, job Job, rows dataset.Source, o dataset.Options) error {
	s, err := j.scan(ctx, job)
	if err != nil {
		return err
	}
	if err := checkKeep(s.Keep, s.Pipeline, s.Format); err != nil {
		return gateway.InvalidParameter.New(err.Error(), gateway.FieldError{Pointer: "/keep", Detail: err.Error()})
	}
	_, err = s.options(ctx, rows, o)
	return err
}

// scan is how a batch predicts: its version, with the decision of its alias.
func (j *Jobs) scan(ctx context.Context, job Job) (Scan, error) {
	artifact, err := j.Registry.Artifact(ctx, job.Model, job.Digest)
	if err != nil {
		return Scan{}, err
	}
	p, err := pipeline.Decode(artifact)
	if err != nil {
		return Scan{}, err
	}
	if d := job.Decision; d != nil {
		if p, err = p.Deciding(&pipeline.Decision{Threshold: d.Threshold, Costs: calibration.Costs(d.Costs)}); err != nil {
			return Scan{}, fmt.Errorf("decision of alias %s of model %s: %w", job.Alias, job.Model, err)
		}
	}
	return Scan{Pipeline: p, Format: job.Request.Format, Keep: job.Request.Keep, MaxErrors: job.Request.MaxErrors}, nil
}
