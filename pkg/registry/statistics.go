package registry

import (
	"context"
	"fmt"
	"strings"

	"github.com/foretell-ml/foretell/pkg/profile"
)

// Statistics is the profile of a data set as it was at one time.
type Statistics struct {
	Dataset DatasetName      `json:"dataset"`
	Version string           `json:"version"` // dataset.Digest of the content, 64 hex digits
	Profile *profile.Profile `json:"profile"`
}

func statisticsPrefix(d DatasetName) string { return "statistics/" + string(d) + "/" }

// SaveStatistics stores statistics under the digest of the data they describe. The same data
// give the same profile, so writing over an earlier one changes nothing but its time; that
// it is written again makes it the latest, also when a data set went back to old content.
func (r *Registry) SaveStatistics(ctx context.Context, name DatasetName, s Statistics) error {
	if err := name.Validate(); err != nil {
		return err
	}
	if s.Dataset != name || !isDigest(s.Version) || s.Profile == nil {
		return fmt.Errorf("save statistics of %s: they are of %q, version %q", name, s.Dataset, s.Version)
	}
	_, err := WriteJSON(ctx, r.Store, statisticsPrefix(name)+s.Version+".json", s, Condition{})
	return err
}

// Statistics returns the latest statistics of a data set: those written last by the store's
// own clock (Info.Modified), which is one clock whoever wrote, and of those of the same
// moment (S3 counts seconds, some file systems ticks of 4 ms) the one with the greatest key.
// If there are none the *NotFoundError says whether the data set is missing too.
func (r *Registry) Statistics(ctx context.Context, name DatasetName) (Statistics, error) {
	if err := name.Validate(); err != nil {
		return Statistics{}, err
	}
	var latest Info
	for info, err := range r.Store.List(ctx, statisticsPrefix(name)) {
		if err != nil {
			return Statistics{}, err
		}
		file := strings.TrimPrefix(info.Key, statisticsPrefix(name))
		if version, isJSON := strings.CutSuffix(file, ".json"); !isJSON || !isDigest(version) {
			continue // the report beside it
		}
		if !info.Modified.Before(latest.Modified) { // keys come in order: ties go to the greatest
			latest = info
		}
	}
	if latest.Key == "" {
		if _, err := r.DataParts(ctx, name); err != nil {
			return Statistics{}, err
		}
		return Statistics{}, &NotFoundError{Kind: KindStatistics, Name: "of data set " + string(name)}
	}
	var s Statistics
	if _, err := ReadJSON(ctx, r.Store, latest.Key, &s); err != nil {
		return Statistics{}, err
	}
	return s, nil
}

// isDigest reports whether s is a SHA-256 in lowercase hex.
func isDigest(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}
