package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

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
// it is written again makes it the latest, also when a data set went back to old content. More
// than MaxStatistics is a *TooLargeError.
func (r *Registry) SaveStatistics(ctx context.Context, name DatasetName, s Statistics) error {
	if err := name.Validate(); err != nil {
		return err
	}
	if s.Dataset != name || !isDigest(s.Version) || s.Profile == nil {
		return fmt.Errorf("save statistics of %s: they are of %q, version %q", name, s.Dataset, s.Version)
	}
	_, err := writeJSON(ctx, r.Store, statisticsPrefix(name)+s.Version+".json", s, Condition{}, MaxStatistics)
	return err
}

// SaveReport stores the page that shows statistics, beside them.
func (r *Registry) SaveReport(ctx context.Context, name DatasetName, version string, page []byte) error {
	if err := name.Validate(); err != nil {
		return err
	}
	if !isDigest(version) {
		return fmt.Errorf("save report of %s: version %q is no digest", name, version)
	}
	_, err := r.Store.Put(ctx, statisticsPrefix(name)+version+".html", page, Condition{})
	return err
}

// Report returns the page of one version of the statistics of a data set, of the latest if
// version is "".
func (r *Registry) Report(ctx context.Context, name DatasetName, version string) ([]byte, error) {
	if version == "" {
		latest, err := r.latestStatistics(ctx, name)
		if err != nil {
			return nil, err
		}
		version = latest
	} else if err := name.Validate(); err != nil {
		return nil, err
	}
	if !isDigest(version) {
		return nil, noStatistics(name, version)
	}
	page, _, err := Read(ctx, r.Store, statisticsPrefix(name)+version+".html")
	if errors.Is(err, ErrNotFound) {
		return nil, noStatistics(name, version)
	}
	return page, err
}

// StatisticsVersion is when statistics of a data set were stored, without reading them.
type StatisticsVersion struct {
	Version  string    `json:"version"`
	Modified time.Time `json:"modified"` // by the store's own clock
}

// StatisticsVersions lists the stored statistics of a data set, the earliest first: in order
// of when they were last written by the store's own clock (Info.Modified), which is one clock
// whoever wrote, and those of the same moment (S3 counts seconds, some file systems ticks of
// 4 ms) in order of their keys. It is empty if there are none.
func (r *Registry) StatisticsVersions(ctx context.Context, name DatasetName) ([]StatisticsVersion, error) {
	if err := name.Validate(); err != nil {
		return nil, err
	}
	var versions []StatisticsVersion
	for info, err := range r.Store.List(ctx, statisticsPrefix(name)) {
		if err != nil {
			return nil, err
		}
		file := strings.TrimPrefix(info.Key, statisticsPrefix(name))
		if version, isJSON := strings.CutSuffix(file, ".json"); isJSON && isDigest(version) { // else the report beside it
			versions = append(versions, StatisticsVersion{version, info.Modified})
		}
	}
	slices.SortStableFunc(versions, func(a, b StatisticsVersion) int { return a.Modified.Compare(b.Modified) })
	return versions, nil
}

// Statistics returns the latest statistics of a data set, the last of StatisticsVersions. If
// there are none the *NotFoundError says whether the data set is missing too.
func (r *Registry) Statistics(ctx context.Context, name DatasetName) (Statistics, error) {
	latest, err := r.latestStatistics(ctx, name)
	if err != nil {
		return Statistics{}, err
	}
	return r.StatisticsOf(ctx, name, latest)
}

func (r *Registry) latestStatistics(ctx context.Context, name DatasetName) (version string, err error) {
	versions, err := r.StatisticsVersions(ctx, name)
	if err != nil {
		return "", err
	}
	if len(versions) == 0 {
		if _, err := r.DataParts(ctx, name); err != nil {
			return "", err
		}
		return "", &NotFoundError{Kind: KindStatistics, Name: "of data set " + string(name)}
	}
	return versions[len(versions)-1].Version, nil
}

func noStatistics(name DatasetName, version string) error {
	return &NotFoundError{Kind: KindStatistics, Name: fmt.Sprintf("of data set %s, version %.64q,", name, version)}
}

// StatisticsOf returns one version of the statistics of a data set. What is not 64 hex digits
// is not there either: it never becomes part of a key.
func (r *Registry) StatisticsOf(ctx context.Context, name DatasetName, version string) (Statistics, error) {
	if err := name.Validate(); err != nil {
		return Statistics{}, err
	}
	if !isDigest(version) {
		return Statistics{}, noStatistics(name, version)
	}
	var s Statistics
	_, err := readJSON(ctx, r.Store, statisticsPrefix(name)+version+".json", &s, MaxStatistics)
	if errors.Is(err, ErrNotFound) {
		return Statistics{}, noStatistics(name, version)
	}
	if err != nil {
		return Statistics{}, err
	}
	return s, nil
}

// isDigest reports whether s is a SHA-256 in lowercase hex.
func isDigest(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}
