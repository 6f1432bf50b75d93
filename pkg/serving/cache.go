package serving

import (
	"container/list"
	"context"
	"errors"
	"sync"
)

// cache keeps the values used last and loads each once however many ask for it at a time. A
// failed load is not kept. The zero cache is empty and ready.
type cache[V any] struct {
	mu      sync.Mutex
	entries map[string]*list.Element // of *entry[V]
	used    list.List                // most recently used first
}

type entry[V any] struct {
	key   string
	done  chan struct{} // closed when value and err are set
	value V
	err   error
}

// get returns the value of key, by load if it is not there, and then keeps at most limit
// values (at least one). Those who wait for another's load stop waiting when their own ctx
// ends, and load themselves if it failed only because the other's did.
func (c *cache[V]) get(ctx context.Context, key string, limit int, load func(context.Context) (V, error)) (V, error) {
	for {
		e, mine := c.enter(key, limit)
		if mine {
			e.value, e.err = load(ctx)
			if e.err != nil {
				c.remove(e)
			}
			close(e.done)
			return e.value, e.err
		}
		select {
		case <-e.done:
		case <-ctx.Done():
			var none V
			return none, ctx.Err()
		}
		if !errors.Is(e.err, context.Canceled) && !errors.Is(e.err, context.DeadlineExceeded) {
			return e.value, e.err
		}
		if err := ctx.Err(); err != nil {
			var none V
			return none, err
		}
	}
}

// enter returns the entry of key, and whether it is new and the caller is to load it.
func (c *cache[V]) enter(key string, limit int) (e *entry[V], mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, ok := c.entries[key]; ok {
		c.used.MoveToFront(at)
		return at.Value.(*entry[V]), false
	}
	if c.entries == nil {
		c.entries = map[string]*list.Element{}
	}
	for c.used.Len() >= max(limit, 1) {
		// One that is still loading may go too: who waits for it holds it by its pointer.
		oldest := c.used.Remove(c.used.Back()).(*entry[V])
		delete(c.entries, oldest.key)
	}
	e = &entry[V]{key: key, done: make(chan struct{})}
	c.entries[key] = c.used.PushFront(e)
	return e, true
}

func (c *cache[V]) remove(e *entry[V]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, ok := c.entries[e.key]; ok && at.Value == any(e) {
		c.used.Remove(at)
		delete(c.entries, e.key)
	}
}
