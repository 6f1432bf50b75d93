package serving

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"sync"
)

// cache keeps the values used last and loads each once however many ask for it at a time. A
// failed load is not kept. The zero cache is empty and ready.
type cache[V any] struct {
	weigh func(V) int64 // what a value takes of the room; nil: each the same, 1

	mu      sync.Mutex
	weight  int64                    // of all that are loaded
	entries map[string]*list.Element // of *entry[V]
	used    list.List                // most recently used first
}

type entry[V any] struct {
	key   string
	done  chan struct{} // closed when value and err are set
	value V
	err   error

	weight int64 // 0 until it is loaded
}

// get returns the value of key, by load if it is not there, and then keeps at most room, which
// is what the values weigh together (but at least one). Those who wait for another's load stop waiting when their own ctx
// ends, and load themselves if it failed only because the other's did.
func (c *cache[V]) get(ctx context.Context, key string, room int64, load func(context.Context) (V, error)) (V, error) {
	for {
		e, mine := c.enter(key)
		if mine {
			return c.fill(ctx, e, room, load)
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

// fill loads an entry. A load that panics is a failed one: nobody is to wait for it for ever.
func (c *cache[V]) fill(ctx context.Context, e *entry[V], room int64, load func(context.Context) (V, error)) (V, error) {
	e.err = fmt.Errorf("load %s: panicked", e.key)
	defer func() {
		if e.err != nil {
			c.remove(e)
		} else {
			c.keep(e, room)
		}
		close(e.done)
	}()
	e.value, e.err = load(ctx)
	return e.value, e.err
}

// enter returns the entry of key, and whether it is new and the caller is to load it.
func (c *cache[V]) enter(key string) (e *entry[V], mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, ok := c.entries[key]; ok {
		c.used.MoveToFront(at)
		return at.Value.(*entry[V]), false
	}
	if c.entries == nil {
		c.entries = map[string]*list.Element{}
	}
	e = &entry[V]{key: key, done: make(chan struct{})}
	c.entries[key] = c.used.PushFront(e)
	return e, true
}

// keep weighs a value that is loaded, and makes room for it: those used longest ago go, be it
// itself if others were used since. Who waits for one that goes holds it by its pointer.
func (c *cache[V]) keep(e *entry[V], room int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, ok := c.entries[e.key]; !ok || at.Value != any(e) {
		return // it went while it was loaded
	}
	e.weight = 1
	if c.weigh != nil {
		e.weight = c.weigh(e.value)
	}
	c.weight += e.weight
	for c.weight > room && c.used.Len() > 1 {
		c.take(c.used.Back())
	}
}

// drop forgets the value of key. Who waits for it to be loaded still gets it.
func (c *cache[V]) drop(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, ok := c.entries[key]; ok {
		c.take(at)
	}
}

func (c *cache[V]) remove(e *entry[V]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, ok := c.entries[e.key]; ok && at.Value == any(e) {
		c.take(at)
	}
}

// take takes an entry out.
func (c *cache[V]) take(at *list.Element) {
	e := c.used.Remove(at).(*entry[V])
	c.weight -= e.weight
	delete(c.entries, e.key)
}
