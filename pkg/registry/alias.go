package registry

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Alias points at a version. It is the one object that changes.
type Alias struct {
	Version int    `json:"version"`
	Digest  string `json:"digest"` // of the version's artifact
	Reason  string `json:"reason"` // why it points there, for people
	// Previous is the version it pointed at before, where a rollback goes; 0 if it is new.
	Previous int `json:"previous,omitempty"`
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
// answer to a first try was lost: read it. It returns what was written, with the version that
// the alias pointed at before.
func (r *Registry) SetAlias(ctx context.Context, model ModelName, alias AliasName, to Alias, c Condition) (Alias, Info, error) {
	if err := errors.Join(model.Validate(), alias.Validate(), c.Validate()); err != nil {
		return Alias{}, Info{}, err
	}
	if c == (Condition{}) {
		return Alias{}, Info{}, errors.New("set alias: the condition must be Absent or IfMatch")
	}
	m, err := r.Version(ctx, model, to.Version)
	if err != nil {
		return Alias{}, Info{}, err
	}
	if to.Digest != "" && to.Digest != m.Digest {
		return Alias{}, Info{}, fmt.Errorf("set alias %s of %s: version %d has digest %s, not %s",
			alias, model, to.Version, m.Digest, to.Digest)
	}
	to.Digest = m.Digest
	if to.Previous, err = r.previous(ctx, model, alias, to.Version, c); err != nil {
		return Alias{}, Info{}, err
	}
	info, err := WriteJSON(ctx, r.Store, aliasKey(model, alias), to, c)
	return to, info, err
}

// previous is the version that an alias pointed at before it points at version.
func (r *Registry) previous(ctx context.Context, model ModelName, alias AliasName, version int, c Condition) (int, error) {
	if c.Absent {
		return 0, nil
	}
	var now Alias
	info, err := ReadJSON(ctx, r.Store, aliasKey(model, alias), &now)
	switch {
	case errors.Is(err, ErrNotFound), err == nil && info.ETag != c.IfMatch:
		return 0, ErrConflict
	case err != nil:
		return 0, err
	case now.Version == version: // only the reason changes
		return now.Previous, nil
	}
	return now.Version, nil
}

// Move points an alias at a version whatever it points at now, or at the one it pointed at
// before if version is 0, and creates it if need be. It is what a person does by hand; if
// somebody else moves the alias at the same moment it is ErrConflict.
func (r *Registry) Move(ctx context.Context, model ModelName, alias AliasName, version int, reason string) (Alias, error) {
	now, info, err := r.Alias(ctx, model, alias)
	condition := Condition{IfMatch: info.ETag}
	var missing *NotFoundError
	switch {
	case errors.As(err, &missing) && missing.Kind == KindAlias && version != 0:
		condition = Condition{Absent: true}
	case err != nil:
		return Alias{}, err
	case version == 0 && now.Previous == 0:
		return Alias{}, &NotFoundError{Kind: KindVersion, Name: fmt.Sprintf("before version %d, at which alias %s of model %s was created,", now.Version, alias, model)}
	case version == 0:
		version = now.Previous
	}
	to, _, err := r.SetAlias(ctx, model, alias, Alias{Version: version, Reason: reason}, condition)
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
