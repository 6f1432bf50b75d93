package statistics

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"slices"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/source"
)

// found is <n>.partial: what a shard has found, or what is wrong with its data.
type found struct {
	Shard   Shard
	Extent  dataset.Extent
	Partial []byte // a profile.Partial
	Problem *gateway.Problem
	// Guessed says that the problem may come from where the first record of a range was taken
	// to begin: Extent.First.
	Guessed bool
}

// Profile profiles a shard and keeps what it found. Done before, it does nothing; done twice
// at once, both keep the same.
func (j *Jobs) Profile(ctx context.Context, s Shard) error {
	if err := checkJob(s.Dataset, s.Job); err != nil {
		return err
	}
	object := partialObject(s.Shard)
	if done, err := j.has(ctx, s.Dataset, s.Job, object); err != nil || done {
		return err
	}
	var p plan
	if err := j.read(ctx, s.Dataset, s.Job, "plan.json", &p); err != nil {
		return err
	}
	f, err := j.look(ctx, p, s)
	if err != nil {
		return err
	}
	var body bytes.Buffer
	if err := gob.NewEncoder(&body).Encode(f); err != nil {
		return fmt.Errorf("shard %d: %w", s.Shard, err)
	}
	_, err = j.Registry.Store.Put(ctx, jobKey(s.Dataset, s.Job, object), body.Bytes(), registry.Condition{Absent: true})
	if errors.Is(err, registry.ErrConflict) {
		return nil
	}
	return err
}

// look profiles a shard. What is wrong with the data is no error but found.
func (j *Jobs) look(ctx context.Context, p plan, s Shard) (found, error) {
	f, err := j.profile(ctx, p, s)
	f.Shard = s
	if guess, ok := errors.AsType[*dataset.GuessError](err); ok {
		f.Guessed, f.Extent, err = true, dataset.Extent{Range: s.Range, First: guess.Start}, guess.Err
	}
	err = gone(err)
	if f.Problem = problemOf(err); f.Problem != nil {
		err = nil
	}
	return f, err
}

func (j *Jobs) profile(ctx context.Context, p plan, s Shard) (found, error) {
	if s.First < 0 || s.First > s.Last || s.Last >= len(p.Parts) {
		return found{}, fmt.Errorf("shard %d: parts %d to %d of %d", s.Shard, s.First, s.Last, len(p.Parts))
	}
	options, err := p.options()
	if err != nil {
		return found{}, err
	}
	options.Workers = j.Workers
	var parts []dataset.Part
	for _, f := range p.Parts[s.First : s.Last+1] {
		part, err := j.Registry.DataPart(s.Dataset, registry.Info{Key: f.Name, Size: f.Size, ETag: f.ETag, Modified: f.Modified})
		if err != nil {
			return found{}, err
		}
		parts = append(parts, part)
	}
	rows, err := source.FromParts(parts)
	if err != nil {
		return found{}, err
	}
	if s.First > 0 { // else these are the columns that the plan names
		fields, err := rows.Header(ctx, options)
		if err != nil {
			return found{}, err
		}
		if err := p.sameColumns(names(fields)); err != nil {
			return found{}, &dataset.ParseError{Part: parts[0].Name, Line: 1, Err: err}
		}
	}
	csv, ok := rows.(dataset.CSV)
	if s.Range != nil && (!ok || len(parts) != 1) {
		return found{}, fmt.Errorf("shard %d: bytes of what is no CSV file", s.Shard)
	}
	if ok {
		csv.First, csv.Range = s.First, s.Range
		rows = csv
	}
	partial, extent, err := profile.Collect(ctx, rows, options, s.Shard)
	if err != nil && !errors.Is(err, dataset.ErrNoRows) {
		return found{}, err
	}
	body, err := partial.MarshalBinary()
	return found{Extent: extent, Partial: body}, err
}

// options are how every shard reads.
func (p plan) options() (dataset.Options, error) {
	o, err := p.Request.Options()
	o.Delimiter, o.Quote = p.Delimiter, p.Quote
	return o, err
}

// sameColumns says how the columns of a part differ from those of the first one, or nil.
func (p plan) sameColumns(got []string) error {
	if slices.Equal(got, p.Columns) {
		return nil
	}
	first := p.Parts[0].Name
	if len(got) != len(p.Columns) {
		return fmt.Errorf("%d columns, but %s has %d", len(got), first, len(p.Columns))
	}
	i := 0
	for got[i] == p.Columns[i] {
		i++
	}
	return fmt.Errorf("column %d is %.40q, but in %s it is %.40q", i+1, got[i], first, p.Columns[i])
}

func partialObject(shard int) string { return fmt.Sprintf("%d.partial", shard) }
