package statistics

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/internal/nearest"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/source"
	"github.com/foretell-ml/foretell/pkg/workflow"
)

// limits are where shards end.
type limits struct {
	bytes int64 // of a shard: one part alone may have more
	parts int   // of a shard
}

// A shard takes a function of two cores some seconds: long against its start of a tenth of
// one, and short against the 15 minutes that it has. A part is a request or two to S3.
var standardLimits = limits{bytes: 32 * dataset.DigestPiece, parts: 100}

// plan is plan.json. It is written last of what the step writes: with it the job is planned.
type plan struct {
	Request   Request   `json:"request"`
	Columns   []string  `json:"columns"`   // those of the data set, as read
	Delimiter byte      `json:"delimiter"` // of CSV: one for all shards
	Quote     byte      `json:"quote"`
	Modified  time.Time `json:"modified"` // when the newest part was written
	Parts     []file    `json:"parts"`
	Shards    int       `json:"shards"`
}

// file is one part of the data set, as it was when the job was planned.
type file struct {
	Name     string    `json:"name"`
	ETag     string    `json:"etag"`
	Size     int64     `json:"size"`
	Modified time.Time `json:"modified"`
}

// Shard is what one child of the Distributed Map profiles, an element of shards.json.
type Shard struct {
	Dataset      registry.DatasetName `json:"dataset"`
	Job          JobID                `json:"job"`
	Shard        int                  `json:"shard"` // its ordinal in the data set
	dataset.Span                      // of the plan's parts
}

// Progress is what plan tells the workflow.
type Progress struct {
	Dataset registry.DatasetName `json:"dataset"`
	Job     JobID                `json:"job"`
	// Items is the key of the list of shards. Done says that there is nothing to profile: the
	// job has its result.
	Items string `json:"items"`
	// Results is where the workflow lists what became of them, without a slash at the end.
	Results string `json:"results"`
	Done    bool   `json:"done"`
}

// results is where the workflow lists what became of the shards of a job.
func results(name registry.DatasetName, id JobID) string {
	return strings.TrimSuffix(workflow.Maps+jobKey(name, id, ""), "/")
}

// Plan looks at the data set and lists the shards. Done before, it only answers.
func (j *Jobs) Plan(ctx context.Context, name registry.DatasetName, id JobID, q Request) (Progress, error) {
	if err := checkJob(name, id); err != nil {
		return Progress{}, err
	}
	progress := Progress{Dataset: name, Job: id, Items: jobKey(name, id, "shards.json"), Results: results(name, id)}
	ended, err := j.has(ctx, name, id, "result.json")
	if err != nil || ended {
		progress.Done = ended
		return progress, err
	}
	if planned, err := j.has(ctx, name, id, "plan.json"); err != nil || planned {
		return progress, err
	}
	p, shards, err := j.plan(ctx, name, id, q)
	err = gone(err)
	if problem := problemOf(err); problem != nil {
		progress.Done = true
		return progress, j.write(ctx, name, id, "result.json", Result{Problem: problem})
	}
	if err != nil {
		return Progress{}, err
	}
	if err := j.write(ctx, name, id, "shards.json", shards); err != nil {
		return Progress{}, err
	}
	return progress, j.write(ctx, name, id, "plan.json", p)
}

func (j *Jobs) plan(ctx context.Context, name registry.DatasetName, id JobID, q Request) (plan, []Shard, error) {
	options, err := q.Options()
	if err != nil {
		return plan{}, nil, err
	}
	parts, err := j.Registry.DataParts(ctx, name)
	if err != nil {
		return plan{}, nil, err
	}
	if content, err := Content(name, q, parts); err != nil || content != id.content() {
		return plan{}, nil, errors.Join(err, errChanged)
	}
	p := plan{Request: q, Modified: lastModified(parts)}
	for _, part := range parts {
		p.Parts = append(p.Parts, file{part.Name, part.ETag, part.Size, part.Modified})
	}
	rows, err := source.FromParts(parts)
	if err != nil {
		return plan{}, nil, err
	}
	fields, err := rows.Header(ctx, options)
	if err != nil {
		return plan{}, nil, err
	}
	p.Columns = names(fields)
	if q.Target != "" && !slices.Contains(p.Columns, q.Target) { // before all is read in vain
		return plan{}, nil, &dataset.ColumnError{Column: q.Target, Err: errors.New("is the target but not in the data" + nearest.Hint(q.Target, p.Columns))}
	}
	var spans []dataset.Span
	if csv, ok := rows.(dataset.CSV); ok {
		if options, err = csv.Detect(ctx, options); err != nil {
			return plan{}, nil, err
		}
		p.Delimiter, p.Quote = options.Delimiter, options.Quote
		limit := cmp.Or(j.limits, standardLimits)
		spans = dataset.Cut(parts, limit.bytes, limit.parts)
	}
	if spans == nil || options.Sample > 1 { // which rows are drawn depends on all of them
		// The columns of JSON Lines are those of the first part that has a row, and only a scan
		// of all parts tells that a declared one is in none; a file of Parquet decides how the
		// others' columns are typed.
		spans = []dataset.Span{{Last: len(parts) - 1}}
	}
	shards := make([]Shard, len(spans))
	for i, span := range spans {
		shards[i] = Shard{Dataset: name, Job: id, Shard: i, Span: span}
	}
	p.Shards = len(shards)
	return p, shards, nil
}

func names(fields []dataset.Field) []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return names
}

// errChanged is a problem of the data, not of us: whoever changed it may ask again.
var errChanged = gateway.Conflict.New("the data set was changed while it was read; try again")

// gone makes a change of an object that was listed and is no more.
func gone(err error) error {
	if missing := (*registry.NotFoundError)(nil); errors.Is(err, registry.ErrNotFound) && !errors.As(err, &missing) {
		return errChanged
	}
	return err
}

// problemOf is what is wrong with the data, nil if err is nil or a fault of ours.
func problemOf(err error) *gateway.Problem {
	if err == nil {
		return nil
	}
	if errors.Is(err, registry.ErrConflict) {
		err = errChanged
	}
	if p, known := gateway.AsProblem(err); known && p.Status < 500 {
		return &p
	}
	return nil
}
