// Package statistics is the job of describing a data set: read it, profile it, store the
// profile where the API and the next training run find it. The numbers themselves are
// computed in profile; this is the work around them, done by functions/statistics in the
// cloud and by the command line on a laptop.
package statistics

import (
	"context"
	"errors"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/registry"
)

// Store reads the parts of a data set, profiles them, and stores the statistics under the
// digest of exactly what was read.
func Store(ctx context.Context, r *registry.Registry, name registry.DatasetName, parts []dataset.Part) (registry.Statistics, error) {
	if err := name.Validate(); err != nil { // before the reading, which may be long
		return registry.Statistics{}, err
	}
	table, digest, err := dataset.ReadCSV(ctx, parts, dataset.Options{})
	if err != nil {
		return registry.Statistics{}, err
	}
	described, err := profile.New(ctx, table)
	if err != nil {
		return registry.Statistics{}, err
	}
	s := registry.Statistics{Dataset: name, Version: string(digest), Profile: described}
	return s, r.SaveStatistics(ctx, name, s)
}

// Event is what the statistics function is called with.
type Event struct {
	Dataset registry.DatasetName `json:"dataset"`
}

// Result is what it answers: the version that was profiled, or what is wrong with the data.
// A Lambda error would carry only a text, and lose row and column.
type Result struct {
	Version string           `json:"version,omitempty"`
	Problem *gateway.Problem `json:"problem,omitempty"`
}

// Handler is the Lambda handler over the data sets of a registry.
func Handler(r *registry.Registry) func(context.Context, Event) (Result, error) {
	return func(ctx context.Context, e Event) (Result, error) {
		parts, err := r.DataParts(ctx, e.Dataset)
		if err != nil {
			return answer(registry.Statistics{}, err)
		}
		return answer(Store(ctx, r, e.Dataset, parts))
	}
}

func answer(s registry.Statistics, err error) (Result, error) {
	if errors.Is(err, registry.ErrConflict) {
		err = gateway.Conflict.New("the data set was changed while it was read; try again")
	}
	if p, known := gateway.AsProblem(err); err != nil && known {
		return Result{Problem: &p}, nil
	}
	return Result{Version: s.Version}, err
}
