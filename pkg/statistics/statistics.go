// Package statistics is the job of describing a data set: read it, profile it, store the
// profile where the API and the next training run find it. The numbers themselves are
// computed in profile; this is the work around them. On a laptop Store does it in one go; in
// the cloud Jobs does it in steps, of functions/statistics: plan cuts the data set into
// shards, shards are profiled side by side, merge makes the profile of what they found. Both
// end in the same way, and give the same statistics under the same name.
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
	"github.com/foretell-ml/foretell/pkg/profile"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/report"
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
	all, extent, err := profile.Collect(ctx, rows, o, 0)
	if err != nil {
		return registry.Statistics{}, err
	}
	return conclude(ctx, r, name, all, extent.Digest, o, judge)
}

// conclude makes a profile of all that is known of a data set, and stores it.
func conclude(ctx context.Context, r *registry.Registry, name registry.DatasetName, all *profile.Partial, digest dataset.Digest, o dataset.Options, judge profile.Options) (registry.Statistics, error) {
	described, err := all.Finish(ctx, judge)
	if err != nil {
		return registry.Statistics{}, err
	}
	version, err := versionOf(digest, o, judge.Target)
	if err != nil {
		return registry.Statistics{}, err
	}
	s := registry.Statistics{Dataset: name, Version: version, Profile: described.Masked()}
	var page bytes.Buffer
	if err := report.StatisticsHTML(&page, described, report.About{Dataset: string(name), Version: version}, report.Judgments{}); err != nil {
		return registry.Statistics{}, err
	}
	if err := r.SaveReport(ctx, name, version, page.Bytes()); err != nil { // first: statistics say that both are there
		return registry.Statistics{}, err
	}
	err = r.SaveStatistics(ctx, name, s)
	s.Profile = described // for those who check it
	var large *registry.TooLargeError
	if errors.As(err, &large) {
		err = fmt.Errorf("%d columns are too many to describe at once, choose those that matter: %w", len(described.Columns), err)
	}
	return s, err
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
// not all of it was read or not as it is by default, or a target was named, the SHA-256 of
// digest, options and target.
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
