package registry

import (
	"context"
	"errors"
	"fmt"
)

// Alias points at a version. It is the one object that changes.
type Alias struct {
	Version int    `json:"version"`
	Digest  string `json:"digest"` // of the version's artifact
	Reason  string `json:"reason"` // why it points there, for people
}

// Alias returns where an alias points. The Info's ETag is what SetAlias needs to move it.
// If it is not there the *NotFoundError says whether the model or the alias is missing.
func (r *Registry) Alias(ctx context.Context, model ModelName, alias AliasName) (Alias, Info, error) {
	if err := errors.Join(model.Validate(), alias.Validate()); err != nil {
		return Alias{}, Info{}, err
	}
	var a Alias
	info, err := ReadJSON(ctx, r.Store, aliasKey(model, alias), &a)
	if errors.Is(err, ErrNotFound) {
		return Alias{}, Info{}, r.missing(ctx, model, KindAlias, fmt.Sprintf("%s of model %s", alias, model))
	}
	return a, info, err
}

// SetAlias points an alias at a version, which must exist; the digest is taken from its
// manifest. The condition must be Absent (a new alias) or IfMatch (the ETag that the caller
// read): an alias never moves blindly, so of two promoters one wins and the other gets
// ErrConflict and decides anew. After ErrConflict the alias may already be as asked, if the
// answer to a first try was lost: read it.
func (r *Registry) SetAlias(ctx context.Context, model ModelName, alias AliasName, to Alias, c Condition) (Info, error) {
	if err := errors.Join(model.Validate(), alias.Validate(), c.Validate()); err != nil {
		return Info{}, err
	}
	if c == (Condition{}) {
		return Info{}, errors.New("set alias: the condition must be Absent or IfMatch")
	}
	m, err := r.Version(ctx, model, to.Version)
	if err != nil {
		return Info{}, err
	}
	if to.Digest != "" && to.Digest != m.Digest {
		return Info{}, fmt.Errorf("set alias %s of %s: version %d has digest %s, not %s",
			alias, model, to.Version, m.Digest, to.Digest)
	}
	to.Digest = m.Digest
	return WriteJSON(ctx, r.Store, aliasKey(model, alias), to, c)
}
