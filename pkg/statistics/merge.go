package statistics

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// Merge makes the profile of what the shards have found, stores it, and with the result ends
// the job. Done before, it only answers.
func (j *Jobs) Merge(ctx context.Context, name registry.DatasetName, id JobID) (Result, error) {
	if err := checkJob(name, id); err != nil {
		return Result{}, err
	}
	var result Result
	if err := j.read(ctx, name, id, "result.json", &result); !errors.Is(err, registry.ErrNotFound) {
		return result, err
	}
	s, err := j.merge(ctx, name, id)
	if problem := problemOf(err); problem != nil {
		result.Problem = problem
	} else if err != nil {
		return Result{}, err
	}
	result.Version = s.Version
	return result, j.write(ctx, name, id, "result.json", result)
}

func (j *Jobs) merge(ctx context.Context, name registry.DatasetName, id JobID) (registry.Statistics, error) {
	var none registry.Statistics
	var p plan
	if err := j.read(ctx, name, id, "plan.json", &p); err != nil {
		return none, err
	}
	if p.Shards < 1 || len(p.Parts) == 0 {
		return none, errors.New("the plan has no shards")
	}
	options, err := p.Request.Options() // as they were asked for: part of the version's name
	if err != nil {
		return none, err
	}
	all, digest, err := j.unite(ctx, name, id, p)
	if err != nil {
		return none, err
	}
	if all.Rows() == 0 {
		return none, &dataset.ParseError{Part: p.Parts[0].Name, Err: dataset.ErrNoRows}
	}
	// Each part was read as it was when the job was planned. That no other came, and none went
	// or changed after it was read, is to be seen now.
	parts, err := j.Registry.DataParts(ctx, name)
	if err != nil {
		return none, err
	}
	if content, err := Content(name, p.Request, parts); err != nil || content != id.content() {
		return none, errors.Join(err, errChanged)
	}
	return conclude(ctx, j.Registry, name, all, digest, options,
		profile.Options{Target: p.Request.Target, Modified: p.Modified})
}

// unite merges what the shards have found, in their order, and returns the digest of what they
// have read together.
func (j *Jobs) unite(ctx context.Context, name registry.DatasetName, id JobID, p plan) (*profile.Partial, dataset.Digest, error) {
	all := new(profile.Partial)
	var last found
	var sums [][][]byte
	var ranges []dataset.Extent // of the part that is cut up, so far
	for i := range p.Shards {
		f, err := j.found(ctx, name, id, i)
		if err != nil {
			return nil, "", err
		}
		if f, err = j.mended(ctx, p, f, ranges); err != nil {
			return nil, "", err
		}
		if f.Problem != nil { // of the first shard that has one, as if all were read in order
			return nil, "", *f.Problem
		}
		var partial profile.Partial
		if err := partial.UnmarshalBinary(f.Partial); err != nil {
			return nil, "", fmt.Errorf("shard %d: %w", i, err)
		}
		if err := all.Merge(&partial); err != nil {
			return nil, "", fmt.Errorf("shard %d: %w", i, err)
		}
		last = f
		if f.Shard.Range == nil {
			sums = append(sums, f.Extent.Sums...)
			continue
		}
		if ranges = append(ranges, f.Extent); f.Extent.Range.End < f.Extent.Size {
			continue
		}
		whole, err := dataset.Join(ranges...)
		if err != nil {
			return nil, "", fmt.Errorf("%s: %w", p.Parts[f.Shard.First].Name, err)
		}
		sums, ranges = append(sums, whole.Sums...), nil
	}
	if p.Shards == 1 {
		return all, last.Extent.Digest, nil // whatever the format
	}
	if len(sums) != len(p.Parts) || len(ranges) > 0 {
		return nil, "", fmt.Errorf("the shards have read %d of %d parts", len(sums), len(p.Parts))
	}
	return all, dataset.DigestOfPieces(sums), nil
}

// mended is what a range has found, given the extents of those before it in the file. If it was
// read from where no record begins it is read again: that takes a quoted value that looks like
// rows for megabytes, so it is rare.
func (j *Jobs) mended(ctx context.Context, p plan, f found, before []dataset.Extent) (found, error) {
	if f.Shard.Range == nil || len(before) == 0 {
		return f, nil
	}
	first := before[len(before)-1].Last
	if f.Problem != nil && !f.Guessed || f.Extent.First == first {
		return f, nil
	}
	s := f.Shard
	s.Range = &dataset.Range{Start: s.Range.Start, End: s.Range.End, First: first}
	return j.look(ctx, p, s)
}

// found reads what a shard has found.
func (j *Jobs) found(ctx context.Context, name registry.DatasetName, id JobID, shard int) (f found, err error) {
	body, _, err := registry.Read(ctx, j.Registry.Store, jobKey(name, id, partialObject(shard)))
	if err != nil {
		return f, fmt.Errorf("shard %d: %w", shard, err)
	}
	if err := gob.NewDecoder(bytes.NewReader(body)).Decode(&f); err != nil {
		return f, fmt.Errorf("shard %d: %w", shard, err)
	}
	if f.Shard.Dataset != name || f.Shard.Job != id || f.Shard.Shard != shard {
		return f, fmt.Errorf("shard %d: what lies there is of shard %d of job %s", shard, f.Shard.Shard, f.Shard.Job)
	}
	return f, nil
}
