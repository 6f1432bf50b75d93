// Package statistics is the job of describing a data set: read it, profile it, store the
// profile where the API and the next training run find it. The numbers themselves are
// computed in profile; this is the work around them, done by functions/statistics in the
// cloud and by the command line on a laptop.
package statistics

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/report"
	"github.com/foretell-ml/foretell/pkg/source"
)

// Store reads a data set, profiles it, and stores the statistics and a page that shows them,
// under the digest of exactly what was read (and of how and with what target, if the options
// say). Moments after the last part was written are in the future, unless judge says when.
func Store(ctx context.Context, r *registry.Registry, name registry.DatasetName, rows dataset.Source, o dataset.Options, judge profile.Options) (registry.Statistics, error) {
	if err := name.Validate(); err != nil { // before the reading, which may be long
		return registry.Statistics{}, err
	}
	if judge.Modified.IsZero() {
		judge.Modified = lastModified(rows.Parts())
	}
	described, extent, err := profile.Scan(ctx, rows, o, judge)
	if err != nil {
		return registry.Statistics{}, err
	}
	version, err := versionOf(extent.Digest, o, judge.Target)
	if err != nil {
		return registry.Statistics{}, err
	}
	s := registry.Statistics{Dataset: name, Version: version, Profile: described}
	var page bytes.Buffer
	if err := report.StatisticsHTML(&page, described, report.About{Dataset: string(name), Version: version}); err != nil {
		return registry.Statistics{}, err
	}
	if err := r.SaveReport(ctx, name, version, page.Bytes()); err != nil { // first: statistics say that both are there
		return registry.Statistics{}, err
	}
	return s, r.SaveStatistics(ctx, name, s)
}

// lastModified is when the last part was written; zero if that is not known of any.
func lastModified(parts []dataset.Part) (last time.Time) {
	for _, part := range parts {
		if part.Modified.After(last) {
			last = part.Modified
		}
	}
	return last
}

// versionOf names statistics by what they were made from: the digest of the content, or, if
// not all of it was read or not as it is by default, the SHA-256 of digest and options.
func versionOf(digest dataset.Digest, o dataset.Options, target string) (string, error) {
	o.Workers = 0
	made := struct {
		dataset.Options
		Target string `json:",omitempty"`
	}{o, target}
	if reflect.DeepEqual(o, dataset.Options{}) && target == "" {
		return string(digest), nil
	}
	text, err := json.Marshal(made)
	if err != nil {
		return "", fmt.Errorf("options of reading: %w", err)
	}
	sum := sha256.Sum256(append([]byte(string(digest)+"\n"), text...))
	return hex.EncodeToString(sum[:]), nil
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
		rows, err := source.FromParts(parts)
		if err != nil {
			return answer(registry.Statistics{}, err)
		}
		return answer(Store(ctx, r, e.Dataset, rows, dataset.Options{}, profile.Options{}))
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
