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
