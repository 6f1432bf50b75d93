package training

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/foretell-ml/foretell/pkg/registry"
)

// memory is a store that can be copied at any moment.
type memory struct {
	mu      sync.Mutex
	objects map[string][]byte
}

func newMemory() *memory { return &memory{objects: map[string][]byte{}} }

// copy is the store as it is now: bodies are never changed, only replaced.
func (m *memory) copy() *memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &memory{objects: maps.Clone(m.objects)}
}

func (m *memory) info(key string) (registry.Info, []byte, error) {
	if err := registry.ValidateKey(key); err != nil {
		return registry.Info{}, nil, err
	}
	body, ok := m.objects[key]
	if !ok {
		return registry.Info{}, nil, registry.ErrNotFound
	}
	sum := sha256.Sum256(body)
	return registry.Info{Key: key, Size: int64(len(body)), ETag: hex.EncodeToString(sum[:])}, body, nil
}

func (m *memory) Open(_ context.Context, key string) (io.ReadCloser, registry.Info, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	info, body, err := m.info(key)
	return io.NopCloser(bytes.NewReader(body)), info, err
}

func (m *memory) Stat(_ context.Context, key string) (registry.Info, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	info, _, err := m.info(key)
	return info, err
}

func (m *memory) Put(_ context.Context, key string, body []byte, c registry.Condition) (registry.Info, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	info, _, err := m.info(key)
	if err != nil && err != registry.ErrNotFound {
		return registry.Info{}, err
	}
	if c.Absent && err == nil || c.IfMatch != "" && info.ETag != c.IfMatch {
		return registry.Info{}, registry.ErrConflict
	}
	m.objects[key] = bytes.Clone(body)
	info, _, err = m.info(key)
	return info, err
}

func (m *memory) List(_ context.Context, prefix string) iter.Seq2[registry.Info, error] {
	now := m.copy()
	return func(yield func(registry.Info, error) bool) {
		for _, key := range slices.Sorted(maps.Keys(now.objects)) {
			if strings.HasPrefix(key, prefix) {
				info, _, err := now.info(key)
				if !yield(info, err) {
					return
				}
			}
		}
	}
}

func (m *memory) Delete(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.objects, key)
	return nil
}
