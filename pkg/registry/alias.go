package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Alias says which version answers those who ask by a name, and how. It is the one object that
// changes, and each state that it was in is kept: see History.
type Alias struct {
	Version int    `json:"version"`
	Digest  string `json:"digest"` // of the version's artifact
	Reason  string `json:"reason"` // why it points there, for people
	// Previous is the version it pointed at before, where a rollback goes; 0 if it is new.
	Previous int `json:"previous,omitempty"`

	// Canary is a version that answers a share of the requests instead; Shadow one that is asked
	// besides and whose answers are only compared.
	Canary *Canary `json:"canary,omitempty"`
	Shadow *Shadow `json:"shadow,omitempty"`
	// Decision overrides that of the artifacts: which class is served for the probabilities.
	Decision *Decision `json:"decision,omitempty"`

	// Revision numbers the states of the alias: 1, 2, …; 0 was written before they were counted.
	Revision int       `json:"revision,omitempty"`
	By       string    `json:"by,omitempty"` // who set it so: a caller of the API, user@host, a run
	At       time.Time `json:"at,omitzero"`  // when, by the clock of who set it
}

// Canary sends a share of an alias's requests to another version.
type Canary struct {
	Version int     `json:"version"`
	Digest  string  `json:"digest"`
	Weight  float64 `json:"weight"` // the share, from 0 to 1
}

// Shadow is a version whose predictions are compared with those that are answered.
type Shadow struct {
	Version int    `json:"version"`
	Digest  string `json:"digest"`
}

// Decision is which class an alias serves for the probabilities of a row: a threshold for two
// classes, or costs. Exactly one is given.
type Decision struct {
	Threshold *float64    `json:"threshold,omitempty"` // of the second class, from 0 to 1
	Costs     [][]float64 `json:"costs,omitempty"`     // Costs[of][as], in the order of the classes
}

// AliasError says what of an alias cannot be: its Pointer is that of the member, like
// "/canary/weight".
type AliasError struct{ Pointer, Detail string }

// Error is the member and what is wrong with it.
func (e *AliasError) Error() string { return "alias: " + e.Pointer + ": " + e.Detail }

// Alias returns where an alias points. The Info's ETag is what SetAlias needs to move it.
// If it is not there the *NotFoundError says whether the model or the alias is missing.
func (r *Registry) Alias(ctx context.Context, model ModelName, alias AliasName) (Alias, Info, error) {
	return r.AliasChanged(ctx, model, alias, "")
}

// AliasChanged is Alias if its ETag is no longer etag, and ErrNotModified if it is: what a function
// asks again and again.
func (r *Registry) AliasChanged(ctx context.Context, model ModelName, alias AliasName, etag string) (Alias, Info, error) {
	if err := errors.Join(model.Validate(), alias.Validate()); err != nil {
		return Alias{}, Info{}, err
	}
	key := aliasKey(model, alias)
	body, info, err := OpenChanged(ctx, r.Store, key, etag)
	if errors.Is(err, ErrNotFound) {
		return Alias{}, Info{}, r.missing(ctx, model, KindAlias, fmt.Sprintf("%s of model %s", alias, model))
	}
	if err != nil {
		return Alias{}, Info{}, err
	}
	text, info, err := readAll(body, info, MaxJSON)
	if err != nil {
		return Alias{}, Info{}, err
	}
	var a Alias
	if err := json.Unmarshal(text, &a); err != nil {
		return Alias{}, Info{}, fmt.Errorf("read %s: %w", key, err)
	}
	return a, info, nil
}

// SetAlias points an alias at a version, which must exist, as all that it names must; digests are
// taken from the manifests. The condition must be Absent (a new alias) or IfMatch (the ETag that
// the caller read): an alias never moves blindly, so of two promoters one wins and the other gets
// ErrConflict and decides anew. After ErrConflict the alias may already be as asked, if the
// answer to a first try was lost: read it. It returns what was written, with its Revision and the
// version that the alias pointed at before. What cannot be is an *AliasError.
func (r *Registry) SetAlias(ctx context.Context, model ModelName, alias AliasName, to Alias, c Condition) (Alias, Info, error) {
	if err := errors.Join(model.Validate(), alias.Validate(), c.Validate()); err != nil {
		return Alias{}, Info{}, err
	}
	if c == (Condition{}) {
		return Alias{}, Info{}, errors.New("set alias: the condition must be Absent or IfMatch")
	}
	to, err := r.complete(ctx, model, alias, to)
	if err != nil {
		return Alias{}, Info{}, err
	}
	if to.Previous, to.Revision, err = r.succeed(ctx, model, alias, to.Version, c); err != nil {
		return Alias{}, Info{}, err
	}
	info, err := WriteJSON(ctx, r.Store, aliasKey(model, alias), to, c)
	return to, info, err
}

// complete checks what an alias is to be and fills in the digests of the versions that it names.
func (r *Registry) complete(ctx context.Context, model ModelName, alias AliasName, to Alias) (Alias, error) {
	m, err := r.Version(ctx, model, to.Version)
	if err != nil {
		return to, err
	}
	if to.Digest != "" && to.Digest != m.Digest {
		return to, &AliasError{"/digest", fmt.Sprintf("version %d has digest %s, not %.64q", to.Version, m.Digest, to.Digest)}
	}
	to.Digest = m.Digest
	if to.Canary != nil {
		canary := *to.Canary // the caller's stays as it is
		if !(canary.Weight >= 0 && canary.Weight <= 1) {
			return to, &AliasError{"/canary/weight", fmt.Sprintf("%v is not between 0 and 1", canary.Weight)}
		}
		if canary.Digest, err = r.beside(ctx, "/canary/version", m, canary.Version, canary.Digest); err != nil {
			return to, err
		}
		to.Canary = &canary
	}
	if to.Shadow != nil {
		shadow := *to.Shadow
		if shadow.Digest, err = r.beside(ctx, "/shadow/version", m, shadow.Version, shadow.Digest); err != nil {
			return to, err
		}
		to.Shadow = &shadow
	}
	if to.Decision != nil {
		err = to.Decision.check(m)
	}
	return to, err
}

// beside is the digest of a version that stands beside another of the model: it must predict the
// same.
func (r *Registry) beside(ctx context.Context, pointer string, main Manifest, version int, digest string) (string, error) {
	if version == main.Version {
		return "", &AliasError{pointer, fmt.Sprintf("version %d is the one that the alias points at", version)}
	}
	m, err := r.Version(ctx, main.Model, version)
	switch {
	case err != nil:
		return "", err
	case digest != "" && digest != m.Digest:
		return "", &AliasError{pointer, fmt.Sprintf("version %d has digest %s, not %s", version, m.Digest, digest)}
	case m.Task != main.Task || m.Target != main.Target || !slices.Equal(m.Classes, main.Classes):
		return "", &AliasError{pointer, fmt.Sprintf("version %d predicts something else than version %d", version, main.Version)}
	}
	return m.Digest, nil
}

// check holds a decision to the classes of the version that it is for.
func (d *Decision) check(m Manifest) error {
	k := len(m.Classes)
	switch {
	case k == 0:
		return &AliasError{"/decision", fmt.Sprintf("version %d predicts no classes", m.Version)}
	case (d.Threshold == nil) == (d.Costs == nil):
		return &AliasError{"/decision", "want a threshold or costs"}
	case d.Threshold != nil && k != 2:
		return &AliasError{"/decision/threshold", fmt.Sprintf("a threshold is for two classes, version %d has %d", m.Version, k)}
	case d.Threshold != nil && !(*d.Threshold >= 0 && *d.Threshold <= 1):
		return &AliasError{"/decision/threshold", fmt.Sprintf("%v is not between 0 and 1", *d.Threshold)}
	case d.Costs != nil && len(d.Costs) != k:
		return &AliasError{"/decision/costs", fmt.Sprintf("has %d rows, want one for each of the %d classes", len(d.Costs), k)}
	}
	for of, row := range d.Costs {
		if len(row) != k {
			return &AliasError{fmt.Sprintf("/decision/costs/%d", of), fmt.Sprintf("has %d costs, want one for each of the %d classes", len(row), k)}
		}
	}
	return nil
}

// Fits reports whether the decision can be made for a version.
func (d *Decision) Fits(m Manifest) bool { return d == nil || d.check(m) == nil }

// Move sets an alias whatever it points at now, or points it at the version it pointed at before
// if to.Version is 0, and creates it if need be. What to says of canary and shadow holds: none
// ends them. A decision that it does not give stays what it was, if it fits the version, and an
// empty one ends it. It is what a person does by hand; if somebody else moves the alias at the same
// moment it is ErrConflict.
func (r *Registry) Move(ctx context.Context, model ModelName, alias AliasName, to Alias) (Alias, error) {
	now, info, err := r.Alias(ctx, model, alias)
	condition := Condition{IfMatch: info.ETag}
	var missing *NotFoundError
	switch {
	case errors.As(err, &missing) && missing.Kind == KindAlias && to.Version != 0:
		condition = Condition{Absent: true}
	case err != nil:
		return Alias{}, err
	case to.Version == 0 && now.Previous == 0:
		return Alias{}, fmt.Errorf("alias %s of model %s has pointed at version %d since it was created: there is nothing to roll back to", alias, model, now.Version)
	case to.Version == 0:
		to.Version = now.Previous
	}
	switch {
	case to.Decision != nil && to.Decision.Threshold == nil && to.Decision.Costs == nil:
		to.Decision = nil
	case to.Decision == nil && now.Decision != nil:
		m, err := r.Version(ctx, model, to.Version)
		if err != nil {
			return Alias{}, err
		}
		if now.Decision.Fits(m) {
			to.Decision = now.Decision
		}
	}
	to, _, err = r.SetAlias(ctx, model, alias, to, condition)
	return to, err
}

// Aliases returns all aliases of a model; none is an empty map. Objects beside them that
// are no aliases are passed over.
func (r *Registry) Aliases(ctx context.Context, model ModelName) (map[AliasName]Alias, error) {
	if err := model.Validate(); err != nil {
		return nil, err
	}
	aliases := map[AliasName]Alias{}
	for info, err := range r.Store.List(ctx, aliasesPrefix(model)) {
		if err != nil {
			return nil, err
		}
		file, isJSON := strings.CutSuffix(strings.TrimPrefix(info.Key, aliasesPrefix(model)), ".json")
		name := AliasName(file)
		if !isJSON || name.Validate() != nil {
			continue
		}
		a, _, err := r.Alias(ctx, model, name)
		if err != nil {
			return nil, err
		}
		aliases[name] = a
	}
	return aliases, nil
}
