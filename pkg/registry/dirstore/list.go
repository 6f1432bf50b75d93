package dirstore

import (
	"context"
	"errors"
	"iter"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/foretell-ml/foretell/pkg/registry"
)

// List yields the objects whose keys start with prefix. It reads only the folders that can
// hold such keys. Files whose names no key can have (temporary files, .DS_Store) are passed
// over; one that is deleted meanwhile is left out.
func (s store) List(ctx context.Context, prefix string) iter.Seq2[registry.Info, error] {
	return func(yield func(registry.Info, error) bool) {
		if err := errors.Join(ctx.Err(), registry.ValidatePrefix(prefix)); err != nil {
			yield(registry.Info{}, err)
			return
		}
		folder, _ := path.Split(prefix)
		s.walk(ctx, folder, prefix, yield)
	}
}

// walk yields the objects below a folder ("" or ending in a slash) that start with prefix,
// and reports whether to go on.
func (s store) walk(ctx context.Context, folder, prefix string, yield func(registry.Info, error) bool) bool {
	entries, err := os.ReadDir(s.path(folder))
	if missing(err) {
		return true
	}
	if err != nil {
		yield(registry.Info{}, err)
		return false
	}
	keys := make([]string, 0, len(entries))
	for _, e := range entries {
		key := folder + e.Name()
		if registry.ValidateKey(key) != nil {
			continue
		}
		if e.IsDir() {
			key += "/"
		}
		if strings.HasPrefix(key, prefix) || strings.HasPrefix(prefix, key) {
			keys = append(keys, key)
		}
	}
	// With its slash a folder stands where its objects do: "a-b" < "a/b" < "ab".
	slices.Sort(keys)
	for _, key := range keys {
		if strings.HasSuffix(key, "/") {
			if !s.walk(ctx, key, prefix, yield) {
				return false
			}
			continue
		}
		if !strings.HasPrefix(key, prefix) {
			continue
		}
		info, err := s.Stat(ctx, key)
		if errors.Is(err, registry.ErrNotFound) {
			continue
		}
		if !yield(info, err) || err != nil {
			return false
		}
	}
	return true
}
