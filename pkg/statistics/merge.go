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
	var all *profile.Partial
	var digest dataset.Digest
	var sums [][][]byte
	for i := range p.Shards {
		f, err := j.found(ctx, name, id, i)
		if err != nil {
			return none, err
		}
		if f.Problem != nil { // of the first shard that has one, as if all were read in order
			return none, *f.Problem
		}
		var partial profile.Partial
		if err := partial.UnmarshalBinary(f.Partial); err != nil {
			return none, fmt.Errorf("shard %d: %w", i, err)
		}
		digest, sums = f.Digest, append(sums, f.Sums...)
		if all == nil {
			all = &partial
		} else if err := all.Merge(&partial); err != nil {
			return none, fmt.Errorf("shard %d: %w", i, err)
		}
	}
	if p.Shards > 1 {
		if len(sums) != len(p.Parts) {
			return none, fmt.Errorf("the shards have read %d of %d parts", len(sums), len(p.Parts))
		}
		digest = dataset.DigestOfPieces(sums)
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
