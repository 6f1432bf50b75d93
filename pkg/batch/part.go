package batch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/emf"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/source"
	"github.com/foretell-ml/foretell/pkg/topology"
)

// Result is results/<n>.json: what part n came to, or what is wrong with its data. A Lambda error
// would carry only a text, and lose row and column.
type Result struct {
	Part
	Counts
	Object  string           `json:"object,omitempty"` // the key of the predictions
	Size    int64            `json:"size,omitempty"`   // of them, in bytes
	Digest  string           `json:"sha256,omitempty"`
	Faults  string           `json:"faults,omitempty"` // the key of the list of faults, if there are any
	Problem *gateway.Problem `json:"problem,omitempty"`

	// Of a range: where its first record was taken to begin, and where the one after its last
	// does. Guessed says that the problem may come from the former.

	Begins  int64 `json:"begins,omitempty"`
	Ends    int64 `json:"ends,omitempty"`
	Guessed bool  `json:"guessed,omitempty"`
}

// Predict predicts a part and keeps what it came to. Done before, it does nothing; done twice at
// once, both keep the same.
func (j *Jobs) Predict(ctx context.Context, part Part) error {
	job, err := j.Job(ctx, part.Model, part.Batch)
	if err != nil {
		return err
	}
	if done, err := j.has(ctx, job.resultKey(part.Part)); err != nil || done {
		return err
	}
	var p plan
	if err := j.read(ctx, job.key("plan.json"), &p); err != nil {
		return err
	}
	return j.predict(ctx, job, p, part, registry.Condition{Absent: true})
}

// predict writes what a part comes to, the result last.
func (j *Jobs) predict(ctx context.Context, job Job, p plan, part Part, c registry.Condition) error {
	r, predictions, faults, err := j.look(ctx, job, p, part)
	if err != nil {
		return err
	}
	if r.Problem == nil {
		r.Object, r.Size, r.Digest = job.partKey(part.Part), int64(len(predictions)), registry.Digest(predictions)
		if err := j.put(ctx, r.Object, predictions, c); err != nil {
			return err
		}
		if len(faults) > 0 {
			r.Faults = job.key(fmt.Sprintf("errors-%05d.jsonl", part.Part))
			if err := j.put(ctx, r.Faults, faults, c); err != nil {
				return err
			}
		}
	}
	if _, err = registry.WriteJSON(ctx, j.Registry.Store, job.resultKey(part.Part), r, c); written(err) != nil {
		return err
	}
	if err == nil && c.Absent { // else it is done again, and was counted
		j.measure(job, r)
	}
	return nil
}

// measure tells the metrics of a part that is done.
func (j *Jobs) measure(job Job, r Result) {
	if j.Metrics == nil || r.Problem != nil {
		return
	}
	_ = emf.Write(j.Metrics, emf.Line{
		Namespace: topology.MetricNamespace, Time: j.Now(),
		Fields: []emf.Field{
			{Name: topology.DimensionFunction, Value: "batch"}, {Name: topology.DimensionModel, Value: string(job.Model)}, {Name: "Batch", Value: string(job.Batch)},
		},
		Groups: []emf.Group{{Sets: topology.ByFunctionAndModel, Metrics: []emf.Metric{
			{Name: topology.MetricRows, Unit: emf.Count, Value: float64(r.Rows)}, {Name: topology.MetricFaultyRows, Unit: emf.Count, Value: float64(r.Errors)},
		}}},
	}) // a part is done, whether that can be told or not
}

// look predicts a part. What is wrong with its data is no error but in the result.
func (j *Jobs) look(ctx context.Context, job Job, p plan, part Part) (r Result, predictions, faults []byte, err error) {
	s, err := j.scan(ctx, job)
	if err != nil {
		return r, nil, nil, err
	}
	rows, o, err := j.open(job, p, part)
	if err != nil {
		return r, nil, nil, err
	}
	var listed bytes.Buffer
	e := json.NewEncoder(&listed)
	e.SetEscapeHTML(false)
	s.OnFault = func(f Fault) { _ = e.Encode(f) } // to memory, and texts are JSON
	var out bytes.Buffer
	r.Part = part
	var extent dataset.Extent
	if r.Counts, extent, err = s.Run(ctx, rows, o, &out); errors.Is(err, dataset.ErrNoRows) {
		err = nil // others may have some
	}
	if guess, ok := errors.AsType[*dataset.GuessError](err); ok {
		r.Guessed, err = true, guess.Err
		extent.First = guess.Start
	}
	if at, ok := errors.AsType[*dataset.ParseError](err); ok && part.Range != nil && part.Range.Start > 0 && at.Row > 0 {
		located := *at
		located.Err = fmt.Errorf("%w (rows are counted from byte %d of the file on)", at.Err, part.Range.Start)
		err = &located
	}
	r.Begins, r.Ends = extent.First, extent.Last
	if r.Problem = problemOf(err); r.Problem != nil {
		return r, nil, nil, nil
	}
	return r, out.Bytes(), listed.Bytes(), err
}

// open is the source of a part, and how to read it.
func (j *Jobs) open(job Job, p plan, part Part) (dataset.Source, dataset.Options, error) {
	o, err := job.Request.reading().Options()
	if err != nil {
		return nil, o, err
	}
	o.Delimiter, o.Quote, o.Workers = p.Delimiter, p.Quote, j.Workers
	if part.First < 0 || part.First > part.Last || part.Last >= len(p.Files) {
		return nil, o, fmt.Errorf("part %d: files %d to %d of %d", part.Part, part.First, part.Last, len(p.Files))
	}
	var files []dataset.Part
	for _, f := range p.Files[part.First : part.Last+1] {
		listed, err := j.Registry.DataPart(job.Request.Dataset, registry.Info{Key: f.Name, Size: f.Size, ETag: f.ETag, Modified: f.Modified})
		if err != nil {
			return nil, o, err
		}
		files = append(files, listed)
	}
	rows, err := source.FromParts(files)
	if err != nil {
		return nil, o, err
	}
	switch of := rows.(type) {
	case dataset.CSV:
		of.Range = part.Range
		return of, o, nil
	case dataset.JSONLines:
		// As a range a file may lack a column that another has; it can be one if it is not
		// compressed.
		if of.Range = part.Range; of.Range == nil && len(of.Files) == 1 && of.Files[0].OpenAt != nil && of.Files[0].Size > 0 {
			of.Range = &dataset.Range{End: of.Files[0].Size}
		}
		return of, o, nil
	}
	if part.Range != nil {
		return nil, o, fmt.Errorf("part %d: bytes of what has no lines", part.Part)
	}
	return rows, o, nil
}

func (job Job) resultKey(part int) string { return job.key(fmt.Sprintf("results/%05d.json", part)) }

func (job Job) partKey(part int) string {
	return job.key(fmt.Sprintf("part-%05d.%s", part, job.Request.Format))
}
