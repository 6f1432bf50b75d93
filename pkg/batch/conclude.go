package batch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// The ends of a batch.
const (
	Succeeded = "succeeded"
	Failed    = "failed"
)

// Manifest is manifest.json: the end of a batch. Predictions are to be read by its list, and not
// before it is there.
type Manifest struct {
	Job
	State string `json:"state"` // succeeded or failed
	Counts
	Columns []string `json:"columns,omitempty"` // of the predictions, those that are kept first
	Outputs []Output `json:"outputs,omitempty"` // one a part, in the order of the rows
	// Problem is why it failed: what is wrong with the data. Failed counts the parts with problems.
	Problem     *gateway.Problem `json:"problem,omitempty"`
	FailedParts int              `json:"failed_parts,omitempty"`
}

// Objects are the keys of the manifest and of all that it lists, with their sizes in bytes; 0 where
// the manifest has none.
func (m Manifest) Objects() map[string]int64 {
	objects := map[string]int64{m.key("manifest.json"): 0}
	for _, o := range m.Outputs {
		if o.Object != "" {
			objects[o.Object] = o.Size
		}
		if o.Faults != "" {
			objects[o.Faults] = 0
		}
	}
	return objects
}

// Output is what one part came to.
type Output struct {
	Part int `json:"part"`
	Counts
	Files []string       `json:"files"` // of the data set, that it is of
	Range *dataset.Range `json:"range,omitempty"`
	// RowsBefore are the rows of the file before those of the range: what to add to the rows in
	// its list of faults.
	RowsBefore int              `json:"rows_before,omitempty"`
	Object     string           `json:"object,omitempty"` // the key of the predictions
	Size       int64            `json:"size,omitempty"`   // bytes
	Digest     string           `json:"sha256,omitempty"`
	Faults     string           `json:"faults,omitempty"` // the key of the list of faults
	Problem    *gateway.Problem `json:"problem,omitempty"`
}

// Conclude makes the manifest of what the parts came to. A part without a result is an error: the
// batch is not done, and another attempt does what is missing. Done before, it only answers.
func (j *Jobs) Conclude(ctx context.Context, model registry.ModelName, id ID) (Manifest, error) {
	job, err := j.Job(ctx, model, id)
	if err != nil {
		return Manifest{}, err
	}
	if m, err := j.Manifest(ctx, job); err != nil || m != nil {
		if m == nil {
			m = &Manifest{}
		}
		return *m, err
	}
	var p plan
	if err := j.read(ctx, job.key("plan.json"), &p); err != nil {
		return Manifest{}, err
	}
	m := Manifest{Job: job, State: Succeeded}
	if err := j.gather(ctx, job, p, &m); err != nil {
		return Manifest{}, err
	}
	s, err := j.scan(ctx, job)
	if err != nil {
		return Manifest{}, err
	}
	m.Columns = append(slices.Clone(job.Request.Keep), Columns(s.Pipeline)...)
	m.judge()
	return m, j.write(ctx, job.key("manifest.json"), m)
}

// gather lists what the parts came to, and adds up their counts.
func (j *Jobs) gather(ctx context.Context, job Job, p plan, m *Manifest) error {
	var before Result // the range before, of the same file
	rows := 0         // of the file, before the range
	for i := range p.Count {
		r, err := j.result(ctx, job, p, i, before)
		if err != nil {
			return err
		}
		if r.Range == nil || r.Range.Start == 0 {
			rows = 0
		}
		out := Output{Part: i, Counts: r.Counts, Range: r.Range, RowsBefore: rows, Object: r.Object, Size: r.Size, Digest: r.Digest, Faults: r.Faults, Problem: r.Problem}
		for _, f := range p.Files[r.First : r.Last+1] {
			out.Files = append(out.Files, f.Name)
		}
		m.Outputs = append(m.Outputs, out)
		m.Rows, m.Errors, m.Unseen = m.Rows+r.Rows, m.Errors+r.Errors, m.Unseen+r.Unseen
		if i == 0 {
			m.Absent = r.Absent
		} else {
			m.Absent = slices.DeleteFunc(m.Absent, func(name string) bool { return !slices.Contains(r.Absent, name) })
		}
		rows += r.Rows
		before = r
	}
	return nil
}

// result is what a part came to. A range that was read from where no record begins, as the end of
// the range before tells, is predicted again from where one does: that takes a quoted value that
// looks like rows for megabytes, so it is rare.
func (j *Jobs) result(ctx context.Context, job Job, p plan, part int, before Result) (r Result, err error) {
	if err := j.read(ctx, job.resultKey(part), &r); err != nil {
		if errors.Is(err, registry.ErrNotFound) {
			err = fmt.Errorf("part %d of %d is not done: %w", part, p.Count, err)
		}
		return r, err
	}
	if r.Part.Part != part || r.Last >= len(p.Files) || r.First < 0 || r.First > r.Last {
		return r, fmt.Errorf("%s is no result of part %d", job.resultKey(part), part)
	}
	follows := r.Range != nil && r.Range.Start > 0 && before.Range != nil && before.First == r.First && before.Problem == nil
	if !follows || r.Begins == before.Ends || r.Problem != nil && !r.Guessed {
		return r, nil
	}
	again := r.Part
	again.Range = &dataset.Range{Start: r.Range.Start, End: r.Range.End, First: before.Ends}
	// What is there is replaced: nobody reads it before there is a manifest.
	if err := j.predict(ctx, job, p, again, registry.Condition{}); err != nil {
		return r, err
	}
	var mended Result // r has members that it may lack
	err = j.read(ctx, job.resultKey(part), &mended)
	return mended, err
}

// judge says whether the batch succeeded.
func (m *Manifest) judge() {
	for i := range m.Outputs {
		if p := m.Outputs[i].Problem; p != nil {
			if m.FailedParts++; m.Problem == nil {
				m.Problem = p
			}
		}
	}
	switch {
	case m.Problem != nil:
	case m.Errors > m.Request.MaxErrors:
		p := gateway.InvalidDataset.New(fmt.Sprintf("%d rows have faults, and max_errors is %d; the lists of faults say which", m.Errors, m.Request.MaxErrors))
		m.Problem = &p
	case len(m.Absent) > 0:
		p := gateway.InvalidDataset.New("no row has " + strings.Join(m.Absent, ", "))
		for _, name := range m.Absent {
			p.Errors = append(p.Errors, gateway.FieldError{Column: name, Detail: "is missing from the data"})
		}
		m.Problem = &p
	case m.Rows == 0:
		p := gateway.InvalidDataset.New("the data set has no rows")
		m.Problem = &p
	}
	if m.Problem != nil {
		m.State = Failed
	}
}
