package registry

import (
	"context"
	"strings"
)

// Aliases returns all aliases of a model; none is an empty map.
func (r *Registry) Aliases(ctx context.Context, model ModelName) (map[AliasName]Alias, error) {
	if err := model.Validate(); err != nil {
		return nil, err
	}
	prefix := aliasKey(model, "")
	prefix = prefix[:strings.LastIndexByte(prefix, '/')+1]
	aliases := map[AliasName]Alias{}
	for info, err := range r.Store.List(ctx, prefix) {
		if err != nil {
			return nil, err
		}
		name := AliasName(strings.TrimSuffix(info.Key[len(prefix):], ".json"))
		a, _, err := r.Alias(ctx, model, name)
		if err != nil {
			return nil, err
		}
		aliases[name] = a
	}
	return aliases, nil
}
