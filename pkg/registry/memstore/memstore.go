// Package memstore keeps objects in memory: the store of a host that is given one artifact, and
// may have no disk to write to. What is in it ends with the process.
package memstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/foretell-ml/foretell/pkg/registry"
)

type store struct {
	written time.Time

	mu      sync.RWMutex
	objects map[string]object
}

type object struct {
	body []byte
	etag string
}

var _ registry.Store = (*store)(nil)

// New returns an empty store. It asks no clock: its objects are as old as the store, which was
// made then.
func New(made time.Time) registry.Store {
	return &store{written: made, objects: map[string]object{}}
}

func (s *store) info(key string, o object) registry.Info {
	return registry.Info{Key: key, Size: int64(len(o.body)), ETag: o.etag, Modified: s.written}
}

func (s *store) find(ctx context.Context, key string) (object, error) {
	if err := errors.Join(ctx.Err(), registry.ValidateKey(key)); err != nil {
		return object{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	o, ok := s.objects[key]
	if !ok {
		return o, fmt.Errorf("%s: %w", key, registry.ErrNotFound)
	}
	return o, nil
}

// Open reads an object.
func (s *store) Open(ctx context.Context, key string) (io.ReadCloser, registry.Info, error) {
	o, err := s.find(ctx, key)
	if err != nil {
		return nil, registry.Info{}, err
	}
	return io.NopCloser(bytes.NewReader(o.body)), s.info(key, o), nil
}

// Stat describes an object.
func (s *store) Stat(ctx context.Context, key string) (registry.Info, error) {
	o, err := s.find(ctx, key)
	if err != nil {
		return registry.Info{}, err
	}
	return s.info(key, o), nil
}

// Put writes an object. Its ETag is the SHA-256 of the content.
func (s *store) Put(ctx context.Context, key string, body []byte, condition registry.Condition) (registry.Info, error) {
	if err := errors.Join(ctx.Err(), registry.ValidateKey(key), condition.Validate()); err != nil {
		return registry.Info{}, err
	}
	sum := sha256.Sum256(body)
	o := object{slices.Clone(body), hex.EncodeToString(sum[:])}
	s.mu.Lock()
	defer s.mu.Unlock()
	for other := range s.objects { // few: a host's
		if strings.HasPrefix(other, key+"/") || strings.HasPrefix(key, other+"/") {
			return registry.Info{}, &registry.KeyError{Key: key, Fault: "is a folder, or in an object that is none"}
		}
	}
	old, exists := s.objects[key]
	if condition.Absent && exists || condition.IfMatch != "" && (!exists || old.etag != condition.IfMatch) {
		return registry.Info{}, fmt.Errorf("put %s: %w", key, registry.ErrConflict)
	}
	s.objects[key] = o
	info := s.info(key, o)
	info.Modified = time.Time{}
	return info, nil
}

// List yields the objects that there are when it begins.
func (s *store) List(ctx context.Context, prefix string) iter.Seq2[registry.Info, error] {
	return func(yield func(registry.Info, error) bool) {
		if err := registry.ValidatePrefix(prefix); err != nil {
			yield(registry.Info{}, err)
			return
		}
		s.mu.RLock()
		objects := maps.Clone(s.objects)
		s.mu.RUnlock()
		for _, key := range slices.Sorted(maps.Keys(objects)) {
			if err := ctx.Err(); err != nil {
				yield(registry.Info{}, err)
				return
			}
			if strings.HasPrefix(key, prefix) && !yield(s.info(key, objects[key]), nil) {
				return
			}
		}
	}
}

// Delete removes an object.
func (s *store) Delete(ctx context.Context, key string) error {
	if err := errors.Join(ctx.Err(), registry.ValidateKey(key)); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.objects, key)
	return nil
}
