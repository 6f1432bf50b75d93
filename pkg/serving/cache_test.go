package serving

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/dataset"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/memstore"
)

// TestCancelledLoader: who waits for another's load is not cancelled with it.
func TestCancelledLoader(t *testing.T) {
	var c cache[int]
	ctx, cancel := context.WithCancel(t.Context())
	loading, first := make(chan struct{}), make(chan error, 1)
	go func() {
		_, err := c.get(ctx, "k", 1, func(ctx context.Context) (int, error) {
			close(loading)
			<-ctx.Done()
			return 0, ctx.Err()
		})
		first <- err
	}()
	<-loading
	second := make(chan int, 1)
	go func() {
		v, err := c.get(t.Context(), "k", 1, func(context.Context) (int, error) { return 2, nil })
		if err != nil {
			t.Error(err)
		}
		second <- v
	}()
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("the first got %v", err)
	}
	if v := <-second; v != 2 {
		t.Errorf("the second got %d", v)
	}
}

// TestWaiterStops: who waits stops when its own context ends.
func TestWaiterStops(t *testing.T) {
	var c cache[int]
	loading, finish, first := make(chan struct{}), make(chan struct{}), make(chan int, 1)
	go func() {
		v, _ := c.get(t.Context(), "k", 1, func(context.Context) (int, error) {
			close(loading)
			<-finish
			return 1, nil
		})
		first <- v
	}()
	<-loading
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.get(ctx, "k", 1, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("the waiter got %v", err)
	}
	// Another key takes the only place while the first still loads.
	if v, err := c.get(t.Context(), "other", 1, func(context.Context) (int, error) { return 3, nil }); v != 3 || err != nil {
		t.Errorf("%d, %v", v, err)
	}
	close(finish)
	if v := <-first; v != 1 || len(c.entries) != 1 || c.used.Len() != 1 {
		t.Errorf("the first got %d; %d kept", v, len(c.entries))
	}
}

// TestFailureIsNotKept: the next request tries again.
func TestFailureIsNotKept(t *testing.T) {
	var c cache[int]
	broken := errors.New("broken")
	if _, err := c.get(t.Context(), "k", 1, func(context.Context) (int, error) { return 0, broken }); !errors.Is(err, broken) {
		t.Error(err)
	}
	if v, err := c.get(t.Context(), "k", 1, func(context.Context) (int, error) { return 1, nil }); v != 1 || err != nil {
		t.Errorf("%d, %v", v, err)
	}
}

// TestCacheWeighs: values used last stay, as far as there is room for them, and one in any case.
func TestCacheWeighs(t *testing.T) {
	c := cache[int]{weigh: func(v int) int64 { return int64(v) }}
	loads := 0
	for _, tt := range []struct {
		key   string
		value int
		loads int // so far
	}{
		{"a", 4, 1}, {"b", 5, 2}, {"a", 4, 2}, {"c", 1, 3}, // 10 of 10
		{"d", 1, 4}, {"a", 4, 4}, {"b", 5, 5}, // b went for d, and c for b
		{"a", 4, 5}, {"c", 1, 6}, {"d", 1, 7}, // d went for c
		{"e", 50, 8}, {"e", 50, 8}, {"a", 4, 9}, // alone, until another comes
		{"e", 50, 10},
	} {
		v, err := c.get(t.Context(), tt.key, 10, func(context.Context) (int, error) { loads++; return tt.value, nil })
		if v != tt.value || err != nil || loads != tt.loads {
			t.Errorf("%s: %d, %v after %d loads, want %d", tt.key, v, err, loads, tt.loads)
		}
	}
	if len(c.entries) != c.used.Len() || c.weight != 50 {
		t.Errorf("%d entries, %d used, of weight %d", len(c.entries), c.used.Len(), c.weight)
	}
}

// TestLoadPanics: who waits for a load that panics gets an error, and the next one loads anew.
func TestLoadPanics(t *testing.T) {
	var c cache[int]
	loading, finish, waited := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		defer func() { _ = recover() }()
		_, _ = c.get(t.Context(), "k", 1, func(context.Context) (int, error) {
			close(loading)
			<-finish
			panic("broken")
		})
	}()
	<-loading
	e, mine := c.enter("k")
	if mine {
		t.Fatal("the entry is not there")
	}
	go func() { <-e.done; waited <- e.err }()
	close(finish)
	if err := <-waited; err == nil {
		t.Error("the waiter got no error")
	}
	if v, err := c.get(t.Context(), "k", 1, func(context.Context) (int, error) { return 3, nil }); v != 3 || err != nil {
		t.Errorf("%d, %v", v, err)
	}
}

// TestNoHintForNobody: once no more faults are listed a name is looked up, and nothing else.
func TestNoHintForNobody(t *testing.T) {
	d := &rows{schema: dataset.Schema{{Name: "age", Type: dataset.Numeric}}, fields: map[string]int{"age": 0}}
	if _, fault := d.find("agee"); !strings.Contains(fault, `did you mean "age"`) {
		t.Errorf("the first: %s", fault)
	}
	d.faults = make([]gateway.FieldError, MaxFaults)
	if _, fault := d.find("agee"); fault != unknownColumn {
		t.Errorf("beyond those that are listed: %s", fault)
	}
}

// TestPinsApart: a digest of decimal digits is no number of a version.
func TestPinsApart(t *testing.T) {
	s := &Server{Registry: &registry.Registry{Store: memstore.New(time.Time{})}}
	const digits = "123456789012"
	if _, err := s.pins.get(t.Context(), "adult/"+digits+"/0", 1, func(context.Context) (pin, error) { return pin{3, digits}, nil }); err != nil {
		t.Fatal(err)
	}
	if p, err := s.pinned(t.Context(), "adult", selection{digest: digits}); err != nil || p.version != 3 {
		t.Errorf("by its digest: %+v, %v", p, err)
	}
	if p, err := s.pinned(t.Context(), "adult", selection{version: 123456789012}); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("by that number: %+v, %v", p, err)
	}
}
