package registry

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/internal/par"
)

// Manifest says what a version is, where it came from and how good it was. It is written
// once, with the version.
type Manifest struct {
	Model   ModelName `json:"model"`
	Version int       `json:"version"` // 1, 2, …
	Digest  string    `json:"digest"`  // SHA-256 of the artifact, lowercase hex
	Size    int64     `json:"size"`    // bytes of the artifact
	Run     string    `json:"run"`     // the training run that made it

	Task   dataset.Task `json:"task"`
	Target string       `json:"target"`
	// Learner and Params are those of a model of one configuration; the learner is "ensemble" if
	// it is the weighted mean of several. Members are all of them.
	Learner string         `json:"learner"`
	Params  map[string]any `json:"params,omitempty"`
	Members []Member       `json:"members,omitempty"`
	Metric  string         `json:"metric"`
	// Score is the cross-validated mean of Metric, and Scores of every metric of the task.
	Score  float64            `json:"score"`
	Scores map[string]float64 `json:"scores,omitempty"`
	// Tested is how it did on rows that no trial saw; absent if none were held out.
	Tested *Tested `json:"tested,omitempty"`

	DataDigest string `json:"data_digest"` // dataset.Digest of the training data
	Rows       int    `json:"rows"`        // of the training data
	// Accepted are the reasons not to train that it was trained in spite of.
	Accepted []string       `json:"accepted,omitempty"`
	Schema   dataset.Schema `json:"schema"`           // the inputs, without the target
	Offset   string         `json:"offset,omitempty"` // the input that is the logarithm of the exposure
	Classes  []string       `json:"classes,omitempty"`

	// Calibration is the method that probabilities are calibrated with, if they are; Threshold
	// the probability from which on the second of two classes is served, if not the likeliest;
	// Coverage that of the intervals of values, if there are any.
	Calibration string   `json:"calibration,omitempty"`
	Threshold   *float64 `json:"threshold,omitempty"`
	Coverage    float64  `json:"coverage,omitempty"`
}

// Member is a configuration whose model has a part in a version.
type Member struct {
	Trial   string         `json:"trial"` // of the run
	Learner string         `json:"learner"`
	Params  map[string]any `json:"params,omitempty"`
	// Features are the methods of encoding that were asked for, by column.
	Features map[string]string `json:"features,omitempty"`
	Weight   float64           `json:"weight"` // those of a version sum to 1
}

// Tested is how a model did on rows that had no part in making or choosing it.
type Tested struct {
	Rows   int                `json:"rows"`
	Scores map[string]float64 `json:"scores"` // by metric
	// Intervals are the confidence intervals, low and high, of some of the scores: of Metric's
	// always, if it has one on these rows.
	Intervals  map[string][2]float64 `json:"intervals"`
	Confidence float64               `json:"confidence"` // of the intervals, such as 0.95
}

// Register stores an artifact and a manifest for it under the next free version, and returns
// the manifest with Model, Version, Digest and Size filled in. Registering the same artifact
// for the same run again returns the version that is there, so that a step delivered twice,
// or repeated after a crash, makes one version. The run may not be empty.
//
// The artifact is written first: a crash in between leaves an artifact that no version
// names, and the next try uses it.
func (r *Registry) Register(ctx context.Context, model ModelName, artifact []byte, m Manifest) (Manifest, error) {
	if err := model.Validate(); err != nil {
		return Manifest{}, err
	}
	if m.Run == "" {
		return Manifest{}, fmt.Errorf("register %s: the manifest names no run", model)
	}
	m.Model, m.Version, m.Digest, m.Size = model, 0, Digest(artifact), int64(len(artifact))
	if _, err := encode(m); err != nil { // a NaN score, before anything is written
		return Manifest{}, fmt.Errorf("register %s: %w", model, err)
	}
	versions, err := r.Versions(ctx, model)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Manifest{}, err
	}
	m.Version = 1
	for _, v := range versions {
		if v.Run == m.Run && v.Digest == m.Digest {
			return v, nil
		}
		m.Version = v.Version + 1
	}
	if err := r.putArtifact(ctx, m, artifact); err != nil {
		return Manifest{}, err
	}
	return r.claim(ctx, m)
}

// claim writes the manifest under the first free version from m.Version on. It reads every
// version it loses to: that may be our own, written by a try whose answer was lost or by a
// duplicate of this step.
func (r *Registry) claim(ctx context.Context, m Manifest) (Manifest, error) {
	for {
		_, err := WriteJSON(ctx, r.Store, versionKey(m.Model, m.Version), m, Condition{Absent: true})
		if err == nil {
			return m, nil
		}
		if !errors.Is(err, ErrConflict) {
			return Manifest{}, fmt.Errorf("register %s: %w", m.Model, err)
		}
		var other Manifest
		if _, err := ReadJSON(ctx, r.Store, versionKey(m.Model, m.Version), &other); err != nil {
			return Manifest{}, fmt.Errorf("register %s: %w", m.Model, err)
		}
		if other.Run == m.Run && other.Digest == m.Digest {
			return other, nil
		}
		m.Version++
	}
}

// putArtifact writes the artifact unless it is there, and then makes sure it is intact.
func (r *Registry) putArtifact(ctx context.Context, m Manifest, artifact []byte) error {
	_, err := r.Store.Put(ctx, artifactKey(m.Model, m.Digest), artifact, Condition{Absent: true})
	if errors.Is(err, ErrConflict) {
		var stored []byte
		if stored, err = r.Artifact(ctx, m.Model, m.Digest); err == nil && !bytes.Equal(stored, artifact) {
			panic("registry: two artifacts with one SHA-256")
		}
	}
	if err != nil {
		return fmt.Errorf("register %s: %w", m.Model, err)
	}
	return nil
}

// Digest is the SHA-256 of an artifact in lowercase hex, by which it is stored.
func Digest(artifact []byte) string {
	sum := sha256.Sum256(artifact)
	return hex.EncodeToString(sum[:])
}

// Artifact returns the artifact of that digest. Bytes with another SHA-256 are a
// *CorruptError; an artifact that is not there is ErrNotFound.
func (r *Registry) Artifact(ctx context.Context, model ModelName, digest string) ([]byte, error) {
	if err := model.Validate(); err != nil {
		return nil, err
	}
	key := artifactKey(model, digest)
	artifact, _, err := Read(ctx, r.Store, key)
	if err != nil {
		return nil, err
	}
	if got := Digest(artifact); got != digest {
		return nil, &CorruptError{Key: key, Want: digest, Got: got}
	}
	return artifact, nil
}

// Versions returns the manifests of a model, oldest first. A model without a version is a
// *NotFoundError.
func (r *Registry) Versions(ctx context.Context, model ModelName) ([]Manifest, error) {
	if err := model.Validate(); err != nil {
		return nil, err
	}
	var numbers []int
	for info, err := range r.Store.List(ctx, versionsPrefix(model)) {
		if err != nil {
			return nil, err
		}
		if n := versionNumber(path.Base(info.Key)); n > 0 && info.Key == versionKey(model, n) {
			numbers = append(numbers, n)
		}
	}
	if len(numbers) == 0 {
		return nil, &NotFoundError{Kind: KindModel, Name: string(model)}
	}
	slices.Sort(numbers)
	manifests := make([]Manifest, len(numbers))
	const readers = 16 // they wait for the store, not for a core
	err := par.For(ctx, len(numbers), readers, func(i int) error {
		_, err := ReadJSON(ctx, r.Store, versionKey(model, numbers[i]), &manifests[i])
		return err
	})
	if err != nil {
		return nil, err
	}
	return manifests, nil
}

// Version returns one manifest. If it is not there the *NotFoundError says whether the model
// or the version is missing.
func (r *Registry) Version(ctx context.Context, model ModelName, n int) (Manifest, error) {
	if err := model.Validate(); err != nil {
		return Manifest{}, err
	}
	var m Manifest
	_, err := ReadJSON(ctx, r.Store, versionKey(model, n), &m)
	if errors.Is(err, ErrNotFound) {
		return Manifest{}, r.missing(ctx, model, KindVersion, fmt.Sprintf("%d of model %s", n, model))
	}
	return m, err
}

// MinDigest is the fewest hex digits of a digest that name a version: 48 bits, so that two of a
// model's versions share them by chance in one of 10⁸ models of a thousand versions.
const MinDigest = 12

// NamesVersion reports whether a text is a digest, or the start of one that is long enough.
func NamesVersion(digest string) bool {
	return len(digest) >= MinDigest && len(digest) <= 64 && strings.Trim(digest, "0123456789abcdef") == ""
}

// VersionOf returns the manifest of the version whose artifact has a digest, of the first of
// several. The start of a digest, of MinDigest digits or more, names it too; if several have it it
// is an *AmbiguousError.
func (r *Registry) VersionOf(ctx context.Context, model ModelName, digest string) (Manifest, error) {
	if !NamesVersion(digest) {
		return Manifest{}, fmt.Errorf("version of model %s: %q is not %d to 64 digits of a digest in lowercase hex", model, digest, MinDigest)
	}
	versions, err := r.Versions(ctx, model)
	if err != nil {
		return Manifest{}, err
	}
	var found Manifest
	for _, m := range versions {
		switch {
		case !strings.HasPrefix(m.Digest, digest), m.Digest == found.Digest:
		case found.Digest != "":
			return Manifest{}, &AmbiguousError{model, digest}
		default:
			found = m
		}
	}
	if found.Digest == "" {
		return Manifest{}, &NotFoundError{Kind: KindVersion, Name: fmt.Sprintf("with digest %s of model %s", digest, model)}
	}
	return found, nil
}

// missing is the error for a part of a model that is not there: of the model itself, if
// that is not there either.
func (r *Registry) missing(ctx context.Context, model ModelName, kind, name string) error {
	if err := r.Known(ctx, model); err != nil {
		return err
	}
	return &NotFoundError{Kind: kind, Name: name}
}

// Known is a *NotFoundError if a model has no version. It reads none.
func (r *Registry) Known(ctx context.Context, model ModelName) error {
	if err := model.Validate(); err != nil {
		return err
	}
	for info, err := range r.Store.List(ctx, versionsPrefix(model)) {
		if err != nil {
			return err
		}
		if versionNumber(path.Base(info.Key)) > 0 {
			return nil
		}
	}
	return &NotFoundError{Kind: KindModel, Name: string(model)}
}
